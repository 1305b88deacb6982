//! Runs as lists of events, for the tests of the renderers.

use std::sync::Arc;
use std::time::Duration;

use loom_types::{
    CallId, Category, Compressed, CompressionMethod, CompressionReason, Content, CorrelationId,
    Error, Limit, Message, Outcome, Part, Reasoning, Report, Role, RunEvent, Source, ToolCall,
    ToolResult, Usage,
};

pub(super) const USAGE: Usage = Usage {
    input_tokens: 1234,
    output_tokens: 56,
    cache_read_tokens: 7,
    cache_write_tokens: 0,
    reasoning_tokens: 8,
};

pub(super) fn started() -> RunEvent {
    RunEvent::RunStarted {
        run_id: "r".into(),
        session_id: "s".into(),
        model: "p/m".to_owned(),
        resumed: false,
        correlation_id: CorrelationId::parse("00000000-0000-7000-8000-000000000001")
            .expect("a UUID"),
        parent_run_id: None,
    }
}

pub(super) fn turn(turn: u32) -> RunEvent {
    RunEvent::TurnStarted { turn }
}

pub(super) fn turn_end(turn: u32) -> RunEvent {
    RunEvent::TurnCompleted { turn, usage: USAGE }
}

pub(super) fn text(text: &str) -> RunEvent {
    RunEvent::TextDelta {
        text: text.to_owned(),
    }
}

pub(super) fn reasoning(text: &str) -> RunEvent {
    RunEvent::ReasoningDelta {
        text: text.to_owned(),
    }
}

/// The assistant's message of its reasoning, its text and its calls.
pub(super) fn message(thought: &str, said: &str, calls: &[ToolCall]) -> RunEvent {
    let mut parts = Vec::new();
    if !thought.is_empty() {
        parts.push(Part::Reasoning(Reasoning {
            text: thought.to_owned(),
            provider_state: None,
        }));
    }
    if !said.is_empty() {
        parts.push(Part::Text {
            text: said.to_owned(),
        });
    }
    parts.extend(calls.iter().cloned().map(Part::ToolCall));
    RunEvent::MessageCompleted {
        message: Arc::new(Message {
            role: Role::Assistant,
            parts,
        }),
    }
}

pub(super) fn call(id: &str, name: &str, arguments: &str) -> ToolCall {
    ToolCall {
        id: CallId::from(id),
        name: name.to_owned(),
        arguments: arguments.to_owned(),
    }
}

pub(super) fn result(call: &ToolCall, text: &str, is_error: bool) -> RunEvent {
    RunEvent::ToolCompleted {
        result: ToolResult {
            call_id: call.id.clone(),
            name: call.name.clone(),
            content: vec![Content::from(text)],
            is_error,
        },
        duration: Duration::from_millis(12),
        error: is_error.then_some(Category::Permission),
    }
}

pub(super) fn compressed() -> Compressed {
    Compressed {
        reason: CompressionReason::Threshold,
        method: CompressionMethod::Summarized,
        before_tokens: 184_320,
        after_tokens: 46_080,
        kept_messages: 12,
        summarized_messages: 90,
        shortened_results: 1,
        pinned: 2,
        generation: 1,
        host_time: Duration::from_millis(42),
        model_time: Duration::from_millis(3400),
    }
}

pub(super) fn retrieved() -> RunEvent {
    let source = |id: &str, title: Option<&str>| Source {
        id: id.to_owned(),
        source: "docs/guide.md".to_owned(),
        title: title.map(str::to_owned),
        score: 0.5,
    };
    RunEvent::Retrieved {
        retriever: "kb".to_owned(),
        sources: vec![
            source("guide#2", Some("The guide")),
            source("guide#7", None),
        ],
        tokens: 1234,
    }
}

fn report(text: &str) -> Report {
    Report {
        run_id: "r".into(),
        session_id: "s".into(),
        text: text.to_owned(),
        turns: 2,
        tool_calls: 2,
        usage: USAGE,
        cost: None,
        duration: Duration::from_millis(3400),
    }
}

pub(super) fn completed(text: &str) -> RunEvent {
    RunEvent::RunEnded {
        outcome: Outcome::Completed {
            report: report(text),
        },
    }
}

pub(super) fn limit_reached() -> RunEvent {
    RunEvent::RunEnded {
        outcome: Outcome::LimitReached {
            limit: Limit::Turns(2),
            report: report("so far"),
        },
    }
}

pub(super) fn cancelled(text: &str) -> RunEvent {
    RunEvent::RunEnded {
        outcome: Outcome::Cancelled {
            report: report(text),
        },
    }
}

pub(super) fn failed() -> RunEvent {
    let mut error = Error::new(loom_types::ErrorKind::RateLimited, "too many requests");
    error.origin = Some("openai".to_owned());
    error.http_status = Some(429);
    error.retry_after = Some(Duration::from_secs(2));
    RunEvent::RunEnded {
        outcome: Outcome::Failed {
            error,
            report: report(""),
        },
    }
}

/// Reasoning, a word before the calls, two calls of which one fails, and the answer.
pub(super) fn whole_run() -> Vec<RunEvent> {
    let read = call("c1", "read_file", r#"{"path":"a.txt"}"#);
    let write = call("c2", "write_file", "not json");
    vec![
        started(),
        turn(1),
        reasoning("I should "),
        reasoning("look."),
        text("Let me "),
        text("look."),
        message(
            "I should look.",
            "Let me look.",
            &[read.clone(), write.clone()],
        ),
        RunEvent::ToolStarted { call: read.clone() },
        RunEvent::ToolStarted {
            call: write.clone(),
        },
        RunEvent::ToolProgress {
            call_id: read.id.clone(),
            message: "half".to_owned(),
            fraction: Some(0.5),
        },
        result(&write, "error (denied): read only\nmore", true),
        result(&read, "line 1\nline 2\n", false),
        turn_end(1),
        RunEvent::Warning {
            message: "careful".to_owned(),
        },
        turn(2),
        text("It says "),
        text("line 1.\nBye"),
        message("", "It says line 1.\nBye", &[]),
        turn_end(2),
        completed("It says line 1.\nBye"),
    ]
}
