//! More than a guest may use: memory, tables, stack, time, output, calls to the host, log, handles,
//! instances.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use loom_tests::guests::{COMMAND, INTRUDER, ROGUE};
use loom_tests::sandbox::{Guest, engine_for};
use loom_types::{Error, ErrorKind, ToolContext};
use loom_wasm::{Command, FileAccess, Grants, Invocation, Limits, Output};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::host::{Host, World, command, guest, guest_within};
use super::report::{Denied, denied_as, ended, harmless};

super::attempts!("resources":
    memory_in_large_pieces,
    memory_all_at_once,
    memory_in_instances,
    a_table_that_grows,
    a_table_that_starts_large,
    a_stack_of_the_machine,
    a_stack_in_memory,
    a_loop_without_end,
    a_loop_in_its_initialization,
    a_sleep_without_end,
    a_flood_of_output,
    a_flood_of_pieces_of_output,
    a_flood_in_an_error,
    a_flood_on_standard_error,
    a_flood_in_the_log,
    a_flood_of_calls_to_the_host,
    a_flood_of_open_files,
    a_flood_of_things_to_wait_for,
    a_flood_of_random_bytes,
    a_flood_of_crashes,
    a_flood_of_instances,
    a_flood_of_loops_at_once,
    a_flood_of_output_of_a_command,
    memory_of_a_command,
    a_command_that_never_ends,
);

const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(200);

/// Above its time limit a call may take this much, on a machine that does many things at once.
const SLACK: Duration = Duration::from_secs(5);

fn limits() -> Limits {
    Limits {
        memory_bytes: 32 << 20,
        host_calls: 100_000,
        ..Limits::default()
    }
}

async fn call(wasm: &[u8], tool: &str, arguments: Value) -> Result<String, Error> {
    let guest = guest_within(wasm, Grants::default(), limits()).await;
    let context = ToolContext::standalone(LONG);
    guest.call_within(tool, arguments, &context).await
}

async fn exhausts(wasm: &[u8], tool: &str, arguments: Value) -> Denied {
    denied_as(
        ErrorKind::ResourceExhausted,
        call(wasm, tool, arguments).await,
    )
}

/// A tool that must be stopped when its time is over.
async fn outlasts(tool: &str) -> Denied {
    let rogue = guest_within(ROGUE, Grants::default(), limits()).await;
    let started = Instant::now();
    let result = rogue
        .call_within(tool, json!({}), &ToolContext::standalone(SHORT))
        .await;
    assert!(
        started.elapsed() < SHORT + SLACK,
        "it took {:?}",
        started.elapsed()
    );
    denied_as(ErrorKind::Timeout, result)
}

/// Runs a command that is written out: a core module that exports `run`.
async fn run(module: &str) -> Result<String, Error> {
    let text = format!(
        r#"(component
            (core module $module {module})
            (core instance $instance (instantiate $module))
            (func $run (result (result)) (canon lift (core func $instance "run")))
            (instance $exported (export "run" (func $run)))
            (export "wasi:cli/run@0.2.0" (instance $exported)))"#
    );
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("written.wasm");
    std::fs::write(&file, wat::parse_str(text).unwrap()).unwrap();
    let command = Command::load(&Host::get().engine, &file).await.unwrap();
    let mut invocation = Invocation::new(["written"]);
    invocation.limits = Limits {
        time: LONG,
        ..limits()
    };
    let status = command.run(invocation, &CancellationToken::new()).await?;
    Ok(format!("status {status}"))
}

async fn memory_in_large_pieces() -> Denied {
    exhausts(ROGUE, "allocate_forever", json!({})).await
}

