//! How runs end, and what they count on the way.

use loom_types::{Error, Limit, Outcome, Report, RunId, SessionId, Usage, Usd};
use tokio::time::Instant;

use crate::stop::Cause;

/// Why a run ends before its answer.
#[derive(Debug)]
pub(super) enum End {
    Limit(Limit),
    Cancelled,
    Failed(Error),
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Cause> for End {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Cancelled => Self::Cancelled,
            Cause::Limit(limit) => Self::Limit(limit),
        }
    }
}

/// What a run has done so far.
#[derive(Debug)]
pub(super) struct Tally {
    run_id: RunId,
    session_id: SessionId,
    started: Instant,
    /// The text of the last answer that has any.
    pub(super) text: String,
    pub(super) turns: u32,
    pub(super) tool_calls: u32,
    pub(super) usage: Usage,
    /// Of what has a price, without sub-agents until the end.
    pub(super) cost: Option<Usd>,
    /// How often the model was told that its answer does not fit the output schema.
    pub(super) corrections: u32,
    /// How often in a row the model said nothing.
    pub(super) silences: u32,
}

impl Tally {
    /// Starts to count, and the clock.
    pub(super) fn new(run_id: RunId, session_id: SessionId) -> Self {
        Self {
            run_id,
            session_id,
            started: Instant::now(),
            text: String::new(),
            turns: 0,
            tool_calls: 0,
            usage: Usage::default(),
            cost: None,
            corrections: 0,
            silences: 0,
        }
    }

    pub(super) fn run_id(&self) -> &RunId {
        &self.run_id
    }

    pub(super) fn session_id(&self) -> &SessionId {
        &self.session_id
    }

    /// Takes over what the whole tree has cost, which is more once there were sub-agents.
    pub(super) fn count_tree(&mut self, cost: Usd) {
        if cost > Usd::ZERO {
            self.cost = Some(cost);
        }
    }

    /// The outcome of a run that ends now.
    pub(super) fn outcome(&self, end: Result<(), End>) -> Outcome {
        let report = Report {
            run_id: self.run_id.clone(),
            session_id: self.session_id.clone(),
            text: self.text.clone(),
            turns: self.turns,
            tool_calls: self.tool_calls,
            usage: self.usage,
            cost: self.cost,
            duration: self.started.elapsed(),
        };
        match end {
            Ok(()) => Outcome::Completed { report },
            Err(End::Limit(limit)) => Outcome::LimitReached { limit, report },
            Err(End::Cancelled) => Outcome::Cancelled { report },
            Err(End::Failed(error)) => Outcome::Failed { error, report },
        }
    }
}

/// Logs how a run ended, without its text.
pub(super) fn trace(outcome: &Outcome) {
    let Report {
        turns,
        tool_calls,
        duration,
        ..
    } = outcome.report();
    match outcome {
        Outcome::Completed { .. } => tracing::info!(turns, tool_calls, ?duration, "run completed"),
        Outcome::LimitReached { limit, .. } => {
            tracing::info!(turns, tool_calls, ?duration, %limit, "run reached a limit");
        }
        Outcome::Cancelled { .. } => tracing::info!(turns, tool_calls, ?duration, "run cancelled"),
        Outcome::Failed { error, .. } => {
            tracing::error!(turns, tool_calls, ?duration, kind = ?error.kind, "run failed");
        }
    }
}
