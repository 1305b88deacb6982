//! What ends a run from outside: cancellation and the time limit, seen as one signal.

use std::time::Duration;

use loom_types::{Category, Limit};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// Why a run has to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    Cancelled,
    Limit(Limit),
}

impl Cause {
    /// How calls that end for it are counted.
    pub(crate) fn category(self) -> Category {
        match self {
            Self::Cancelled => Category::Internal,
            Self::Limit(Limit::WallTime(_)) => Category::Timeout,
            Self::Limit(_) => Category::Validation,
        }
    }
}

/// The stop signal of one run.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    cancel: CancellationToken,
    wall_time: Option<(Duration, Instant)>,
}

impl Stop {
    /// A signal whose time runs from now. A time beyond what the clock can express is none.
    pub(crate) fn new(cancel: CancellationToken, wall_time: Option<Duration>) -> Self {
        let now = Instant::now();
        let deadline = |time| Some((time, now.checked_add(time)?));
        Self {
            cancel,
            wall_time: wall_time.and_then(deadline),
        }
    }

    /// Why the run has to stop, if it has to now.
    pub(crate) fn reached(&self) -> Option<Cause> {
        match self.wall_time {
            _ if self.cancel.is_cancelled() => Some(Cause::Cancelled),
            Some((time, deadline)) if deadline <= Instant::now() => {
                Some(Cause::Limit(Limit::WallTime(time)))
            }
            _ => None,
        }
    }

    /// Waits until the run has to stop, which may be at once or never.
    pub(crate) async fn wait(&self) -> Cause {
        let Some((time, deadline)) = self.wall_time else {
            self.cancel.cancelled().await;
            return Cause::Cancelled;
        };
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Cause::Cancelled,
            () = sleep_until(deadline) => Cause::Limit(Limit::WallTime(time)),
        }
    }

    /// Runs a future until it is done or the run has to stop, whichever is first.
    pub(crate) async fn or<T>(&self, future: impl Future<Output = T>) -> Result<T, Cause> {
        tokio::select! {
            biased;
            cause = self.wait() => Err(cause),
            output = future => Ok(output),
        }
    }

    /// How long something may take that may take at most `time`.
    pub(crate) fn clamp(&self, time: Duration) -> Duration {
        match self.wall_time {
            Some((_, deadline)) => time.min(deadline.duration_since(Instant::now())),
            None => time,
        }
    }

    /// A token that is cancelled with the run and may be cancelled before it.
    pub(crate) fn child_token(&self) -> CancellationToken {
        self.cancel.child_token()
    }
}
