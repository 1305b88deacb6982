//! Results of tools that are shown in part or no more: the texts in their place. Which ones is `tiers`'.

use loom_types::{Blob, CallId, Content, ToolResult};
use serde::{Deserialize, Serialize};

/// The tool that shows a shortened result again.
pub(crate) const READ_RESULT: &str = "read_result";

/// A result that is no longer shown whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shortened {
    pub call_id: CallId,
    #[serde(flatten)]
    pub shortening: Shortening,
}

/// What became of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Shortening {
    /// Only its first and last bytes are shown, each less what is not a whole line.
    Clamped {
        head_bytes: usize,
        tail_bytes: usize,
    },
    /// It is not shown, because a later call made it out of date.
    Superseded,
    /// It is not shown.
    #[serde(other)]
    Cleared,
}

/// How a text begins that stands for a whole result.
const CLEARED: &str = "[cleared by the host: ";
/// A shorter result is hardly longer than what would stand in its place.
pub(super) const MIN_BYTES: usize = 400;

/// Whether there is something to clear.
pub(super) fn can_clear(result: &ToolResult) -> bool {
    let bytes: usize = result.content.iter().map(Content::size_bytes).sum();
    let cleared =
        matches!(result.content.as_slice(), [Content::Text(text)] if text.starts_with(CLEARED));
    bytes >= MIN_BYTES && !cleared
}

/// The result as it is shown from now on.
pub(super) fn result(result: &ToolResult, shortening: Shortening) -> ToolResult {
    let text = match shortening {
        Shortening::Cleared => cleared(result, ""),
        Shortening::Superseded => cleared(result, "a later call made it out of date; "),
        Shortening::Clamped {
            head_bytes,
            tail_bytes,
        } => clamped(result, head_bytes, tail_bytes),
    };
    ToolResult {
        content: vec![Content::Text(text)],
        ..result.clone()
    }
}

/// The result with mentions in the place of its images.
pub(super) fn without_images(result: &ToolResult) -> ToolResult {
    let content = result.content.iter().map(|content| match content {
        Content::Blob(blob) => Content::Text(image_mention(blob)),
        other => other.clone(),
    });
    ToolResult {
        content: content.collect(),
        ..result.clone()
    }
}

/// What stands for an image that is no longer shown.
pub(super) fn image_mention(image: &Blob) -> String {
    format!(
        "[here was {}, {} bytes; the host no longer shows it]",
        image.mime,
        image.data.len()
    )
}

fn cleared(result: &ToolResult, why: &str) -> String {
    let text = result.text();
    format!(
        "{CLEARED}{why}{} lines, {} bytes; {}]",
        text.lines().count(),
        text.len(),
        pointer(result)
    )
}

fn clamped(result: &ToolResult, head_bytes: usize, tail_bytes: usize) -> String {
    let text = result.text();
    if head_bytes.saturating_add(tail_bytes) >= text.len() {
        return text;
    }
    let head = whole_lines_before(&text, head_bytes);
    let tail = whole_lines_after(&text, text.len() - tail_bytes);
    let left_out = &text[head.len()..text.len() - tail.len()];
    format!(
        "{head}\n[{} lines, {} bytes left out by the host; {}]\n{tail}",
        left_out.trim_matches('\n').lines().count(),
        left_out.len(),
        pointer(result)
    )
}

fn pointer(result: &ToolResult) -> String {
    format!(
        "{READ_RESULT} with call_id {} shows it",
        serde_json::Value::from(result.call_id.as_str())
    )
}

/// The beginning up to a byte, less what is not a whole line; a part of a line if the lines are long.
pub(super) fn whole_lines_before(text: &str, end: usize) -> &str {
    let head = &text[..text.floor_char_boundary(end)];
    match head.rfind('\n') {
        Some(line_end) if line_end >= head.len() / 2 => &head[..line_end],
        _ => head,
    }
}

/// The end from a byte on, likewise.
pub(super) fn whole_lines_after(text: &str, start: usize) -> &str {
    let tail = &text[text.ceil_char_boundary(start)..];
    match tail.find('\n') {
        Some(line_end) if line_end < tail.len() / 2 => &tail[line_end + 1..],
        _ => tail,
    }
}

#[cfg(test)]
mod tests;
