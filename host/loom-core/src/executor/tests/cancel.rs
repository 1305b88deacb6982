//! Runs that somebody stops, at each stage.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use loom_types::{
    Content, Entry, Error, Hit, Memory, Outcome, Page, Query, Result, RunEvent, SessionId, Tool,
};
use tokio::sync::Notify;

use crate::session::Record;
use crate::testing::{FakeTool, Model, Script, agent, drain, log, records, say};
use crate::{Agent, Run, RunOptions};

async fn results(agent: &Agent, session: &SessionId) -> Vec<String> {
    let records = records(&**agent.memory(), session).await.into_iter();
    let results = records.filter_map(|record| match record {
        Record::ToolResult(result) => Some(result.text()),
        _ => None,
    });
    results.collect()
}

async fn read_until(run: &mut Run, wanted: impl Fn(&RunEvent) -> bool) {
    while let Some(event) = run.next().await {
        if wanted(&event) {
            return;
        }
    }
    panic!("the run ended");
}

fn is_cancelled(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Cancelled { .. })
}

#[tokio::test]
async fn a_run_cancelled_at_once_tells_so_and_asks_no_model() {
    let model = Model::script([]);
    let run = agent(&model, []).run("go");
    run.cancel();
    let (events, outcome) = drain(run).await;
    assert!(is_cancelled(&outcome), "{outcome:?}");
    assert!(matches!(events[0], RunEvent::RunStarted { .. }));
    assert!(matches!(events.last().unwrap(), RunEvent::RunEnded { .. }));
    assert_eq!(events.len(), 2, "{events:?}");
    assert!(model.requests().is_empty());
}

#[tokio::test]
async fn cancelling_a_streaming_answer_keeps_its_text() {
    let model = Model::script([Script::events([say("to be"), say(" or")]).then_hang()]);
    let agent = agent(&model, []);
    let mut run = agent.run("go");
    read_until(
        &mut run,
        |event| matches!(event, RunEvent::TextDelta { text } if text == " or"),
    )
    .await;
    run.steering().cancel();
    let outcome = run.outcome().await;
    assert!(is_cancelled(&outcome));
    assert_eq!(outcome.text(), "to be or");
    assert_eq!(log(&**agent.memory(), run.session()).await.len(), 2);
}

#[tokio::test]
async fn a_provider_that_does_not_even_answer_the_request_is_left() {
    struct Deaf;
    #[async_trait]
    impl loom_types::Provider for Deaf {
        fn name(&self) -> &'static str {
            "deaf"
        }
        async fn models(&self) -> Result<Vec<loom_types::ModelInfo>> {
            Ok(Vec::new())
        }
        async fn complete(
            &self,
            _: loom_types::ModelRequest,
            _: &loom_types::CompletionContext,
        ) -> Result<loom_types::EventStream> {
            std::future::pending().await
        }
    }
    let agent = Agent::builder(Arc::new(Deaf), "model").build().unwrap();
    let mut run = agent.run("go");
    read_until(&mut run, |event| {
        matches!(event, RunEvent::TurnStarted { .. })
    })
    .await;
    run.cancel();
    assert!(is_cancelled(&run.outcome().await));
}

