//! The other verbs: tools, plugins, models, sessions, completions, the doctor.

use std::fs;

use loom_tests::guests;
use serde_json::{Value, json};

use crate::home;

/// The values of a field in a JSON list.
fn field(list: &Value, name: &str) -> Vec<String> {
    let items = list.as_array().unwrap();
    let text = |item: &Value| item[name].as_str().unwrap().to_owned();
    items.iter().map(text).collect()
}

#[test]
fn the_version_is_told_without_anything_else() {
    let home = home();
    home.configure("this is not TOML");
    let ran = home.with(["--version"]).run().code(0);
    assert_eq!(ran.stdout, format!("loom {}\n", env!("CARGO_PKG_VERSION")));
    home.with(["--help"]).run().code(0).says("Exit codes:");
}

#[test]
fn tools_are_listed_and_shown() {
    let home = home();
    let ran = home.with(["tool", "list"]).run().code(0);
    ran.says("read_file").says("calculate");
    let list = home.with(["tool", "list", "--json"]).run().code(0).json();
    assert!(field(&list, "name").contains(&"grep".to_owned()));
    assert!(field(&list, "plugin").contains(&"fs".to_owned()));

    let ran = home.with(["tool", "show", "read_file"]).run().code(0);
    ran.says("(plugin fs, safe, idempotent)")
        .says("loom tool call read_file");
    let tool = home.with(["tool", "show", "read_file", "--json"]).run();
    assert_eq!(tool.code(0).json()["input_schema"]["type"], "object");
}

