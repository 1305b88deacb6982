//! The contract's messages as blocks of content. The API knows two roles, which it wants in turn;
//! instructions stand apart, and results of tools are the user's.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use loom_sdk::llm::{Message, Part, Role, ToolCall, ToolResult};
use loom_sdk::tool::{Blob, Content};
use serde_json::{Value, json};

/// The images that the API reads (Anthropic's page on vision).
const IMAGE_TYPES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

/// All instructions, wherever they stood.
pub(crate) fn system(messages: &[Message]) -> Vec<Value> {
    let system = messages
        .iter()
        .filter(|message| message.role == Role::System);
    let parts = system.flat_map(|message| &message.parts);
    let texts = parts.filter(|part| matches!(part, Part::Text(_)));
    texts.filter_map(block).collect()
}

/// The messages of both sides in turn.
pub(crate) fn conversation(messages: &[Message]) -> Vec<Value> {
    let mut turns: Vec<(&str, Vec<Value>)> = Vec::new();
    for message in messages {
        let role = match message.role {
            Role::System => continue,
            Role::Assistant => "assistant",
            Role::User | Role::Tool => "user",
        };
        let blocks: Vec<_> = message.parts.iter().filter_map(block).collect();
        match turns.last_mut() {
            _ if blocks.is_empty() => {}
            Some((last, so_far)) if *last == role => so_far.extend(blocks),
            _ => turns.push((role, blocks)),
        }
    }
    let turns = turns.into_iter().map(|(role, mut blocks)| {
        // Results must come right after the calls, before what the user adds. The sort is stable.
        blocks.sort_by_key(|block| block["type"] != "tool_result");
        json!({"role": role, "content": blocks})
    });
    turns.collect()
}

/// The last block of the last message of the user.
pub(crate) fn last_of_user(conversation: &mut [Value]) -> Option<&mut Value> {
    let is_user = |message: &&mut Value| message["role"] == "user";
    let message = conversation.iter_mut().rev().find(is_user)?;
    message["content"].as_array_mut()?.last_mut()
}

/// Whether a part is thinking that the API gave, and takes back.
pub(crate) fn is_thinking(part: &Part) -> bool {
    matches!(part, Part::Reasoning(_)) && block(part).is_some()
}

fn block(part: &Part) -> Option<Value> {
    match part {
        // The API refuses blank texts.
        Part::Text(text) => {
            (!text.trim().is_empty()).then(|| json!({"type": "text", "text": text}))
        }
        Part::Image(image) => Some(blob(image)),
        Part::ToolCall(call) => Some(tool_use(call)),
        Part::ToolResult(result) => Some(tool_result(result)),
        Part::Reasoning(reasoning) => thinking(reasoning.provider_state.as_deref()?),
    }
}

/// The block as it came, which is what its signature covers; not that of another provider.
fn thinking(state: &str) -> Option<Value> {
    let block: Value = serde_json::from_str(state).ok()?;
    let is_ours = ["thinking", "redacted_thinking"]
        .iter()
        .any(|name| block["type"] == *name);
    is_ours.then_some(block)
}

fn tool_use(call: &ToolCall) -> Value {
    let input = match serde_json::from_str(&call.arguments) {
        Ok(input @ Value::Object(_)) => input,
        _ if call.arguments.trim().is_empty() => json!({}),
        // The API takes nothing but an object, and the model should see what it wrote.
        _ => json!({"invalid_arguments": call.arguments}),
    };
    json!({"type": "tool_use", "id": id(&call.id), "name": call.name, "input": input})
}

fn tool_result(result: &ToolResult) -> Value {
    let content: Vec<_> = result.content.iter().filter_map(content_block).collect();
    let mut block = json!({"type": "tool_result", "tool_use_id": id(&result.call_id)});
    if !content.is_empty() {
        block["content"] = content.into();
    }
    if result.is_error {
        block["is_error"] = true.into();
    }
    block
}

fn content_block(content: &Content) -> Option<Value> {
    match content {
        Content::Text(text) | Content::Json(text) => block(&Part::Text(text.clone())),
        Content::Blob(data) => Some(blob(data)),
    }
}

fn blob(Blob { mime, data }: &Blob) -> Value {
    if IMAGE_TYPES.contains(&mime.as_str()) {
        let source = json!({"type": "base64", "media_type": mime, "data": BASE64.encode(data)});
        return json!({"type": "image", "source": source});
    }
    let text = match std::str::from_utf8(data) {
        Ok(text) if mime.starts_with("text/") && !text.trim().is_empty() => text.to_owned(),
        _ => format!("[{mime}, {} bytes, not shown]", data.len()),
    };
    json!({"type": "text", "text": text})
}

/// Ids of other providers may have characters that the API refuses (it takes `[a-zA-Z0-9_-]`).
fn id(id: &str) -> String {
    let is_taken = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    id.chars()
        .map(|c| if is_taken(c) { c } else { '_' })
        .collect()
}

#[cfg(test)]
mod tests;
