//! What the shipped rules do and say, with tools on a small project.

use crate::testing::Chat;

/// A question in a fresh conversation: the calls it leads to, and a part of the answer.
#[track_caller]
fn check(question: &str, calls: &[&str], answer: &str) {
    check_in(&mut Chat::new(), question, calls, answer);
}

#[track_caller]
fn check_in(chat: &mut Chat, question: &str, calls: &[&str], answer: &str) {
    let found = chat.ask(question);
    assert_eq!(found.calls, calls, "{question}: {}", found.text);
    assert!(found.text.contains(answer), "{question}: {}", found.text);
    assert!(
        !found.text.contains("{{") && !found.text.contains("None"),
        "{}",
        found.text
    );
}

#[test]
fn files_are_counted_and_listed_if_few() {
    check(
        "How many Rust files are here?",
        &[r#"glob {"limit":5000,"pattern":"**/*.rs"}"#],
        "There are 4 Rust files here:\n\n- src/größe/maß.rs\n- src/lib.rs\n- src/main.rs\n- tools/lib.rs",
    );
    check(
        "how many python files are in tools?",
        &[r#"glob {"limit":5000,"path":"tools","pattern":"**/*.{py,pyi}"}"#],
        "There is 1 Python file in `tools`:\n\n- tools/run.py",
    );
    check(
        "how many Go files are there?",
        &[r#"glob {"limit":5000,"pattern":"**/*.go"}"#],
        "There are no Go files here (nothing matches `**/*.go`).",
    );
    check(
        "how many folders are in src?",
        &[r#"list_dir {"path":"src"}"#],
        "There is 1 folder in `src`:\n\n- src/größe/",
    );
}

#[test]
fn many_files_are_counted_by_folder() {
    let mut chat = Chat::new();
    for n in 0..2000 {
        chat.files.insert(format!("data/{n}.csv"), String::new());
        chat.files
            .insert(format!("more/{}/{n}.csv", n % 30), String::new());
    }
    let answer = chat.ask("how many csv files are there?").text;
    assert_eq!(
        answer,
        "There are 4,000 CSV files here:\n\n- data/: 2,000\n- more/: 2,000"
    );
    let answer = chat.ask("and in more?").text;
    assert!(
        answer.starts_with("There are 2,000 CSV files in `more`:\n\n- more/0/: 67\n"),
        "{answer}"
    );
    assert!(answer.ends_with("… and 20 more folders"), "{answer}");
    let answer = chat.ask("which ones?").text;
    assert!(answer.ends_with("… and 1,950 more"), "{answer}");
    assert_eq!(chat.ask("all of them").text.lines().count(), 1001);
}

#[test]
fn lines_words_and_bytes_are_counted() {
    check(
        "how many lines does notes.txt have?",
        &[r#"read_file {"limit":1,"path":"notes.txt"}"#],
        "`notes.txt` has 4 lines.",
    );
    check(
        "how many lines are in all Rust files?",
        &[
            r#"glob {"limit":5000,"pattern":"**/*.rs"}"#,
            r#"grep {"glob":"**/*.rs","limit":1,"pattern":"^"}"#,
        ],
        "The 4 Rust files here have 10 lines together.",
    );
    check(
        "how many words does README.md have?",
        &[r#"read_file {"limit":1000000,"path":"README.md"}"#],
        "`README.md` has 12 words.",
    );
    check(
        "how big is src/main.rs?",
        &[r#"list_dir {"limit":5000,"path":"src"}"#],
        "`src/main.rs` has 50 bytes.",
    );
    check(
        "how big is nothing.txt?",
        &[r#"list_dir {"limit":5000}"#],
        "I don't see `nothing.txt`.",
    );
}

#[test]
fn files_are_found() {
    check(
        "where is LIB.rs?",
        &[r#"glob {"limit":5000,"pattern":"**/[lL][iI][bB].[rR][sS]"}"#],
        "2 files here:\n\n- src/lib.rs\n- tools/lib.rs",
    );
    check(
        "find files ending in .toml",
        &[r#"glob {"limit":5000,"pattern":"**/*.toml"}"#],
        "It is `Cargo.toml`.",
    );
    check(
        "list the Rust files in src",
        &[r#"glob {"limit":5000,"path":"src","pattern":"**/*.rs"}"#],
        "3 Rust files in `src`:\n\n- src/größe/maß.rs",
    );
    check(
        "which is the largest file?",
        &[
            r#"glob {"limit":5000,"pattern":"**/*"}"#,
            r#"list_dir {"hidden":true,"limit":5000}"#,
            r#"list_dir {"hidden":true,"limit":5000,"path":"src/größe"}"#,
            r#"list_dir {"hidden":true,"limit":5000,"path":"src"}"#,
            r#"list_dir {"hidden":true,"limit":5000,"path":"tools"}"#,
        ],
        "The largest file here is `src/lib.rs` with 80 bytes.",
    );
}

#[test]
fn directories_are_listed() {
    check(
        "what's in src?",
        &[r#"list_dir {"path":"src"}"#],
        "`src` has 1 folder and 2 files:\n\n- src/größe/\n- src/lib.rs (80 bytes)\n- src/main.rs (50 bytes)",
    );
    check(
        "list files",
        &["list_dir {}"],
        "Here are 2 folders and 3 files:\n\n- src/\n- tools/\n",
    );
    check(
        "which folders are here?",
        &["list_dir {}"],
        "Here are 2 folders:\n\n- src/\n- tools/",
    );
    check(
        "ls nowhere",
        &[r#"list_dir {"path":"nowhere"}"#],
        "I could not list `nowhere`: nowhere does not exist.",
    );
    check(
        "show the project structure",
        &[r#"glob {"limit":5000,"pattern":"**/*"}"#],
        "src/\n  größe/\n    maß.rs\n  lib.rs\n",
    );
}

#[test]
fn text_is_found() {
    check(
        "search for answer in src",
        &[r#"grep {"ignore_case":true,"limit":500,"path":"src","pattern":"answer"}"#],
        "2 lines in `src` with `answer`:\n\n- src/lib.rs:3: pub fn answer() -> u8 {\n- src/main.rs:2:",
    );
    check(
        "where is answer used?",
        &[r#"grep {"limit":500,"pattern":"\\banswer\\b"}"#],
        "2 lines here with `answer`",
    );
    check(
        "find 'main(' in all Python files",
        &[r#"grep {"glob":"**/*.{py,pyi}","ignore_case":true,"limit":500,"pattern":"main\\("}"#],
        "- tools/run.py:1: def main():",
    );
    check(
        "which files mention demo?",
        &[r#"grep {"files_only":true,"ignore_case":true,"limit":500,"pattern":"demo"}"#],
        "4 files here contain `demo`:\n\n- Cargo.toml",
    );
    check(
        "how often does fn occur?",
        &[r#"grep {"ignore_case":true,"limit":1000,"pattern":"fn"}"#],
        "`fn` occurs in 3 lines of 3 files here:",
    );
    check(
        "search for \"nothing at all\"",
        &[r#"grep {"ignore_case":true,"limit":500,"pattern":"nothing at all"}"#],
        "I found no `nothing at all` here.",
    );
    check(
        "are there any TODOs?",
        &[r#"grep {"limit":500,"pattern":"\\b(TODO|FIXME|XXX|HACK)\\b"}"#],
        "- src/lib.rs:4: 42 // TODO: compute",
    );
}

#[test]
fn definitions_are_found() {
    let answer = Chat::new().ask("where is answer defined?").text;
    assert_eq!(
        answer,
        "`answer` is defined in `src/lib.rs`, line 3:\n\n```rs\npub fn answer() -> u8 {\n```"
    );
    let answer = Chat::new().ask("where is main defined?").text;
    assert!(
        answer.starts_with("There are 2 definitions of `main`:\n\n- src/main.rs:1"),
        "{answer}"
    );
    let answer = Chat::new().ask("where is compute defined?");
    assert_eq!(answer.calls.len(), 2);
    assert!(
        answer.text.contains("1 line that mentions it"),
        "{}",
        answer.text
    );
    let answer = Chat::new().ask("where is frobnicate defined?").text;
    assert!(answer.contains("and nothing that mentions it"), "{answer}");
}

#[test]
fn files_are_shown() {
    check(
        "read Cargo.toml",
        &[r#"read_file {"limit":300,"path":"Cargo.toml"}"#],
        "`Cargo.toml` (3 lines):\n\n```toml\n[package]\nname = \"demo\"",
    );
    check(
        "show me the first two lines of notes.txt",
        &[r#"read_file {"limit":2,"path":"notes.txt"}"#],
        "The first 2 lines of `notes.txt` (it has 4):\n\n```txt\none\ntwo\n```",
    );
    check(
        "last line of notes.txt",
        &[
            r#"read_file {"limit":1,"path":"notes.txt"}"#,
            r#"read_file {"limit":1,"offset":4,"path":"notes.txt"}"#,
        ],
        "The last line of `notes.txt`:\n\n```txt\nfour\n```",
    );
    check(
        "lines 2 to 3 of notes.txt",
        &[r#"read_file {"limit":2,"offset":2,"path":"notes.txt"}"#],
        "Lines 2 to 3 of `notes.txt`:\n\n```txt\ntwo\nthree\n```",
    );
    check(
        "read Cargo.toml and nothing.txt",
        &[
            r#"read_file {"limit":200,"path":"Cargo.toml"}"#,
            r#"read_file {"limit":200,"path":"nothing.txt"}"#,
        ],
        "I could not read `nothing.txt`: nothing.txt does not exist.",
    );
}

#[test]
fn a_file_is_looked_for_if_it_is_not_where_it_was_said_to_be() {
    check(
        "read main.rs",
        &[
            r#"read_file {"limit":300,"path":"main.rs"}"#,
            r#"glob {"limit":50,"pattern":"**/[mM][aA][iI][nN].[rR][sS]"}"#,
            r#"read_file {"limit":300,"path":"src/main.rs"}"#,
        ],
        "`src/main.rs` (3 lines):",
    );
    let answer = Chat::new().ask("open the readme").text;
    assert!(answer.starts_with("`README.md` (7 lines):"), "{answer}");
    let answer = Chat::new().ask("read lib.rs").text;
    assert!(
        answer
            .starts_with("There is more than one `lib.rs`. Which one do you mean?\n\n- src/lib.rs"),
        "{answer}"
    );
    let answer = Chat::new().ask("read a/nothing.txt");
    assert_eq!(answer.calls.len(), 1);
    assert_eq!(
        answer.text,
        "I could not read `a/nothing.txt`: a/nothing.txt does not exist."
    );
}

#[test]
fn a_long_file_is_shown_in_part() {
    let mut chat = Chat::new();
    chat.files.insert("long.txt".into(), "line\n".repeat(5000));
    let answer = chat.ask("read long.txt").text;
    assert!(answer.starts_with("`long.txt` (5,000 lines):"), "{answer}");
    assert!(
        answer
            .ends_with("… 4,700 more lines; ask for example for \"lines 301 to 600 of long.txt\"."),
        "{answer}"
    );
    let answer = chat.ask("lines 301 to 600 of long.txt").text;
    assert!(
        answer.starts_with("Lines 301 to 600 of `long.txt`:"),
        "{answer}"
    );
}

#[test]
fn an_empty_file_is_said_to_be_empty() {
    let mut chat = Chat::new();
    chat.files.insert("empty.txt".into(), String::new());
    assert_eq!(
        chat.ask("read empty.txt").text,
        "`empty.txt`: the file is empty."
    );
    assert_eq!(
        chat.ask("how many lines does it have?").text,
        "`empty.txt` has 0 lines."
    );
    assert_eq!(
        chat.ask("tail empty.txt").text,
        "`empty.txt`: the file is empty."
    );
    assert_eq!(
        chat.ask("first line of empty.txt").text,
        "`empty.txt`: the file is empty."
    );
}

#[test]
fn texts_are_summarised_as_far_as_rules_can() {
    let answer = Chat::new().ask("summarise README.md").text;
    assert!(answer.starts_with("I can't understand a text"), "{answer}");
    assert!(
        answer.contains("Shows how things are done here."),
        "{answer}"
    );
    assert!(answer.contains("1. Demo\n  2. Usage"), "{answer}");
    let answer = Chat::new().ask("what is src/lib.rs about?").text;
    assert!(
        answer.contains("The library of the demo.\n\nIts parts:\n  1. pub fn answer() -> u8"),
        "{answer}"
    );
}

#[test]
fn the_project_is_described_by_its_own_files() {
    let answer = Chat::new().ask("What is this project?");
    assert_eq!(
        answer.calls[2..],
        [
            r#"read_file {"limit":300,"path":"Cargo.toml"}"#,
            r#"read_file {"limit":300,"path":"README.md"}"#
        ]
    );
    assert_eq!(
        answer.text,
        "This is **demo**, a Rust package.\n\nA demonstration.\n\nShows how things are done here.\n\n\
         It has 8 files, most of them Rust (4), Markdown (1), Python (1), TOML (1). At the top:\n\n\
         - Cargo.toml\n- README.md\n- notes.txt\n- src/\n- tools/"
    );
    let mut chat = Chat::new();
    chat.files.retain(|path, _| path.starts_with("tools"));
    let answer = chat.ask("what is this project?").text;
    assert!(answer.starts_with("There is no README"), "{answer}");
}

#[test]
fn sums_are_worked_out_by_the_calculator() {
    for (question, expression, answer) in [
        ("what is 17 * 23?", "17 * 23", "17 * 23 = 1,234"),
        ("12% of 80", "12/100* 80", "12% of 80 = 1,234"),
        ("what's 15 percent of 1,200?", "15 /100* 1200", "= 1,234"),
        ("seven times eight", "7 * 8", "seven times eight = 1,234"),
        ("2 to the 10th power", "2 ^ 10", "= 1,234"),
        ("5!", "5!", "5! = 1,234"),
        (
            "square root of 2",
            "sqrt(2)",
            "The square root of 2 is 1,234.",
        ),
        (
            "the 5th root of 32",
            "root(32, 5)",
            "The 5th root of 32 is 1,234.",
        ),
        (
            "sum of 1 to 100",
            "(1 + 100) * (100 - 1 + 1) / 2",
            "The whole numbers from 1 to 100 add up to 1,234.",
        ),
        (
            "average of 3, 4 and 8",
            "mean(3, 4, 8)",
            "The average of 3, 4, 8 is 1,234.",
        ),
        (
            "product of 2 and 3",
            "2 * 3",
            "The product of 2, 3 is 1,234.",
        ),
    ] {
        let call = format!(
            "calculate {}",
            serde_json::json!({ "expression": expression })
        );
        check(question, &[&call], answer);
    }
    check(
        "1/0",
        &[r#"calculate {"expression":"1/0"}"#],
        "I can't calculate `1/0`: division by zero.",
    );
}

#[test]
fn time_is_told_for_places() {
    check(
        "what time is it?",
        &["current_time {}"],
        "It is Sunday, 2026-03-01, 08:09 UTC.",
    );
    check(
        "which week is it?",
        &["current_time {}"],
        "2026-03-01 (week 9), 08:09",
    );
    check(
        "what time is it in New York?",
        &[r#"current_time {"timezone":"America/New_York"}"#],
        "In New York it is Sunday, 2026-03-01, 08:09 (America/New_York).",
    );
    check(
        "time in Atlantis",
        &[r#"current_time {"timezone":"Atlantis"}"#],
        "there is no time zone.",
    );
    check(
        "how many days until 2030-01-01?",
        &[r#"date_math {"end":"2030-01-01","start":"today"}"#],
        "From today to 2030-01-01: 1,136 days.",
    );
}

#[test]
fn files_are_written_as_said() {
    let mut chat = Chat::new();
    let question = "please write hello.txt with the content Hello, thanks!";
    assert_eq!(
        chat.ask(question).text,
        "Done: created hello.txt (15 bytes)."
    );
    assert_eq!(chat.files["hello.txt"], "Hello, thanks!\n");
    chat.ask("create a file called a.md that says:\n# A\n\n  b\n");
    assert_eq!(chat.files["a.md"], "# A\n\n  b\n");
    chat.ask("save \"x  y\" to b.txt.");
    assert_eq!(chat.files["b.txt"], "x  y\n");
    chat.ask("append five to notes.txt");
    assert_eq!(chat.files["notes.txt"], "one\ntwo\nthree\nfour\nfive\n");
    chat.ask("add the line 'first line' to new.txt");
    assert_eq!(chat.files["new.txt"], "first line\n");
    assert_eq!(
        chat.ask("create an empty file c.txt").text,
        "I created the empty file `c.txt`."
    );
    assert_eq!(chat.files["c.txt"], "");
    let answer = chat.ask("create notes.txt");
    assert_eq!(
        answer.text,
        "There is already a file `notes.txt`; I leave it as it is."
    );
    assert_eq!(answer.calls.len(), 1);
}

#[test]
fn texts_are_replaced() {
    let mut chat = Chat::new();
    let answer = chat.ask("replace two with \"2 and more\" in notes.txt");
    assert_eq!(chat.files["notes.txt"], "one\n2 and more\nthree\nfour\n");
    assert!(
        answer
            .text
            .starts_with("I replaced `two` by `2 and more` in `notes.txt`:\n\n```diff\n@@ line"),
        "{}",
        answer.text
    );
    let answer = chat.ask("replace ten by 10 in notes.txt").text;
    assert_eq!(
        answer,
        "I changed nothing: notes.txt does not contain the old text."
    );
}

#[test]
fn what_fails_is_told_with_its_reason() {
    check(
        "how many lines are in nothing.txt?",
        &[
            r#"read_file {"limit":1,"path":"nothing.txt"}"#,
            r#"glob {"limit":50,"pattern":"**/[nN][oO][tT][hH][iI][nN][gG].[tT][xX][tT]"}"#,
        ],
        "I could not read `nothing.txt`: nothing.txt does not exist.",
    );
    check(
        "fetch https://example.com",
        &[r#"http_request {"url":"https://example.com"}"#],
        "I could not fetch https://example.com: the host example.com is not granted.",
    );
    check(
        "how many folders are in nowhere?",
        &[r#"list_dir {"path":"nowhere"}"#],
        "That did not work: `list_dir` failed: nowhere does not exist",
    );
}

#[test]
fn what_no_rule_knows_gets_suggestions_and_the_way_to_a_real_model() {
    let answer = Chat::new().ask("do you like Rust?").text;
    assert!(answer.starts_with("I have no rule for that."), "{answer}");
    assert!(
        answer.contains("- how many lines of Rust are here?"),
        "{answer}"
    );
    for way in ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "ollama/"] {
        assert!(answer.contains(way), "{answer}");
    }
    check(
        "日本語😀",
        &[],
        "I can answer for example:\n\n- How many Rust files are here?",
    );
}
