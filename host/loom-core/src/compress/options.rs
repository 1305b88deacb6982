//! What a person chooses about compression, and when it is due.

use std::fmt;
use std::sync::Arc;

use loom_types::Provider;

/// When the working context is compressed, how far, and what is kept.
#[derive(Clone)]
pub struct CompressionOptions {
    /// Share of the context window from which on a question is compressed: when its calibrated tokens
    /// are at least this share of the window, rounded up to whole tokens. Above 0.0, at most 1.0.
    /// Default 0.92.
    pub threshold: f64,
    /// What a compression aims at, as a share of the tokens before it, or of the window if they are more
    /// than that. Above 0.0, below the threshold. Default 0.25. Aimed at, not promised: what is always
    /// kept can be more.
    pub target: f64,
    /// Share of the context window that is kept as it is, as the newest messages; at most three fifths of
    /// what the target leaves beside the instructions and the request. At least 0.0, below the
    /// threshold. Default 0.10: with the default target, about as much is left for the rest.
    pub recent: f64,
    /// Facts that are kept word for word.
    pub pinned: Vec<String>,
    /// A provider and one of its models that summarise. Default: the run's own.
    pub summarizer: Option<(Arc<dyn Provider>, String)>,
    /// Whether a model is asked at all; without, summaries are made by the host's own rules. Default true.
    pub ask_model: bool,
}

/// Options that mean nothing.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CompressionOptionsError {
    #[error(
        "the threshold of compression is {0}; it is a share of the window, above 0 and at most 1"
    )]
    Threshold(f64),
    #[error(
        "the target of compression is {target}; it has to be above 0 and below the threshold, {threshold}"
    )]
    Target { target: f64, threshold: f64 },
    #[error(
        "the recent share of compression is {recent}; it has to be at least 0 and below the threshold, \
         {threshold}"
    )]
    Recent { recent: f64, threshold: f64 },
    #[error("a pinned fact is empty; remove it or write the fact")]
    EmptyPin,
}

/// Shares are compared as whole millionths, so that 0.92 of 100,000 is 92,000 and not a hair more.
const MILLIONTHS: u32 = 1_000_000;

impl fmt::Debug for CompressionOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let summarizer = self.summarizer.as_ref();
        let summarizer = summarizer.map(|(provider, model)| (provider.name(), model));
        f.debug_struct("CompressionOptions")
            .field("threshold", &self.threshold)
            .field("target", &self.target)
            .field("recent", &self.recent)
            .field("pinned", &self.pinned.len())
            .field("summarizer", &summarizer)
            .field("ask_model", &self.ask_model)
            .finish()
    }
}

impl Default for CompressionOptions {
    fn default() -> Self {
        Self {
            threshold: 0.92,
            target: 0.25,
            recent: 0.10,
            pinned: Vec::new(),
            summarizer: None,
            ask_model: true,
        }
    }
}

impl CompressionOptions {
    /// Checks that the options mean something.
    ///
    /// # Errors
    /// The first option that does not.
    pub fn validate(&self) -> Result<(), CompressionOptionsError> {
        let threshold = self.threshold;
        if !(threshold > 0.0 && threshold <= 1.0) {
            return Err(CompressionOptionsError::Threshold(threshold));
        }
        let (target, recent) = (self.target, self.recent);
        if !(target > 0.0 && target < threshold) {
            return Err(CompressionOptionsError::Target { target, threshold });
        }
        if !(0.0..threshold).contains(&recent) {
            return Err(CompressionOptionsError::Recent { recent, threshold });
        }
        if self.pinned.iter().any(|pin| pin.trim().is_empty()) {
            return Err(CompressionOptionsError::EmptyPin);
        }
        Ok(())
    }

    /// The fewest tokens that are too many for a window.
    #[must_use]
    pub fn limit(&self, window: u64) -> u64 {
        let parts = u128::from(window) * u128::from(millionths(self.threshold));
        u64::try_from(parts.div_ceil(u128::from(MILLIONTHS))).unwrap_or(u64::MAX)
    }

    /// Whether a question of so many calibrated tokens is to be compressed.
    #[must_use]
    pub fn is_due(&self, tokens: u64, window: u64) -> bool {
        tokens >= self.limit(window)
    }
}

/// A share of a number of tokens, rounded down.
pub(super) fn share(tokens: u64, share: f64) -> u64 {
    let parts = u128::from(tokens) * u128::from(millionths(share));
    u64::try_from(parts / u128::from(MILLIONTHS)).unwrap_or(u64::MAX)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float to integer cast saturates, and a negative share is none"
)]
fn millionths(share: f64) -> u32 {
    (share * f64::from(MILLIONTHS)).round() as u32
}

#[cfg(test)]
mod tests;
