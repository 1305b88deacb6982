//! What the model is told of a tool call: results within their size, and errors it can act on.

use loom_types::{Content, Error, ErrorKind, Limit, ToolCall, ToolResult};
use serde::Serialize;

use crate::stop::Cause;

/// The result of a call: what the tool returned, or its error, within `max_bytes` of text.
pub(crate) fn result(
    call: &ToolCall,
    outcome: Result<Vec<Content>, Error>,
    max_bytes: usize,
) -> ToolResult {
    let (content, is_error) = match outcome {
        Ok(content) => (content, false),
        Err(error) => (vec![Content::Text(error_text(&error))], true),
    };
    ToolResult {
        call_id: call.id.clone(),
        name: call.name.clone(),
        content: clamp(content, max_bytes),
        is_error,
    }
}

/// The result of a call that was running when an earlier run died.
pub(crate) fn interrupted(call: &ToolCall) -> ToolResult {
    let text = format!(
        "error (interrupted): the process ended while `{}` was running; its outcome is unknown. It may have \
         done everything, something or nothing: verify before you repeat it, and tell the person",
        call.name
    );
    notice(call, text)
}

/// The result of a call of a run that was stopped.
pub(crate) fn stopped(call: &ToolCall, cause: Cause, started: bool) -> ToolResult {
    let why = match cause {
        Cause::Cancelled => "error (cancelled): the run was cancelled".to_owned(),
        Cause::Limit(Limit::WallTime(time)) => {
            format!("error (timeout): stopped: the run's time limit of {time:?} was reached")
        }
        Cause::Limit(limit) => {
            format!("error (resource_exhausted): stopped: {limit} ended the run")
        }
    };
    let state = if started {
        "while this call was running; its outcome is unknown, verify before you repeat it"
    } else {
        "before this call started; it did not run"
    };
    notice(call, format!("{why} {state}"))
}

fn notice(call: &ToolCall, text: String) -> ToolResult {
    ToolResult {
        call_id: call.id.clone(),
        name: call.name.clone(),
        content: vec![Content::Text(text)],
        is_error: true,
    }
}

/// `error (permission): fs 0.1.0: message. advice`
fn error_text(error: &Error) -> String {
    let wait = error.retry_after.map_or_else(String::new, |wait| {
        format!(" (not before {} s)", wait.as_secs_f64().ceil())
    });
    // After a list the advice needs a line of its own.
    let separator = if error.message.contains('\n') {
        "\n"
    } else {
        ". "
    };
    let class = match error.kind {
        // No failure, so none of their classes tells the model anything.
        ErrorKind::Cancelled => name_of(&error.kind),
        _ => name_of(&error.category()),
    };
    if error.kind == ErrorKind::Denied && error.origin.is_none() {
        // The gate's reason says itself what to do instead.
        return format!("error ({class}): {error}");
    }
    format!(
        "error ({class}): {error}{separator}{}{wait}",
        error.advice()
    )
}

/// The name that an enum's variant has in JSON.
fn name_of(variant: &impl Serialize) -> String {
    match serde_json::to_value(variant) {
        Ok(serde_json::Value::String(name)) => name,
        _ => "unknown".to_owned(),
    }
}

/// Content whose text fits: what is larger becomes one text, head and tail with a note between. Blobs
/// stay as they are; the plugin's own limits hold them down.
fn clamp(content: Vec<Content>, max_bytes: usize) -> Vec<Content> {
    let is_text = |piece: &Content| !matches!(piece, Content::Blob(_));
    let texts = content.iter().filter(|piece| is_text(piece));
    if texts.map(Content::size_bytes).sum::<usize>() <= max_bytes {
        return content;
    }
    let (texts, blobs): (Vec<_>, Vec<_>) = content.into_iter().partition(is_text);
    let texts: Vec<_> = texts.iter().map(Content::to_text).collect();
    let clamped = clamp_text(&texts.join("\n"), max_bytes);
    std::iter::once(Content::Text(clamped))
        .chain(blobs)
        .collect()
}

/// Head and tail of a text, about three quarters and one quarter of `max_bytes`: the beginning says what
/// a text is, the end how it came out.
fn clamp_text(text: &str, max_bytes: usize) -> String {
    let tail_bytes = max_bytes / 4;
    let head = &text[..text.floor_char_boundary(max_bytes - tail_bytes)];
    let tail = &text[text.ceil_char_boundary(text.len() - tail_bytes)..];
    let left_out = text.len() - head.len() - tail.len();
    format!(
        "{head}\n\n[… {left_out} of {} bytes left out here; ask for less at once, for example for a part \
         or with a filter …]\n\n{tail}",
        text.len()
    )
}

#[cfg(test)]
mod tests;
