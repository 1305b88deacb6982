//! The table of what a few events count.

use std::time::Duration;

use loom_core::{Metrics, ObservedRun, Observer as _};
use loom_types::{
    CallId, Category, Content, CorrelationId, Error, Latency, RunEvent, RunId, SessionId,
    ToolResult, Trace, Usage, Usd,
};

use super::*;

fn told(events: &[RunEvent]) -> MetricsSnapshot {
    let metrics = Metrics::new();
    let run_id = RunId::generate();
    for event in events {
        let run = ObservedRun {
            run_id: &run_id,
            session_id: &SessionId::from("s"),
            trace: Trace::of_run(CorrelationId::from(&run_id), &run_id),
            parent: None,
            agent: None,
        };
        metrics.event(&run, event);
    }
    metrics.snapshot()
}

fn answered(model: &str, error: Option<Error>) -> RunEvent {
    RunEvent::ModelAnswered {
        turn: 1,
        model: model.to_owned(),
        usage: Usage {
            input_tokens: 12_300,
            output_tokens: 45,
            ..Usage::default()
        },
        cost: Some(Usd::from_nanos(12_000_000)),
        latency: Latency {
            total: Duration::from_millis(1500),
            first_token: Some(Duration::from_millis(250)),
        },
        error,
    }
}

fn tool(name: &str, is_error: bool) -> RunEvent {
    RunEvent::ToolCompleted {
        result: ToolResult {
            call_id: CallId::from("c"),
            name: name.to_owned(),
            content: vec![Content::Text(String::new())],
            is_error,
        },
        error: is_error.then_some(Category::Permission),
        duration: Duration::from_millis(4),
    }
}

#[test]
fn a_run_is_a_few_lines() {
    let events = [
        RunEvent::RunStarted {
            run_id: RunId::from("r"),
            session_id: SessionId::from("s"),
            model: "openai/gpt-5".to_owned(),
            resumed: false,
            correlation_id: CorrelationId::generate(),
            parent_run_id: None,
        },
        RunEvent::TurnStarted { turn: 1 },
        answered("openai/gpt-5", Some(Error::unavailable("down"))),
        answered("ollama/qwen3", None),
        tool("read_file", false),
        tool("read_file", true),
        tool("calculate", false),
    ];
    insta::assert_snapshot!(table(&told(&events)), @r"
    runs                 1, 1 turn
    models               2 calls, 1 error, 24.6k tokens in, 90 out, $0.0240
      ollama/qwen3       1 call, 12.3k tokens in, 45 out, $0.0120
      openai/gpt-5       1 call, 1 error, 12.3k tokens in, 45 out, $0.0120
    tools                3 calls, 1 error
      read_file          2 calls, 1 error, mean 4ms
      calculate          1 call, mean 4ms
    time to answer       mean 1.5s, p95 1.5s
    time to first token  mean 250ms, p95 250ms
    time of a tool call  mean 4ms, p95 4ms
    per minute           120 model calls, 1.5M tokens, 180 tool calls, at this pace
    errors               1 service, 1 permission
    ");
}

#[test]
fn what_was_done_to_contexts_is_two_lines() {
    let events = [
        RunEvent::Compressed(super::super::events::compressed()),
        RunEvent::Compressed(super::super::events::compressed()),
        super::super::events::retrieved(),
    ];
    insta::assert_snapshot!(table(&told(&events)), @r"
    runs         0
    compression  2, 276.5k tokens saved, 84ms here, 6.8s of models
    retrieval    1, 2 passages, 1.2k tokens
    ");
}

#[test]
fn what_did_not_happen_has_no_line() {
    insta::assert_snapshot!(table(&told(&[])), @"runs  0");
}
