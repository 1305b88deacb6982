//! What runs did and how fast, counted from their events: an [`Observer`] that can be asked at any
//! time. It keeps numbers only, no text, and no more of them after weeks than after a minute. How
//! they are shown or exported is not here.

mod latency;
mod rate;
mod snapshot;

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use loom_types::{Latency, Outcome, PermissionDecision, Routing, RunEvent, RunId, Usage};
use tokio::time::Instant;

use crate::{ObservedRun, Observer};
use latency::Latencies;
use rate::LastMinute;

pub use snapshot::{
    CompressionMetrics, ErrorCounts, LatencySummary, MetricsSnapshot, ModelMetrics,
    PermissionCounts, PoolCounts, Rates, RetrievalMetrics, RunCounts, ToolMetrics,
};

/// How many models and how many tools are counted by name: models make up names of tools, and a
/// process may run for weeks. More than a person would read.
const MAX_NAMES: usize = 256;

/// The name under which all beyond [`MAX_NAMES`] are counted. No name of a model or a tool has
/// parentheses.
const OTHERS: &str = "(others)";

/// Counts what runs do. Share it between any number of agents.
#[derive(Debug)]
pub struct Metrics {
    started: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    counts: MetricsSnapshot,
    model_latency: Latencies,
    first_token: Latencies,
    tool_latency: Latencies,
    calls: LastMinute,
    tokens: LastMinute,
    tool_calls: LastMinute,
    /// Runs under way whose last question failed: when such a run fails, that error was counted.
    failing: HashSet<RunId>,
}

impl Metrics {
    /// Nothing counted yet. What is observed is observed from now.
    #[must_use]
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
            state: Mutex::default(),
        }
    }

    /// All that was counted so far.
    #[must_use]
    pub fn snapshot(&self) -> MetricsSnapshot {
        let observed = self.started.elapsed();
        let state = self.lock();
        let per_minute = |counted: &LastMinute| counted.per_minute(observed);
        MetricsSnapshot {
            observed,
            model_latency: state.model_latency.summary(),
            first_token: state.first_token.summary(),
            tool_latency: state.tool_latency.summary(),
            per_minute: Rates {
                model_calls: per_minute(&state.calls),
                tokens: per_minute(&state.tokens),
                tool_calls: per_minute(&state.tool_calls),
            },
            ..state.counts.clone()
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Numbers are not broken by a panic elsewhere.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Observer for Metrics {
    fn event(&self, run: &ObservedRun<'_>, event: &RunEvent) {
        // Most events are pieces of an answer, which count nothing.
        if !matches!(
            event,
            RunEvent::TextDelta { .. } | RunEvent::ReasoningDelta { .. }
        ) {
            self.lock().count(self.started.elapsed(), run, event);
        }
    }
}

impl State {
    /// An event that happened at `now`, counted from the start.
    fn count(&mut self, now: Duration, run: &ObservedRun<'_>, event: &RunEvent) {
        let counts = &mut self.counts;
        match event {
            RunEvent::RunStarted { .. } => {
                counts.runs.started += 1;
                counts.runs.sub_agents += u64::from(run.parent.is_some());
            }
            RunEvent::TurnStarted { .. } => counts.turns += 1,
            RunEvent::ModelRouted { routing } => counts.routed(routing),
            RunEvent::ModelAnswered { .. } => self.answered(now, run.run_id, event),
            RunEvent::PermissionAsked { .. } => counts.permissions.asked += 1,
            RunEvent::PermissionDecided { decision, .. } => counts.permissions.decided(decision),
            RunEvent::ToolCompleted {
                result,
                duration,
                error,
            } => {
                if let Some(category) = error {
                    counts.errors.add(*category);
                }
                counts.tools.add(*duration, result.is_error);
                entry(&mut counts.by_tool, &result.name).add(*duration, result.is_error);
                self.tool_latency.record(*duration);
                self.tool_calls.add(now, 1);
            }
            RunEvent::MessageInjected { .. } => counts.injected_messages += 1,
            RunEvent::Reminded { .. } => counts.reminders += 1,
            RunEvent::Compressed(compressed) => counts.compressions.add(compressed),
            RunEvent::Retrieved {
                sources, tokens, ..
            } => counts.retrievals.add(sources.len(), *tokens),
            RunEvent::RunEnded { outcome } => self.ended(run.run_id, outcome),
            _ => {}
        }
    }

    fn answered(&mut self, now: Duration, run_id: &RunId, event: &RunEvent) {
        let RunEvent::ModelAnswered {
            model,
            usage,
            cost,
            latency,
            error,
            ..
        } = event
        else {
            return;
        };
        let counts = &mut self.counts;
        counts.models.add(usage, *cost, error.is_some());
        entry(&mut counts.by_model, model).add(usage, *cost, error.is_some());
        if let Some(error) = error {
            counts.errors.add(error.category());
            self.failing.insert(run_id.clone());
        } else {
            self.failing.remove(run_id);
        }
        self.timed(now, usage, *latency, error.is_some());
    }

    fn timed(&mut self, now: Duration, usage: &Usage, latency: Latency, failed: bool) {
        self.calls.add(now, 1);
        self.tokens.add(now, usage.total_tokens());
        // How long it takes to be refused says nothing of how long an answer takes.
        if !failed {
            self.model_latency.record(latency.total);
        }
        if let Some(first_token) = latency.first_token {
            self.first_token.record(first_token);
        }
    }

    fn ended(&mut self, run_id: &RunId, outcome: &Outcome) {
        let was_counted = self.failing.remove(run_id);
        let runs = &mut self.counts.runs;
        match outcome {
            Outcome::Completed { .. } => runs.completed += 1,
            Outcome::LimitReached { .. } => runs.limit_reached += 1,
            Outcome::Cancelled { .. } => runs.cancelled += 1,
            Outcome::Failed { error, .. } => {
                runs.failed += 1;
                if !was_counted {
                    self.counts.errors.add(error.category());
                }
            }
        }
    }
}

impl MetricsSnapshot {
    fn routed(&mut self, routing: &Routing) {
        match routing {
            Routing::Retried { error, .. } => {
                self.pool.retries += 1;
                self.errors.add(error.category());
            }
            Routing::FailedOver { error, .. } => {
                self.pool.failovers += 1;
                self.errors.add(error.category());
            }
            Routing::Hedged { .. } => self.pool.hedges += 1,
            // Its error is that of a retry, a failover or an answer, and counted there.
            Routing::Cooled { .. } => self.pool.cooldowns += 1,
            _ => {}
        }
    }
}

impl PermissionCounts {
    fn decided(&mut self, decision: &PermissionDecision) {
        if decision.allowed {
            self.allowed += 1;
        } else {
            self.denied += 1;
        }
    }
}

/// What is counted under a name.
fn entry<'a, T: Default>(names: &'a mut BTreeMap<String, T>, name: &str) -> &'a mut T {
    let name = if names.len() < MAX_NAMES || names.contains_key(name) {
        name
    } else {
        OTHERS
    };
    if !names.contains_key(name) {
        names.insert(name.to_owned(), T::default());
    }
    names.get_mut(name).expect("it was just inserted")
}

#[cfg(test)]
mod tests;
