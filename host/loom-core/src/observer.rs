//! Whoever watches runs without being their reader: metrics, traces, audits.

use loom_types::RunEvent;

/// Sees every event of every run of an agent, and of the runs of its sub-agents, in order.
///
/// It is called on the run's own task, before the reader gets the event: it must not block, and what
/// it does with its time the run has to wait for. Several runs call it at the same time.
pub trait Observer: Send + Sync {
    /// An event, and whose it is.
    fn event(&self, run: &ObservedRun<'_>, event: &RunEvent);
}

/// The run that an observer is told of.
#[derive(Clone, Copy, Debug)]
pub struct ObservedRun<'a> {
    pub run_id: &'a loom_types::RunId,
    pub session_id: &'a loom_types::SessionId,
    pub trace: loom_types::Trace,
    /// The run that this one is a sub-agent of, and its call.
    pub parent: Option<&'a ParentRun>,
    /// Name of the agent; none for one without a definition.
    pub agent: Option<&'a str>,
}

/// Where a sub-agent was called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParentRun {
    pub run_id: loom_types::RunId,
    pub session_id: loom_types::SessionId,
    pub call_id: loom_types::CallId,
    /// The place of that call in the trace.
    pub trace: loom_types::Trace,
}
