//! How a member of a pool does, as programs read it. Times are milliseconds, as in all lines.

use loom_core::{BreakerState, HealthStatus, MemberHealth};
use serde::Serialize;

pub(crate) use super::json::Failure;
use super::json::milliseconds;

/// A member of the pool.
#[derive(Debug, Serialize)]
pub(crate) struct Health {
    member: String,
    status: HealthStatus,
    success_rate: Option<f64>,
    mean_latency_ms: Option<u64>,
    p95_latency_ms: Option<u64>,
    p95_first_token_ms: Option<u64>,
    consecutive_failures: u32,
    breaker: BreakerState,
    cooldown_left_ms: Option<u64>,
    requests: u64,
    failures: u64,
}

impl Health {
    pub(crate) fn of(member: &MemberHealth) -> Self {
        Self {
            member: member.member.clone(),
            status: member.status,
            success_rate: member.success_rate,
            mean_latency_ms: member.mean_latency.map(milliseconds),
            p95_latency_ms: member.p95_latency.map(milliseconds),
            p95_first_token_ms: member.p95_first_token.map(milliseconds),
            consecutive_failures: member.consecutive_failures,
            breaker: member.breaker,
            cooldown_left_ms: member.cooldown_left.map(milliseconds),
            requests: member.requests,
            failures: member.failures,
        }
    }
}

/// A status in a word.
pub(crate) fn status(status: HealthStatus) -> &'static str {
    match status {
        HealthStatus::Unknown => "unknown",
        HealthStatus::Healthy => "healthy",
        HealthStatus::Degraded => "degraded",
        HealthStatus::Unhealthy => "unhealthy",
    }
}

/// What a breaker does, in a word.
pub(crate) fn breaker(state: BreakerState) -> &'static str {
    match state {
        BreakerState::Closed => "closed",
        BreakerState::Open => "open",
        BreakerState::HalfOpen => "half open",
    }
}
