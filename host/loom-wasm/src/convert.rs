//! Between the contract's types and those of `loom-types`. What a guest says is checked here: text
//! that should be JSON and is not, names that cannot be names.

use std::sync::Arc;

use loom_types::{
    Access, AccessMode, Backup, Blob, CallId, Content, Entry, Error, ErrorKind, Example, Hit,
    Message, ModelEvent, ModelInfo, ModelRequest, Page, Part, Query, Reasoning, Result, Role,
    Safety, SessionId, SessionInfo, StopReason, ToolCall, ToolChoice, ToolDefinition, ToolResult,
    Upkeep, Usage,
};
use serde_json::Value;
use std::time::Duration;

use crate::bindings::{backups, llm_types as llm, memory, tool, types};
use crate::manifest::is_name;

/// What is kept of an error's message, and the most that its details may be: people and models read
/// them, and a traceback is a few kilobytes.
const ERROR_BYTES: usize = 64 << 10;

/// A guest's error, under its name.
pub(crate) fn error(error: types::Error, label: &str) -> Error {
    let kind = match error.kind {
        types::ErrorKind::InvalidInput => ErrorKind::InvalidInput,
        types::ErrorKind::NotFound => ErrorKind::NotFound,
        types::ErrorKind::Denied => ErrorKind::Denied,
        types::ErrorKind::Unauthenticated => ErrorKind::Unauthenticated,
        types::ErrorKind::RateLimited => ErrorKind::RateLimited,
        types::ErrorKind::Timeout => ErrorKind::Timeout,
        types::ErrorKind::Cancelled => ErrorKind::Cancelled,
        types::ErrorKind::Conflict => ErrorKind::Conflict,
        types::ErrorKind::Unavailable => ErrorKind::Unavailable,
        types::ErrorKind::Internal => ErrorKind::Internal,
    };
    Error {
        kind,
        message: cut(error.message),
        origin: Some(label.to_owned()),
        retry_after: error.retry_after_ms.map(Duration::from_millis),
        http_status: error.http_status,
        details: error
            .details
            .filter(|text| text.len() <= ERROR_BYTES)
            .map(|text| Box::new(loose_json(&text))),
    }
}

fn cut(mut text: String) -> String {
    if text.len() > ERROR_BYTES {
        text.truncate(text.floor_char_boundary(ERROR_BYTES));
        text.push_str(" […]");
    }
    text
}

/// An error of the host, for a guest.
pub(crate) fn to_error(error: Error) -> types::Error {
    let kind = match error.kind {
        ErrorKind::InvalidInput => types::ErrorKind::InvalidInput,
        ErrorKind::NotFound => types::ErrorKind::NotFound,
        ErrorKind::Denied => types::ErrorKind::Denied,
        ErrorKind::Unauthenticated => types::ErrorKind::Unauthenticated,
        ErrorKind::RateLimited => types::ErrorKind::RateLimited,
        ErrorKind::Timeout => types::ErrorKind::Timeout,
        ErrorKind::Cancelled => types::ErrorKind::Cancelled,
        ErrorKind::Conflict => types::ErrorKind::Conflict,
        ErrorKind::Unavailable => types::ErrorKind::Unavailable,
        // The contract has no word for a limit of another plugin.
        ErrorKind::ResourceExhausted | ErrorKind::Internal => types::ErrorKind::Internal,
    };
    types::Error {
        kind,
        message: error.to_string(),
        retry_after_ms: error
            .retry_after
            .map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX)),
        http_status: error.http_status,
        details: error.details.map(|details| details.to_string()),
    }
}

/// JSON if it is, the text itself if it is not: for what people read.
fn loose_json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

/// What a piece counts, however little is in it: a guest could return millions of empty ones.
const PIECE_BYTES: usize = 16;

/// The size of a piece that a tool returned.
pub(crate) fn size_bytes(content: &types::Content) -> usize {
    let bytes = match content {
        types::Content::Text(text) | types::Content::Json(text) => text.len(),
        types::Content::Blob(blob) => blob.mime.len() + blob.data.len(),
    };
    bytes + PIECE_BYTES
}

pub(crate) fn content(content: types::Content) -> Content {
    match content {
        types::Content::Text(text) => Content::Text(text),
        // A tool that calls text JSON has lied; its text is still worth showing.
        types::Content::Json(text) => match serde_json::from_str(&text) {
            Ok(value) => Content::Json(value),
            Err(_) => Content::Text(text),
        },
        types::Content::Blob(blob) => Content::Blob(Blob {
            mime: blob.mime,
            data: blob.data,
        }),
    }
}

