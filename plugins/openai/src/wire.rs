//! What a server answers, as it looks on the wire. Every field may be missing, null or of a wrong
//! type that is still understood: servers differ.

use loom_sdk::llm::Usage;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A piece of a streamed answer, or a whole answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Chunk {
    #[serde(deserialize_with = "or_default")]
    pub(crate) choices: Vec<Choice>,
    pub(crate) usage: Option<TokenUsage>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Choice {
    pub(crate) index: Option<u64>,
    /// In a stream.
    pub(crate) delta: Option<Delta>,
    /// In a whole answer.
    pub(crate) message: Option<Delta>,
    #[serde(deserialize_with = "text")]
    pub(crate) finish_reason: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Delta {
    pub(crate) content: Option<Content>,
    #[serde(deserialize_with = "text")]
    pub(crate) refusal: String,
    /// DeepSeek, llama.cpp, vLLM.
    #[serde(deserialize_with = "text")]
    pub(crate) reasoning_content: String,
    /// OpenRouter, Groq, newer vLLM.
    #[serde(deserialize_with = "text")]
    pub(crate) reasoning: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) tool_calls: Vec<ToolCall>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Content {
    Text(String),
    /// Mistral's models that think.
    Parts(Vec<ContentPart>),
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ContentPart {
    Text {
        text: String,
    },
    Thinking {
        thinking: Vec<ContentPart>,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ToolCall {
    pub(crate) index: Option<u64>,
    #[serde(deserialize_with = "text")]
    pub(crate) id: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) function: Function,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Function {
    #[serde(deserialize_with = "text")]
    pub(crate) name: String,
    /// JSON text, or, from some servers, the JSON itself.
    #[serde(deserialize_with = "text")]
    pub(crate) arguments: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TokenUsage {
    #[serde(deserialize_with = "or_default")]
    prompt_tokens: u64,
    #[serde(deserialize_with = "or_default")]
    completion_tokens: u64,
    #[serde(deserialize_with = "or_default")]
    prompt_tokens_details: PromptDetails,
    #[serde(deserialize_with = "or_default")]
    completion_tokens_details: CompletionDetails,
    /// DeepSeek.
    #[serde(deserialize_with = "or_default")]
    prompt_cache_hit_tokens: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PromptDetails {
    #[serde(deserialize_with = "or_default")]
    cached_tokens: u64,
    #[serde(deserialize_with = "or_default")]
    cache_write_tokens: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CompletionDetails {
    #[serde(deserialize_with = "or_default")]
    reasoning_tokens: u64,
}

impl From<TokenUsage> for Usage {
    fn from(usage: TokenUsage) -> Self {
        let details = usage.prompt_tokens_details;
        Self {
            input_tokens: usage.prompt_tokens,
            output_tokens: usage.completion_tokens,
            cache_read_tokens: details.cached_tokens.max(usage.prompt_cache_hit_tokens),
            cache_write_tokens: details.cache_write_tokens,
            reasoning_tokens: usage.completion_tokens_details.reasoning_tokens,
        }
    }
}

/// The answer of `/embeddings`.
#[derive(Debug, Deserialize)]
pub(crate) struct Embeddings {
    pub(crate) data: Vec<Embedding>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Embedding {
    pub(crate) index: Option<usize>,
    pub(crate) embedding: Vec<f32>,
}

/// Null counts as missing.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Null counts as empty, anything but a text as its JSON.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    })
}
