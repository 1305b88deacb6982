//! How commands end: exit codes, signals, readers that go away, and text that would drive a terminal.

use std::io::{BufRead, BufReader, Read as _};
use std::net::TcpListener;
use std::process::Child;

use loom_tests::cli::{Home, Ran};
use loom_tests::guests;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::home;

#[test]
fn a_run_that_fails_says_why_and_how_to_go_on() {
    let home = home();
    let run = home.scripted(&json!([{ "error": "overloaded" }]));
    let once = ["-c", "failover.attempts=1"];
    let run = run.args(["run", "--session", "talk", "go"]).args(once);
    let ran = run.run().code(1);
    assert_eq!(ran.stdout, "");
    ran.complains("error: scripted 1.0.0: overloaded")
        .complains("hint: try again later")
        .complains("hint: go on with: loom run --resume=talk");
}

#[test]
fn an_answer_that_is_cut_off_or_crashes_is_a_failure() {
    let home = home();
    let run = home.scripted(&json!([{ "text": "half an", "cut": true }]));
    let ran = run.args(["run", "go"]).run().code(1);
    ran.complains("the answer was cut off");
    let run = home.scripted(&json!([{ "panic": "out of tea" }]));
    let ran = run.args(["run", "go"]).run().code(1);
    ran.complains("scripted 1.0.0: it crashed")
        .complains("out of tea");
}

#[test]
fn unknown_options_are_wrong_usage() {
    let home = home();
    let ran = home.with(["run", "--frobnicate", "hi"]).run().code(2);
    ran.complains("unexpected argument '--frobnicate'");
    home.with(["runn", "hi"]).run().code(2).complains("'run'");
    home.with(["run", "--max-turns", "0", "hi"]).run().code(2);
    home.with(["run", "--timeout", "soon", "hi"]).run().code(2);
}

#[test]
fn a_limit_has_its_own_code_and_says_how_to_raise_it() {
    let home = home();
    let run = home.with(["run", "--max-turns", "1", "How many files are here?"]);
    run.run()
        .code(3)
        .complains("stopped: ")
        .complains("--max-turns")
        .complains("loom run --resume=");
}

#[test]
fn questions_of_the_whole_tree_have_a_limit_too() {
    let home = home();
    let run = home.with(["run", "-c", "budget.turns=1", "How many files are here?"]);
    let ran = run.run().code(3);
    ran.complains("stopped: the limit of 1 turn ended the run");
}

#[test]
fn time_that_is_up_stops_a_tool_that_sleeps() {
    let home = sleeper();
    let script = json!([{ "calls": [{ "name": "sleep_forever", "arguments": {} }] }]);
    let run = home.scripted(&script);
    let ran = run.args(["run", "--timeout", "300ms", "go"]).run().code(3);
    ran.complains("allow more with --timeout");
}

fn sleeper() -> Home {
    let home = home();
    home.install("rogue", guests::ROGUE);
    // Compiled beforehand, so that no limit of time ends on it.
    let call = home.with_plugins();
    call.args(["tool", "call", "garbage"]).run();
    home
}

/// Waits until a line with this text came.
fn wait_for(pipe: &mut impl BufRead, text: &str) -> String {
    let mut seen = String::new();
    while !seen.contains(text) {
        let read = pipe.read_line(&mut seen).unwrap();
        assert_ne!(read, 0, "no {text:?} in:\n{seen}");
    }
    seen
}

fn interrupt(child: &Child) {
    kill_process(Pid::from_child(child), Signal::INT).unwrap();
}

fn end_of(mut child: Child, stdout: String, stderr: String) -> Ran {
    Ran {
        code: child.wait().unwrap().code(),
        stdout,
        stderr,
    }
}

#[test]
fn an_interrupt_stops_cleanly_and_says_how_to_go_on() {
    let home = sleeper();
    let script = json!([
        { "text": "I will sleep", "calls": [
            { "name": "write_file", "arguments": { "path": "a.txt", "content": "written" } },
            { "name": "sleep_forever", "arguments": {} },
        ] },
        { "text": "awake again" },
    ]);
    let run =
        home.scripted(&script)
            .args(["run", "--session", "nap", "--permissions", "auto", "go"]);
    let mut child = run.spawn();
    let mut stdout = child.stdout.take().unwrap();
    let mut pipe = BufReader::new(child.stderr.take().unwrap());
    // Both run at once.
    let mut stderr = wait_for(&mut pipe, "✓ write_file");
    assert!(stderr.contains("→ sleep_forever"), "{stderr}");
    interrupt(&child);
    pipe.read_to_string(&mut stderr).unwrap();
    let mut answer = String::new();
    stdout.read_to_string(&mut answer).unwrap();
    let ran = end_of(child, answer, stderr).code(130).says("I will sleep");
    ran.complains("✓ write_file")
        .complains("· stopping")
        .complains("✗ sleep_forever")
        .complains("cancelled: after 1 turn, 2 tool calls")
        .complains("loom run --resume=nap");

    let resumed = home.scripted(&script).args(["run", "--resume=nap"]).run();
    resumed.code(0).says("awake again");
    let shown = home.with(["session", "show", "nap"]).run().code(0);
    shown
        .says("`sleep_forever` failed")
        .says("`write_file` returned");
}