/// A tool's definition, checked.
pub(crate) fn definition(definition: tool::Definition) -> Result<ToolDefinition, String> {
    let name = definition.name;
    let json = |what: &str, text: &str| {
        serde_json::from_str::<Value>(text)
            .map_err(|error| format!("the {what} of tool {name} is not JSON: {error}"))
    };
    let input_schema = json("input schema", &definition.input_schema)?;
    let output_schema = definition
        .output_schema
        .map(|text| json("output schema", &text))
        .transpose()?;
    let example = |example: tool::Example| {
        let arguments = json("example", &example.arguments)?;
        Ok(Example {
            title: example.title,
            arguments,
            output: example.output,
        })
    };
    let examples = definition
        .examples
        .into_iter()
        .map(example)
        .collect::<Result<_, String>>()?;
    checked(ToolDefinition {
        title: definition.title,
        description: definition.description,
        input_schema,
        output_schema,
        safety: match definition.safety {
            tool::Safety::Safe => Safety::Safe,
            tool::Safety::Cautious => Safety::Cautious,
            tool::Safety::Exclusive => Safety::Exclusive,
        },
        idempotent: definition.idempotent,
        accesses: definition.accesses.into_iter().map(access).collect(),
        examples,
        name,
    })
}

/// The definitions that a component lists in its section, checked.
pub(crate) fn listed(text: &str) -> Result<Vec<Arc<ToolDefinition>>, String> {
    let listed: Vec<ToolDefinition> = serde_json::from_str(text)
        .map_err(|error| format!("the list of tools inside it is not readable: {error}"))?;
    let listed = listed.into_iter();
    listed.map(|each| checked(each).map(Arc::new)).collect()
}

fn checked(definition: ToolDefinition) -> Result<ToolDefinition, String> {
    let name = &definition.name;
    if !is_name(name) {
        return Err(format!(
            "the tool name {name:?} is not made of 1 to 64 letters, digits, `_` and `-`"
        ));
    }
    let kind = definition.input_schema.get("type").and_then(Value::as_str);
    if kind != Some("object") {
        return Err(format!(
            "the input schema of tool {name} is not that of an object (`\"type\": \"object\"`)"
        ));
    }
    Ok(definition)
}

fn access(access: tool::Access) -> Access {
    let mode = match access.mode {
        tool::AccessMode::Read => AccessMode::Read,
        tool::AccessMode::Write => AccessMode::Write,
    };
    Access {
        mode,
        scheme: access.scheme,
        argument: access.argument,
    }
}

pub(crate) fn request(request: ModelRequest) -> llm::Request {
    llm::Request {
        model: request.model,
        messages: request.messages.iter().map(|each| message(each)).collect(),
        tools: request.tools.iter().map(|each| tool_spec(each)).collect(),
        tool_choice: match request.tool_choice {
            ToolChoice::Auto => llm::ToolChoice::Auto,
            ToolChoice::None => llm::ToolChoice::None,
            ToolChoice::Required => llm::ToolChoice::Required,
            ToolChoice::Tool(name) => llm::ToolChoice::Tool(name),
        },
        max_output_tokens: request.max_output_tokens,
        temperature: request.temperature,
        stop_sequences: request.stop_sequences,
        output_schema: request.output_schema.map(|schema| schema.to_string()),
        extra: request.extra.map(|extra| extra.to_string()),
    }
}

fn tool_spec(definition: &ToolDefinition) -> llm::ToolSpec {
    llm::ToolSpec {
        name: definition.name.clone(),
        description: definition.description.clone(),
        input_schema: definition.input_schema.to_string(),
    }
}

fn message(message: &Message) -> llm::Message {
    let role = match message.role {
        Role::System => llm::Role::System,
        Role::User => llm::Role::User,
        Role::Assistant => llm::Role::Assistant,
        Role::Tool => llm::Role::Tool,
    };
    llm::Message {
        role,
        parts: message.parts.iter().map(part).collect(),
    }
}

fn part(part: &Part) -> llm::Part {
    match part {
        Part::Text { text } => llm::Part::Text(text.clone()),
        Part::Image { image } => llm::Part::Image(blob(image)),
        Part::ToolCall(ToolCall {
            id,
            name,
            arguments,
        }) => llm::Part::ToolCall(llm::ToolCall {
            id: id.to_string(),
            name: name.clone(),
            arguments: arguments.clone(),
        }),
        Part::ToolResult(result) => llm::Part::ToolResult(tool_result(result)),
        Part::Reasoning(Reasoning {
            text,
            provider_state,
        }) => llm::Part::Reasoning(llm::Reasoning {
            text: text.clone(),
            provider_state: provider_state.as_ref().map(Value::to_string),
        }),
    }
}

fn tool_result(result: &ToolResult) -> llm::ToolResult {
    let content = result.content.iter().map(|content| match content {
        Content::Text(text) => types::Content::Text(text.clone()),
        Content::Json(value) => types::Content::Json(value.to_string()),
        Content::Blob(data) => types::Content::Blob(blob(data)),
    });
    llm::ToolResult {
        call_id: result.call_id.to_string(),
        name: result.name.clone(),
        content: content.collect(),
        is_error: result.is_error,
    }
}

fn blob(blob: &Blob) -> types::Blob {
    types::Blob {
        mime: blob.mime.clone(),
        data: blob.data.clone(),
    }
}

