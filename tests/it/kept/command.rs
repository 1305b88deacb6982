//! The same through the command: sessions that outlive a process.

use std::path::PathBuf;

use loom_tests::cli::{Home, Ran};
use loom_tests::guests::COUNTER;

use super::files_named;

fn home() -> Home {
    let home = crate::home();
    home.install("counter", COUNTER);
    home.configure("[plugins.counter]\ngrants.scratch = \"1MiB\"\n");
    home
}

fn call(home: &Home, more: &[&str], tool: &str, arguments: &str) -> Ran {
    let call = home.with_plugins().args(["tool", "call", tool, arguments]);
    call.args(more).run()
}

fn scratch(home: &Home) -> PathBuf {
    home.sessions().with_file_name("scratch")
}

#[test]
fn a_session_goes_on_in_the_next_process() {
    let home = home();
    for expected in ["1\n", "2\n", "3\n"] {
        let ran = call(&home, &[], "count", r#"{"session": "a"}"#).code(0);
        assert_eq!(ran.stdout, expected);
    }
    let elsewhere = ["--session", "elsewhere"];
    let ran = call(&home, &elsewhere, "count", r#"{"session": "a"}"#).code(0);
    assert_eq!(ran.stdout, "1\n");
    let other_directory = ["-C", "src"];
    let ran = call(&home, &other_directory, "count", r#"{"session": "a"}"#).code(0);
    assert_eq!(ran.stdout, "1\n");
}

#[test]
fn a_call_without_a_session_leaves_nothing_on_the_disk() {
    let home = home();
    let put = r#"{"path": "/work/unlikely", "text": "x"}"#;
    call(&home, &[], "put", put).code(0);
    let calls = std::fs::read_dir(scratch(&home).join("calls")).unwrap();
    let left: Vec<_> = calls.flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["lock"]);
}

#[test]
fn what_a_killed_process_left_is_swept_by_the_next() {
    let home = home();
    let arguments = r#"{"path": "/work/unlikely", "text": "x"}"#;
    let spin = home
        .with_plugins()
        .args(["tool", "call", "hold", arguments]);
    let mut child = spin.spawn();
    let left = || files_named(&scratch(&home), "unlikely");
    let started = std::time::Instant::now();
    while left().is_empty() {
        assert!(
            started.elapsed().as_secs() < 60,
            "the file was never written"
        );
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(left().len(), 1);
    call(&home, &[], "put", arguments).code(0);
    // It sweeps beside its call, and may have ended before it was done; the next goes on.
    call(&home, &[], "put", arguments).code(0);
    assert_eq!(left(), Vec::<PathBuf>::new());
}

#[test]
fn a_run_has_sessions_that_are_gone_with_it_if_it_is_ephemeral() {
    let home = home();
    let script = serde_json::json!([
        { "calls": [{ "id": "c1", "name": "count", "arguments": { "session": "a" } }] },
        { "text": "done" },
    ]);
    let run = |more: &[&str]| {
        let run = home
            .scripted(&script)
            .args(["run", "--permissions", "auto", "count"]);
        run.args(more).run().code(0)
    };
    run(&["--ephemeral"]);
    assert_eq!(files_named(&scratch(&home), "count"), Vec::<PathBuf>::new());
    run(&["--session", "s1"]);
    assert_eq!(files_named(&scratch(&home), "count").len(), 1);
    home.with(["session", "delete", "s1"]).run().code(0);
    assert_eq!(files_named(&scratch(&home), "count"), Vec::<PathBuf>::new());
}

#[test]
fn nobody_is_asked_about_a_session_alone() {
    let home = home();
    home.configure(
        "[plugins.counter]\ngrants.scratch = true\n\
         grants.files = [{ path = \"$workspace\", access = \"read-only\" }]\n",
    );
    let script = serde_json::json!([
        { "calls": [{ "id": "c1", "name": "count", "arguments": { "session": "a" } }] },
        { "text": "done" },
    ]);
    let run = home
        .scripted(&script)
        .args(["run", "--session", "s1", "count"]);
    run.run().code(0);
    assert_eq!(files_named(&scratch(&home), "count").len(), 1);
}
