//! What is told about a conversation that was made smaller.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A compression of the working context.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compressed {
    pub reason: CompressionReason,
    pub method: CompressionMethod,
    /// Tokens of the whole question before and after, counted and calibrated.
    pub before_tokens: u64,
    pub after_tokens: u64,
    /// Messages that are as they were.
    pub kept_messages: usize,
    /// Messages that the summary stands for.
    pub summarized_messages: usize,
    /// Results of tools that were cleared or shortened.
    pub shortened_results: usize,
    /// Facts that were kept word for word.
    pub pinned: usize,
    /// Counts the compressions of the session, from 1.
    pub generation: u32,
    /// What it took, the summarising model's time apart.
    pub host_time: Duration,
    /// What the summarising model took.
    pub model_time: Duration,
}

impl Compressed {
    /// How much smaller the question is, from 0.0 to 1.0.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a share for people")]
    pub fn reduction(&self) -> f64 {
        if self.before_tokens == 0 {
            return 0.0;
        }
        1.0 - self.after_tokens as f64 / self.before_tokens as f64
    }
}

/// Why the context was compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompressionReason {
    /// The question reached the threshold.
    Threshold,
    /// The model refused the question as too long.
    Overflow,
    /// A person asked for it.
    Request,
}

/// How far the compression had to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompressionMethod {
    /// Results of tools were cleared or shortened; no model was asked.
    Trimmed,
    /// A model summarised the older part.
    Summarized,
    /// No model gave a usable summary; the host made one by its own rules.
    Fallback,
}