pub(crate) fn event(event: llm::Event) -> ModelEvent {
    match event {
        llm::Event::Text(text) => ModelEvent::Text { text },
        llm::Event::Reasoning(text) => ModelEvent::Reasoning { text },
        llm::Event::ReasoningEnd(state) => ModelEvent::ReasoningEnd {
            provider_state: state.map(|text| loose_json(&text)),
        },
        llm::Event::ToolCallStart(start) => ModelEvent::ToolCallStart {
            index: start.index,
            id: CallId::from(start.id),
            name: start.name,
        },
        llm::Event::ToolCallArguments(piece) => ModelEvent::ToolCallArguments {
            index: piece.index,
            fragment: piece.fragment,
        },
        llm::Event::Usage(usage) => ModelEvent::Usage {
            usage: Usage {
                input_tokens: usage.input_tokens,
                output_tokens: usage.output_tokens,
                cache_read_tokens: usage.cache_read_tokens,
                cache_write_tokens: usage.cache_write_tokens,
                reasoning_tokens: usage.reasoning_tokens,
            },
        },
        llm::Event::Stop(reason) => ModelEvent::Stop {
            reason: stop_reason(reason),
        },
        llm::Event::Other(text) => ModelEvent::Other {
            value: loose_json(&text),
        },
    }
}

fn stop_reason(reason: llm::StopReason) -> StopReason {
    match reason {
        llm::StopReason::EndTurn => StopReason::EndTurn,
        llm::StopReason::ToolUse => StopReason::ToolUse,
        llm::StopReason::MaxOutputTokens => StopReason::MaxOutputTokens,
        llm::StopReason::StopSequence => StopReason::StopSequence,
        llm::StopReason::ContentFilter => StopReason::ContentFilter,
        llm::StopReason::Other(text) => StopReason::Other(text),
    }
}

/// The bytes that an event brought into the host.
pub(crate) fn event_bytes(event: &llm::Event) -> usize {
    match event {
        llm::Event::Text(text) | llm::Event::Reasoning(text) | llm::Event::Other(text) => {
            text.len()
        }
        llm::Event::ReasoningEnd(state) => state.as_ref().map_or(0, String::len),
        llm::Event::ToolCallStart(start) => start.id.len() + start.name.len(),
        llm::Event::ToolCallArguments(piece) => piece.fragment.len(),
        llm::Event::Usage(_) | llm::Event::Stop(_) => 0,
    }
}

pub(crate) fn model(model: llm::Model) -> ModelInfo {
    ModelInfo {
        id: model.id,
        context_window: model.context_window,
        max_output_tokens: model.max_output_tokens,
        tools: model.tools,
        images: model.images,
        reasoning: model.reasoning,
    }
}

pub(crate) fn to_entry(entry: Entry) -> memory::Entry {
    memory::Entry {
        seq: entry.seq,
        time_ms: entry.time_ms,
        kind: entry.kind,
        text: entry.text,
        vector: entry.vector,
        payload: entry.payload.to_string(),
    }
}

/// An entry as the store gave it back. What the host wrote as JSON must come back as JSON.
pub(crate) fn entry(entry: memory::Entry, label: &str) -> Result<Entry> {
    let payload = serde_json::from_str(&entry.payload).map_err(|error| {
        let message = format!(
            "entry {} of the session is not what was stored: {error}",
            entry.seq
        );
        Error::internal(message).from_origin(label)
    })?;
    Ok(Entry {
        seq: entry.seq,
        time_ms: entry.time_ms,
        kind: entry.kind,
        text: entry.text,
        vector: entry.vector,
        payload,
    })
}

pub(crate) fn page(page: memory::Page) -> Page {
    let sessions = page.sessions.into_iter().map(|info| SessionInfo {
        id: SessionId::from(info.id),
        entries: info.entries,
        created_ms: info.created_ms,
        updated_ms: info.updated_ms,
    });
    Page {
        sessions: sessions.collect(),
        cursor: page.cursor,
    }
}

pub(crate) fn to_query(query: Query) -> memory::Query {
    memory::Query {
        text: query.text,
        vector: query.vector,
        session: query.session.map(|id| id.to_string()),
        kinds: query.kinds,
        since_ms: query.since_ms,
        until_ms: query.until_ms,
    }
}

pub(crate) fn hit(hit: memory::Hit, label: &str) -> Result<Hit> {
    Ok(Hit {
        session: SessionId::from(hit.session),
        entry: entry(hit.entry, label)?,
        score: hit.score,
    })
}

pub(crate) fn backup(backup: backups::Backup) -> Backup {
    Backup {
        id: backup.id,
        session: SessionId::from(backup.session),
        entries: backup.entries,
        created_ms: backup.created_ms,
        size_bytes: backup.size_bytes,
    }
}

pub(crate) fn upkeep(upkeep: backups::Upkeep) -> Upkeep {
    Upkeep {
        made: upkeep.made.map(backup),
        removed: upkeep.removed,
        reclaimed_bytes: upkeep.reclaimed_bytes,
    }
}
