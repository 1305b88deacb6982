//! From the configuration to how what is remembered, and what is looked up, goes into a run.

use loom_core::{RecallOptions, RetrievalOptions};

use crate::config::Config;

/// How what is remembered is used; none if nothing is.
pub(super) fn recall(config: &Config) -> Option<RecallOptions> {
    let wanted = &config.recall;
    wanted.enabled.then(|| RecallOptions {
        before_run: Some(RetrievalOptions {
            results: wanted.results,
            tokens: wanted.tokens,
            ..RetrievalOptions::default()
        }),
        past_sessions: wanted.sessions,
        tools: config.tools.allows("remember") && config.tools.allows("recall"),
        extract: wanted.extract,
    })
}

/// How much of what the knowledge base has goes into a run.
pub(super) fn retrieval(config: &Config) -> RetrievalOptions {
    let wanted = &config.retrieval;
    RetrievalOptions {
        results: wanted.results,
        threshold: wanted.threshold,
        tokens: wanted.tokens,
        ..RetrievalOptions::default()
    }
}
