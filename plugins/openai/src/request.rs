//! The contract's request as a body for `/chat/completions`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use loom_sdk::Error;
use loom_sdk::llm::{Message, Part, Request, Role, ToolCall, ToolChoice, ToolResult, ToolSpec};
use loom_sdk::tool::{Blob, Content};
use serde_json::{Map, Value, json};

use crate::settings::Settings;

/// The body of a request for a streamed answer.
///
/// # Errors
///
/// `invalid-input` if a schema or `extra` is not the JSON that it should be.
pub(crate) fn body(request: &Request, settings: &Settings) -> Result<Value, Error> {
    let mut body = Map::new();
    let mut set = |name: &str, value: Value| body.insert(name.to_owned(), value);
    set("model", json!(request.model));
    set(
        "messages",
        request.messages.iter().flat_map(message).collect(),
    );
    set("stream", json!(true));
    if settings.stream_usage {
        set("stream_options", json!({"include_usage": true}));
    }
    if !request.tools.is_empty() {
        let tools: Result<Vec<_>, _> = request.tools.iter().map(tool).collect();
        set("tools", tools?.into());
        tool_choice(&request.tool_choice).map(|choice| set("tool_choice", choice));
    }
    if let Some(tokens) = request.max_output_tokens {
        set(&settings.max_tokens_field, json!(tokens));
    }
    if let Some(temperature) = request.temperature {
        set("temperature", decimal(temperature));
    }
    if !request.stop_sequences.is_empty() {
        set("stop", json!(request.stop_sequences));
    }
    if let Some(schema) = &request.output_schema {
        set("response_format", response_format(schema)?);
    }
    let mut body = Value::Object(body);
    if let Some(extra) = &request.extra {
        merge(&mut body, object("the extra fields", extra)?);
    }
    Ok(body)
}

fn message(message: &Message) -> Vec<Value> {
    match message.role {
        Role::System => vec![json!({"role": "system", "content": texts(&message.parts)})],
        Role::Assistant => vec![assistant(&message.parts)],
        Role::User | Role::Tool => user_and_tools(&message.parts),
    }
}

/// Results first: servers want them right after the calls.
fn user_and_tools(parts: &[Part]) -> Vec<Value> {
    let mut messages = Vec::new();
    let mut has_images = false;
    for part in parts {
        match part {
            Part::ToolResult(result) => messages.push(tool_message(result)),
            Part::Image(_) => has_images = true,
            Part::Text(_) | Part::ToolCall(_) | Part::Reasoning(_) => {}
        }
    }
    let is_only_results = !messages.is_empty() && messages.len() == parts.len();
    if has_images {
        let parts: Vec<_> = parts.iter().filter_map(user_part).collect();
        messages.push(json!({"role": "user", "content": parts}));
    } else if !is_only_results {
        // A plain text is what every server takes.
        messages.push(json!({"role": "user", "content": texts(parts)}));
    }
    messages
}

fn user_part(part: &Part) -> Option<Value> {
    match part {
        Part::Text(text) => Some(json!({"type": "text", "text": text})),
        Part::Image(image) => {
            let url = format!("data:{};base64,{}", image.mime, BASE64.encode(&image.data));
            Some(json!({"type": "image_url", "image_url": {"url": url}}))
        }
        Part::ToolCall(_) | Part::ToolResult(_) | Part::Reasoning(_) => None,
    }
}

