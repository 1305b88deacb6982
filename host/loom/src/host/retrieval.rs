//! From the configuration to what looks things up before a run.

use std::sync::Arc;

use loom_core::retrieval::{MultiQuery, Rerank, ToolRetriever};
use loom_types::{Provider, Retriever};

use super::Loom;

/// The tool of a knowledge base, whichever plugin has it, and what people call what it searches.
const TOOL: &str = "kb_search";
const NAME: &str = "kb";

pub(super) async fn retriever(loom: &Loom) -> anyhow::Result<Option<Arc<dyn Retriever>>> {
    let config = &loom.config.retrieval;
    if !config.automatic {
        return Ok(None);
    }
    // The person configured it: whether the model has the tool too does not matter.
    let catalogue = loom.current().await;
    let mut tools = catalogue.tools().iter().map(|(_, tool)| tool);
    let Some(tool) = tools.find(|tool| tool.definition().name == TOOL) else {
        tracing::warn!(
            target: "loom::notice",
            "nothing is looked up before the run: retrieval.automatic is on and no plugin has the tool {TOOL}"
        );
        return Ok(None);
    };
    let collections = config.collections.clone();
    let mut retriever: Arc<dyn Retriever> =
        Arc::new(ToolRetriever::new(NAME, Arc::clone(tool), collections));
    if config.queries == 1 && !config.rerank {
        return Ok(Some(retriever));
    }
    let pool = loom.pool().await?;
    let model = pool.model().to_owned();
    let provider: Arc<dyn Provider> = Arc::new(pool);
    if config.queries > 1 {
        let provider = Arc::clone(&provider);
        let several = MultiQuery::new(retriever, provider, model.clone(), config.queries);
        retriever = Arc::new(several);
    }
    if config.rerank {
        retriever = Arc::new(Rerank::new(retriever, provider, model));
    }
    Ok(Some(retriever))
}
