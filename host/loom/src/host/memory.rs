//! From the configuration to what an agent remembers and looks up: recall, the knowledge base.

use std::sync::Arc;

use loom_core::recall::Recall;
use loom_core::retrieval::{MultiQuery, Rerank, ToolRetriever};
use loom_core::{Pool, RecallOptions, RetrievalOptions};
use loom_types::{Memory, Provider, Retriever, Tool};

use crate::config::Config;

/// The tool that searches the knowledge base.
const SEARCH: &str = "kb_search";

/// What is remembered, and how it is used; none if nothing is.
pub(super) fn recall(config: &Config, memory: Arc<dyn Memory>) -> Option<(Recall, RecallOptions)> {
    let wanted = &config.recall;
    if !wanted.enabled {
        return None;
    }
    let options = RecallOptions {
        before_run: Some(RetrievalOptions {
            results: wanted.results,
            tokens: wanted.tokens,
            ..RetrievalOptions::default()
        }),
        past_sessions: wanted.sessions,
        tools: config.tools.allows("remember") && config.tools.allows("recall"),
        extract: wanted.extract,
    };
    let directory = config.working_directory.to_string_lossy();
    // The tool looks into past sessions whatever is put before a run: it is asked for on purpose.
    Some((Recall::new(memory, directory, true), options))
}

/// Who looks into the knowledge base before a run; none if nobody does.
pub(super) fn knowledge(
    config: &Config,
    tools: &[Arc<dyn Tool>],
    pool: &Pool,
) -> Option<(Arc<dyn Retriever>, RetrievalOptions)> {
    let wanted = &config.retrieval;
    if !wanted.automatic {
        return None;
    }
    let mut tools = tools.iter();
    let Some(search) = tools.find(|tool| tool.definition().name == SEARCH) else {
        tracing::warn!(
            target: "loom::notice",
            "nothing is looked up before runs: retrieval.automatic needs the tool {SEARCH} of the plugin kb"
        );
        return None;
    };
    let found = ToolRetriever::new("kb", Arc::clone(search), wanted.collections.clone());
    let mut retriever: Arc<dyn Retriever> = Arc::new(found);
    let provider: Arc<dyn Provider> = Arc::new(pool.clone());
    if wanted.queries > 1 {
        let provider = Arc::clone(&provider);
        retriever = Arc::new(MultiQuery::new(
            retriever,
            provider,
            pool.model(),
            wanted.queries,
        ));
    }
    if wanted.rerank {
        retriever = Arc::new(Rerank::new(retriever, provider, pool.model()));
    }
    let options = RetrievalOptions {
        results: wanted.results,
        threshold: wanted.threshold,
        tokens: wanted.tokens,
        ..RetrievalOptions::default()
    };
    Some((retriever, options))
}
