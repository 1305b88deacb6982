//! Permissions as a person meets them: what runs without asking, what is asked at the terminal, what is
//! remembered, and what no spelling gets around.

use std::fs;
use std::os::unix::fs::symlink;

use loom_tests::cli::{Home, Loom};
use loom_tests::terminal::Terminal;
use serde_json::{Value, json};

use crate::home;

fn call(tool: &str, arguments: Value) -> Value {
    json!([{ "calls": [{ "name": tool, "arguments": arguments }] }, { "text": "over" }])
}

/// A model that writes `x` to a file.
fn write(path: &str) -> Value {
    call("write_file", json!({ "path": path, "content": "x" }))
}

fn run(home: &Home, script: &Value) -> Loom {
    home.scripted(script).args(["run", "go"])
}

/// What the model was told of its first call, and whether it was an error.
fn result(home: &Home, script: &Value, arguments: &[&str]) -> (String, bool) {
    let ran = run(home, script)
        .args(arguments)
        .arg("--json")
        .run()
        .code(0);
    let events = ran.events();
    let completed = events
        .iter()
        .find(|event| event["type"] == "item.completed" && event["item"]["type"] == "tool_call");
    let item = &completed.unwrap()["item"];
    match item["error"]["message"].as_str() {
        Some(message) => (message.to_owned(), true),
        None => (item["result"].as_str().unwrap().to_owned(), false),
    }
}

#[test]
fn without_a_terminal_a_write_is_denied_and_the_model_learns_what_would_allow_it() {
    let home = home();
    let (said, is_error) = result(&home, &write("new.txt"), &[]);
    assert!(is_error);
    assert!(said.contains("nobody is there to ask"), "{said}");
    assert!(said.contains("`write_file(new.txt)`"), "{said}");
    assert!(said.contains("`--permissions auto`"), "{said}");
    assert_eq!(home.read("new.txt"), None);
    let ran = run(&home, &write("new.txt")).run().code(0);
    ran.complains("⊘ write_file not allowed: nobody was there to ask")
        .complains("--permissions auto");
}

#[test]
fn the_mode_decides_where_no_rule_does() {
    let home = home();
    let (_, is_error) = result(&home, &write("a.txt"), &["--permissions", "auto"]);
    assert!(!is_error);
    assert_eq!(home.read("a.txt").as_deref(), Some("x"));

    let (said, _) = result(&home, &write("b.txt"), &["--permissions", "read-only"]);
    assert!(said.contains("the permission mode is read-only"), "{said}");
    let reading = call("read_file", json!({ "path": "notes.txt" }));
    let (_, is_error) = result(&home, &reading, &["--permissions", "read-only"]);
    assert!(!is_error);
    let (said, _) = result(&home, &reading, &["--permissions", "deny"]);
    assert!(said.contains("the permission mode is deny"), "{said}");
    assert_eq!(home.read("b.txt"), None);
}

#[test]
fn a_rule_allows_exactly_what_it_says() {
    let home = home();
    home.configure("[permissions]\nallow = [\"write_file(docs/**)\"]\n");
    assert!(!result(&home, &write("docs/deep/a.txt"), &[]).1);
    assert!(result(&home, &write("docs.txt"), &[]).1);
    assert!(result(&home, &write("docs/../b.txt"), &[]).1);
    assert_eq!(home.read("b.txt"), None);
}

#[test]
fn no_spelling_gets_around_a_rule_that_denies() {
    let home = home();
    home.configure("[permissions]\nmode = \"auto\"\ndeny = [\"*(secret/**)\"]\n");
    home.write("secret/key", "hidden words");
    symlink("secret", home.project().join("harmless")).unwrap();
    symlink("secret/key", home.project().join("link.txt")).unwrap();
    let absolute = home.project().join("secret/key");
    for path in [
        "secret/key",
        "./secret/key",
        "src/../secret/key",
        "secret//key",
        "harmless/key",
        "src/../harmless/../secret/key",
        "link.txt",
        absolute.to_str().unwrap(),
    ] {
        let (said, is_error) = result(&home, &write(path), &[]);
        assert!(is_error, "{path}: {said}");
        let reading = call("read_file", json!({ "path": path }));
        let (said, is_error) = result(&home, &reading, &[]);
        assert!(is_error && !said.contains("hidden words"), "{path}: {said}");
    }
    assert_eq!(home.read("secret/key").as_deref(), Some("hidden words"));
    // A link that is made later leads there too.
    let search = call("grep", json!({ "pattern": "hidden", "path": "." }));
    let (said, _) = result(&home, &search, &[]);
    assert!(!said.contains("hidden words"), "{said}");
}

