//! The contract's request as a body for `/v1/messages`.

use loom_sdk::Error;
use loom_sdk::llm::{Message, Part, Request, Role, ToolChoice, ToolSpec};
use serde_json::{Map, Value, json};

use crate::messages;
use crate::models::{self, Generation};
use crate::schema;
use crate::settings::Settings;

/// The least that a budget for thinking may be (Anthropic's page on extended thinking).
const LEAST_THINKING_TOKENS: u32 = 1024;

/// The body of a request for a streamed answer.
///
/// # Errors
///
/// `invalid-input` if a schema or `extra` is not the JSON that it should be.
pub(crate) fn body(request: &Request, settings: &Settings) -> Result<Value, Error> {
    let mut body = Map::new();
    prompt(&mut body, request, settings)?;
    sampling(&mut body, request, settings);
    if let Some(text) = &request.output_schema {
        let schema = schema::closed(object("the output schema", text)?);
        let format = json!({"type": "json_schema", "schema": schema});
        body.insert("output_config".to_owned(), json!({"format": format}));
    }
    let mut body = Value::Object(body);
    if let Some(extra) = &request.extra {
        merge(&mut body, object("the extra fields", extra)?);
    }
    Ok(body)
}

/// What the model reads.
fn prompt(
    body: &mut Map<String, Value>,
    request: &Request,
    settings: &Settings,
) -> Result<(), Error> {
    let mut system = messages::system(&request.messages);
    let mut conversation = messages::conversation(&request.messages);
    let tools: Result<Vec<_>, _> = request.tools.iter().map(tool).collect();
    let mut tools = tools?;
    if settings.cache {
        mark(system.last_mut());
        mark(tools.last_mut());
        mark(messages::last_of_user(&mut conversation));
    }
    let mut set = |name: &str, value: Value| drop(body.insert(name.to_owned(), value));
    set("model", json!(request.model));
    if !system.is_empty() {
        set("system", system.into());
    }
    set("messages", conversation.into());
    if !tools.is_empty() {
        set("tools", tools.into());
        if let Some(choice) = tool_choice(&request.tool_choice) {
            set("tool_choice", choice);
        }
    }
    Ok(())
}

/// How the model answers.
fn sampling(body: &mut Map<String, Value>, request: &Request, settings: &Settings) {
    let max_tokens = request
        .max_output_tokens
        .or(settings.max_tokens)
        .unwrap_or_else(|| models::default_max_tokens(&request.model));
    let thinking = thinking(request, settings, max_tokens);
    // Thinking and a temperature exclude each other, and newer models take none at all.
    let generation = Generation::of(&request.model);
    let takes_temperature =
        thinking.is_none() && generation.is_none_or(Generation::takes_temperature);
    let temperature = request.temperature.filter(|_| takes_temperature);
    let mut set = |name: &str, value: Value| drop(body.insert(name.to_owned(), value));
    set("stream", json!(true));
    set("max_tokens", json!(max_tokens));
    if let Some(temperature) = temperature {
        set("temperature", decimal(temperature.clamp(0.0, 1.0)));
    }
    if let Some(thinking) = thinking {
        set("thinking", thinking);
    }
    if !request.stop_sequences.is_empty() {
        set("stop_sequences", json!(request.stop_sequences));
    }
}

/// Thinking, if it is on and the API allows it here: not with a forced tool, and not in the middle
/// of a turn that began without.
fn thinking(request: &Request, settings: &Settings, max_tokens: u32) -> Option<Value> {
    let budget = settings.thinking_budget_tokens?;
    let is_forced = matches!(
        request.tool_choice,
        ToolChoice::Required | ToolChoice::Tool(_)
    );
    if is_forced && !request.tools.is_empty() {
        return None;
    }
    if Generation::of(&request.model).is_some_and(Generation::thinks_adaptively) {
        return Some(json!({"type": "adaptive", "display": "summarized"}));
    }
    if !turn_has_thinking(&request.messages) {
        return None;
    }
    // The budget is part of the limit on the answer, and something must be left.
    let budget = budget.max(LEAST_THINKING_TOKENS);
    let budget = if budget < max_tokens {
        budget
    } else {
        max_tokens / 2
    };
    (budget >= LEAST_THINKING_TOKENS).then(|| json!({"type": "enabled", "budget_tokens": budget}))
}

/// Whether the calls that are being answered, if any are, came after thinking.
fn turn_has_thinking(messages: &[Message]) -> bool {
    let is_answer = |message: &&Message| {
        let is_result = |part: &Part| matches!(part, Part::ToolResult(_));
        message.parts.iter().any(is_result)
    };
    if !messages.last().is_some_and(|last| is_answer(&last)) {
        return true;
    }
    let asked = messages
        .iter()
        .rev()
        .find(|message| message.role == Role::Assistant);
    asked.is_some_and(|message| message.parts.iter().any(messages::is_thinking))
}

fn tool(tool: &ToolSpec) -> Result<Value, Error> {
    let what = format!("the input schema of the tool {}", tool.name);
    Ok(json!({
        "name": tool.name,
        "description": tool.description,
        "input_schema": object(&what, &tool.input_schema)?,
    }))
}

fn tool_choice(choice: &ToolChoice) -> Option<Value> {
    match choice {
        ToolChoice::Auto => None,
        ToolChoice::None => Some(json!({"type": "none"})),
        ToolChoice::Required => Some(json!({"type": "any"})),
        ToolChoice::Tool(name) => Some(json!({"type": "tool", "name": name})),
    }
}

/// What comes before a mark is kept by the server for the next request.
fn mark(block: Option<&mut Value>) {
    if let Some(block) = block {
        block["cache_control"] = json!({"type": "ephemeral"});
    }
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
