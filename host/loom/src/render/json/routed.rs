//! Decisions of the pool as programs read them: times in milliseconds and errors as in all lines.

use loom_types::{Price, Routing};
use serde::Serialize;

use super::line::{Counts, Failure, milliseconds};

#[derive(Debug, Serialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub(super) enum Decision<'a> {
    Chosen {
        member: &'a str,
        price: Option<Price>,
    },
    Waiting {
        member: &'a str,
        wait_ms: Option<u64>,
    },
    Retried {
        member: &'a str,
        attempt: u32,
        wait_ms: u64,
        error: Failure<'a>,
    },
    FailedOver {
        from: &'a str,
        to: &'a str,
        error: Failure<'a>,
    },
    Hedged {
        first: &'a str,
        second: &'a str,
        after_ms: u64,
    },
    HedgeLost {
        member: &'a str,
        price: Option<Price>,
        usage: Counts,
    },
    Cooled {
        member: &'a str,
        time_ms: u64,
        error: Failure<'a>,
    },
}

impl<'a> Decision<'a> {
    /// None for a decision that has no line yet.
    pub(super) fn of(routing: &'a Routing) -> Option<Self> {
        Some(match routing {
            Routing::Chosen { member, price } => Self::Chosen {
                member,
                price: *price,
            },
            Routing::Waiting { member, wait } => Self::Waiting {
                member,
                wait_ms: wait.map(milliseconds),
            },
            Routing::Retried {
                member,
                attempt,
                wait,
                error,
            } => Self::Retried {
                member,
                attempt: *attempt,
                wait_ms: milliseconds(*wait),
                error: Failure::of(error),
            },
            Routing::FailedOver { from, to, error } => Self::FailedOver {
                from,
                to,
                error: Failure::of(error),
            },
            Routing::Hedged {
                first,
                second,
                after,
            } => Self::Hedged {
                first,
                second,
                after_ms: milliseconds(*after),
            },
            Routing::HedgeLost {
                member,
                price,
                usage,
            } => Self::HedgeLost {
                member,
                price: *price,
                usage: Counts::of(*usage),
            },
            Routing::Cooled {
                member,
                time,
                error,
            } => Self::Cooled {
                member,
                time_ms: milliseconds(*time),
                error: Failure::of(error),
            },
            _ => return None,
        })
    }
}
