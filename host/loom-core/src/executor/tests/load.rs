//! Slow readers, readers who left, runs that vanish, and many runs at once.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use loom_types::{ErrorKind, ModelEvent, Outcome, RunEvent, StopReason};

use crate::testing::{FakeTool, Model, Script, agent, drain, log, say, stop};
use crate::{Agent, Limits};

/// Waits until nothing else can happen; the clock is paused.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

fn talkative(pieces: usize) -> Script {
    let words = std::iter::repeat_n(say("x"), pieces);
    Script::events(words.chain([stop(StopReason::EndTurn)]))
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_slows_the_run_and_loses_nothing() {
    let agent = agent(&Model::script([talkative(1000)]), []);
    let run = agent.run("go");
    settle().await;
    let entries = log(&**agent.memory(), run.session()).await;
    assert_eq!(entries.len(), 2, "the run did not wait for its reader");
    let (events, outcome) = drain(run).await;
    let deltas = events
        .iter()
        .filter(|event| matches!(event, RunEvent::TextDelta { .. }));
    assert_eq!(deltas.count(), 1000);
    assert!(outcome.is_completed());
}

#[tokio::test(start_paused = true)]
async fn a_reader_who_does_not_read_does_not_hold_up_cancellation() {
    let calls: Vec<_> = (0..300).map(|_| ("", "echo", "{}")).collect();
    let model = Model::script([Script::calls(&calls)]);
    let agent = agent(&model, [Arc::new(FakeTool::echo("echo"))]);
    let run = agent.run("go");
    settle().await;
    let before = log(&**agent.memory(), run.session()).await.len();
    assert!(before < 303, "the run did not wait for its reader");
    run.cancel();
    settle().await;
    // Header, input, answer, and a result for each call.
    assert_eq!(log(&**agent.memory(), run.session()).await.len(), 303);
    let (events, outcome) = drain(run).await;
    assert!(matches!(outcome, Outcome::Cancelled { .. }));
    let ended = events
        .iter()
        .filter(|event| matches!(event, RunEvent::ToolCompleted { .. }));
    assert_eq!(
        ended.count(),
        300,
        "events of the end are kept for a late reader"
    );
}

#[tokio::test(start_paused = true)]
async fn a_reader_who_does_not_read_does_not_hold_up_the_time_limit() {
    let model = Model::script([talkative(1000)]);
    let limits = Limits {
        wall_time: Some(Duration::from_secs(5)),
        ..Limits::default()
    };
    let agent = Agent::builder(model, "model")
        .limits(limits)
        .build()
        .unwrap();
    let run = agent.run("go");
    tokio::time::sleep(Duration::from_secs(6)).await;
    let (_, outcome) = drain(run).await;
    assert!(
        matches!(outcome, Outcome::LimitReached { .. }),
        "{outcome:?}"
    );
    assert!(outcome.report().duration < Duration::from_secs(6));
}

#[tokio::test]
async fn a_run_whose_task_panics_still_has_an_outcome() {
    let model = Model::new(|_| panic!("a bug in a native provider"));
    let (events, outcome) = drain(agent(&model, []).run("go")).await;
    assert!(matches!(events.last().unwrap(), RunEvent::RunEnded { .. }));
    assert!(matches!(outcome, Outcome::Failed { error, .. } if error.kind == ErrorKind::Internal));
}

#[tokio::test]
async fn an_outcome_can_be_asked_for_again() {
    let mut run = agent(&Model::script([Script::text("done")]), []).run("go");
    assert_eq!(run.outcome().await, run.outcome().await);
    assert_eq!(run.next().await, None);
}

#[tokio::test]
async fn events_of_no_use_to_the_loop_are_passed_over() {
    let other = ModelEvent::Other {
        value: serde_json::json!({"ping": 1}),
    };
    let model = Model::script([Script::events([
        other,
        say(""),
        say("done"),
        stop(StopReason::EndTurn),
    ])]);
    let (events, outcome) = drain(agent(&model, []).run("go")).await;
    assert_eq!(outcome.text(), "done");
    let deltas = events
        .iter()
        .filter(|event| matches!(event, RunEvent::TextDelta { .. }));
    assert_eq!(deltas.count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_runs_at_once_each_get_their_own_answer() {
    let model = Model::new(|request| match request.messages.len() {
        1 => Script::calls(&[("1", "echo", "{}"), ("2", "echo", "{}")]),
        _ => Script::text(&request.messages[0].text()),
    });
    let agent = agent(&model, [Arc::new(FakeTool::echo("echo").safe())]);
    let runs = (0..1000).map(|n| agent.run(format!("I am {n}")));
    let outcomes = join_all(runs.map(|mut run| async move { run.outcome().await })).await;
    let mut sessions = HashSet::new();
    for (n, outcome) in outcomes.iter().enumerate() {
        assert!(outcome.is_completed(), "{outcome:?}");
        assert_eq!(outcome.text(), format!("I am {n}"));
        sessions.insert(outcome.report().session_id.clone());
    }
    assert_eq!(sessions.len(), 1000);
}
