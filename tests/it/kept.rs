//! Kept instances and scratch directories, with the guest `counter`: what stays within a session, what
//! does not leave it, and what ends one.

mod command;
mod limits;
mod scratch;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use loom_tests::guests::COUNTER;
use loom_tests::sandbox;
use loom_types::{Content, Error, ErrorKind, SessionId, Tool, ToolContext};
use loom_wasm::{ConfiguredPlugin, Engine, Grants, KeptConfig, ScratchConfig, ScratchGrant};
use serde_json::{Value, json};

/// The guest in an engine of its own, with scratch directories in a directory of the test.
struct Counter {
    engine: Engine,
    tools: Vec<Arc<dyn Tool>>,
}

impl Counter {
    async fn new(directory: &Path) -> Self {
        Self::with(directory, KeptConfig::default(), 1 << 20).await
    }

    async fn with(directory: &Path, kept: KeptConfig, bytes: u64) -> Self {
        let engine = sandbox::engine_with(|config| {
            config.kept = kept;
            config.scratch = ScratchConfig {
                directory: Some(directory.to_owned()),
                keep_sessions: true,
            };
        });
        let configured = configured(&engine, bytes).await;
        let tools = configured.tools();
        Self { engine, tools }
    }

    /// Calls a tool in the conversation `c`.
    async fn call(&self, tool: &str, arguments: Value) -> Result<String, Error> {
        self.call_in("c", tool, arguments).await
    }

    async fn call_in(
        &self,
        conversation: &str,
        tool: &str,
        arguments: Value,
    ) -> Result<String, Error> {
        self.call_within(tool, arguments, &context(conversation))
            .await
    }

    async fn call_within(
        &self,
        tool: &str,
        arguments: Value,
        context: &ToolContext,
    ) -> Result<String, Error> {
        let mut tools = self.tools.iter();
        let found = tools.find(|each| each.definition().name == tool).unwrap();
        let content = found.call(&arguments, context).await?;
        Ok(content.iter().map(Content::to_text).collect())
    }

    /// The count that a session comes to.
    async fn count(&self, session: &str) -> String {
        self.call("count", json!({ "session": session }))
            .await
            .unwrap()
    }
}

async fn configured(engine: &Engine, bytes: u64) -> ConfiguredPlugin {
    let grants = Grants {
        scratch: Some(ScratchGrant { bytes }),
        ..Grants::default()
    };
    sandbox::configured(engine, "counter", COUNTER, grants).await
}

fn context(conversation: &str) -> ToolContext {
    ToolContext {
        session_id: SessionId::from(conversation),
        ..ToolContext::standalone(Duration::from_secs(20))
    }
}

#[tokio::test]
async fn what_is_in_memory_stays_within_a_session_and_nowhere_else() {
    let directory = tempfile::tempdir().unwrap();
    let counter = Counter::new(directory.path()).await;
    assert_eq!(counter.count("a").await, "1");
    assert_eq!(counter.count("a").await, "2");
    assert_eq!(counter.count("b").await, "1");
    for _ in 0..2 {
        assert_eq!(counter.call("count", json!({})).await.unwrap(), "1");
    }
    let elsewhere = counter
        .call_in("other", "count", json!({"session": "a"}))
        .await;
    assert_eq!(elsewhere.unwrap(), "1");
    assert_eq!(counter.count("a").await, "3");
}

#[tokio::test]
async fn calls_of_a_session_come_one_after_the_other_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let counter = Counter::new(directory.path()).await;
    let calls = (0..8).map(|_| counter.count("a"));
    let counts = futures::future::join_all(calls).await;
    let expected: Vec<_> = (1..=8).map(|number| number.to_string()).collect();
    assert_eq!(counts, expected);
}

#[tokio::test]
async fn sessions_run_side_by_side() {
    let directory = tempfile::tempdir().unwrap();
    let counter = Counter::new(directory.path()).await;
    let started = std::time::Instant::now();
    let calls = (0..8).map(|number| {
        counter.call(
            "count",
            json!({"session": number.to_string(), "wait_ms": 500}),
        )
    });
    for result in futures::future::join_all(calls).await {
        assert_eq!(result.unwrap(), "1");
    }
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn a_waiting_call_can_be_cancelled() {
    let directory = tempfile::tempdir().unwrap();
    let counter = Counter::new(directory.path()).await;
    let context = context("c");
    let busy = counter.call("count", json!({"session": "a", "wait_ms": 1000}));
    let waiting = async {
        let waiting = counter.call_within("count", json!({"session": "a"}), &context);
        let cancelling = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            context.cancel.cancel();
        };
        tokio::join!(waiting, cancelling).0
    };
    let (busy, waiting) = tokio::join!(busy, waiting);
    assert_eq!(waiting.unwrap_err().kind, ErrorKind::Cancelled);
    assert_eq!(busy.unwrap(), "1");
    assert_eq!(counter.count("a").await, "2");
}

