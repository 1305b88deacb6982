//! Small questions to a model about a search. They have a short time, and whoever asks goes on without
//! an answer.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use loom_types::{
    CompletionContext, Error, Message, ModelEvent, ModelRequest, Provider, Result, ToolChoice,
};
use serde_json::Value;

/// A person waits, and the run's own question is still to come.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Room for reasoning models, whose thoughts count as output.
const MAX_OUTPUT_TOKENS: u32 = 2000;

/// The text that a model answers.
pub(super) async fn ask(
    provider: &Arc<dyn Provider>,
    model: &str,
    instructions: &str,
    question: String,
) -> Result<String> {
    let request = ModelRequest {
        model: model.to_owned(),
        messages: vec![
            Arc::new(Message::system(instructions)),
            Arc::new(Message::user(question)),
        ],
        tool_choice: ToolChoice::None,
        max_output_tokens: Some(MAX_OUTPUT_TOKENS),
        ..ModelRequest::default()
    };
    let answer = tokio::time::timeout(TIMEOUT, text(provider, request)).await;
    answer.unwrap_or_else(|_| {
        Err(Error::timeout(format!(
            "the model did not answer within {TIMEOUT:?}"
        )))
    })
}

async fn text(provider: &Arc<dyn Provider>, request: ModelRequest) -> Result<String> {
    let context = CompletionContext::standalone();
    let mut events = provider.complete(request, &context).await?;
    let mut text = String::new();
    while let Some(event) = events.next().await {
        match event? {
            ModelEvent::Text { text: piece } => text.push_str(&piece),
            ModelEvent::Routing(routing) if routing.restarts() => text.clear(),
            _ => {}
        }
    }
    Ok(text)
}

/// The strings of the first list in an answer, whatever stands around it.
pub(super) fn strings(answer: &str) -> Option<Vec<String>> {
    let starts = answer.match_indices('[').map(|(at, _)| at);
    let lists = starts.filter_map(|at| {
        let mut values =
            serde_json::Deserializer::from_str(&answer[at..]).into_iter::<Vec<Value>>();
        values.next()?.ok()
    });
    let strings = |list: Vec<Value>| {
        let strings = list.into_iter().map(|value| match value {
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        });
        strings.collect::<Option<Vec<_>>>()
    };
    lists.filter_map(strings).find(|list| !list.is_empty())
}
