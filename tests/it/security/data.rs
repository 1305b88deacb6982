//! Values that are not what they should be: arguments of the wrong type, JSON that is huge, deep or
//! ambiguous, text that is none, pointers that lead nowhere.

use std::io::Write as _;
use std::time::Duration;

use loom_core::call_tool;
use loom_tests::guests::{ECHO, INTRUDER, SNOOP};
use loom_tests::sandbox::load;
use loom_types::{Content, Error, ErrorKind, ToolContext};
use loom_wasm::{Command, FileAccess, Grants, Invocation};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::host::{Host, SECRET, World, command, guest};
use super::report::{Denied, denied, denied_as, harmless};

super::attempts!("data":
    a_number_for_a_string,
    null_for_a_string,
    a_list_for_an_object,
    text_behind_the_arguments,
    an_argument_that_is_unknown,
    an_argument_that_is_there_twice,
    a_prototype_as_an_argument,
    a_value_that_is_not_a_number,
    a_number_without_end,
    arguments_of_a_hundred_thousand_levels,
    arguments_of_sixty_megabytes,
    arguments_that_are_no_text,
    half_a_character_in_the_arguments,
    a_result_of_a_hundred_thousand_levels,
    a_result_that_swells,
    a_result_with_a_number_that_is_none,
    a_result_that_is_no_text,
    progress_that_is_no_text,
    a_manifest_of_a_hundred_thousand_levels,
    text_outside_of_memory,
    text_that_wraps_around_memory,
    a_text_of_two_gigabytes,
    a_number_for_an_enumeration,
    a_handle_of_nobody,
    a_handle_twice_dropped,
);

/// Calls `echo` as a model does: with a text.
async fn echo(arguments: &str) -> Result<String, Error> {
    let echo = guest(ECHO, Grants::default()).await;
    let tool = echo.configured.tools().remove(0);
    let context = ToolContext::standalone(Duration::from_secs(30));
    let content = call_tool(&tool, arguments, &context).await?;
    Ok(content.iter().map(Content::to_text).collect())
}

async fn refuses(arguments: &str) -> Denied {
    denied_as(ErrorKind::InvalidInput, echo(arguments).await)
}

