//! How often things happen: sums over the last minute, in steps of a second.

use std::time::Duration;

const SECONDS: usize = 60;

/// What was counted in each of the last sixty seconds.
#[derive(Debug)]
pub(super) struct LastMinute {
    /// By second, modulo a minute.
    sums: [u64; SECONDS],
    /// The second that was counted last.
    last: u64,
}

impl Default for LastMinute {
    fn default() -> Self {
        Self {
            sums: [0; SECONDS],
            last: 0,
        }
    }
}

impl LastMinute {
    /// Counts something at `now`, since counting began. Time that runs backwards between threads
    /// counts as the latest second.
    pub(super) fn add(&mut self, now: Duration, number: u64) {
        let now = now.as_secs().max(self.last);
        let passed = now - self.last;
        for second in now - passed.min(SECONDS as u64)..now {
            self.sums[slot(second + 1)] = 0;
        }
        self.last = now;
        self.sums[slot(now)] = self.sums[slot(now)].saturating_add(number);
    }

    /// How much per minute, after `now` since counting began: what came in the last minute; if less
    /// than that was counted, as if it went on so, where the first second counts as a whole one.
    pub(super) fn per_minute(&self, now: Duration) -> f64 {
        let second = now.as_secs().max(self.last);
        let gone = (second - self.last).min(SECONDS as u64);
        // The seconds that are still in the window, from the oldest to the last one counted.
        let kept = SECONDS as u64 - gone;
        let oldest = (self.last + 1).saturating_sub(kept);
        let recent = (oldest..=self.last).take(usize::try_from(kept).unwrap_or(SECONDS));
        let sum: u64 = recent.map(|second| self.sums[slot(second)]).sum();
        let window = now.as_secs_f64().clamp(1.0, SECONDS as f64);
        #[expect(
            clippy::cast_precision_loss,
            reason = "a rate is shown with few digits"
        )]
        let sum = sum as f64;
        sum * SECONDS as f64 / window
    }
}

fn slot(second: u64) -> usize {
    usize::try_from(second % SECONDS as u64).expect("it is below sixty")
}
