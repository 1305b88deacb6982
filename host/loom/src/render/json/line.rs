//! The lines that programs read: their names, their fields and the order of these.

use std::time::Duration;

use loom_types::{
    CallId, Category, Compressed, CompressionMethod, CompressionReason, CorrelationId, Error,
    ErrorKind, Limit, PermissionDecision, PermissionRequest, Report, RunEvent, RunId, SessionId,
    Source, Usage, Usd,
};
use serde::Serialize;
use serde_json::Value;

use super::routed::Decision;
use crate::fault::Exit;
use crate::render::health::Health;

/// One line.
#[derive(Debug, Serialize)]
#[serde(tag = "type")]
pub(super) enum Line<'a> {
    #[serde(rename = "thread.started")]
    ThreadStarted {
        thread_id: &'a SessionId,
        run_id: &'a RunId,
        model: &'a str,
        resumed: bool,
        correlation_id: CorrelationId,
    },
    #[serde(rename = "turn.started")]
    TurnStarted { turn: u32 },
    #[serde(rename = "item.started")]
    ItemStarted { item: &'a Item },
    #[serde(rename = "item.updated")]
    ItemUpdated { item: &'a Item },
    #[serde(rename = "item.completed")]
    ItemCompleted { item: &'a Item },
    #[serde(rename = "turn.completed")]
    TurnCompleted { turn: u32, usage: Counts },
    #[serde(rename = "turn.failed")]
    TurnFailed { turn: u32, error: Failure<'a> },
    #[serde(rename = "model.routed")]
    ModelRouted {
        turn: u32,
        #[serde(flatten)]
        decision: Decision<'a>,
    },
    #[serde(rename = "model.answered")]
    ModelAnswered(ModelAnswered<'a>),
    #[serde(rename = "permission.asked")]
    PermissionAsked {
        #[serde(flatten)]
        request: &'a PermissionRequest,
    },
    #[serde(rename = "permission.decided")]
    PermissionDecided {
        call_id: &'a CallId,
        tool: &'a str,
        #[serde(flatten)]
        decision: &'a PermissionDecision,
    },
    #[serde(rename = "agent.event")]
    AgentEvent {
        call_id: &'a CallId,
        agent: &'a str,
        event: &'a RunEvent,
    },
    #[serde(rename = "run.paused")]
    RunPaused,
    #[serde(rename = "run.resumed")]
    RunResumed,
    #[serde(rename = "message.injected")]
    MessageInjected { priority: u8, text: &'a str },
    #[serde(rename = "context.compressed")]
    ContextCompressed(CompressedContext<'a>),
    #[serde(rename = "context.retrieved")]
    ContextRetrieved {
        retriever: &'a str,
        sources: &'a [Source],
        tokens: u64,
    },
    #[serde(rename = "reminder")]
    Reminder { rule: &'a str, text: &'a str },
    #[serde(rename = "warning")]
    Warning { message: &'a str },
    #[serde(rename = "error")]
    Error { message: &'a str },
    #[serde(rename = "run.completed")]
    RunCompleted(Summary<'a>),
    #[serde(rename = "run.limit_reached")]
    RunLimitReached(Summary<'a>),
    #[serde(rename = "run.cancelled")]
    RunCancelled(Summary<'a>),
    #[serde(rename = "run.failed")]
    RunFailed(Summary<'a>),
}

/// Who answered, at what price, how fast.
#[derive(Debug, Serialize)]
pub(super) struct ModelAnswered<'a> {
    pub(super) turn: u32,
    pub(super) model: &'a str,
    pub(super) usage: Counts,
    pub(super) cost_usd: Option<Usd>,
    pub(super) latency_ms: u64,
    pub(super) first_token_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<Failure<'a>>,
}

/// How much smaller a conversation was made, and how.
#[derive(Debug, Serialize)]
pub(super) struct CompressedContext<'a> {
    reason: &'a CompressionReason,
    method: &'a CompressionMethod,
    before_tokens: u64,
    after_tokens: u64,
    reduction: f64,
    kept_messages: usize,
    summarized_messages: usize,
    shortened_results: usize,
    pinned: usize,
    generation: u32,
    host_time_ms: u64,
    model_time_ms: u64,
}

impl<'a> CompressedContext<'a> {
    pub(super) fn of(compressed: &'a Compressed) -> Self {
        Self {
            reason: &compressed.reason,
            method: &compressed.method,
            before_tokens: compressed.before_tokens,
            after_tokens: compressed.after_tokens,
            reduction: compressed.reduction(),
            kept_messages: compressed.kept_messages,
            summarized_messages: compressed.summarized_messages,
            shortened_results: compressed.shortened_results,
            pinned: compressed.pinned,
            generation: compressed.generation,
            host_time_ms: milliseconds(compressed.host_time),
            model_time_ms: milliseconds(compressed.model_time),
        }
    }
}

/// A message, a piece of reasoning or a tool call, as far as it is.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Item {
    pub(super) id: String,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) status: Status,
    #[serde(flatten)]
    pub(super) content: ItemContent,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    InProgress,
    Completed,
    Failed,
}

#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(super) enum ItemContent {
    Text { text: String },
    Delta { delta: String },
    Call(CallContent),
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct CallContent {
    pub(super) call_id: CallId,
    pub(super) name: String,
    /// The model's JSON, or its text where it is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) arguments: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) progress: Option<ProgressContent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) result: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<CallError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) duration_ms: Option<u64>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct ProgressContent {
    pub(super) message: String,
    pub(super) fraction: Option<f32>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct CallError {
    pub(super) message: String,
}

/// What a run achieved.
#[derive(Debug, Serialize)]
pub(super) struct Summary<'a> {
    thread_id: &'a SessionId,
    run_id: &'a RunId,
    exit_code: u8,
    text: &'a str,
    turns: u32,
    tool_calls: u32,
    usage: Counts,
    cost_usd: Option<Usd>,
    duration_ms: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sources: Vec<&'a Source>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pool: Vec<Health>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<Reached>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure<'a>>,
}

impl<'a> Summary<'a> {
    pub(super) fn new(report: &'a Report, exit: Exit) -> Self {
        Self {
            thread_id: &report.session_id,
            run_id: &report.run_id,
            exit_code: exit.code(),
            text: &report.text,
            turns: report.turns,
            tool_calls: report.tool_calls,
            usage: Counts::of(report.usage),
            cost_usd: report.cost,
            duration_ms: milliseconds(report.duration),
            sources: Vec::new(),
            pool: Vec::new(),
            limit: None,
            error: None,
        }
    }

    pub(super) fn with_pool(self, pool: Vec<Health>) -> Self {
        Self { pool, ..self }
    }

    pub(super) fn with_sources(self, sources: Vec<&'a Source>) -> Self {
        Self { sources, ..self }
    }

    pub(super) fn with_limit(mut self, limit: Limit) -> Self {
        let (kind, value) = match limit {
            Limit::Turns(turns) => ("turns", turns.into()),
            Limit::WallTime(time) => ("wall_time_ms", milliseconds(time)),
            Limit::OutputTokens(tokens) => ("output_tokens", tokens),
            Limit::Tokens(tokens) => ("tokens", tokens),
            Limit::Cost(cost) => ("cost_nano_usd", cost.nanos()),
            Limit::ToolCalls(calls) => ("tool_calls", calls.into()),
            Limit::RepeatedFailures(times) => ("repeated_failures", times.into()),
        };
        self.limit = Some(Reached { kind, value });
        self
    }

    pub(super) fn with_error(mut self, error: &'a Error) -> Self {
        self.error = Some(Failure::of(error));
        self
    }
}

#[derive(Debug, Serialize)]
struct Reached {
    kind: &'static str,
    value: u64,
}

/// Tokens, with the name that scripts for other agents look for beside Loom's own.
#[derive(Debug, Serialize)]
pub(super) struct Counts {
    #[serde(flatten)]
    usage: Usage,
    cached_input_tokens: u64,
}

impl Counts {
    pub(super) fn of(usage: Usage) -> Self {
        Self {
            usage,
            cached_input_tokens: usage.cache_read_tokens,
        }
    }
}

/// An error with all that a script may decide on.
#[derive(Debug, Serialize)]
pub(crate) struct Failure<'a> {
    kind: ErrorKind,
    category: Category,
    message: &'a str,
    advice: &'static str,
    retryable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<&'a Value>,
}

impl<'a> Failure<'a> {
    pub(crate) fn of(error: &'a Error) -> Self {
        Self {
            kind: error.kind,
            category: error.category(),
            message: &error.message,
            advice: error.advice(),
            retryable: error.is_retryable(),
            origin: error.origin.as_deref(),
            http_status: error.http_status,
            retry_after_ms: error.retry_after.map(milliseconds),
            details: error.details.as_deref(),
        }
    }
}

pub(crate) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
