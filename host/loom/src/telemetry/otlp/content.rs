//! What the model and the tools said, in the form of the conventions: JSON in an attribute. Only for
//! those who allowed it.

use loom_types::{Message, Part, ToolResult};
use opentelemetry::KeyValue;
use serde_json::{Value, json};

use super::names;

/// The answer of a model.
pub(super) fn answer(message: &Message) -> KeyValue {
    let parts: Vec<Value> = message.parts.iter().filter_map(part).collect();
    let calls = message.tool_calls().next().is_some();
    let answer = json!([{
        "role": "assistant",
        "parts": parts,
        "finish_reason": if calls { "tool_call" } else { "stop" },
    }]);
    KeyValue::new(names::OUTPUT_MESSAGES, answer.to_string())
}

/// What a tool gave.
pub(super) fn result(result: &ToolResult) -> KeyValue {
    KeyValue::new(names::TOOL_RESULT, result.text())
}

/// What a tool was given.
pub(super) fn arguments(arguments: &str) -> KeyValue {
    KeyValue::new(names::TOOL_ARGUMENTS, arguments.to_owned())
}

fn part(part: &Part) -> Option<Value> {
    match part {
        Part::Text { text } => Some(json!({ "type": "text", "content": text })),
        Part::Reasoning(reasoning) => {
            Some(json!({ "type": "reasoning", "content": reasoning.text }))
        }
        Part::ToolCall(call) => {
            // What is no JSON is text, as the model wrote it.
            let arguments = serde_json::from_str(&call.arguments);
            let arguments: Value = arguments.unwrap_or_else(|_| call.arguments.as_str().into());
            let id = call.id.as_str();
            Some(
                json!({ "type": "tool_call", "id": id, "name": call.name, "arguments": arguments }),
            )
        }
        Part::Image { .. } | Part::ToolResult(_) => None,
    }
}
