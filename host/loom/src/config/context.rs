//! What is configured of a run's context: compression, windows of models, what is remembered, and what
//! is looked up. Defaults are the agent's own, as far as it has any.

use std::collections::BTreeMap;
use std::fmt;

use loom_core::retrieval::RetrievalOptions;
use loom_core::{CompressionOptions, RecallOptions};
use serde::{Serialize, Serializer};

use super::Config;
use super::pool::most_exact;

/// How a conversation that fills the model's window is made smaller.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CompressionConfig {
    /// Default true. `loom session compact` works without it.
    pub enabled: bool,
    /// The share of the context window at which it happens, 0..=1. Default 0.92.
    pub threshold: f64,
    /// The share of the question that is aimed at, 0..1. Default 0.25.
    pub target: f64,
    /// The share of the context window whose newest messages are kept word for word, 0..1. Default 0.1.
    pub recent: f64,
    /// Who summarises: PROVIDER/MODEL, or PROVIDER for its default model. Default: the run's own pool.
    pub model: Option<String>,
    /// What every compression keeps word for word.
    pub pinned: Vec<String>,
}

/// What is remembered from one run to the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecallConfig {
    /// Whether the model has the tools `remember` and `recall`, and what was remembered is put before
    /// a run. Default true.
    pub enabled: bool,
    /// For what is put before a run. Default 1000.
    pub tokens: u64,
    /// Facts and passages that are put before a run. Default 5.
    pub results: usize,
    /// Whether passages of past sessions of the same directory are put before a run too. The tool
    /// `recall` finds them in any case. Default false.
    pub sessions: bool,
    /// Whether the model is asked after a run for facts worth keeping. Default false: it costs.
    pub extract: bool,
}

/// What is looked up in the knowledge base before a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RetrievalConfig {
    /// Default false: the model looks up what it wants with the tool `kb_search`.
    pub automatic: bool,
    /// Where it is looked up; in all collections if empty.
    pub collections: Vec<String>,
    /// Passages at most. Default 5.
    pub results: usize,
    /// Passages below this share of the best one's score are left out, 0..=1. Default 0.0.
    pub threshold: f64,
    /// For the passages. Default 2000.
    pub tokens: u64,
    /// Searches for one question: with more than one the model writes variants of it, and what they
    /// find is merged. Default 1.
    pub queries: u32,
    /// Whether the model orders the passages. Default false: it costs.
    pub rerank: bool,
}

/// The model that turns texts into vectors. It is shown as `PROVIDER/MODEL`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbeddingModel {
    /// A key of [`Config::providers`].
    pub provider: String,
    /// The provider's id of a model.
    pub model: String,
}

impl fmt::Display for EmbeddingModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.model)
    }
}

impl Serialize for EmbeddingModel {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Default for CompressionConfig {
    fn default() -> Self {
        let CompressionOptions {
            threshold,
            target,
            recent,
            pinned,
            ..
        } = CompressionOptions::default();
        Self {
            enabled: true,
            threshold,
            target,
            recent,
            model: None,
            pinned,
        }
    }
}

impl Default for RecallConfig {
    fn default() -> Self {
        let options = RecallOptions::default();
        let before_run = options.before_run.unwrap_or_default();
        Self {
            enabled: true,
            tokens: before_run.tokens,
            results: before_run.results,
            sessions: options.past_sessions,
            extract: options.extract,
        }
    }
}

impl Default for RetrievalConfig {
    fn default() -> Self {
        let options = RetrievalOptions::default();
        Self {
            automatic: false,
            collections: Vec::new(),
            results: options.results,
            threshold: options.threshold,
            tokens: options.tokens,
            queries: 1,
            rerank: false,
        }
    }
}

impl Config {
    /// The context window of a model in tokens: what its member in the pool says, else the most exact
    /// pattern of `context_windows`. None if nobody said; then it is what the provider says.
    #[must_use]
    pub fn context_window(&self, provider: &str, model: &str) -> Option<u64> {
        let member = self.member_of(provider, model);
        let own = member.and_then(|it| it.context_window);
        own.or_else(|| listed_window(&self.context_windows, &format!("{provider}/{model}")))
    }
}

/// The window that a list has for a model's full name.
pub(super) fn listed_window(windows: &BTreeMap<String, u64>, name: &str) -> Option<u64> {
    most_exact(windows, name).copied()
}