fn texts(parts: &[Part]) -> String {
    let texts = parts.iter().filter_map(|part| match part {
        Part::Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect::<Vec<_>>().join("\n\n")
}

fn assistant(parts: &[Part]) -> Value {
    let calls: Vec<_> = parts.iter().filter_map(tool_call).collect();
    let text = texts(parts);
    if calls.is_empty() {
        return json!({"role": "assistant", "content": text});
    }
    let content = if text.is_empty() {
        Value::Null
    } else {
        text.into()
    };
    let mut message = json!({"role": "assistant", "content": content, "tool_calls": calls});
    // DeepSeek refuses a turn with tool calls that lacks its reasoning, and the templates of local
    // models that think between calls want it too. Without calls nobody does.
    for part in parts {
        let Part::Reasoning(reasoning) = part else {
            continue;
        };
        let Some(field) = reasoning_field(reasoning.provider_state.as_deref()) else {
            continue;
        };
        let so_far = message[field].as_str().unwrap_or_default();
        message[field] = format!("{so_far}{}", reasoning.text).into();
    }
    message
}

/// The field in which the server sent the reasoning, if it was one like this. See [`reasoning_state`].
fn reasoning_field(state: Option<&str>) -> Option<&'static str> {
    let state: Value = serde_json::from_str(state?).ok()?;
    let field = state.get("field")?.as_str()?;
    ["reasoning_content", "reasoning"]
        .into_iter()
        .find(|name| *name == field)
}

/// What the contract calls `provider-state`: where reasoning came from, and goes back to.
pub(crate) fn reasoning_state(field: &str) -> String {
    json!({"field": field}).to_string()
}

fn tool_call(part: &Part) -> Option<Value> {
    let Part::ToolCall(ToolCall {
        id,
        name,
        arguments,
    }) = part
    else {
        return None;
    };
    let function = json!({"name": name, "arguments": valid_arguments(arguments)});
    Some(json!({"id": id, "type": "function", "function": function}))
}

/// Chat templates parse the arguments, so text that is no JSON would make every later request of
/// the session fail.
fn valid_arguments(arguments: &str) -> String {
    if arguments.trim().is_empty() {
        return "{}".to_owned();
    }
    match serde_json::from_str::<Value>(arguments) {
        Ok(Value::Object(_)) => arguments.to_owned(),
        _ => json!({"invalid_arguments": arguments}).to_string(),
    }
}

fn tool_message(result: &ToolResult) -> Value {
    let pieces: Vec<_> = result.content.iter().map(content_text).collect();
    let text = pieces.join("\n");
    let text = if result.is_error {
        format!("Error: {text}")
    } else {
        text
    };
    json!({"role": "tool", "tool_call_id": result.call_id, "content": text})
}

/// A tool's message holds text and nothing else.
fn content_text(content: &Content) -> String {
    match content {
        Content::Text(text) | Content::Json(text) => text.clone(),
        Content::Blob(Blob { mime, data }) => match std::str::from_utf8(data) {
            Ok(text) if mime.starts_with("text/") => text.to_owned(),
            _ => format!("[{mime}, {} bytes, not shown]", data.len()),
        },
    }
}

fn tool(tool: &ToolSpec) -> Result<Value, Error> {
    let parameters = object(
        &format!("the input schema of the tool {}", tool.name),
        &tool.input_schema,
    )?;
    let function = json!({
        "name": tool.name,
        "description": tool.description,
        "parameters": parameters,
    });
    Ok(json!({"type": "function", "function": function}))
}

/// `auto` is the default everywhere, and some servers refuse the word.
fn tool_choice(choice: &ToolChoice) -> Option<Value> {
    match choice {
        ToolChoice::Auto => None,
        ToolChoice::None => Some(json!("none")),
        ToolChoice::Required => Some(json!("required")),
        ToolChoice::Tool(name) => Some(json!({"type": "function", "function": {"name": name}})),
    }
}

fn response_format(schema: &str) -> Result<Value, Error> {
    let schema = object("the output schema", schema)?;
    let strict = is_strict(&schema);
    let format = json!({"name": "answer", "schema": schema, "strict": strict});
    Ok(json!({"type": "json_schema", "json_schema": format}))
}

/// OpenAI enforces a schema only if it asks for every property and allows no other, and refuses
/// one that claims to be strict and is not.
fn is_strict(schema: &Value) -> bool {
    let nested = match schema {
        Value::Object(fields) => fields.values().all(is_strict),
        Value::Array(items) => items.iter().all(is_strict),
        _ => true,
    };
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        let is_open_object = schema.get("type").is_some_and(|name| name == "object");
        return nested && !is_open_object;
    };
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &String| required.is_some_and(|list| list.iter().any(|r| r == name));
    let is_closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
    nested && is_closed && properties.keys().all(is_required)
}

fn object(what: &str, text: &str) -> Result<Value, Error> {
    match serde_json::from_str(text) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(Error::invalid_input(format!(
            "{what} must be a JSON object"
        ))),
        Err(error) => Err(Error::invalid_input(format!(
            "{what} must be JSON: {error}"
        ))),
    }
}

/// A merge patch (RFC 7396): objects are merged, null removes, anything else replaces.
fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let Value::Object(fields) = target else {
        return;
    };
    for (name, value) in patch {
        if value.is_null() {
            fields.shift_remove(&name);
        } else {
            merge(fields.entry(name).or_insert(Value::Null), value);
        }
    }
}

/// 0.2 as 0.2, not as the 0.20000000298 that the nearest single is.
fn decimal(number: f32) -> Value {
    let exact = number.to_string().parse::<f64>().ok();
    exact
        .and_then(serde_json::Number::from_f64)
        .map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests;
