//! `loom run`: the prompt, the answer, the tools that may be used, and where the answer goes.

use std::fs;

use serde_json::json;

use crate::home;

/// Asks the offline model in the sample project.
#[track_caller]
fn check(question: &str, answers: &[&str]) {
    let home = home();
    let ran = home.with(["run", question]).run().code(0);
    answers.iter().fold(ran, |ran, answer| ran.says(answer));
}

#[test]
fn files_are_counted() {
    check("How many Rust files are here?", &["2 Rust files"]);
}

#[test]
fn files_are_listed() {
    check("List the files in src", &["lib.rs", "main.rs"]);
}

#[test]
fn a_file_is_read() {
    check("Read notes.txt", &["TODO: descale the kettle"]);
}

#[test]
fn files_are_searched() {
    check("Which files mention TODO?", &["notes.txt", "src/main.rs"]);
}

#[test]
fn an_expression_is_calculated() {
    check("What is 12 * (3 + 4)?", &["84"]);
}

#[test]
fn the_answer_is_alone_on_stdout_and_the_rest_on_stderr() {
    let home = home();
    let ran = home.with(["run", "What is 6 * 7?"]).run().code(0);
    assert_eq!(ran.stdout.lines().count(), 1, "{}", ran.stdout);
    ran.complains("rules/rules, session ")
        .complains("→ calculate")
        .complains("✓ calculate")
        .complains("2 turns, 1 tool call");
}

#[test]
fn quiet_leaves_only_the_answer() {
    let home = home();
    let ran = home.with(["run", "-q", "What is 6 * 7?"]).run().code(0);
    assert!(ran.stdout.contains("42"), "{}", ran.stdout);
    assert_eq!(ran.stderr, "");
}

#[test]
fn what_is_piped_in_is_appended_to_the_prompt() {
    let home = home();
    let script = json!([{ "text": "ok" }]);
    let run = home.scripted(&script);
    run.args(["run", "--session", "piped", "Explain this"])
        .stdin("größer\nthan 1")
        .run()
        .code(0);
    home.with(["session", "show", "piped"])
        .run()
        .code(0)
        .says("Explain this\n\n<stdin>\ngrößer\nthan 1\n</stdin>");
}

#[test]
fn a_dash_reads_the_whole_prompt_from_stdin() {
    let home = home();
    let run = home.with(["run", "-"]).stdin("What is 6 * 7?\n");
    run.run().code(0).says("42");
}

#[test]
fn bytes_that_are_no_text_are_replaced_and_told() {
    let home = home();
    let run = home.scripted(&json!([{ "text": "ok" }]));
    run.args(["run", "look"])
        .stdin(b"\xff\xfe".as_slice())
        .run()
        .code(0)
        .complains("stdin is not UTF-8");
}

#[test]
fn without_a_prompt_it_says_how_to_give_one() {
    let home = home();
    let ran = home.with(["run"]).run().code(2);
    ran.complains("error: there is no prompt")
        .complains("hint: write loom run");
}

#[test]
fn the_last_message_is_written_to_a_file() {
    let home = home();
    let script = json!([
        { "text": "let me see", "calls": [{ "name": "glob", "arguments": { "pattern": "*" } }] },
        { "text": "that is all" },
    ]);
    let run = home
        .scripted(&script)
        .args(["run", "-o", "answer.txt", "go"]);
    run.run().code(0).says("let me see\nthat is all");
    assert_eq!(home.read("answer.txt").as_deref(), Some("that is all"));
}

#[test]
fn a_run_that_fails_leaves_the_file_of_the_last_message_as_it_was() {
    let home = home();
    home.write("answer.txt", "old");
    let run = home.scripted(&json!([{ "error": "overloaded" }]));
    run.args(["run", "-o", "answer.txt", "go"]).run().code(1);
    assert_eq!(home.read("answer.txt").as_deref(), Some("old"));
    assert_eq!(fs::read_dir(home.project()).unwrap().count(), 4);
}