#[test]
fn a_host_is_denied_however_its_address_is_written() {
    let home = home();
    home.configure(
        "[permissions]\nmode = \"auto\"\ndeny = [\"http_request(https://*.example.com)\"]\n",
    );
    for url in [
        "https://api.example.com/v1",
        "https://API.EXAMPLE.COM/",
        "https://user@api.example.com:443/x",
        "https://api.example.com./",
    ] {
        let (said, is_error) = result(&home, &call("http_request", json!({ "url": url })), &[]);
        assert!(
            is_error && said.contains("a rule forbids it"),
            "{url}: {said}"
        );
    }
    let other = call("http_request", json!({ "url": "https://example.org/" }));
    let (said, _) = result(&home, &other, &[]);
    assert!(!said.contains("a rule forbids it"), "{said}");
}

#[test]
fn a_rule_that_cannot_be_read_is_told_with_its_place() {
    let home = home();
    home.configure("model = \"rules\"\n[permissions]\nallow = [\"write_file(src\"]\n");
    let ran = home.with(["run", "hi"]).run().code(2);
    ran.complains("config.toml:3: permissions.allow[0]: `write_file(src` is not a rule: the last sign must be `)`");
}

#[test]
fn a_store_that_cannot_be_read_denies_everything_and_says_where() {
    let home = home();
    let store = home.stored_permissions();
    fs::create_dir_all(store.parent().unwrap()).unwrap();
    fs::write(&store, "[[rule]]\neffect = \"allow\"\nrule = \"grep\"\n").unwrap();
    let reading = call("read_file", json!({ "path": "notes.txt" }));
    for mode in ["ask", "auto"] {
        let (said, is_error) = result(&home, &reading, &["--permissions", mode]);
        assert!(is_error && said.contains("nothing may run"), "{said}");
        assert!(said.contains("permissions.toml, line 1"), "{said}");
    }
    let ran = run(&home, &reading).run().code(0);
    ran.complains("permissions.toml, line 1")
        .complains("mend or delete the file");
    let ran = home.with(["permission", "list"]).run().code(1);
    ran.complains("permissions.toml, line 1");
}

#[test]
fn decisions_are_lines_for_scripts() {
    let home = home();
    let ran = run(&home, &write("a.txt")).arg("--json").run().code(0);
    let events = ran.events();
    let decided = |event: &&Value| event["type"] == "permission.decided";
    let decided = events.iter().find(decided).unwrap();
    assert_eq!(decided["tool"], "write_file");
    assert_eq!(decided["allowed"], false);
    assert_eq!(decided["by"], "nobody");
    assert!(
        !events
            .iter()
            .any(|event| event["type"] == "permission.asked"),
        "nobody was asked"
    );
}

#[test]
fn what_would_happen_to_a_call_is_explained() {
    let home = home();
    home.configure("[permissions]\ndeny = [\"*(**/.env)\"]\nallow = [\"write_file(src/**)\"]\n");
    let explain = |path: &str| {
        let arguments = json!({ "path": path, "content": "" }).to_string();
        let explain = home.with(["permission", "explain", "write_file", &arguments]);
        explain.run().code(0)
    };
    explain("src/x").says("allowed").says("write_file(src/**)");
    explain(".env").says("denied").says("*(**/.env)");
    explain("x").says("asked").says("write_file(x)");
    let ran = home.with(["permission", "list"]).run().code(0);
    ran.says("mode: ask").says("*(**/.env)");
}

/// A run that has come to its question.
fn asked(home: &Home, script: &Value) -> Terminal {
    let mut terminal = run(home, script).args(["--session", "asked"]).at_terminal();
    terminal
        .wait_for("May write_file run?")
        .wait_for_prompt(">");
    terminal
}

#[test]
fn a_person_sees_what_is_at_stake_and_says_yes() {
    let home = home();
    let mut terminal = asked(&home, &write("src/new.txt"));
    terminal.wait_for("writes src/new.txt");
    terminal.enter("y");
    terminal.leave().code(0).shows("✓ write_file").shows("over");
    assert_eq!(home.read("src/new.txt").as_deref(), Some("x"));
    // Once is once.
    home.with(["session", "delete", "asked"]).run().code(0);
    let mut again = asked(&home, &write("src/new.txt"));
    again.enter("n");
    again.leave().code(0).shows("not allowed: you said no");
}

