//! Messages of other tools, one JSON object each, in the shapes of OpenAI's chat completions and of
//! Anthropic's messages.

use std::collections::BTreeMap;

use loom_types::{CallId, Content, Entry, Message, Part, Role, ToolCall, ToolResult};
use serde_json::Value;

use crate::session::{message_entry, result_entry};

/// A conversation as entries of a log.
#[derive(Default)]
pub(super) struct Conversation {
    pub(super) entries: Vec<Entry>,
    pub(super) left_out: usize,
    /// Names of the tools that were called.
    calls: BTreeMap<CallId, String>,
}

type Parsed<T> = std::result::Result<T, String>;

impl Conversation {
    /// Adds a message. An error says what is wrong with it.
    pub(super) fn push(&mut self, message: &Value) -> Parsed<()> {
        let role = match message.get("role").and_then(Value::as_str) {
            Some("system" | "developer") => Role::System,
            Some("user") => Role::User,
            Some("assistant") => Role::Assistant,
            Some("tool") => return self.push_tool(message),
            Some(other) => {
                return Err(format!(
                    "`{other}` is none of the roles system, user, assistant and tool"
                ));
            }
            None => return Err("it has no `role`".to_owned()),
        };
        let mut parts = self.parts(message.get("content"))?;
        if let Some(calls) = message.get("tool_calls").filter(|calls| !calls.is_null()) {
            let calls = calls.as_array().ok_or("`tool_calls` is no list")?;
            for call in calls {
                parts.push(self.called(&call["id"], &call["function"], "arguments")?);
            }
        }
        // Anthropic's results are parts of the next message of the user.
        let (results, parts): (Vec<_>, Vec<_>) = parts
            .into_iter()
            .partition(|part| matches!(part, Part::ToolResult(_)));
        for part in results {
            if let Part::ToolResult(result) = part {
                self.entries.push(result_entry(&result));
            }
        }
        if !parts.is_empty() {
            self.entries.push(message_entry(&Message { role, parts }));
        }
        Ok(())
    }

    /// A message that is the result of a call.
    fn push_tool(&mut self, message: &Value) -> Parsed<()> {
        let result = self.result(message, "tool_call_id")?;
        self.entries.push(result_entry(&result));
        Ok(())
    }

    fn parts(&mut self, content: Option<&Value>) -> Parsed<Vec<Part>> {
        match content {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::String(text)) => Ok(text_part(text).into_iter().collect()),
            Some(Value::Array(parts)) => {
                let parts = parts.iter().map(|part| self.part(part));
                Ok(parts
                    .collect::<Parsed<Vec<_>>>()?
                    .into_iter()
                    .flatten()
                    .collect())
            }
            Some(_) => Err("`content` is neither text nor a list of parts".to_owned()),
        }
    }

    fn part(&mut self, part: &Value) -> Parsed<Option<Part>> {
        if let Value::String(text) = part {
            return Ok(text_part(text));
        }
        match part.get("type").and_then(Value::as_str) {
            Some("text" | "input_text" | "output_text") => {
                let text = part.get("text").and_then(Value::as_str);
                Ok(text_part(text.ok_or("a part of text has no `text`")?))
            }
            Some("tool_use") => self.called(&part["id"], part, "input").map(Some),
            Some("tool_result") => {
                let result = self.result(part, "tool_use_id")?;
                Ok(Some(Part::ToolResult(result)))
            }
            Some(other) => {
                self.left_out += 1;
                Ok(text_part(&format!("[a part of type {other} was left out]")))
            }
            None => Err("a part of `content` has no `type`".to_owned()),
        }
    }

    fn called(&mut self, id: &Value, function: &Value, arguments: &str) -> Parsed<Part> {
        let id = id.as_str().ok_or("a tool call has no `id`")?;
        let name = function.get("name").and_then(Value::as_str);
        let name = name.ok_or("a tool call has no `name`")?;
        let arguments = match function.get(arguments) {
            Some(Value::String(text)) => text.clone(),
            None | Some(Value::Null) => "{}".to_owned(),
            Some(value) => value.to_string(),
        };
        self.calls.insert(CallId::from(id), name.to_owned());
        Ok(Part::ToolCall(ToolCall {
            id: CallId::from(id),
            name: name.to_owned(),
            arguments,
        }))
    }

    fn result(&mut self, value: &Value, id: &str) -> Parsed<ToolResult> {
        let call_id = value.get(id).and_then(Value::as_str);
        let call_id = CallId::from(call_id.ok_or_else(|| format!("a tool result has no `{id}`"))?);
        let name = self.calls.get(&call_id).cloned().ok_or_else(|| {
            format!("it has the result of a call {call_id} that no message before it made")
        })?;
        let parts = self.parts(value.get("content"))?;
        let content = parts.into_iter().filter_map(|part| match part {
            Part::Text { text } => Some(Content::Text(text)),
            _ => None,
        });
        Ok(ToolResult {
            call_id,
            name,
            content: content.collect(),
            is_error: value.get("is_error").and_then(Value::as_bool) == Some(true),
        })
    }
}

fn text_part(text: &str) -> Option<Part> {
    let is_some = !text.is_empty();
    is_some.then(|| Part::Text {
        text: text.to_owned(),
    })
}
