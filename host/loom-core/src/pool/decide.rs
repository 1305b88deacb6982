//! What follows from an error: the same member again, another one, or nobody. Pure functions of the
//! error's kind, status, details and Retry-After; its text is for people.

use std::time::Duration;

use loom_types::{Error, ErrorKind};

/// Whose fault an error is, and whether it passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The request's own: everybody would refuse it.
    Request,
    /// The request is larger than the member's context window.
    TooLong,
    /// It was told to stop.
    Cancelled,
    /// The member's, and it stays: a wrong key, a model that does not exist.
    Unfit,
    /// The member has too much to do.
    Limited,
    /// The member did not answer in time.
    Late,
    /// The member's, and it may pass: the network, the service, garbage.
    Transient,
}

impl Fault {
    pub(super) fn of(error: &Error) -> Self {
        match error.kind {
            ErrorKind::InvalidInput if error.is_context_overflow() => Self::TooLong,
            // For example 501: another server may have what this one does not.
            ErrorKind::InvalidInput if error.http_status.is_some_and(|status| status >= 500) => {
                Self::Unfit
            }
            ErrorKind::InvalidInput => Self::Request,
            ErrorKind::Cancelled => Self::Cancelled,
            ErrorKind::Unauthenticated
            | ErrorKind::NotFound
            | ErrorKind::Denied
            | ErrorKind::ResourceExhausted => Self::Unfit,
            ErrorKind::RateLimited => Self::Limited,
            ErrorKind::Timeout => Self::Late,
            ErrorKind::Conflict => Self::Transient,
            // Kinds that say little: the status may say more.
            ErrorKind::Unavailable | ErrorKind::Internal => match error.http_status {
                Some(400 | 413 | 422) => Self::Request,
                Some(401..=404) => Self::Unfit,
                Some(408 | 504) => Self::Late,
                Some(429) => Self::Limited,
                _ => Self::Transient,
            },
        }
    }

    /// Whether it says that the member does badly.
    pub(super) fn is_of_member(self) -> bool {
        !matches!(self, Self::Request | Self::TooLong | Self::Cancelled)
    }

    /// Whether another try may go better.
    pub(super) fn passes(self) -> bool {
        matches!(self, Self::Limited | Self::Late | Self::Transient)
    }

    /// Whether enough of them in a row open the breaker. The others have their cooldown, or say nothing
    /// about the next request.
    pub(super) fn trips(self) -> bool {
        matches!(self, Self::Late | Self::Transient)
    }

    /// Whether the member would answer the same request with the same error.
    pub(super) fn bars(self) -> bool {
        matches!(self, Self::Unfit | Self::TooLong)
    }
}

/// How long the member wants us to wait. Some say zero and mean that they do not know.
pub(super) fn retry_after(error: &Error) -> Option<Duration> {
    error.retry_after.filter(|wait| !wait.is_zero())
}

/// Why a member is left out for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cooling {
    /// It stays as it is, or it said so itself.
    AtOnce,
    /// Only if it fails most of the time.
    ByRate,
    Never,
}

impl Cooling {
    /// 401, 402, 404, 408, 429 and 5xx cool, and kinds that mean the same; other 4xx do not.
    pub(super) fn of(error: &Error) -> Self {
        match (error.kind, error.http_status) {
            (ErrorKind::Cancelled | ErrorKind::InvalidInput | ErrorKind::Conflict, _) => {
                Self::Never
            }
            (_, Some(401 | 402 | 404 | 429)) => Self::AtOnce,
            (ErrorKind::Unauthenticated | ErrorKind::NotFound | ErrorKind::RateLimited, _) => {
                Self::AtOnce
            }
            (_, Some(408 | 500..)) if retry_after(error).is_some() => Self::AtOnce,
            (ErrorKind::Timeout, _) | (_, Some(408 | 500..)) => Self::ByRate,
            _ => Self::Never,
        }
    }
}

/// What there is besides the member that failed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Others {
    /// Somebody who was not barred from this request.
    pub(super) any: bool,
    /// Somebody who can be asked now and failed less often at this request.
    pub(super) fresh: bool,
    /// The same, of the same priority.
    pub(super) equal: bool,
    /// Somebody whose context window is known to be larger.
    pub(super) larger: bool,
}

/// What is known when a member has failed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    /// How often it failed at this request, now included.
    pub(super) failures: u32,
    /// How long to wait before the same member is asked again, if it did not say so itself.
    pub(super) backoff: Duration,
    /// It is left out now: it cools down, or its breaker is open.
    pub(super) is_out: bool,
    pub(super) others: Others,
}

/// How long a member may let us wait, and how often it may fail.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// The longest wait while there is somebody else.
    pub(super) shared: Duration,
    /// The longest wait if there is nobody else.
    pub(super) alone: Duration,
    /// How often the same member is asked again before members of lower priority are.
    pub(super) retries: u32,
}

/// What to do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// The same member again, after this time.
    Retry(Duration),
    /// Another member, at once.
    FailOver,
    /// The error goes out.
    GiveUp,
}

pub(super) fn decide(error: &Error, facts: &Facts, patience: &Patience) -> Decision {
    let others = facts.others;
    let over_if = |there_is: bool| match there_is {
        true => Decision::FailOver,
        false => Decision::GiveUp,
    };
    let fault = Fault::of(error);
    match fault {
        Fault::Request | Fault::Cancelled => return Decision::GiveUp,
        Fault::TooLong => return over_if(others.larger),
        Fault::Unfit => return over_if(others.any),
        Fault::Limited | Fault::Late | Fault::Transient => {}
    }
    let wait = retry_after(error).unwrap_or(facts.backoff);
    let leaves = matches!(fault, Fault::Limited | Fault::Late)
        || others.equal
        || facts.is_out
        || facts.failures > patience.retries
        || wait > patience.shared;
    let bound = match others.any {
        true => patience.shared,
        false => patience.alone,
    };
    match () {
        () if leaves && others.fresh => Decision::FailOver,
        () if wait <= bound => Decision::Retry(wait),
        () => over_if(others.any),
    }
}

#[cfg(test)]
mod tests;
