//! A model in the process: a function from the question to the answer, for tests of what is behind the
//! model. Nothing here is a test.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::{StreamExt as _, stream};
use loom_types::{
    CallId, CompletionContext, EventStream, ModelEvent, ModelInfo, ModelRequest, Provider, Result,
    Role, StopReason, Usage,
};
use serde_json::Value;

/// What the model says.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    Text(String),
    /// Names and arguments of tools.
    Calls(Vec<(&'static str, Value)>),
}

impl Reply {
    /// A reply of text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A call of one tool.
    #[must_use]
    pub fn call(name: &'static str, arguments: Value) -> Self {
        Self::Calls(vec![(name, arguments)])
    }
}

/// A question, as far as a script wants to know it.
pub struct Question<'a>(&'a ModelRequest);

impl Question<'_> {
    /// The last message of the person; empty if there is none.
    #[must_use]
    pub fn last_input(&self) -> String {
        let mut messages = self.0.messages.iter().rev();
        let last = messages.find(|message| message.role == Role::User);
        last.map(|message| message.text()).unwrap_or_default()
    }

    /// Texts of all messages, in order.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.0
            .messages
            .iter()
            .map(|message| message.text())
            .collect()
    }

    /// Whether the answer has to be JSON of a schema, as when the host asks for a summary.
    #[must_use]
    pub fn wants_json(&self) -> bool {
        self.0.output_schema.is_some()
    }

    /// Texts of the tools' results, in order.
    #[must_use]
    pub fn results(&self) -> Vec<String> {
        let messages = self.0.messages.iter();
        let results = messages.flat_map(|message| message.tool_results());
        results.map(loom_types::ToolResult::text).collect()
    }
}

type Answers = dyn Fn(&Question<'_>) -> Reply + Send + Sync;

/// The model.
pub struct Model {
    answers: Box<Answers>,
    delay: Duration,
}

impl Model {
    /// A model that answers at once.
    pub fn new(answers: impl Fn(&Question<'_>) -> Reply + Send + Sync + 'static) -> Arc<Self> {
        Self::slow(Duration::ZERO, answers)
    }

    /// A model that takes its time for each question.
    pub fn slow(
        delay: Duration,
        answers: impl Fn(&Question<'_>) -> Reply + Send + Sync + 'static,
    ) -> Arc<Self> {
        let answers = Box::new(answers);
        Arc::new(Self { answers, delay })
    }
}

#[async_trait]
impl Provider for Model {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn models(&self) -> Result<Vec<ModelInfo>> {
        Ok(Vec::new())
    }

    async fn complete(
        &self,
        request: ModelRequest,
        _context: &CompletionContext,
    ) -> Result<EventStream> {
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
        let events = events((self.answers)(&Question(&request)), request.messages.len());
        Ok(stream::iter(events.into_iter().map(Ok)).boxed())
    }
}

/// `turn` makes the calls' ids different from those of other turns.
fn events(reply: Reply, turn: usize) -> Vec<ModelEvent> {
    let mut events = Vec::new();
    let reason = match reply {
        Reply::Text(text) => {
            events.push(ModelEvent::Text { text });
            StopReason::EndTurn
        }
        Reply::Calls(calls) => {
            for (index, (name, arguments)) in (0..).zip(calls) {
                let id = CallId::from(format!("call-{turn}-{index}").as_str());
                let (name, fragment) = (name.to_owned(), arguments.to_string());
                events.push(ModelEvent::ToolCallStart { index, id, name });
                events.push(ModelEvent::ToolCallArguments { index, fragment });
            }
            StopReason::ToolUse
        }
    };
    let usage = Usage {
        input_tokens: 10,
        output_tokens: 5,
        ..Usage::default()
    };
    events.push(ModelEvent::Usage { usage });
    events.push(ModelEvent::Stop { reason });
    events
}