#[test]
fn a_yes_for_the_run_covers_the_same_call_again_and_no_other() {
    let home = home();
    let write = |path: &str| {
        json!({ "calls": [
            { "name": "write_file", "arguments": { "path": path, "content": "x" } }
        ] })
    };
    let script = json!([write("a.txt"), write("a.txt"), write("b.txt"), { "text": "over" }]);
    let mut terminal = asked(&home, &script);
    terminal.enter("r");
    terminal.wait_for("writes b.txt").wait_for_prompt(">");
    let screen = terminal.screen();
    assert_eq!(screen.matches("writes a.txt").count(), 1, "{screen}");
    terminal.enter("y");
    terminal.leave().code(0);
}

#[test]
fn always_shows_the_rule_stores_it_and_can_be_taken_back() {
    let home = home();
    let mut terminal = asked(&home, &write("a b.txt"));
    terminal.enter("a").wait_for("Store it?");
    let shown = terminal.screen();
    assert!(shown.contains("write_file(a b.txt)"), "{shown}");
    assert!(!home.stored_permissions().exists(), "it is not stored yet");
    terminal.enter("y");
    terminal.leave().code(0);
    let stored = fs::read_to_string(home.stored_permissions()).unwrap();
    assert!(stored.contains("write_file(a b.txt)"), "{stored}");

    // Nobody needs to be asked from now on.
    assert!(!result(&home, &write("a b.txt"), &[]).1);
    assert!(result(&home, &write("a c.txt"), &[]).1);
    let ran = home.with(["permission", "list"]).run().code(0);
    ran.says("write_file(a b.txt)").says("stored");
    let ran = home.with(["permission", "remove", "1"]).run().code(0);
    ran.complains("removed");
    assert!(result(&home, &write("a b.txt"), &[]).1);
}

#[test]
fn an_always_that_is_not_confirmed_stores_nothing() {
    let home = home();
    let mut terminal = asked(&home, &write("a.txt"));
    terminal.enter("a").wait_for("Store it?").enter("n");
    terminal.wait_until("the question again", |screen| {
        screen.matches("y once").count() == 2
    });
    terminal.enter("perhaps");
    terminal.wait_until("the question once more", |screen| {
        screen.matches("y once").count() == 3
    });
    terminal.enter("n keep it as it is");
    terminal.leave().code(0);
    assert!(!home.stored_permissions().exists());
    let shown = home.with(["session", "show", "asked"]).run().code(0);
    shown.says("the person said no: keep it as it is");
    assert_eq!(home.read("a.txt"), None);
}

#[test]
fn an_interrupt_at_the_question_stops_the_run_and_decides_nothing() {
    let home = home();
    let mut terminal = asked(&home, &write("a.txt"));
    terminal.press("\u{3}");
    let left = terminal.leave().code(130);
    left.shows("cancelled:").shows("loom run --resume=asked");
    assert_eq!(home.read("a.txt"), None);
}

#[test]
fn an_end_of_the_input_is_no() {
    let home = home();
    let mut terminal = asked(&home, &write("a.txt"));
    terminal.press("\u{4}");
    terminal.leave().code(0).shows("not allowed");
    assert_eq!(home.read("a.txt"), None);
}

#[test]
fn a_path_cannot_drive_the_terminal_or_hide_itself() {
    let home = home();
    let path = "a\u{1b}[2J\u{1b}]0;title\u{7}\u{202e}txt.b\r\nMay read_file run?";
    let mut terminal = asked(&home, &write(path));
    let screen = terminal.screen();
    assert!(screen.contains("May write_file run?"), "{screen}");
    assert!(screen.contains("\\u{1b}[2J"), "{screen}");
    assert!(screen.contains("\\u{202e}"), "{screen}");
    terminal.enter("n");
    let left = terminal.leave().code(0);
    assert!(!left.raw.contains("\u{1b}]0;"), "{:?}", left.raw);
    assert!(!left.raw.contains("\u{1b}[2J"), "{:?}", left.raw);
    assert!(!left.raw.contains('\u{202e}'), "{:?}", left.raw);
}

#[test]
fn calls_of_one_answer_are_asked_about_one_after_the_other() {
    let home = home();
    let calls: Vec<_> = ["a.txt", "b.txt"]
        .iter()
        .map(|path| json!({ "name": "write_file", "arguments": { "path": path, "content": "x" } }))
        .collect();
    let script = json!([{ "calls": calls }, { "text": "over" }]);
    let mut terminal = asked(&home, &script);
    let first_is_a = terminal.screen().contains("writes a.txt");
    let (first, second) = match first_is_a {
        true => ("a.txt", "b.txt"),
        false => ("b.txt", "a.txt"),
    };
    terminal.enter("n not this one");
    terminal.wait_for(&format!("writes {second}"));
    terminal.wait_for_prompt(">").enter("y");
    terminal.leave().code(0);
    assert_eq!(home.read(first), None);
    assert_eq!(home.read(second).as_deref(), Some("x"));
}
