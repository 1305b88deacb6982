//! What happens in a run, as it happens. The CLI, logs, metrics and embedders all read these and
//! nothing else.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{CallId, Message, Outcome, RunId, SessionId, ToolCall, ToolResult, Usage};

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
    },
    /// A model is about to be asked; turns count from 1.
    TurnStarted { turn: u32 },
    /// A piece of the answer.
    TextDelta { text: String },
    /// A piece of the model's reasoning.
    ReasoningDelta { text: String },
    /// The model's message is whole and in the session's log.
    MessageCompleted { message: Arc<Message> },
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
    },
    /// A turn ended: the model's answer and all its tool calls.
    TurnCompleted { turn: u32, usage: Usage },
    /// Something the person should know, though the run goes on.
    Warning { message: String },
    /// The last event.
    RunEnded { outcome: Outcome },
}
