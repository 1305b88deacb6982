//! Language models: the trait behind which providers and the pool live.

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::{
    CallId, CorrelationId, Message, Result, Routing, RunId, SessionId, ToolDefinition, Trace,
};

/// A provider of language models, or a pool of them.
#[async_trait]
pub trait Provider: Send + Sync {
    /// The name it has in the configuration.
    fn name(&self) -> &str;

    /// The models that can be asked for now.
    async fn models(&self) -> Result<Vec<ModelInfo>>;

    /// Asks a model. Dropping the stream cancels the answer.
    async fn complete(
        &self,
        request: ModelRequest,
        context: &CompletionContext,
    ) -> Result<EventStream>;
}

/// An answer as it comes. Ends after its last event, or with the first error.
pub type EventStream = BoxStream<'static, Result<ModelEvent>>;

/// On whose behalf a model is asked.
#[derive(Clone, Debug)]
pub struct CompletionContext {
    pub run_id: RunId,
    pub session_id: SessionId,
    /// What outgoing requests name as their cause.
    pub trace: Trace,
    pub cancel: CancellationToken,
}

impl CompletionContext {
    /// A context of its own, for a question outside a run.
    #[must_use]
    pub fn standalone() -> Self {
        let run_id = RunId::generate();
        Self {
            trace: Trace::of_run(CorrelationId::from(&run_id), &run_id),
            run_id,
            session_id: SessionId::generate(),
            cancel: CancellationToken::new(),
        }
    }
}

/// What a model is asked.
#[derive(Clone, Debug, Default)]
pub struct ModelRequest {
    /// As in [`ModelInfo::id`].
    pub model: String,
    pub messages: Vec<Arc<Message>>,
    pub tools: Vec<Arc<ToolDefinition>>,
    pub tool_choice: ToolChoice,
    /// The provider's default if absent.
    pub max_output_tokens: Option<u32>,
    /// 0.0 to 2.0; the provider's default if absent.
    pub temperature: Option<f32>,
    pub stop_sequences: Vec<String>,
    /// JSON Schema that the answer must satisfy, where the model can be held to one.
    pub output_schema: Option<serde_json::Value>,
    /// Fields to merge into the provider's own request body.
    pub extra: Option<serde_json::Value>,
}

/// Whether the model may, must or must not call tools.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolChoice {
    #[default]
    Auto,
    None,
    Required,
    Tool(String),
}

/// A model that a provider offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelInfo {
    pub id: String,
    /// Tokens of input and output together, if known.
    pub context_window: Option<u64>,
    pub max_output_tokens: Option<u64>,
    pub tools: bool,
    pub images: bool,
    pub reasoning: bool,
}

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ModelEvent {
    Text {
        text: String,
    },
    Reasoning {
        text: String,
    },
    /// Ends a block of reasoning.
    ReasoningEnd {
        provider_state: Option<serde_json::Value>,
    },
    ToolCallStart {
        index: u32,
        id: CallId,
        name: String,
    },
    /// A piece of a call's arguments, JSON text.
    ToolCallArguments {
        index: u32,
        fragment: String,
    },
    /// Replaces the counts that came before.
    Usage {
        usage: Usage,
    },
    /// The model ended its answer. An answer without it was cut off.
    Stop {
        reason: StopReason,
    },
    /// A pool took a decision.
    Routing(Routing),
    Other {
        value: serde_json::Value,
    },
}

/// Tokens, as the provider counted them; zero where it did not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// All input, cached or not.
    pub input_tokens: u64,
    /// All output, reasoning included.
    pub output_tokens: u64,
    pub cache_read_tokens: u64,
    pub cache_write_tokens: u64,
    pub reasoning_tokens: u64,
}

impl Usage {
    /// Input and output together.
    #[must_use]
    pub fn total_tokens(&self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.input_tokens += other.input_tokens;
        self.output_tokens += other.output_tokens;
        self.cache_read_tokens += other.cache_read_tokens;
        self.cache_write_tokens += other.cache_write_tokens;
        self.reasoning_tokens += other.reasoning_tokens;
    }
}

/// Why a model stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    EndTurn,
    ToolUse,
    MaxOutputTokens,
    StopSequence,
    /// The provider refused to go on.
    ContentFilter,
    Other(String),
}