#[test]
fn an_interrupted_run_ends_its_events() {
    let home = sleeper();
    let script = json!([{ "calls": [{ "name": "sleep_forever", "arguments": {} }] }]);
    let run = home.scripted(&script).args(["run", "--json", "go"]);
    let mut child = run.spawn();
    let mut pipe = BufReader::new(child.stdout.take().unwrap());
    let mut stdout = wait_for(&mut pipe, "\"name\":\"sleep_forever\"");
    interrupt(&child);
    pipe.read_to_string(&mut stdout).unwrap();
    let ran = end_of(child, stdout, String::new()).code(130);
    let last = ran.events().pop().unwrap();
    assert_eq!(
        (&last["type"], &last["exit_code"]),
        (&json!("run.cancelled"), &json!(130))
    );
}

#[test]
fn an_interrupted_tool_call_ends_too() {
    let home = home();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let grant = format!("plugins.http.grants.network=[\"{url}\"]");
    let arguments = json!({ "url": url }).to_string();
    let call = home.with(["-c", &grant, "tool", "call", "http_request", &arguments]);
    let mut child = call.spawn();
    // Whoever asks waits for an answer that does not come.
    let _asking = listener.accept().unwrap();
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

/// Reads one byte of a command's stdout, closes it, and waits for the end.
fn read_a_little(mut child: Child) -> Ran {
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0]).unwrap();
    drop(stdout);
    let mut stderr = String::new();
    let mut pipe = child.stderr.take().unwrap();
    pipe.read_to_string(&mut stderr).unwrap();
    end_of(child, String::new(), stderr)
}

#[test]
fn a_reader_that_goes_away_ends_the_command_quietly() {
    let home = home();
    // More than a pipe holds, so that the writer notices.
    let text = "tea ".repeat(1000) + &"x".repeat(200_000);
    let script = json!([{ "text": text }]).to_string();
    let script = serde_json::to_string(&script).unwrap();
    home.configure(&format!(
        "model = \"long/scripted\"\n[providers.long]\nplugin = \"scripted\"\nconfig.script = {script}\n"
    ));
    home.install("scripted", guests::SCRIPTED);
    for arguments in [["run", "-q"], ["run", "--json"]] {
        let run = home.with_plugins().args(arguments).arg("go");
        let ran = read_a_little(run.spawn()).code(0);
        assert!(!ran.stderr.contains("error"), "{}", ran.stderr);
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    }
    let completions = home.with(["completions", "bash"]);
    let ran = read_a_little(completions.spawn()).code(0);
    assert_eq!(ran.stderr, "");
}

#[test]
fn nothing_that_a_model_or_a_tool_says_drives_a_terminal_through_stderr() {
    let home = home();
    home.install("rogue", guests::ROGUE);
    home.install("echo", guests::ECHO);
    let script = json!([
        { "calls": [
            { "name": "garbage", "arguments": {} },
            { "name": "\u{1b}[2Jwipe", "arguments": {} },
            { "name": "echo", "arguments": { "text": "\u{1b}]0;title\u{7}\u{9b}31mred" } },
        ] },
        { "text": "raw \u{1b}[31mred" },
    ]);
    let ran = home
        .scripted(&script)
        .args(["run", "-v", "go"])
        .run()
        .code(0);
    let drives = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    assert!(!ran.stderr.contains(drives), "{:?}", ran.stderr);
    assert_eq!(
        ran.stdout, "raw \u{1b}[31mred\n",
        "a pipe gets the answer as it is"
    );

    let run = home.scripted(&json!([{ "error": "\u{1b}[2J\u{1b}[Hgone" }]));
    let ran = run.args(["run", "go"]).run().code(1);
    assert!(!ran.stderr.contains(drives), "{:?}", ran.stderr);
}