async fn memory_all_at_once() -> Denied {
    // 64 KiB each: 2 GiB.
    let grown = run(r#"(memory 1)
        (func (export "run") (result i32)
            (if (i32.eq (memory.grow (i32.const 32768)) (i32.const -1)) (then unreachable))
            (i32.const 0))"#);
    denied_as(ErrorKind::ResourceExhausted, grown.await)
}

async fn memory_in_instances() -> Denied {
    let mut text = String::from("(component (core module $m (memory 512))");
    for number in 0..4 {
        write!(text, "(core instance $i{number} (instantiate $m))").unwrap();
    }
    text.push_str(
        r#"(core module $r (func (export "run") (result i32) (i32.const 0)))
        (core instance $r (instantiate $r))
        (func $run (result (result)) (canon lift (core func $r "run")))
        (instance $exported (export "run" (func $run)))
        (export "wasi:cli/run@0.2.0" (instance $exported)))"#,
    );
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("instances.wasm");
    std::fs::write(&file, wat::parse_str(text).unwrap()).unwrap();
    let command = Command::load(&Host::get().engine, &file).await.unwrap();
    let mut invocation = Invocation::new(["instances"]);
    invocation.limits = limits();
    let ran = command.run(invocation, &CancellationToken::new()).await;
    denied_as(
        ErrorKind::ResourceExhausted,
        ran.map(|status| status.to_string()),
    )
}

