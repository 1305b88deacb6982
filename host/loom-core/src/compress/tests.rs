//! Compression as a whole: what people complain of elsewhere, each rule, and random conversations.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

mod complaints;
mod conversation;
mod properties;
mod rules;

use std::collections::VecDeque;

use async_trait::async_trait;
use loom_types::{
    Compressed, CompressionReason, Error, ModelRequest, Result, Role, ToolDefinition,
};
use serde_json::json;

use super::*;
pub(crate) use conversation::Conversation;

/// A model that gives these answers, and remembers what it was asked.
#[derive(Default)]
pub(crate) struct Scripted {
    answers: VecDeque<Result<String>>,
    pub(crate) requests: Vec<ModelRequest>,
}

impl Scripted {
    pub(crate) fn answers(answers: impl IntoIterator<Item = Result<String>>) -> Self {
        Self {
            answers: answers.into_iter().collect(),
            requests: Vec::new(),
        }
    }

    /// One that is always out of reach.
    pub(crate) fn down() -> Self {
        Self::default()
    }

    /// What it was asked last.
    fn last_question(&self) -> String {
        self.requests.last().unwrap().messages[1].text()
    }
}

#[async_trait]
impl Ask for Scripted {
    async fn ask(&mut self, request: ModelRequest) -> Result<String> {
        self.requests.push(request);
        let next = self.answers.pop_front();
        next.unwrap_or_else(|| Err(Error::unavailable("the model is down")))
    }
}

/// A whole answer with one item in each segment.
pub(crate) fn record(overview: &str, context: &[&str]) -> String {
    json!({
        "task_overview": [overview],
        "key_decisions": ["It was decided to go on."],
        "progress": ["Some of it is done."],
        "blockers": [],
        "open_items": ["The rest."],
        "context": context,
        "next_steps": ["Go on."],
        "drop": [],
    })
    .to_string()
}

/// What a test compresses with.
#[derive(Clone, Debug)]
struct Setting {
    options: CompressionOptions,
    window: u64,
    summarizer_window: u64,
    fixed_tokens: u64,
    reason: CompressionReason,
    tools: Vec<Arc<ToolDefinition>>,
}

/// What came of it.
#[derive(Debug)]
struct Done {
    compaction: Compaction,
    compressed: Compressed,
    items: Vec<Item>,
}

impl Setting {
    fn window(window: u64) -> Self {
        Self {
            options: CompressionOptions::default(),
            window,
            summarizer_window: 128_000,
            fixed_tokens: 0,
            reason: CompressionReason::Threshold,
            tools: Vec::new(),
        }
    }

    fn pinned(mut self, facts: &[&str]) -> Self {
        self.options.pinned = facts.iter().map(|&fact| fact.to_owned()).collect();
        self
    }

    fn because(mut self, reason: CompressionReason) -> Self {
        self.reason = reason;
        self
    }

    async fn again(
        &self,
        items: &[Item],
        previous: Option<&Compaction>,
        ask: &mut Scripted,
    ) -> Result<Option<Done>> {
        let mut counter = counter();
        let job = Job {
            items,
            previous,
            options: &self.options,
            counter: &mut counter,
            calibration: Calibration::new(),
            fixed_tokens: self.fixed_tokens,
            window: self.window,
            reason: self.reason,
            tools: &self.tools,
            summarizer: Summarizer {
                model: "small",
                window: self.summarizer_window,
            },
        };
        let done = compress(job, ask).await?;
        Ok(done.map(|(compaction, compressed)| Done {
            items: apply(&compaction, 1_000_000, items.to_vec()),
            compaction,
            compressed,
        }))
    }

    async fn compress(&self, items: &[Item], ask: &mut Scripted) -> Result<Option<Done>> {
        self.again(items, None, ask).await
    }

    /// Compresses what has to be compressed.
    async fn must(&self, items: &[Item], ask: &mut Scripted) -> Done {
        self.compress(items, ask).await.unwrap().unwrap()
    }
}

impl Done {
    fn text(&self) -> String {
        all_text(&self.items)
    }
}

fn counter() -> Counter {
    Counter::new(Tokenizer::for_model("gpt-4o"))
}

fn tokens(items: &[Item]) -> u64 {
    let mut counter = counter();
    items
        .iter()
        .map(|item| counter.message(&item.message))
        .sum()
}

fn all_text(items: &[Item]) -> String {
    let texts = items
        .iter()
        .flat_map(|item| identifiers::all_text(&item.message));
    texts.collect::<Vec<_>>().join("\n")
}

/// Says what a provider would refuse of these messages.
pub(crate) fn fault(items: &[Item]) -> Option<String> {
    let messages: Vec<_> = items.iter().map(|item| &item.message).collect();
    let mut others = messages.iter().filter(|m| m.role != Role::System);
    if others.next().is_some_and(|first| first.role != Role::User) {
        return Some("the first message is not the person's".to_owned());
    }
    for (index, message) in messages.iter().enumerate() {
        if message.parts.is_empty() {
            return Some(format!("message {index} is empty"));
        }
        let calls: Vec<_> = message.tool_calls().map(|call| &call.id).collect();
        let next = messages.get(index + 1).filter(|m| m.role == Role::Tool);
        let results: Vec<_> = next.into_iter().flat_map(|m| m.tool_results()).collect();
        let results: Vec<_> = results.iter().map(|result| &result.call_id).collect();
        if calls != results {
            return Some(format!(
                "message {index}: calls {calls:?}, results {results:?}"
            ));
        }
    }
    None
}
