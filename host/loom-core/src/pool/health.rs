//! How a member did lately: its health and its speed over a sliding window of outcomes.

use std::collections::VecDeque;
use std::time::Duration;

use loom_types::Latency;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::breaker::BreakerState;

/// How well a member works, by its success rate lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// Nobody asked it lately.
    Unknown,
    /// At least 90 % succeeded.
    Healthy,
    /// At least 70 % succeeded.
    Degraded,
    /// Less than 70 % succeeded.
    Unhealthy,
}

/// How a member of a pool does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemberHealth {
    /// `provider/model`.
    pub member: String,
    pub status: HealthStatus,
    /// From 0.0 to 1.0 over the window; none if nobody asked lately.
    pub success_rate: Option<f64>,
    /// Of whole answers in the window; none if there are none.
    pub mean_latency: Option<Duration>,
    pub p95_latency: Option<Duration>,
    /// Until the first text, reasoning or call.
    pub p95_first_token: Option<Duration>,
    pub consecutive_failures: u32,
    pub breaker: BreakerState,
    /// How long it is left out yet, by a cooldown or an open breaker; none if it is not.
    pub cooldown_left: Option<Duration>,
    /// Requests that it works on now.
    pub in_flight: usize,
    /// Requests since the pool was made.
    pub requests: u64,
    /// How many of them failed by the member's fault.
    pub failures: u64,
}

/// What the window holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowOptions {
    /// How many outcomes at most. Default: 50.
    pub outcomes: usize,
    /// How old they get. Default: 5 minutes.
    pub age: Duration,
}

impl Default for WindowOptions {
    fn default() -> Self {
        Self {
            outcomes: 50,
            age: Duration::from_secs(300),
        }
    }
}

/// With fewer outcomes than this, chance says more than they do.
pub(super) const TELLING_OUTCOMES: usize = 5;

/// The last outcomes of a member.
#[derive(Debug)]
pub(super) struct Window {
    options: WindowOptions,
    /// A latency for a success.
    outcomes: VecDeque<(Instant, Option<Latency>)>,
    successes: usize,
}

/// Times of the answers in a window.
#[derive(Debug, Default)]
pub(super) struct Speed {
    pub(super) mean: Option<Duration>,
    pub(super) p95: Option<Duration>,
    pub(super) p95_first_token: Option<Duration>,
}

impl Window {
    pub(super) fn new(options: WindowOptions) -> Self {
        Self {
            options,
            outcomes: VecDeque::new(),
            successes: 0,
        }
    }

    /// Adds an outcome: the latency of an answer, or none for a failure.
    pub(super) fn push(&mut self, now: Instant, answer: Option<Latency>) {
        self.slide(now);
        if self.outcomes.len() >= self.options.outcomes {
            self.pop();
        }
        self.successes += usize::from(answer.is_some());
        self.outcomes.push_back((now, answer));
    }

    fn slide(&mut self, now: Instant) {
        let age = self.options.age;
        while matches!(self.outcomes.front(), Some((at, _)) if now.duration_since(*at) > age) {
            self.pop();
        }
    }

    fn pop(&mut self) {
        if let Some((_, Some(_))) = self.outcomes.pop_front() {
            self.successes -= 1;
        }
    }

    /// How many outcomes there are now.
    pub(super) fn len(&mut self, now: Instant) -> usize {
        self.slide(now);
        self.outcomes.len()
    }

    #[expect(clippy::cast_precision_loss, reason = "a window is small")]
    pub(super) fn success_rate(&mut self, now: Instant) -> Option<f64> {
        let len = self.len(now);
        (len > 0).then(|| self.successes as f64 / len as f64)
    }

    pub(super) fn status(&mut self, now: Instant) -> HealthStatus {
        match self.success_rate(now) {
            None => HealthStatus::Unknown,
            Some(rate) if rate < 0.7 => HealthStatus::Unhealthy,
            Some(rate) if rate < 0.9 => HealthStatus::Degraded,
            Some(_) => HealthStatus::Healthy,
        }
    }

    pub(super) fn speed(&mut self, now: Instant) -> Speed {
        self.slide(now);
        let answers = self.outcomes.iter().filter_map(|(_, answer)| *answer);
        let totals: Vec<_> = answers.map(|latency| latency.total).collect();
        let count = u32::try_from(totals.len()).unwrap_or(u32::MAX);
        Speed {
            mean: totals.iter().sum::<Duration>().checked_div(count),
            p95: p95(totals),
            p95_first_token: p95(self.first_tokens().collect()),
        }
    }

    /// The 95th percentile of the times to the first token, if there are at least `samples` of them.
    pub(super) fn p95_first_token(&mut self, now: Instant, samples: usize) -> Option<Duration> {
        self.slide(now);
        let times: Vec<_> = self.first_tokens().collect();
        if times.len() < samples {
            return None;
        }
        p95(times)
    }

    fn first_tokens(&self) -> impl Iterator<Item = Duration> {
        let answers = self.outcomes.iter().filter_map(|(_, answer)| *answer);
        answers.filter_map(|latency| latency.first_token)
    }
}

/// The smallest of the times that at least 95 % of them do not exceed.
fn p95(mut times: Vec<Duration>) -> Option<Duration> {
    times.sort_unstable();
    let rank = (times.len() * 95).div_ceil(100);
    times.get(rank.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests;
