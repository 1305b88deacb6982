//! What a pool of models does on the way to an answer, so that runs and people can follow it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Error, Price, Usage};

/// A decision of a pool. It is part of the stream of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Routing {
    /// What follows comes from this member, `provider/model`.
    Chosen {
        member: String,
        /// What its tokens cost; none if nobody said.
        price: Option<Price>,
    },
    /// Nobody can be asked at once; this member is asked as soon as it can be.
    Waiting {
        member: String,
        /// How long; none while it works on as many requests as it may, until one of them ends.
        wait: Option<Duration>,
    },
    /// The same member is asked again after `wait`. What came of the answer before is void.
    Retried {
        member: String,
        /// Which attempt the next one is, from 2.
        attempt: u32,
        wait: Duration,
        error: Error,
    },
    /// Another member is asked instead. What came of the answer before is void.
    FailedOver {
        from: String,
        to: String,
        error: Error,
    },
    /// A second member was asked beside the first, whose first token took longer than `after`.
    Hedged {
        first: String,
        second: String,
        after: Duration,
    },
    /// The slower one of two was cancelled. `usage` is what it is known to have used up.
    HedgeLost {
        member: String,
        price: Option<Price>,
        usage: Usage,
    },
    /// A member is left out for a while.
    Cooled {
        member: String,
        time: Duration,
        error: Error,
    },
}

impl Routing {
    /// Whether what came of the answer so far is void.
    #[must_use]
    pub fn restarts(&self) -> bool {
        matches!(self, Self::Retried { .. } | Self::FailedOver { .. })
    }
}
