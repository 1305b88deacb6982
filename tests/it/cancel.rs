//! Runs that are told to stop where they do not end by themselves: they end as cancelled, nothing of
//! them runs on, their sessions are whole and go on. How fast they stop is measured in
//! `benches/cancel.rs`; the bound here only tells stopping from waiting for a time-out.

use std::fs;
use std::time::Duration;

use loom_core::Agent;
use loom_tests::cancelling::{Situation, Stage, moment};
use loom_tests::guests;
use loom_tests::native::{Model, Reply};
use loom_tests::sandbox::{configured, directory, engine};
use loom_types::{Outcome, RunEvent, ToolContext};
use loom_wasm::{FileAccess, Grants};
use serde_json::json;

const TRIES: usize = 10;

async fn check(situation: Situation) {
    let stage = Stage::new(situation).await;
    let mut sessions = Vec::new();
    for number in 0..TRIES {
        let cancelled = stage.cancel_once(moment(number)).await;
        let outcome = &cancelled.outcome;
        assert!(matches!(outcome, Outcome::Cancelled { .. }), "{outcome:?}");
        let latency = cancelled.latency;
        assert!(latency < Duration::from_secs(2), "it took {latency:?}");
        stage.is_quiet().await;
        sessions.push(cancelled.session);
    }
    let requests = stage.requests();
    stage.has_all_slots().await;
    assert_eq!(stage.open_calls().await, Vec::<String>::new());
    let went_on = stage.requests() - requests;
    assert_eq!(went_on, stage.slots(), "something asks on after its end");
    for session in sessions {
        let outcome = stage.resume(session).await;
        assert!(outcome.is_completed(), "{outcome:?}");
        assert_eq!(outcome.text().trim(), "done");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_stalls_in_its_answer_is_cancelled() {
    check(Situation::ModelStream).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_waits_for_a_server_is_cancelled() {
    check(Situation::Fetch).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_in_an_endless_loop_is_cancelled() {
    check(Situation::Loop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sub_agent_three_deep_is_cancelled() {
    check(Situation::SubAgent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_tools_at_once_are_cancelled() {
    check(Situation::TenTools).await;
}

/// On one thread nobody but the guest itself can let others run.
#[tokio::test]
async fn a_tool_in_an_endless_loop_is_cancelled_on_a_single_thread() {
    check(Situation::Loop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_is_cancelled_does_nothing_afterwards() {
    let home = tempfile::tempdir().unwrap();
    let grants = Grants {
        clock: true,
        ..directory(home.path(), FileAccess::ReadWrite)
    };
    let overlap = configured(&engine(), "overlap", guests::OVERLAP, grants).await;
    let append = |path: &str| json!({ "path": path, "line": "written", "ms": 200 });
    let arguments = append("cancelled");
    let model = Model::new(move |_| Reply::call("append_slow", arguments.clone()));
    let builder = Agent::builder(model, "m").tools(overlap.tools());
    let mut run = builder.build().unwrap().run("go");
    while let Some(event) = run.next().await {
        if matches!(event, RunEvent::ToolStarted { .. }) {
            break;
        }
    }
    run.cancel();
    assert!(matches!(run.outcome().await, Outcome::Cancelled { .. }));
    // One that starts now ends after the other would have.
    let tools = overlap.tools();
    let mut tools = tools.iter();
    let tool = tools.find(|tool| tool.definition().name == "append_slow");
    let context = ToolContext::standalone(Duration::from_secs(20));
    let written = tool.unwrap().call(&append("later"), &context).await;
    written.unwrap();
    let names: Vec<_> = fs::read_dir(home.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["later"]);
}
