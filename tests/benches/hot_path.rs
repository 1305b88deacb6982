//! What the hot path costs: a tool call in a fresh sandbox, a turn, loading, many agents. Compare
//! ratios between runs on one machine; absolute times vary with the machine.
//!
//! `cargo bench -p loom-tests`

#![expect(clippy::unwrap_used, reason = "a benchmark may stop here")]
#![expect(clippy::print_stdout, reason = "figures are for a person")]

use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use loom_core::Agent;
use loom_tests::guests;
use loom_tests::sandbox::{self, Guest};
use loom_types::{CompletionContext, Message, ModelRequest, Provider, ToolContext};
use loom_wasm::{Engine, EngineConfig, FileAccess, Grants, Limits, Plugin, PluginSource};
use serde_json::json;
use tokio::runtime::Runtime;

const ONE_ANSWER: &str = r#"[{"text": "done"}]"#;
const ONE_CALL: &str =
    r#"[{"calls": [{"name": "echo", "arguments": {"text": "hello"}}]}, {"text": "done"}]"#;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

fn tool_calls(criterion: &mut Criterion) {
    let runtime = runtime();
    let context = ToolContext::standalone(Duration::from_secs(20));
    let mut group = criterion.benchmark_group("tool call in a fresh sandbox");
    let echo = runtime.block_on(Guest::new(guests::ECHO, Grants::default()));
    group.bench_function("text in, text out", |bencher| {
        bencher
            .to_async(&runtime)
            .iter(|| echo.call_within("echo", json!({ "text": "hello" }), &context));
    });
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("note.txt"), "granted text").unwrap();
    let snoop = runtime.block_on(Guest::new(
        guests::SNOOP,
        sandbox::directory(directory.path(), FileAccess::ReadOnly),
    ));
    group.bench_function("reads a small file", |bencher| {
        bencher
            .to_async(&runtime)
            .iter(|| snoop.call_within("snoop_read", json!({ "path": "note.txt" }), &context));
    });
    group.finish();
}

fn loading(criterion: &mut Criterion) {
    let runtime = runtime();
    let directory = tempfile::tempdir().unwrap();
    let path = guests::drop_into(directory.path(), "echo", guests::ECHO);
    let load = |cache: Option<std::path::PathBuf>| {
        let engine = Engine::new(&EngineConfig {
            cache_directory: cache,
            max_instances: 64,
            ..EngineConfig::default()
        })
        .unwrap();
        let source = PluginSource::File(path.clone());
        async move {
            Plugin::load(&engine, source)
                .await
                .unwrap()
                .prepare()
                .await
                .unwrap()
        }
    };
    let mut group = criterion.benchmark_group("load a plugin in a new engine");
    group.sample_size(10);
    group.bench_function("without the compiled cache", |bencher| {
        bencher.iter(|| runtime.block_on(load(None)));
    });
    let cache = directory.path().join("cache");
    group.bench_function("with the compiled cache", |bencher| {
        bencher.iter(|| runtime.block_on(load(Some(cache.clone()))));
    });
    group.finish();
}

async fn scripted(script: &str) -> Arc<dyn Provider> {
    let guest = Guest::with(
        guests::SCRIPTED,
        Grants::default(),
        Limits::default(),
        &[("script", script)],
    )
    .await;
    guest.configured.provider("scripted")
}

async fn agent(script: &str) -> Agent {
    let echo = Guest::new(guests::ECHO, Grants::default()).await;
    Agent::builder(scripted(script).await, "scripted")
        .tools(echo.configured.tools())
        .build()
        .unwrap()
}

fn turns(criterion: &mut Criterion) {
    let runtime = runtime();
    let mut group = criterion.benchmark_group("a provider component without delay");
    let provider = runtime.block_on(scripted(ONE_ANSWER));
    group.bench_function("one completion", |bencher| {
        bencher
            .to_async(&runtime)
            .iter(|| complete(provider.as_ref()));
    });
    for (name, script) in [
        ("a run of one turn", ONE_ANSWER),
        ("a run of two turns and a tool call", ONE_CALL),
    ] {
        let agent = runtime.block_on(agent(script));
        group.bench_function(name, |bencher| {
            bencher
                .to_async(&runtime)
                .iter(|| async { assert!(agent.run("hello").outcome().await.is_completed()) });
        });
    }
    group.finish();
}

async fn complete(provider: &dyn Provider) -> usize {
    use futures::StreamExt as _;
    let request = ModelRequest {
        model: "scripted".into(),
        messages: vec![Arc::new(Message::user("hello"))],
        ..ModelRequest::default()
    };
    let context = CompletionContext::standalone();
    provider
        .complete(request, &context)
        .await
        .unwrap()
        .count()
        .await
}

fn many_agents(criterion: &mut Criterion) {
    const AGENTS: u64 = 1_000;
    let runtime = runtime();
    let agent = runtime.block_on(agent(ONE_CALL));
    let mut group = criterion.benchmark_group("many agents at once");
    group
        .sample_size(10)
        .throughput(Throughput::Elements(AGENTS));
    group.bench_function("1,000 runs of two turns and a tool call", |bencher| {
        bencher.to_async(&runtime).iter_batched(
            || (0..AGENTS).map(|_| agent.run("hello")).collect::<Vec<_>>(),
            |runs| async {
                let outcomes = futures::future::join_all(
                    runs.into_iter().map(async |mut run| run.outcome().await),
                )
                .await;
                assert!(outcomes.iter().all(loom_types::Outcome::is_completed));
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
    memory_per_instance(&runtime);
}

/// Not a time, so not criterion's: what a guest that is alive adds to the process.
fn memory_per_instance(runtime: &Runtime) {
    const GUESTS: usize = 50;
    let rogue = runtime.block_on(Guest::new(guests::ROGUE, Grants::default()));
    let context = ToolContext::standalone(Duration::from_secs(60));
    let cancel = context.cancel.clone();
    let before = resident_bytes();
    let held = runtime.block_on(async {
        let sleeping = futures::future::join_all(
            (0..GUESTS).map(|_| rogue.call_within("sleep_forever", json!({}), &context)),
        );
        let measure = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let held = resident_bytes();
            cancel.cancel();
            held
        };
        tokio::join!(sleeping, measure).1
    });
    println!(
        "memory per live instance: {} KiB",
        held.saturating_sub(before) / GUESTS / 1024
    );
}

fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap();
    status
        .split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<usize>()
        .unwrap()
        * 4096
}

criterion_group!(benches, tool_calls, loading, turns, many_agents);
criterion_main!(benches);
