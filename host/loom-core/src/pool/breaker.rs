//! A member's breaker: it stops asking a member that fails all the time, and tries again with care.
//! What counts as a failure is decided elsewhere.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// What a breaker does with requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// They pass.
    Closed,
    /// They are refused.
    Open,
    /// One at a time passes, to see whether the member works again.
    HalfOpen,
}

/// When a breaker opens and closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerOptions {
    /// How many failures in a row open it. Default: 5.
    pub failures: u32,
    /// How long it stays open. Default: 30 s.
    pub open: Duration,
    /// How many successes of single requests close it. Default: 2.
    pub successes: u32,
}

impl Default for BreakerOptions {
    fn default() -> Self {
        Self {
            failures: 5,
            open: Duration::from_secs(30),
            successes: 2,
        }
    }
}

/// How a request that had passed ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Success,
    Failure,
    /// It says nothing about the member: cancelled, or refused for its own fault.
    Unknown,
}

#[derive(Debug)]
pub(super) struct Breaker {
    options: BreakerOptions,
    phase: Phase,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Closed { failures: u32 },
    Open { until: Instant },
    HalfOpen { successes: u32, is_probing: bool },
}

impl Breaker {
    pub(super) fn new(options: BreakerOptions) -> Self {
        Self {
            options,
            phase: Phase::Closed { failures: 0 },
        }
    }

    /// How long until a request may pass; zero if it may now. One that probes ends nobody knows when,
    /// so while it does the time is the shortest there is.
    pub(super) fn free_in(&self, now: Instant) -> Duration {
        match self.phase {
            Phase::Closed { .. } => Duration::ZERO,
            Phase::Open { until } => until.saturating_duration_since(now),
            Phase::HalfOpen { is_probing, .. } => Duration::from_nanos(u64::from(is_probing)),
        }
    }

    pub(super) fn state(&self, now: Instant) -> BreakerState {
        match self.phase {
            Phase::Closed { .. } => BreakerState::Closed,
            Phase::Open { until } if now < until => BreakerState::Open,
            Phase::Open { .. } | Phase::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    /// A request passes, whether it may or not: somebody has to be asked.
    pub(super) fn pass(&mut self) {
        let successes = match self.phase {
            Phase::Closed { .. } => return,
            Phase::Open { .. } => 0,
            Phase::HalfOpen { successes, .. } => successes,
        };
        self.phase = Phase::HalfOpen {
            successes,
            is_probing: true,
        };
    }

    /// A request that had passed ended.
    pub(super) fn record(&mut self, ending: Ending, now: Instant) {
        self.phase = match self.phase {
            Phase::Closed { failures } => self.closed(failures, ending, now),
            // It passed before the breaker opened: old news.
            Phase::Open { .. } => self.phase,
            Phase::HalfOpen { successes, .. } => self.half_open(successes, ending, now),
        };
    }

    fn closed(&self, failures: u32, ending: Ending, now: Instant) -> Phase {
        match ending {
            Ending::Success => Phase::Closed { failures: 0 },
            Ending::Failure if failures + 1 >= self.options.failures => self.opened(now),
            Ending::Failure => Phase::Closed {
                failures: failures + 1,
            },
            Ending::Unknown => Phase::Closed { failures },
        }
    }

    fn half_open(&self, successes: u32, ending: Ending, now: Instant) -> Phase {
        let successes = match ending {
            Ending::Success if successes + 1 >= self.options.successes => {
                return Phase::Closed { failures: 0 };
            }
            Ending::Success => successes + 1,
            Ending::Failure => return self.opened(now),
            Ending::Unknown => successes,
        };
        Phase::HalfOpen {
            successes,
            is_probing: false,
        }
    }

    fn opened(&self, now: Instant) -> Phase {
        Phase::Open {
            until: now + self.options.open,
        }
    }
}

#[cfg(test)]
mod tests;
