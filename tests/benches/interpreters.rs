//! What code costs: the first call of a process, a call in a fresh interpreter, one in a kept session;
//! memory of a live interpreter; and what others feel while ten misbehave at once. Compare ratios
//! between runs on one machine.
//!
//! `cargo bench -p loom-tests --bench interpreters`

#![expect(clippy::unwrap_used, reason = "a benchmark may stop here")]
#![expect(clippy::print_stdout, reason = "figures are for a person")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use futures::future::join_all;
use loom_tests::guests;
use loom_tests::interpreters::{Interpreter, LANGUAGES};
use loom_tests::sandbox::{Guest, engine};
use loom_types::ToolContext;
use loom_wasm::Grants;
use serde_json::json;
use tokio::runtime::Runtime;

const AT_ONCE: usize = 10;
const LIMIT: Duration = Duration::from_secs(1);

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

fn calls(criterion: &mut Criterion) {
    let runtime = runtime();
    let context = ToolContext::standalone(Duration::from_secs(30));
    for language in LANGUAGES {
        let mut group = criterion.benchmark_group(language.plugin);
        group.sample_size(20);
        let call = json!({ "code": language.trivial });
        let cold = || async {
            let interpreter = Interpreter::new(&engine(), language).await?;
            Some(interpreter.call(call.clone(), &context).await.unwrap())
        };
        // Fills the cache of compiled code.
        if runtime.block_on(cold()).is_none() {
            continue;
        }
        group.bench_function("first call, compiled before", |bencher| {
            bencher.to_async(&runtime).iter(cold);
        });
        let interpreter = runtime
            .block_on(Interpreter::new(&engine(), language))
            .unwrap();
        group.bench_function("call in a fresh interpreter", |bencher| {
            bencher
                .to_async(&runtime)
                .iter(|| interpreter.call(call.clone(), &context));
        });
        let kept = json!({ "code": language.trivial, "session": "bench" });
        group.bench_function("call in a kept session", |bencher| {
            bencher
                .to_async(&runtime)
                .iter(|| interpreter.call(kept.clone(), &context));
        });
        group.finish();
    }
}

/// What ten live interpreters take of the machine's memory, for each.
fn memory(_: &mut Criterion) {
    let runtime = runtime();
    for language in LANGUAGES {
        let Some(interpreter) = runtime.block_on(Interpreter::new(&engine(), language)) else {
            continue;
        };
        let context = ToolContext::standalone(Duration::from_secs(30));
        let open = |name: String| {
            interpreter.call(
                json!({ "code": language.trivial, "session": name }),
                &context,
            )
        };
        runtime.block_on(open("first".to_owned())).unwrap();
        let before = resident_bytes();
        for number in 0..AT_ONCE {
            runtime.block_on(open(format!("live-{number}"))).unwrap();
        }
        let each = resident_bytes().saturating_sub(before) / AT_ONCE as u64;
        println!(
            "{}: {} KiB of memory for each live interpreter",
            language.plugin,
            each >> 10
        );
    }
}

/// What others feel while ten misbehave at once, and how long after their limit the ten end.
fn misbehaviour(_: &mut Criterion) {
    let runtime = runtime();
    let echo = Arc::new(runtime.block_on(Guest::new(guests::ECHO, Grants::default())));
    println!(
        "latency of others, p50 and p99: {}",
        runtime.block_on(others(&echo, sleep(LIMIT)))
    );
    for language in LANGUAGES {
        let engine = engine();
        let within = Interpreter::within(&engine, language, LIMIT);
        let Some(interpreter) = runtime.block_on(within) else {
            continue;
        };
        for (name, code) in language.misbehaves() {
            let context = ToolContext::standalone(LIMIT * 10);
            let ten = async {
                let calls = (0..AT_ONCE).map(|_| async {
                    let begun = Instant::now();
                    let result = interpreter.call(json!({ "code": code }), &context).await;
                    (begun.elapsed(), result)
                });
                join_all(calls).await
            };
            let mut slowest = Duration::ZERO;
            let latency = runtime.block_on(others(&echo, async {
                slowest = ten
                    .await
                    .iter()
                    .map(|(took, _)| *took)
                    .max()
                    .unwrap_or_default();
            }));
            println!(
                "{}, ten with {name}: the last ended after {} ms (limit {LIMIT:?}); others {latency}",
                language.plugin,
                slowest.as_millis()
            );
        }
    }
}

async fn sleep(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Calls a harmless tool again and again while something else goes on: what its calls took.
async fn others(echo: &Arc<Guest>, meanwhile: impl Future<Output = ()>) -> String {
    let done = Arc::new(AtomicBool::new(false));
    let (guest, stop) = (Arc::clone(echo), Arc::clone(&done));
    let calls = tokio::spawn(async move {
        let mut took = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let begun = Instant::now();
            guest
                .call("echo", json!({ "text": "hello" }))
                .await
                .unwrap();
            took.push(begun.elapsed());
            sleep(Duration::from_millis(5)).await;
        }
        took
    });
    meanwhile.await;
    done.store(true, Ordering::Relaxed);
    let mut took = calls.await.unwrap();
    took.sort();
    let at = |share: usize| took[(took.len() * share / 100).min(took.len() - 1)];
    format!("{:.1?} and {:.1?} of {} calls", at(50), at(99), took.len())
}

fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib << 10
}

criterion_group!(benches, calls, memory, misbehaviour);
criterion_main!(benches);