#[tokio::test]
async fn more_sessions_than_instances_are_suspended_and_restored() {
    let directory = tempfile::tempdir().unwrap();
    let kept = KeptConfig {
        instances: 2,
        ..KeptConfig::default()
    };
    let counter = Counter::with(directory.path(), kept, 1 << 20).await;
    for round in 1..=3 {
        for session in ["a", "b", "c", "d"] {
            assert_eq!(counter.count(session).await, round.to_string(), "{session}");
        }
    }
}

#[tokio::test]
async fn busy_instances_are_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let kept = KeptConfig {
        instances: 1,
        ..KeptConfig::default()
    };
    let counter = Counter::with(directory.path(), kept, 1 << 20).await;
    let calls = ["a", "b", "c", "a"]
        .map(|session| counter.call("count", json!({"session": session, "wait_ms": 50})));
    let counts = futures::future::join_all(calls).await;
    let counts: Vec<_> = counts.into_iter().map(Result::unwrap).collect();
    assert_eq!(counts, ["1", "1", "1", "2"]);
}

#[tokio::test]
async fn an_instance_that_nobody_uses_is_suspended() {
    let directory = tempfile::tempdir().unwrap();
    let kept = KeptConfig {
        idle: Duration::from_millis(50),
        ..KeptConfig::default()
    };
    let counter = Counter::with(directory.path(), kept, 1 << 20).await;
    assert_eq!(counter.count("a").await, "1");
    let state = || files_named(directory.path(), "count");
    until(|| !state().is_empty()).await;
    assert_eq!(counter.count("a").await, "2");
}

#[tokio::test]
async fn the_end_of_the_host_suspends_all_sessions() {
    let directory = tempfile::tempdir().unwrap();
    let counter = Counter::new(directory.path()).await;
    for session in ["a", "b"] {
        counter.count(session).await;
    }
    counter.engine.shutdown().await;
    let again = Counter::new(directory.path()).await;
    assert_eq!(again.count("a").await, "2");
    assert_eq!(again.count("b").await, "2");
}

#[tokio::test]
async fn a_guest_that_does_not_let_itself_be_suspended_holds_nothing_up() {
    let directory = tempfile::tempdir().unwrap();
    let counter = Counter::new(directory.path()).await;
    counter
        .call("linger", json!({"session": "a"}))
        .await
        .unwrap();
    counter.count("b").await;
    let started = std::time::Instant::now();
    counter.engine.shutdown().await;
    assert!(
        started.elapsed() < Duration::from_secs(4),
        "{:?}",
        started.elapsed()
    );
    let again = Counter::new(directory.path()).await;
    assert_eq!(again.count("b").await, "2");
}

#[tokio::test]
async fn a_forgotten_conversation_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let counter = Counter::new(directory.path()).await;
    counter.count("a").await;
    counter
        .call_in("other", "count", json!({"session": "a"}))
        .await
        .unwrap();
    counter.engine.forget_session("c").await.unwrap();
    assert_eq!(counter.count("a").await, "1");
    let kept = counter
        .call_in("other", "count", json!({"session": "a"}))
        .await;
    assert_eq!(kept.unwrap(), "2");
}

#[tokio::test]
async fn other_grants_have_an_instance_of_their_own() {
    let directory = tempfile::tempdir().unwrap();
    let mut counter = Counter::new(directory.path()).await;
    assert_eq!(counter.count("a").await, "1");
    counter.tools = configured(&counter.engine, 2 << 20).await.tools();
    assert_eq!(counter.count("a").await, "2", "suspended and restored");
}

/// The files of a name below a directory.
fn files_named(directory: &Path, name: &str) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let found = entries.flat_map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => files_named(&entry.path(), name),
        _ if entry.file_name() == name => vec![entry.path()],
        _ => Vec::new(),
    });
    found.collect()
}

/// Waits until something holds, for ten seconds at most.
async fn until(holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let limit = Duration::from_secs(10);
    tokio::time::timeout(limit, waiting)
        .await
        .expect("it comes to hold");
}
