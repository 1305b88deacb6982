//! What happens in a run, as it happens. The CLI, logs, metrics and embedders all read these and
//! nothing else.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    CallId, Category, Compressed, CorrelationId, Error, Latency, Message, Outcome,
    PermissionDecision, PermissionRequest, Routing, RunId, SessionId, Source, ToolCall, ToolResult,
    Usage, Usd,
};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunEvent {
    /// The first event.
    RunStarted {
        run_id: RunId,
        session_id: SessionId,
        /// `provider/model`.
        model: String,
        /// The session had entries before.
        resumed: bool,
        /// The same for a run and all that its sub-agents do.
        correlation_id: CorrelationId,
        /// The run that this one is a sub-agent of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent_run_id: Option<RunId>,
    },
    /// A model is about to be asked; turns count from 1.
    TurnStarted { turn: u32 },
    /// A piece of the answer.
    TextDelta { text: String },
    /// A piece of the model's reasoning.
    ReasoningDelta { text: String },
    /// The pool took a decision. If it [`restarts`](Routing::restarts), the deltas of this turn that
    /// came before are void.
    ModelRouted { routing: Routing },
    /// The model's answer is whole, or broke off.
    ModelAnswered {
        turn: u32,
        /// `provider/model` of who answered.
        model: String,
        /// As the provider counted it; zero where it did not say.
        usage: Usage,
        /// None if nobody said what the model costs.
        cost: Option<Usd>,
        latency: Latency,
        /// Why there is no answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<Error>,
    },
    /// The model's message is whole and in the session's log.
    MessageCompleted { message: Arc<Message> },
    /// A person is asked whether a call may run; the decision follows.
    PermissionAsked { request: Arc<PermissionRequest> },
    /// It was decided whether a call may run.
    PermissionDecided {
        call_id: CallId,
        tool: String,
        decision: PermissionDecision,
    },
    /// A tool call begins.
    ToolStarted { call: ToolCall },
    /// A tool reports how far it has come; `fraction` from 0.0 to 1.0.
    ToolProgress {
        call_id: CallId,
        message: String,
        fraction: Option<f32>,
    },
    /// A tool call ended and its result is in the session's log.
    ToolCompleted {
        result: ToolResult,
        duration: Duration,
        /// The class of the error, if the result is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<Category>,
    },
    /// Something happened in the run of a sub-agent that this call started. Pieces of its answer and
    /// of its reasoning are left out.
    SubAgent {
        call_id: CallId,
        agent: String,
        event: Box<RunEvent>,
    },
    /// The run waits until it is resumed.
    Paused,
    /// The run goes on.
    Resumed,
    /// A message that was put into the running run is in the session's log.
    MessageInjected { priority: u8, text: String },
    /// Passages were found for the input and put before it.
    Retrieved {
        /// The name of the retriever.
        retriever: String,
        sources: Vec<Source>,
        tokens: u64,
    },
    /// The conversation was made smaller; the session keeps all of it.
    Compressed(Compressed),
    /// The model got a hint with its next question.
    Reminded { rule: String, text: String },
    /// A turn ended: the model's answer and all its tool calls.
    TurnCompleted { turn: u32, usage: Usage },
    /// Something the person should know, though the run goes on.
    Warning { message: String },
    /// The last event.
    RunEnded { outcome: Outcome },
}