async fn a_table_that_grows() -> Denied {
    let grown = run(r#"(table 1 funcref)
        (func (export "run") (result i32)
            (if (i32.eq (table.grow (ref.null func) (i32.const 10000000)) (i32.const -1)) (then unreachable))
            (i32.const 0))"#);
    denied_as(ErrorKind::ResourceExhausted, grown.await)
}

async fn a_table_that_starts_large() -> Denied {
    let started = run(r#"(table 9000000 funcref)
        (func (export "run") (result i32) (i32.const 0))"#);
    denied_as(ErrorKind::ResourceExhausted, started.await)
}

async fn a_stack_of_the_machine() -> Denied {
    let recursed = run(r#"(func $deeper (param i64) (result i64)
            (i64.add (call $deeper (i64.add (local.get 0) (i64.const 1))) (local.get 0)))
        (func (export "run") (result i32) (drop (call $deeper (i64.const 0))) (i32.const 0))"#);
    denied_as(ErrorKind::ResourceExhausted, recursed.await)
}

async fn a_stack_in_memory() -> Denied {
    denied_as(
        ErrorKind::Internal,
        call(ROGUE, "recurse_forever", json!({})).await,
    )
}

async fn a_loop_without_end() -> Denied {
    outlasts("loop_forever").await
}

async fn a_loop_in_its_initialization() -> Denied {
    let text = r#"(component
        (core module $m (func $start (loop (br 0))) (start $start)
            (func (export "run") (result i32) (i32.const 0)))
        (core instance $i (instantiate $m))
        (func $run (result (result)) (canon lift (core func $i "run")))
        (instance $exported (export "run" (func $run)))
        (export "wasi:cli/run@0.2.0" (instance $exported)))"#;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("start.wasm");
    std::fs::write(&file, wat::parse_str(text).unwrap()).unwrap();
    let command = Command::load(&Host::get().engine, &file).await.unwrap();
    let mut invocation = Invocation::new(["start"]);
    invocation.limits.time = SHORT;
    let ran = command.run(invocation, &CancellationToken::new()).await;
    denied_as(ErrorKind::Timeout, ran.map(|status| status.to_string()))
}

async fn a_sleep_without_end() -> Denied {
    outlasts("sleep_forever").await
}

async fn a_flood_of_output() -> Denied {
    let rogue = guest(ROGUE, Grants::default()).await;
    let context = ToolContext::standalone(LONG);
    let flooded = rogue.call_within("flood_output", json!({}), &context).await;
    denied_as(ErrorKind::ResourceExhausted, flooded)
}

async fn a_flood_of_pieces_of_output() -> Denied {
    let flooded = call(INTRUDER, "many_pieces", json!({ "pieces": 500_000 })).await;
    denied_as(ErrorKind::ResourceExhausted, flooded)
}

async fn a_flood_in_an_error() -> Denied {
    let intruder = guest(INTRUDER, Grants::default()).await;
    let arguments = json!({ "text": "x".repeat(10 << 20) });
    let error = intruder.call("fail", arguments).await.unwrap_err();
    assert!(
        error.message.len() < 100 << 10,
        "{} bytes",
        error.message.len()
    );
    Denied::By("its beginning was kept".into())
}

async fn a_flood_on_standard_error() -> Denied {
    // It is taken and forgotten but for its end.
    harmless(call(ROGUE, "flood_stderr", json!({})).await, "xxx")
}

async fn a_flood_in_the_log() -> Denied {
    exhausts(ROGUE, "flood_log", json!({})).await
}

async fn a_flood_of_calls_to_the_host() -> Denied {
    exhausts(ROGUE, "flood_host_calls", json!({})).await
}

async fn a_flood_of_open_files() -> Denied {
    let world = World::new();
    let intruder = guest(INTRUDER, world.grants(FileAccess::ReadOnly)).await;
    let flooded = intruder
        .call("open_forever", json!({ "path": "note.txt" }))
        .await;
    // The host itself must still be able to open files.
    assert!(std::fs::File::open(world.inside.join("note.txt")).is_ok());
    super::report::denied(flooded)
}

async fn a_flood_of_things_to_wait_for() -> Denied {
    super::report::denied(call(INTRUDER, "subscribe_forever", json!({})).await)
}

async fn a_flood_of_random_bytes() -> Denied {
    super::report::denied(call(INTRUDER, "random", json!({ "bytes": 1_u64 << 40 })).await)
}

async fn a_flood_of_crashes() -> Denied {
    let rogue = guest_within(ROGUE, Grants::default(), limits()).await;
    let context = ToolContext::standalone(LONG);
    let crashes = (0..200).map(|_| rogue.call_within("panic", json!({}), &context));
    let crashes = futures::future::join_all(crashes).await;
    let outcomes = crashes
        .into_iter()
        .map(|crash| denied_as(ErrorKind::Internal, crash));
    outcomes.reduce(|_, last| last).unwrap()
}

async fn a_flood_of_instances() -> Denied {
    // Four places, two hundred calls, each of which would stay for ever.
    let engine = engine_for(4);
    let rogue = Guest::on(&engine, ROGUE, Grants::default(), limits(), &[]).await;
    let context = ToolContext::standalone(LONG);
    let cancel = context.cancel.clone();
    let calls = (0..200).map(|_| rogue.call_within("sleep_forever", json!({}), &context));
    let flood = futures::future::join_all(calls);
    let flooded = tokio::time::timeout(SHORT, flood).await;
    assert!(flooded.is_err(), "they wait");
    cancel.cancel();
    let echo = Guest::on(&engine, INTRUDER, Grants::default(), limits(), &[]).await;
    let served = echo.call("count", json!({})).await;
    assert_eq!(served.as_deref(), Ok("1"), "its own engine serves too");
    Denied::By("four of two hundred lived at once".into())
}

async fn a_flood_of_loops_at_once() -> Denied {
    let rogue = guest_within(ROGUE, Grants::default(), limits()).await;
    let context = ToolContext::standalone(SHORT);
    let loops = (0..10).map(|_| rogue.call_within("loop_forever", json!({}), &context));
    let loops = futures::future::join_all(loops);
    // Others are served meanwhile, not afterwards.
    let (loops, is_alive) = tokio::join!(loops, Host::get().serves());
    assert!(is_alive);
    let outcomes = loops
        .into_iter()
        .map(|it| denied_as(ErrorKind::Timeout, it));
    outcomes.reduce(|_, last| last).unwrap()
}

async fn a_flood_of_output_of_a_command() -> Denied {
    let directory = tempfile::tempdir().unwrap();
    let file = loom_tests::guests::drop_into(directory.path(), "command", COMMAND);
    let command = Command::load(&Host::get().engine, &file).await.unwrap();
    let mut invocation = Invocation::new(["command", "flood"]);
    invocation.limits.output_bytes = 100 << 10;
    invocation.stdout = Output::to(tokio::io::sink());
    let ran = command.run(invocation, &CancellationToken::new()).await;
    denied_as(
        ErrorKind::ResourceExhausted,
        ran.map(|status| status.to_string()),
    )
}

async fn memory_of_a_command() -> Denied {
    let ran = command(|home| {
        let program = home.install("command", COMMAND);
        let sandbox = home.with(["sandbox", "--limit", "memory=32MiB"]);
        sandbox.arg(program).arg("allocate").run()
    });
    ended(ran.await, 137)
}

async fn a_command_that_never_ends() -> Denied {
    let ran = command(|home| {
        let program = home.install("command", COMMAND);
        let sandbox = home.with(["sandbox", "--limit", "time=300ms"]);
        sandbox.arg(program).arg("loop").run()
    });
    ended(ran.await, 124)
}
