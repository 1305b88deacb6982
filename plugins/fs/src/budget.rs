//! How long a call may look around: entries, time, and whether the host wants it to stop.

use std::cell::Cell;
use std::io::{self, Read};
use std::time::{Duration, Instant};

use loom_sdk::{Error, ErrorKind, host};

/// More entries than any one project has. A search takes some fifteen calls of the host for each,
/// and a call of a tool gets 10 million of them by default.
const MAX_ENTRIES: u32 = 500_000;

/// Well below the 60 seconds that a call gets by default, so that a slow search still returns what
/// it found.
const MAX_TIME: Duration = Duration::from_secs(20);

/// The host is asked whether to stop once in so many entries.
const ENTRIES_PER_CHECK: u32 = 64;

/// Why looking on was not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    Cancelled,
    Time,
    Entries,
}

/// What is left of a call's time and entries.
#[derive(Debug)]
pub(crate) struct Budget {
    entries: Cell<u32>,
    entries_left: u32,
    started: Instant,
    time: Duration,
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(MAX_ENTRIES, MAX_TIME)
    }
}

impl Budget {
    pub(crate) fn new(entries: u32, time: Duration) -> Self {
        Self {
            entries: Cell::new(0),
            entries_left: entries,
            started: Instant::now(),
            time,
        }
    }

    /// Counts one entry.
    ///
    /// # Errors
    ///
    /// With the reason if the call has to stop here.
    pub(crate) fn spend(&self) -> Result<(), Stop> {
        let entries = self.entries.get();
        if entries >= self.entries_left {
            return Err(Stop::Entries);
        }
        self.entries.set(entries + 1);
        if entries.is_multiple_of(ENTRIES_PER_CHECK) {
            return self.check();
        }
        Ok(())
    }

    /// Looks at the time and asks the host.
    ///
    /// # Errors
    ///
    /// With the reason if the call has to stop here.
    pub(crate) fn check(&self) -> Result<(), Stop> {
        if host::is_cancelled() {
            return Err(Stop::Cancelled);
        }
        if self.started.elapsed() > self.time {
            return Err(Stop::Time);
        }
        Ok(())
    }
}

impl Stop {
    /// For a result that is incomplete because of it; the error itself if there is to be no result.
    ///
    /// # Errors
    ///
    /// `cancelled` if the host wants the call to stop.
    pub(crate) fn note(self) -> Result<String, Error> {
        match self {
            Self::Cancelled => Err(Error::new(ErrorKind::Cancelled, "the call was cancelled")),
            Self::Time => Ok(format!(
                "stopped after {} seconds: incomplete, narrow the path",
                MAX_TIME.as_secs()
            )),
            Self::Entries => Ok(format!(
                "stopped after {MAX_ENTRIES} entries: incomplete, narrow the path"
            )),
        }
    }
}

/// Reads as long as the budget allows; after that every read fails with the [`Stop`] inside.
pub(crate) struct Watched<'a, R> {
    pub(crate) inner: R,
    pub(crate) budget: &'a Budget,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.budget.check().map_err(io::Error::other)?;
        self.inner.read(buffer)
    }
}

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Cancelled => "cancelled",
            Self::Time => "out of time",
            Self::Entries => "too many entries",
        })
    }
}

impl std::error::Error for Stop {}

/// The stop inside an error of a [`Watched`] reader.
pub(crate) fn stop_of(error: &io::Error) -> Option<Stop> {
    error.get_ref()?.downcast_ref().copied()
}