#[test]
fn a_tool_is_called_with_arguments_from_the_command_line_or_stdin() {
    let home = home();
    let call = [
        "tool",
        "call",
        "read_file",
        r#"{"path": "notes.txt", "limit": 1}"#,
    ];
    home.with(call).run().code(0).says("buy tea\n");
    let call = home.with(["tool", "call", "calculate", "-"]);
    call.stdin(r#"{"expression": "2^100"}"#)
        .run()
        .code(0)
        .says("1267650600228229401496703205376");
    let call = home.with([
        "tool",
        "call",
        "read_file",
        r#"{"path": "notes.txt"}"#,
        "--json",
    ]);
    let content = call.run().code(0).json();
    assert!(content.to_string().contains("call Ada"), "{content}");
}

#[test]
fn a_call_that_cannot_be_is_explained() {
    let home = home();
    let call = |name: &str, arguments: &str| home.with(["tool", "call", name, arguments]).run();
    call("read_file", "{ path")
        .code(1)
        .complains("(invalid_input) the arguments of `read_file` are not JSON");
    call("read_file", r#"{"pth": "notes.txt"}"#)
        .code(1)
        .complains("'pth' was unexpected")
        .complains("\"path\" is a required property")
        .complains("hint: `loom tool show read_file`");
    call("read_file", r#"{"path": 7}"#)
        .code(1)
        .complains("/path");
    call("read_file", r#"{"path": "no.txt"}"#)
        .code(1)
        .complains("(not_found)");
    call("read_fiel", "{}")
        .code(2)
        .complains("there is no tool `read_fiel`")
        .complains("hint: did you mean `read_file`?");
    let show = home.with(["tool", "show", "nothing_like_it"]).run();
    show.code(2).complains("`loom tool list`");
}

#[test]
fn a_tool_may_not_leave_the_project() {
    let home = home();
    for path in ["/etc/passwd", "../config", "src/../../config"] {
        let arguments = json!({ "path": path }).to_string();
        let ran = home.with(["tool", "call", "read_file", &arguments]).run();
        let ran = ran.code(1);
        assert_eq!(ran.stdout, "", "{path}");
    }
}

#[test]
fn plugins_are_listed_inspected_and_checked() {
    let home = home();
    let list = home.with(["plugin", "list", "--json"]).run().code(0).json();
    assert!(field(&list["plugins"], "name").contains(&"memory-file".to_owned()));
    assert_eq!(list["problems"], json!([]));

    let effects = home.install("effects", guests::EFFECTS);
    let file = effects.to_str().unwrap();
    let ran = home.with(["plugin", "inspect", file]).run().code(0);
    ran.says("effects 1.0.0")
        .says("append_line, append_line_idempotent")
        .says("files=read-write")
        .says("wasi:filesystem");
    let ran = home
        .with(["plugin", "inspect", file, "--json"])
        .run()
        .code(0);
    assert_eq!(ran.json()["exports"], json!(["tool"]));
    home.with(["plugin", "check", file]).run().code(0).says("✓");

    let broken = home.install("broken", b"not a component");
    for verb in ["inspect", "check"] {
        let ran = home.with(["plugin", verb]).arg(&broken).run().code(1);
        ran.complains("broken.wasm: it is not WebAssembly");
    }
    let ran = home.with(["plugin", "check", "none.wasm"]).run();
    ran.code(1).complains("none.wasm");
}

#[test]
fn a_check_runs_the_examples_and_tells_that_there_is_no_manifest() {
    let home = home();
    let echo = home.install("echo", guests::ECHO);
    let ran = home.with(["plugin", "check"]).arg(echo).run().code(0);
    ran.says("✓ echo, example \"A word\" works")
        .says("✓ it has no manifest");
    let liar = home.install("liar", guests::LIAR);
    let ran = home.with(["plugin", "check"]).arg(liar).run().code(1);
    ran.complains("the input schema of tool liar is not JSON");
}

#[test]
fn models_are_listed_and_checked() {
    let home = home();
    home.with(["model", "list"])
        .run()
        .code(0)
        .says("rules/rules");
    let answers = json!([{ "text": "ok" }]);
    let list = home
        .scripted(&answers)
        .args(["model", "list", "scripted", "--json"]);
    let list = list.run().code(0).json();
    assert_eq!(list[0]["id"], "scripted");
    assert_eq!(list[0]["context_window"], 8192);
    home.with(["model", "list", "nobody"]).run().code(2);

    let check = home.scripted(&answers).args(["model", "check"]);
    check
        .run()
        .code(0)
        .says("scripted/scripted")
        .says("✓ answers: ok");
    let check = home.scripted(&json!([{ "error": "overloaded" }]));
    let ran = check.args(["model", "check"]).run().code(1);
    ran.says("✗ does not answer").complains("overloaded");
}

#[test]
fn sessions_are_listed_shown_exported_and_deleted() {
    let home = home();
    let none = home.with(["session", "list"]).run().code(0);
    none.complains("no sessions yet");
    for session in ["first-talk", "second-talk"] {
        let run = home.with(["run", "--session", session, "Read notes.txt"]);
        run.run().code(0);
    }
    let list = home
        .with(["session", "list", "--json"])
        .run()
        .code(0)
        .json();
    let mut ids = field(&list, "id");
    ids.sort();
    assert_eq!(ids, ["first-talk", "second-talk"]);
    assert_eq!(list[0]["title"], "Read notes.txt");
    assert_eq!(list[0]["model"], "rules/rules");
    let shown = home.with(["session", "list", "-n", "1"]).run().code(0);
    assert_eq!(shown.stdout.lines().count(), 2);

    // The beginning of an id is enough, unless several begin so.
    let shown = home.with(["session", "show", "fi"]).run().code(0);
    shown.says("# Session first-talk").says("TODO: descale");
    home.with(["run", "--session", "first-walk", "hi"]).run();
    let shown = home.with(["session", "show", "first"]).run().code(1);
    shown.complains("several sessions begin with first");
    let shown = home.with(["session", "show", "third"]).run().code(1);
    shown.complains("there is no session third");

    let exported = home.with(["session", "export", "first-talk"]).run();
    let entries = exported.code(0).events();
    assert_eq!(entries[0]["kind"], "session");
    assert_eq!(entries[1]["text"], "Read notes.txt");
    let export = [
        "session",
        "export",
        "first-talk",
        "--format",
        "markdown",
        "-o",
        "talk.md",
    ];
    home.with(export).run().code(0);
    assert!(home.read("talk.md").unwrap().contains("## Assistant"));

    let delete = home.with(["session", "delete", "second", "nobody"]).run();
    delete.code(1).complains("nobody");
    home.with(["session", "show", "second-talk"]).run().code(0);
    home.with(["session", "delete", "second"]).run().code(0);
    home.with(["session", "show", "second-talk"]).run().code(1);
    home.with(["session", "show", "first-talk"]).run().code(0);
}

#[test]
fn a_session_that_is_to_be_forgotten_leaves_nothing() {
    let home = home();
    let run = home.with(["run", "--ephemeral", "What is 6 * 7?"]);
    run.run().code(0).says("42");
    let sessions = fs::read_dir(home.sessions()).map(Iterator::count);
    assert_eq!(sessions.unwrap_or(0), 0);
}

#[test]
fn completions_know_the_verbs_in_every_shell() {
    let home = home();
    for shell in ["bash", "zsh", "fish"] {
        let ran = home.with(["completions", shell]).run().code(0);
        ran.says("doctor").says("disallowed-tools");
    }
    home.with(["completions", "tcsh"]).run().code(2);
}

#[test]
fn the_doctor_finds_a_sound_home_sound_and_a_broken_one_broken() {
    let home = home();
    let ran = home.with(["doctor"]).run().code(0);
    ran.says("✓ provider       rules answers");
    home.install("broken", b"not a component");
    let doctor = home.with_plugins().args(["doctor", "--json"]);
    let report = doctor.run().code(1).json();
    assert_eq!(report["ok"], false);
    assert!(report.to_string().contains("broken.wasm"), "{report}");
    home.configure("modle = 1\n");
    let ran = home.with(["doctor"]).run().code(1);
    ran.says("✗ configuration").says("did you mean `model`?");
}
