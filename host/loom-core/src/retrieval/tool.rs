//! A tool that searches, as a retriever: for automatic retrieval the host calls it itself.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use loom_types::{Content, Error, Passage, Result, Retriever, Tool, ToolContext};
use serde::Deserialize;
use serde_json::{Value, json};

/// A person waits for it before the first word.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A retriever that calls a tool with `{"query", "limit", "collections"}` and reads
/// `{"passages": [{"id", "source", "title", "text", "score"}]}` from what it returns. No permission is
/// asked for: the person configured it.
pub struct ToolRetriever {
    name: String,
    tool: Arc<dyn Tool>,
    collections: Vec<String>,
}

#[derive(Deserialize)]
struct Answer {
    passages: Vec<Passage>,
}

impl ToolRetriever {
    /// `name` is what people call what is searched; the tool searches everything if `collections` is
    /// empty.
    pub fn new(name: impl Into<String>, tool: Arc<dyn Tool>, collections: Vec<String>) -> Self {
        Self {
            name: name.into(),
            tool,
            collections,
        }
    }

    fn arguments(&self, question: &str, limit: usize) -> Value {
        let mut arguments = json!({ "query": question, "limit": limit });
        if !self.collections.is_empty() {
            arguments["collections"] = json!(self.collections);
        }
        arguments
    }
}

#[async_trait]
impl Retriever for ToolRetriever {
    fn name(&self) -> &str {
        &self.name
    }

    async fn retrieve(&self, question: &str, limit: usize) -> Result<Vec<Passage>> {
        let context = ToolContext::standalone(TIMEOUT);
        let arguments = self.arguments(question, limit);
        let call = self.tool.call(&arguments, &context);
        let content = tokio::time::timeout(TIMEOUT, call).await;
        let content = content
            .unwrap_or_else(|_| Err(Error::timeout(format!("it did not end within {TIMEOUT:?}"))));
        let tool = &self.tool.definition().name;
        let content =
            content.map_err(|error| error.context(format_args!("searching with {tool}")))?;
        let mut passages = read(&content).ok_or_else(|| {
            Error::internal(format!(
                "{tool} returned no list of passages, so nothing is retrieved; switch \
                 retrieval.automatic off or mend the plugin"
            ))
        })?;
        passages.retain(|passage| !passage.id.trim().is_empty());
        passages.truncate(limit);
        Ok(passages)
    }
}

/// The passages of the first piece that has any.
fn read(content: &[Content]) -> Option<Vec<Passage>> {
    let mut answers = content.iter().filter_map(|piece| match piece {
        Content::Json(value) => Answer::deserialize(value).ok(),
        Content::Text(text) => serde_json::from_str::<Answer>(text).ok(),
        Content::Blob(_) => None,
    });
    answers.next().map(|answer| answer.passages)
}
