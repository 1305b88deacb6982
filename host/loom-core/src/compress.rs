//! Compression of the working context: what is done when a conversation no longer fits its window, so
//! that it goes on without forgetting. Pure: the model is asked through [`Ask`], the log is written by
//! whoever calls.
//!
//! Tiers, cheapest first, until the target is reached: retrieved passages of earlier questions, old
//! images and reasoning; old results of tools; superseded reads; long outputs; at last a summary of the
//! older part. What is always kept, word for word: system messages, the current request, pinned facts
//! and the newest messages.
//!
//! What must not be here: the log, the events, the pool, the budget.

mod compaction;
mod options;
mod shorten;
mod summary;
mod tokens;

use std::sync::Arc;

use async_trait::async_trait;
use loom_types::{Compressed, CompressionReason, ModelRequest, Result, ToolDefinition};

pub use compaction::Compaction;
pub(crate) use compaction::apply;
pub use options::{CompressionOptions, CompressionOptionsError};
pub(crate) use shorten::READ_RESULT;
pub use shorten::{Shortened, Shortening};
pub use summary::{Metadata, Summary};
pub use tokens::Tokenizer;
pub(crate) use tokens::{Calibration, Counter};

use crate::context::Item;

/// Whoever asks the summarising model: meters it, charges the budget, and stops it.
#[async_trait]
pub(crate) trait Ask: Send {
    /// The whole text of the answer.
    async fn ask(&mut self, request: ModelRequest) -> Result<String>;
}

/// What there is to compress.
pub(crate) struct Job<'a> {
    /// The working context, without instructions that come before it in every question. No open calls.
    pub(crate) items: &'a [Item],
    /// The compaction that was applied last to these items.
    pub(crate) previous: Option<&'a Compaction>,
    pub(crate) options: &'a CompressionOptions,
    pub(crate) counter: &'a mut Counter,
    pub(crate) calibration: Calibration,
    /// Counted tokens, not calibrated, of the instructions and of the tools' definitions.
    pub(crate) fixed_tokens: u64,
    /// Tokens of the context window.
    pub(crate) window: u64,
    pub(crate) reason: CompressionReason,
    /// The tools that the calls in the items are of, as far as they still exist.
    pub(crate) tools: &'a [Arc<ToolDefinition>],
    /// The model that summarises, and its window in tokens.
    pub(crate) summarizer: Summarizer<'a>,
}

/// The model that summarises.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Summarizer<'a> {
    /// What [`ModelRequest::model`] names.
    pub(crate) model: &'a str,
    /// Tokens of its context window.
    pub(crate) window: u64,
}
