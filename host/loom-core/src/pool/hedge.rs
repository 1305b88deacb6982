//! Two members side by side, until one of them has said something. Who is asked, and what is told of
//! it, is the course's.

use loom_types::{Error, ModelEvent, Result};
use tokio::time::{Instant, sleep_until};

use super::attempt::Attempt;

/// With fewer answers than this a member's usual time to the first token is not known.
pub(super) const SAMPLES: usize = 20;

/// A member that has said nothing yet, and the events that came all the same: they count only if it wins.
pub(super) struct Runner {
    pub(super) index: usize,
    pub(super) attempt: Attempt,
    pub(super) held: Vec<ModelEvent>,
}

impl Runner {
    pub(super) fn new(index: usize, attempt: Attempt) -> Self {
        Self {
            index,
            attempt,
            held: Vec::new(),
        }
    }
}

/// One member, or two.
pub(super) struct Race {
    pub(super) first: Runner,
    pub(super) second: Option<Runner>,
    /// When a second one is to be asked, if it is.
    pub(super) due: Option<Instant>,
}

/// One of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    First,
    Second,
}

/// What happened in a race.
#[derive(Debug)]
pub(super) enum Turn {
    /// Nothing that matters.
    Nothing,
    /// It is time to ask a second member.
    Due,
    Won(Lane),
    Failed(Lane, Error),
}

impl Race {
    pub(super) fn new(first: Runner, due: Option<Instant>) -> Self {
        Self {
            first,
            second: None,
            due,
        }
    }

    /// Takes one of the runners; the other one remains, if there is one.
    pub(super) fn take(self, lane: Lane) -> (Runner, Option<Runner>) {
        match (lane, self.second) {
            (Lane::Second, Some(second)) => (second, Some(self.first)),
            (_, second) => (self.first, second),
        }
    }

    /// May be dropped and called again.
    pub(super) async fn next(&mut self) -> Turn {
        let (lane, event) = tokio::select! {
            biased;
            event = self.first.attempt.next() => (Lane::First, event),
            event = next_of(&mut self.second) => (Lane::Second, event),
            () = at(self.due) => return Turn::Due,
        };
        let runner = match (lane, &mut self.second) {
            (Lane::Second, Some(second)) => second,
            _ => &mut self.first,
        };
        match event {
            Some(Err(error)) => return Turn::Failed(lane, error),
            Some(Ok(event)) => runner.held.push(event),
            None => return Turn::Won(lane),
        }
        match runner.attempt.has_content() || runner.attempt.has_stopped() {
            true => Turn::Won(lane),
            false => Turn::Nothing,
        }
    }
}

async fn next_of(runner: &mut Option<Runner>) -> Option<Result<ModelEvent>> {
    match runner {
        Some(runner) => runner.attempt.next().await,
        None => std::future::pending().await,
    }
}

async fn at(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}
