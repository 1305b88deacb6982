//! What belongs to one run rather than to its agent, and what the runs of its sub-agents take over
//! from it.

use std::sync::Arc;

use loom_types::{RunEvent, RunId, SessionId, Trace};
use tokio::sync::mpsc;

use crate::budget::Budget;
use crate::steering::{Pause, Steering};
use crate::{Gate, ParentRun};

/// One run among those of its tree.
pub(crate) struct Scope {
    pub(crate) run_id: RunId,
    pub(crate) session_id: SessionId,
    pub(crate) trace: Trace,
    /// Where it was started from, if it is a sub-agent's.
    pub(crate) parent: Option<ParentRun>,
    pub(crate) budget: Budget,
    /// What its calls have to pass, and those of the runs above.
    pub(crate) gate: Gate,
    pub(crate) pause: Pause,
    pub(crate) steering: Steering,
    /// Where the run's calls leave events while they run.
    pub(crate) side: mpsc::Sender<Side>,
}

/// An event that comes from a call in progress. Boxed: a channel has room for dozens from the start, in
/// every run, and most runs send none.
#[derive(Debug)]
pub(crate) enum Side {
    /// Of the run itself.
    Own(Box<RunEvent>),
    /// Of a sub-agent, told as one of the run. Observers have seen it already.
    Forwarded(Box<RunEvent>),
}

impl Scope {
    /// How many runs are above this one.
    pub(crate) fn depth(&self) -> u32 {
        u32::try_from(self.gate.agents().len()).unwrap_or(u32::MAX)
    }

    /// Tells of something from within a call. If the run has ended nobody needs to know.
    pub(crate) async fn tell(self: &Arc<Self>, side: Side) {
        let _ = self.side.send(side).await;
    }
}
