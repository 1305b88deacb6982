//! How long things take: mean and 95th percentile of any number of times, in a fixed amount of
//! memory.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::LatencySummary;

/// Longer times count as this one. No provider streams an answer for longer.
const MAX: Duration = Duration::from_secs(60 * 60);

/// Percentiles are exact to two digits, so at most 1 % too high.
const SIGNIFICANT_DIGITS: u8 = 2;

/// Times that were measured: 26 KiB once the first one is.
#[derive(Debug, Default)]
pub(super) struct Latencies {
    /// In microseconds.
    histogram: Option<Histogram<u64>>,
    total: Duration,
    max: Duration,
}

impl Latencies {
    pub(super) fn record(&mut self, time: Duration) {
        let histogram = self.histogram.get_or_insert_with(|| {
            Histogram::new_with_max(micros(MAX), SIGNIFICANT_DIGITS)
                .expect("the bounds are those of the type")
        });
        histogram.saturating_record(micros(time));
        self.total = self.total.saturating_add(time);
        self.max = self.max.max(time);
    }

    /// None before the first.
    pub(super) fn summary(&self) -> Option<LatencySummary> {
        let histogram = self.histogram.as_ref()?;
        let count = histogram.len();
        // What the bucket holds may be longer than anything that was measured.
        let p95 = Duration::from_micros(histogram.value_at_quantile(0.95)).min(self.max);
        Some(LatencySummary {
            count,
            mean: self
                .total
                .div_f64(f64::from(u32::try_from(count).unwrap_or(u32::MAX))),
            p95,
            max: self.max,
        })
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