async fn a_number_for_a_string() -> Denied {
    refuses(r#"{"text": 7}"#).await
}

async fn null_for_a_string() -> Denied {
    refuses(r#"{"text": null}"#).await
}

async fn a_list_for_an_object() -> Denied {
    refuses(r#"["text"]"#).await
}

async fn text_behind_the_arguments() -> Denied {
    refuses(r#"{"text": "a"}{"text": "b"}"#).await
}

async fn an_argument_that_is_unknown() -> Denied {
    refuses(r#"{"text": "a", "grants": {"network": ["*"]}}"#).await
}

async fn an_argument_that_is_there_twice() -> Denied {
    // What was checked is what the guest gets, so neither of them leads out.
    let world = World::new();
    let snoop = guest(SNOOP, world.grants(FileAccess::ReadOnly)).await;
    let tools = snoop.configured.tools();
    let read = tools
        .iter()
        .find(|tool| tool.definition().name == "snoop_read")
        .unwrap();
    let context = ToolContext::standalone(Duration::from_secs(30));
    let arguments = r#"{"path": "note.txt", "path": "../secret.txt"}"#;
    let content = call_tool(read, arguments, &context).await;
    harmless(
        content.map(|it| it.iter().map(Content::to_text).collect()),
        SECRET,
    )
}

async fn a_prototype_as_an_argument() -> Denied {
    refuses(r#"{"text": "a", "__proto__": {"safe": true}}"#).await
}

async fn a_value_that_is_not_a_number() -> Denied {
    refuses(r#"{"text": NaN}"#).await
}

async fn a_number_without_end() -> Denied {
    refuses(&format!(r#"{{"text": 1e{}}}"#, "9".repeat(1000))).await
}

async fn arguments_of_a_hundred_thousand_levels() -> Denied {
    refuses(&format!(r#"{{"text": {}"#, "[".repeat(100_000))).await
}

async fn arguments_of_sixty_megabytes() -> Denied {
    // It comes in, and may not come out.
    let arguments = json!({ "text": "x".repeat(60 << 20) }).to_string();
    denied_as(ErrorKind::ResourceExhausted, echo(&arguments).await)
}

async fn arguments_that_are_no_text() -> Denied {
    let ran = command(|home| {
        home.install("echo", ECHO);
        let call = home.with_plugins().args(["tool", "call", "echo", "-"]);
        call.stdin(b"{\"text\": \"\xff\xfe\"}".to_vec()).run()
    });
    let ran = ran.await;
    assert!(!ran.stdout.contains('\u{0}'));
    // Refused, or read with the mark for what is no text.
    match ran.code {
        Some(0) => harmless(Ok(ran.stdout), "\u{ff}"),
        _ => Denied::By(ran.stderr),
    }
}

async fn half_a_character_in_the_arguments() -> Denied {
    refuses(r#"{"text": "\ud800"}"#).await
}

async fn a_result_of_a_hundred_thousand_levels() -> Denied {
    // It is not JSON for the host, so it is a text.
    let intruder = guest(INTRUDER, Grants::default()).await;
    let arguments = json!({ "text": "[", "times": 100_000 });
    let result = intruder.call("call_json", arguments).await.unwrap();
    assert_eq!(result.len(), 100_000);
    Denied::By("it is shown as the text that it is".into())
}

async fn a_result_that_swells() -> Denied {
    // 30 MB of text, a gigabyte once it is read.
    let intruder = guest(INTRUDER, Grants::default()).await;
    let arguments = json!({ "lists": 10_000_000 });
    denied_as(
        ErrorKind::ResourceExhausted,
        intruder.call("swelling_json", arguments).await,
    )
}

async fn a_result_with_a_number_that_is_none() -> Denied {
    let intruder = guest(INTRUDER, Grants::default()).await;
    let result = intruder
        .call("call_json", json!({ "text": "{\"a\": 1e999}", "times": 1 }))
        .await;
    assert_eq!(result.unwrap(), "{\"a\": 1e999}");
    Denied::By("it is shown as the text that it is".into())
}

async fn a_result_that_is_no_text() -> Denied {
    let intruder = guest(INTRUDER, Grants::default()).await;
    denied_as(
        ErrorKind::Internal,
        intruder.call("not_text", json!({})).await,
    )
}

async fn progress_that_is_no_text() -> Denied {
    let intruder = guest(INTRUDER, Grants::default()).await;
    denied_as(
        ErrorKind::Internal,
        intruder.call("report_not_text", json!({})).await,
    )
}

async fn a_manifest_of_a_hundred_thousand_levels() -> Denied {
    let directory = tempfile::tempdir().unwrap();
    let path = loom_tests::guests::drop_into(directory.path(), "echo", ECHO);
    let mut manifest = std::fs::File::create(path.with_extension("toml")).unwrap();
    write!(manifest, "description = {}", "[".repeat(100_000)).unwrap();
    let source = loom_wasm::PluginSource::File(path);
    let loaded = loom_wasm::Plugin::load(&Host::get().engine, source).await;
    assert!(load(&Host::get().engine, "echo", ECHO).await.is_ok());
    Denied::By(loaded.err().unwrap().to_string())
}

/// Runs a command that calls the host with arguments that are written out.
async fn misuse(imports: &str, body: &str) -> Result<String, Error> {
    let text = format!(
        r#"(component
            {imports}
            (core module $m
                (import "host" "call" (func $call (param i32 i32 i32)))
                (memory (import "host" "memory") 1)
                (func (export "run") (result i32) {body} (i32.const 0)))
            (core instance $i (instantiate $m (with "host" (instance
                (export "call" (func $lowered))
                (export "memory" (memory $memory "memory"))))))
            (func $run (result (result)) (canon lift (core func $i "run")))
            (instance $exported (export "run" (func $run)))
            (export "wasi:cli/run@0.2.0" (instance $exported)))"#
    );
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("misuse.wasm");
    std::fs::write(&file, wat::parse_str(text).unwrap()).unwrap();
    let loaded = Command::load(&Host::get().engine, &file).await.unwrap();
    let mut invocation = Invocation::new(["misuse"]);
    invocation.limits.time = Duration::from_secs(30);
    let status = loaded.run(invocation, &CancellationToken::new()).await?;
    Ok(format!("status {status}"))
}

/// The host's function for log messages, lowered: level, place and length of the text.
const LOG: &str = r#"
    (import "loom:plugin/host@0.1.0" (instance $host
        (type $declared (enum "trace" "debug" "info" "warn" "error"))
        (export "log-level" (type $level (eq $declared)))
        (export "log" (func (param "level" $level) (param "message" string)))))
    (core module $memory_module (memory (export "memory") 1))
    (core instance $memory (instantiate $memory_module))
    (core func $lowered (canon lower (func $host "log") (memory (core memory $memory "memory"))))
"#;

async fn log(level: i32, place: i32, length: i32) -> Denied {
    let body = |level: i32, place: i32, length: i32| {
        format!("(call $call (i32.const {level}) (i32.const {place}) (i32.const {length}))")
    };
    let honest = misuse(LOG, &body(0, 0, 1)).await;
    assert_eq!(honest.as_deref(), Ok("status 0"), "it can be called");
    denied(misuse(LOG, &body(level, place, length)).await)
}

async fn text_outside_of_memory() -> Denied {
    log(0, 1 << 20, 16).await
}

async fn text_that_wraps_around_memory() -> Denied {
    log(0, -16, 64).await
}

async fn a_text_of_two_gigabytes() -> Denied {
    log(0, 0, i32::MAX).await
}

async fn a_number_for_an_enumeration() -> Denied {
    log(77, 0, 1).await
}

/// Runs a command that may ask for a handle to wait with, and may drop handles.
async fn handles(body: &str) -> Result<String, Error> {
    let text = format!(
        r#"(component
            (import "wasi:io/poll@0.2.0" (instance $poll (export "pollable" (type (sub resource)))))
            (alias export $poll "pollable" (type $pollable))
            (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
                (alias outer 1 $pollable (type $outer))
                (export "pollable" (type $own (eq $outer)))
                (export "subscribe-duration" (func (param "when" u64) (result (own $own))))))
            (core func $subscribe (canon lower (func $clock "subscribe-duration")))
            (core func $drop (canon resource.drop $pollable))
            (core module $m
                (import "host" "subscribe" (func $subscribe (param i64) (result i32)))
                (import "host" "drop" (func $drop (param i32)))
                (func (export "run") (result i32) (local $handle i32) {body} (i32.const 0)))
            (core instance $i (instantiate $m (with "host" (instance
                (export "subscribe" (func $subscribe)) (export "drop" (func $drop))))))
            (func $run (result (result)) (canon lift (core func $i "run")))
            (instance $exported (export "run" (func $run)))
            (export "wasi:cli/run@0.2.0" (instance $exported)))"#
    );
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("handles.wasm");
    std::fs::write(&file, wat::parse_str(text).unwrap()).unwrap();
    let loaded = Command::load(&Host::get().engine, &file).await.unwrap();
    let cancel = CancellationToken::new();
    let run = loaded.run(Invocation::new(["handles"]), &cancel);
    run.await.map(|status| format!("status {status}"))
}

const HONEST: &str = "(call $drop (local.tee $handle (call $subscribe (i64.const 1))))";

async fn a_handle_of_nobody() -> Denied {
    assert_eq!(
        handles(HONEST).await.as_deref(),
        Ok("status 0"),
        "it can be called"
    );
    let nobodys = handles("(call $drop (i32.const 12345))");
    denied_as(ErrorKind::Internal, nobodys.await)
}

async fn a_handle_twice_dropped() -> Denied {
    let twice = format!("{HONEST} (call $drop (local.get $handle))");
    denied_as(ErrorKind::Internal, handles(&twice).await)
}
