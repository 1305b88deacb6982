//! Plugins that are dropped into a directory: found, called, skipped with the reason, replaced.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use loom::Loom;
use loom_core::{Input, RunOptions};
use loom_tests::cli::{Home, Ran};
use loom_tests::guests;
use loom_types::Outcome;
use serde_json::{Value, json};

use crate::home;

fn call(home: &Home, tool: &str, arguments: &Value) -> Ran {
    let call = home.with_plugins().args(["tool", "call", tool]);
    call.arg(arguments.to_string()).run()
}

#[test]
fn a_dropped_plugin_is_found_and_called() {
    let home = home();
    let ran = call(&home, "echo", &json!({ "text": "größe" }));
    ran.code(2).complains("there is no tool `echo`");
    home.install("echo", guests::ECHO);
    let ran = call(&home, "echo", &json!({ "text": "größe" })).code(0);
    assert_eq!(ran.stdout, "größe\n");
    let list = home.with_plugins().args(["plugin", "list"]).run().code(0);
    list.says("echo.wasm");
}

#[test]
fn the_users_own_directory_of_plugins_needs_no_option() {
    let home = home();
    let directory = home.config_file().with_file_name("plugins");
    guests::drop_into(&directory, "echo", guests::ECHO);
    let ran = home
        .with(["tool", "call", "echo", r#"{"text": "hi"}"#])
        .run();
    assert_eq!(ran.code(0).stdout, "hi\n");
}

#[test]
fn a_directory_that_is_not_there_is_told() {
    let home = home();
    let list = home
        .with(["--plugin-dir", "pluggins", "tool", "list"])
        .run();
    list.code(2)
        .complains("--plugin-dir: there is no directory pluggins");
}

#[test]
fn the_first_compilation_is_told_once_and_never_to_the_quiet() {
    let home = home();
    let cache = home.own_cache();
    let call = |quiet: &[&str]| {
        let call = home
            .with_plugins()
            .args(quiet)
            .args(["tool", "call", "echo"]);
        call.arg(r#"{"text": "hi"}"#)
            .env("XDG_CACHE_HOME", &cache)
            .run()
            .code(0)
    };
    home.install("mine", &with_section(guests::ECHO, b"first"));
    call(&[]).complains("compiling ");
    assert_eq!(call(&[]).stderr, "");
    home.install("mine", &with_section(guests::ECHO, b"second"));
    assert_eq!(call(&["-q"]).stderr, "");
}

/// The component with a custom section, which changes nothing but the digest.
fn with_section(wasm: &[u8], content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len() + 2).unwrap();
    let section = [&[0, length, 1, b'x'], content].concat();
    [wasm, &section].concat()
}

#[test]
fn an_agent_calls_a_dropped_tool_through_a_dropped_model() {
    let home = home();
    home.install("echo", guests::ECHO);
    let script = json!([
        { "calls": [{ "name": "echo", "arguments": { "text": "hello" } }] },
        { "text": "it said hello" },
    ]);
    let ran = home
        .scripted(&script)
        .args(["run", "-v", "go"])
        .run()
        .code(0);
    ran.says("it said hello")
        .complains("→ echo text=hello")
        .complains("✓ echo")
        .complains("| hello");
}

#[test]
fn what_cannot_be_loaded_is_told_by_name_and_the_rest_works() {
    let home = home();
    home.install("half", &guests::ECHO[..guests::ECHO.len() / 2]);
    home.install("notes", b"just text");
    home.install("empty", b"");
    home.install("core", b"\0asm\x01\0\0\0");
    home.install("future", &of_another_version(guests::ECHO));
    home.install("liar", guests::LIAR);
    home.install("working", guests::ECHO);
    let ran = call(&home, "echo", &json!({ "text": "still here" })).code(0);
    assert_eq!(ran.stdout, "still here\n");
    for (file, reason) in [
        ("half.wasm", ""),
        ("notes.wasm", "not WebAssembly"),
        ("empty.wasm", "not WebAssembly"),
        ("core.wasm", "core module, not a component"),
        ("future.wasm", "loom:plugin/tool@0.9.0"),
        ("liar.wasm", "the input schema of tool liar is not JSON"),
    ] {
        let mut lines = ran.stderr.lines();
        let told = |line: &str| line.contains(file) && line.contains(reason);
        assert!(lines.any(told), "{file}: {reason}\n{}", ran.stderr);
    }
    assert!(!ran.stderr.contains("working.wasm"), "{}", ran.stderr);

    let list = home.with_plugins().args(["plugin", "list", "--json"]).run();
    let problems = list.code(0).json()["problems"].clone();
    assert_eq!(problems.as_array().unwrap().len(), 6, "{problems}");
}

/// The component with the contract's version changed where it exports it.
fn of_another_version(wasm: &[u8]) -> Vec<u8> {
    let (old, new) = (b"loom:plugin/tool@0.1.0", b"loom:plugin/tool@0.9.0");
    let mut wasm = wasm.to_vec();
    for at in 0..wasm.len() - old.len() {
        if wasm[at..].starts_with(old) {
            wasm[at..at + new.len()].copy_from_slice(new);
        }
    }
    wasm
}

#[test]
fn a_tool_whose_name_is_taken_is_left_out_and_told() {
    let home = home();
    home.install("first", guests::ECHO);
    home.install("second", guests::ECHO);
    let ran = call(&home, "echo", &json!({ "text": "hi" })).code(0);
    assert_eq!(ran.stdout, "hi\n");
    ran.complains("second.wasm: its tool echo is left out: another plugin has one of that name");
    // The same plugin twice, by its manifest's name.
    home.install("effects-1", guests::EFFECTS);
    home.install("effects-2", guests::EFFECTS);
    let list = home.with_plugins().args(["plugin", "list"]).run().code(0);
    list.complains("effects-2.wasm: its name effects is taken by");
}

#[test]
fn a_plugin_may_do_only_what_it_was_granted() {
    let home = home();
    home.install("snoop", guests::SNOOP);
    let read = |grants: &[&str], path: &str| {
        let call = home
            .with_plugins()
            .args(grants)
            .args(["tool", "call", "snoop_read"]);
        call.arg(json!({ "path": path }).to_string()).run()
    };
    let absolute = home.project().join("notes.txt").display().to_string();
    for path in [
        "notes.txt",
        "./notes.txt",
        "../config",
        &absolute,
        "/etc/passwd",
    ] {
        assert_eq!(read(&[], path).code(1).stdout, "", "{path}");
    }
    let ran = call(&home, "snoop_environment", &json!({})).code(0);
    assert_eq!(ran.stdout.trim(), "");

    let read_only = [
        "-c",
        "plugins.snoop.grants.files=[{path=\"$workspace\", access=\"read-only\"}]",
    ];
    read(&read_only, "notes.txt").code(0).says("call Ada");
    read(&read_only, &absolute).code(0).says("call Ada");
    read(&read_only, "/etc/passwd").code(1);
    let write = home
        .with_plugins()
        .args(read_only)
        .args(["tool", "call", "snoop_write"]);
    let write = write.arg(r#"{"path": "notes.txt", "text": "gone"}"#).run();
    write.code(1).complains("(denied)");
    assert!(home.read("notes.txt").unwrap().contains("call Ada"));
    let environment = ["-c", "plugins.snoop.grants.environment.TEA=green"];
    let call = home
        .with_plugins()
        .args(environment)
        .args(["tool", "call", "snoop_environment"]);
    assert_eq!(call.run().code(0).stdout, "TEA=green\n");
}

#[test]
fn a_file_that_is_replaced_between_two_runs_is_picked_up() {
    let home = home();
    home.install("changing", guests::ECHO);
    call(&home, "echo", &json!({ "text": "old" })).code(0);
    home.install("changing", guests::ROGUE);
    call(&home, "echo", &json!({ "text": "old" })).code(2);
    call(&home, "garbage", &json!({})).complains("");
    let list = home.with_plugins().args(["tool", "list"]).run().code(0);
    list.says("loop_forever");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_plugin_serves_the_next_agent_while_a_call_ends_on_the_old_one() {
    let home = home();
    home.install("scripted", guests::SCRIPTED);
    home.install("changing", guests::SNOOP);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let script = json!([
        { "calls": [{ "name": "snoop_fetch", "arguments": { "url": url } }] },
        { "text": "fetched" },
    ]);
    let config = home.config(&format!(
        "model = \"scripted/scripted\"\n\
         permissions.mode = \"auto\"\n\
         [providers.scripted]\nplugin = \"scripted\"\nconfig.script = '''{script}'''\n\
         [plugins.snoop]\ngrants.network = [{url:?}]\n"
    ));
    let loom = Loom::open(&config).await.unwrap();
    let names = async |loom: &Loom| -> Vec<String> {
        let tools = loom.tools().await.unwrap();
        tools
            .iter()
            .map(|tool| tool.definition().name.clone())
            .collect()
    };
    let agent = loom.agent().await.unwrap().build().unwrap();
    let mut run = agent.start(RunOptions {
        input: Some(Input::new("go")),
        ..RunOptions::default()
    });
    let ended = tokio::spawn(async move { run.outcome().await });
    let accept = tokio::task::spawn_blocking(move || listener.accept().unwrap().0);
    let mut connection = accept.await.unwrap();

    home.install("changing", guests::ECHO);
    let now = names(&loom).await;
    assert!(now.contains(&"echo".to_owned()), "{now:?}");
    assert!(!now.contains(&"snoop_fetch".to_owned()), "{now:?}");
    let next = loom.agent().await.unwrap().build();
    assert!(next.is_ok());

    let _ = connection.read(&mut [0; 4096]).unwrap();
    connection
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\ntea")
        .unwrap();
    let outcome = ended.await.unwrap();
    assert!(matches!(outcome, Outcome::Completed { .. }), "{outcome:?}");
    let session = outcome.report().session_id.clone();
    let memory = loom.memory().await.unwrap();
    let entries = memory.read(&session, 0, 100).await.unwrap();
    let result = entries.iter().find(|entry| entry.kind == "tool_result");
    assert!(result.unwrap().text.contains("tea"), "{entries:?}");
}
