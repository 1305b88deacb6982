//! Messages: what a conversation is made of, and what a session's log keeps.

use serde::{Deserialize, Serialize};

use crate::{Blob, CallId, Content};

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    System,
    User,
    Assistant,
    /// The results of tool calls.
    Tool,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub role: Role,
    pub parts: Vec<Part>,
}

/// A piece of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Part {
    Text { text: String },
    Image { image: Blob },
    ToolCall(ToolCall),
    ToolResult(ToolResult),
    Reasoning(Reasoning),
}

/// A model's wish to call a tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    pub id: CallId,
    pub name: String,
    /// What the model wrote: normally, but not surely, a JSON object.
    pub arguments: String,
}

/// What came of a tool call. Every call gets exactly one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolResult {
    pub call_id: CallId,
    pub name: String,
    pub content: Vec<Content>,
    pub is_error: bool,
}

/// What a model thought before it answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reasoning {
    pub text: String,
    /// What the provider wants back unchanged, for example a signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_state: Option<serde_json::Value>,
}

impl Message {
    /// A system message of text.
    pub fn system(text: impl Into<String>) -> Self {
        Self::text_of(Role::System, text.into())
    }

    /// A user message of text.
    pub fn user(text: impl Into<String>) -> Self {
        Self::text_of(Role::User, text.into())
    }

    /// An assistant message of text.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::text_of(Role::Assistant, text.into())
    }

    /// A message with the result of one tool call.
    #[must_use]
    pub fn tool(result: ToolResult) -> Self {
        Self {
            role: Role::Tool,
            parts: vec![Part::ToolResult(result)],
        }
    }

    fn text_of(role: Role, text: String) -> Self {
        Self {
            role,
            parts: vec![Part::Text { text }],
        }
    }

    /// All text of the message, without reasoning, calls and results.
    #[must_use]
    pub fn text(&self) -> String {
        let texts = self.parts.iter().filter_map(|part| match part {
            Part::Text { text } => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    /// The tool calls, in the model's order.
    pub fn tool_calls(&self) -> impl Iterator<Item = &ToolCall> {
        self.parts.iter().filter_map(|part| match part {
            Part::ToolCall(call) => Some(call),
            _ => None,
        })
    }

    /// The tool results, in the order of the message.
    pub fn tool_results(&self) -> impl Iterator<Item = &ToolResult> {
        self.parts.iter().filter_map(|part| match part {
            Part::ToolResult(result) => Some(result),
            _ => None,
        })
    }
}

impl ToolResult {
    /// The content as text, pieces on lines of their own.
    #[must_use]
    pub fn text(&self) -> String {
        self.content
            .iter()
            .map(Content::to_text)
            .collect::<Vec<_>>()
            .join("\n")
    }
}