#[tokio::test(start_paused = true)]
async fn cancelling_tools_gives_every_call_a_result() {
    let calls = [
        ("1", "quick", "{}"),
        ("2", "stuck", "{}"),
        ("3", "quick", "{}"),
    ];
    let model = Model::script([Script::calls(&calls), Script::text("done")]);
    let agent = agent(
        &model,
        [
            Arc::new(FakeTool::echo("quick")),
            Arc::new(FakeTool::stuck("stuck")),
        ],
    );
    let mut run = agent.run("go");
    read_until(
        &mut run,
        |event| matches!(event, RunEvent::ToolStarted { call } if call.name == "stuck"),
    )
    .await;
    run.cancel();
    let outcome = run.outcome().await;
    assert!(is_cancelled(&outcome));
    let results = results(&agent, run.session()).await;
    assert_eq!(results[0], "quick");
    assert!(
        results[1].contains("cancelled while this call was running"),
        "{results:?}"
    );
    assert!(
        results[2].contains("cancelled before this call started"),
        "{results:?}"
    );
    let options = RunOptions {
        session: Some(run.session().clone()),
        resume: true,
        input: None,
        ..RunOptions::default()
    };
    assert_eq!(agent.start(options).outcome().await.text(), "done");
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_heeds_the_signal_may_finish() {
    let model = Model::script([Script::calls(&[("1", "polite", "{}")])]);
    let polite = FakeTool::new("polite", |_, context| async move {
        context.cancel.cancelled().await;
        tokio::time::sleep(Duration::from_millis(40)).await;
        Ok(vec![Content::from("half of it")])
    });
    let agent = agent(&model, [Arc::new(polite)]);
    let mut run = agent.run("go");
    read_until(&mut run, |event| {
        matches!(event, RunEvent::ToolStarted { .. })
    })
    .await;
    run.cancel();
    assert!(is_cancelled(&run.outcome().await));
    assert_eq!(results(&agent, run.session()).await, ["half of it"]);
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_ignores_the_signal_is_dropped() {
    struct Guard(Arc<AtomicBool>);
    impl Drop for Guard {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    for calls in [1, 3] {
        let dropped = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&dropped);
        let stubborn = FakeTool::new("stubborn", move |_, _| {
            let guard = Guard(Arc::clone(&flag));
            async move {
                let _guard = guard;
                std::future::pending().await
            }
        });
        let calls = vec![("", "stubborn", "{}"); calls];
        let model = Model::script([Script::calls(&calls)]);
        let mut run = agent(&model, [Arc::new(stubborn)]).run("go");
        read_until(&mut run, |event| {
            matches!(event, RunEvent::ToolStarted { .. })
        })
        .await;
        tokio::task::yield_now().await;
        run.cancel();
        assert!(is_cancelled(&run.outcome().await));
        tokio::task::yield_now().await;
        assert!(dropped.load(Ordering::SeqCst));
    }
}

/// A memory that tells when the append with a given number begins, and holds it until it may go on.
struct Gate {
    store: crate::ProcessMemory,
    at: u64,
    reached: Notify,
    open: Notify,
}

#[async_trait]
impl Memory for Gate {
    async fn append(&self, session: &SessionId, seq: u64, entries: Vec<Entry>) -> Result<u64> {
        if seq == self.at {
            self.reached.notify_one();
            self.open.notified().await;
        }
        self.store.append(session, seq, entries).await
    }
    async fn read(&self, session: &SessionId, from: u64, limit: u32) -> Result<Vec<Entry>> {
        self.store.read(session, from, limit).await
    }
    async fn sessions(&self, _: u32, _: Option<String>) -> Result<Page> {
        Err(Error::internal("not in this test"))
    }
    async fn delete(&self, _: &SessionId) -> Result<()> {
        Err(Error::internal("not in this test"))
    }
    async fn search(&self, _: Query, _: u32) -> Result<Vec<Hit>> {
        Err(Error::internal("not in this test"))
    }
}

#[tokio::test]
async fn calls_that_were_cancelled_before_they_started_do_not_run() {
    for names in [vec!["echo"], vec!["echo", "echo"]] {
        let gate = Arc::new(Gate {
            store: crate::ProcessMemory::default(),
            at: 2,
            reached: Notify::new(),
            open: Notify::new(),
        });
        let calls: Vec<_> = names.iter().map(|name| ("", *name, "{}")).collect();
        let echo = Arc::new(FakeTool::echo("echo"));
        let agent = Agent::builder(Model::script([Script::calls(&calls)]), "model")
            .memory(Arc::clone(&gate) as Arc<dyn Memory>)
            .tool(Arc::clone(&echo) as Arc<dyn Tool>)
            .build()
            .unwrap();
        let mut run = agent.run("go");
        gate.reached.notified().await;
        run.cancel();
        gate.open.notify_one();
        assert!(is_cancelled(&run.outcome().await));
        assert_eq!(echo.calls(), 0);
        let results = results(&agent, run.session()).await;
        assert_eq!(results.len(), names.len());
        assert!(
            results.iter().all(|text| text.contains("did not run")),
            "{results:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_a_run_cancels_it_and_the_session_stays_whole() {
    let model = Model::script([Script::calls(&[("1", "stuck", "{}")]), Script::text("done")]);
    let agent = agent(&model, [Arc::new(FakeTool::stuck("stuck"))]);
    let mut run = agent.run("go");
    let session = run.session().clone();
    read_until(&mut run, |event| {
        matches!(event, RunEvent::ToolStarted { .. })
    })
    .await;
    drop(run);
    // On the paused clock this passes as soon as nothing else can happen.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(results(&agent, &session).await[0].contains("cancelled"));
    assert_eq!(model.requests().len(), 1);
}
