//! How a run ends. Every ending says what was achieved.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Error, RunId, SessionId, Usage, Usd};

/// The end of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Outcome {
    /// The model answered and asked for nothing more.
    Completed { report: Report },
    /// A limit ended it. The session can be resumed.
    LimitReached { limit: Limit, report: Report },
    /// Somebody stopped it. The session can be resumed.
    Cancelled { report: Report },
    /// It could not go on. The session can be resumed once the cause is gone.
    Failed { error: Error, report: Report },
}

/// What a run achieved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub run_id: RunId,
    pub session_id: SessionId,
    /// The text of the last answer, as far as it came.
    pub text: String,
    pub turns: u32,
    pub tool_calls: u32,
    pub usage: Usage,
    /// What the models cost, sub-agents included; none if no model has a price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Usd>,
    pub duration: Duration,
}

/// The limit that ended a run, with its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    Turns(u32),
    WallTime(Duration),
    OutputTokens(u64),
    /// Input and output, sub-agents included.
    Tokens(u64),
    /// Money, sub-agents included.
    Cost(Usd),
    /// Sub-agents included.
    ToolCalls(u32),
    /// So many identical calls in a row failed in the same way.
    RepeatedFailures(u32),
}

impl Outcome {
    /// What was achieved.
    #[must_use]
    pub fn report(&self) -> &Report {
        match self {
            Self::Completed { report }
            | Self::LimitReached { report, .. }
            | Self::Cancelled { report }
            | Self::Failed { report, .. } => report,
        }
    }

    /// The text of the last answer, as far as it came.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.report().text
    }

    /// Whether the model answered and asked for nothing more.
    #[must_use]
    pub fn is_completed(&self) -> bool {
        matches!(self, Self::Completed { .. })
    }
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Turns(1) => write!(f, "the limit of 1 turn"),
            Self::Turns(turns) => write!(f, "the limit of {turns} turns"),
            Self::WallTime(time) => write!(f, "the time limit of {time:?}"),
            Self::OutputTokens(tokens) => write!(f, "the limit of {tokens} output tokens"),
            Self::Tokens(tokens) => write!(f, "the budget of {tokens} tokens"),
            Self::Cost(cost) => write!(f, "the budget of {cost}"),
            Self::ToolCalls(calls) => write!(f, "the limit of {calls} tool calls"),
            Self::RepeatedFailures(times) => {
                write!(f, "the same call failed {times} times in a row")
            }
        }
    }
}