#[test]
fn a_file_that_cannot_be_written_is_told_before_the_run() {
    let home = home();
    let run = home.with(["run", "-o", "no/such/directory/answer.txt", "hi"]);
    let ran = run.run().code(2);
    assert_eq!(ran.stdout, "");
    ran.complains("answer.txt can't be written: there is no directory");
}

const SCHEMA: &str = r#"{
    "type": "object",
    "properties": { "number": { "type": "integer" } },
    "required": ["number"],
    "additionalProperties": false
}"#;

#[test]
fn an_answer_that_does_not_fit_the_schema_is_asked_for_again() {
    let home = home();
    home.write("schema.json", SCHEMA);
    let script = json!([{ "text": "seven" }, { "text": "{\"number\": 7}" }]);
    let run = home.scripted(&script);
    let ran = run
        .args([
            "run",
            "--output-schema",
            "schema.json",
            "-o",
            "out.json",
            "how many?",
        ])
        .run()
        .code(0);
    assert_eq!(ran.json(), json!({ "number": 7 }));
    let written = home.read("out.json").unwrap();
    assert_eq!(written.trim(), r#"{"number": 7}"#);
    ran.complains("does not fit the output schema");
}

#[test]
fn a_model_that_never_fits_the_schema_fails_the_run() {
    let home = home();
    home.write("schema.json", SCHEMA);
    let steps: Vec<_> = (0..9).map(|_| json!({ "text": "seven" })).collect();
    let run = home.scripted(&json!(steps));
    let ran = run
        .args(["run", "--output-schema", "schema.json", "how many?"])
        .run()
        .code(1);
    assert_eq!(ran.stdout, "", "what does not fit is no answer");
    ran.complains("the answer is not JSON");
}

#[test]
fn a_schema_that_is_none_is_told_before_the_run() {
    let home = home();
    home.write("schema.json", "{ nothing");
    let ran = |file: &str| home.with(["run", "--output-schema", file, "hi"]).run();
    ran("schema.json")
        .code(2)
        .complains("schema.json: key must");
    ran("none.json")
        .code(2)
        .complains("none.json: No such file");
    home.write("schema.json", r#"{ "type": "nothing" }"#);
    ran("schema.json").code(2).complains("nothing");
}

#[test]
fn only_allowed_tools_are_used() {
    let home = home();
    let script = json!([
        { "calls": [
            { "name": "glob", "arguments": { "pattern": "*" } },
            { "name": "read_file", "arguments": { "path": "notes.txt" } },
            { "name": "write_file", "arguments": { "path": "new.txt", "content": "x" } },
        ] },
        { "text": "done" },
    ]);
    let run = home
        .scripted(&script)
        .args(["run", "--allowed-tools", "read_*,glob"]);
    let run = run.args(["--disallowed-tools", "glob", "go"]);
    run.run()
        .code(0)
        .complains("✓ read_file")
        .complains("✗ glob error (not_found): there is no tool `glob`")
        .complains("✗ write_file error (not_found)");
    assert_eq!(home.read("new.txt"), None);
}

#[test]
fn another_directory_and_further_ones_can_be_worked_in() {
    let home = home();
    home.write("inner/own.txt", "inner\n");
    let question = ["run", "How many files are here?"];
    let run = home.with(["-C", "inner"]).args(question);
    run.run().code(0).says("own.txt");

    let other = tempfile::tempdir().unwrap();
    let file = other.path().join("far.txt");
    fs::write(&file, "far away").unwrap();
    let arguments = json!({ "path": file }).to_string();
    let call = ["tool", "call", "read_file", &arguments];
    home.with(call).run().code(1).complains("(denied)");
    let run = home.with(["--add-dir"]).arg(other.path()).args(call);
    run.run().code(0).says("far away");
}

#[test]
fn the_environment_names_the_model() {
    let home = home();
    let run = home.scripted(&json!([{ "text": "ok" }]));
    let run = run.args(["-c", "model=rules", "run", "-m", "scripted/scripted", "hi"]);
    run.run().code(0).says("ok");
    let run = home.with(["run", "hi"]).env("LOOM_MODEL", "nobody/nothing");
    run.run()
        .code(2)
        .complains("environment variable LOOM_MODEL: there is no provider `nobody`");
}
