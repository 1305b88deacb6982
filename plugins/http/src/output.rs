//! The response as the model sees it.

use loom_http_exchange::body::End;
use loom_http_exchange::media::{Kind, MediaType};
use loom_sdk::tool::{Blob, Content};

use crate::MAX_BYTES;
use crate::exchange::Answer;

/// Headers that a model can act on; beside them the rate limits, whose names vary.
const SHOWN: [&str; 12] = [
    "allow",
    "content-disposition",
    "content-language",
    "content-range",
    "etag",
    "last-modified",
    "link",
    "location",
    "retry-after",
    "set-cookie",
    "warning",
    "www-authenticate",
];
/// What is shown of one header's value.
const MAX_HEADER_CHARS: usize = 1000;

/// `HTTP 200 text/html (512 bytes)`, headers, an empty line, the body.
pub(crate) fn content(answer: Answer) -> Vec<Content> {
    let media_type = MediaType::parse(header(&answer, "content-type"));
    let kind = if encoding(&answer).is_some() {
        Kind::Binary
    } else {
        media_type.kind(&answer.body, answer.end != End::Complete)
    };
    let head = head(&answer);
    if answer.body.is_empty() {
        return vec![Content::Text(head)];
    }
    let is_whole = answer.end == End::Complete;
    match kind {
        Kind::Image if is_whole => vec![
            Content::Text(head),
            Content::Blob(Blob {
                mime: media_type.essence,
                data: answer.body,
            }),
        ],
        Kind::Image | Kind::Binary => {
            let description = describe(&answer, &media_type);
            vec![Content::Text(format!("{head}\n\n{description}"))]
        }
        Kind::Text => vec![Content::Text(text(&answer, &media_type, &head))],
    }
}

fn head(answer: &Answer) -> String {
    let content_type = header(answer, "content-type").map_or(String::new(), |t| format!(" {t}"));
    let count = answer.body.len();
    let noun = if count == 1 { "byte" } else { "bytes" };
    let size = match answer.end {
        End::Complete => format!("{count} {noun}"),
        _ => format!("first {count} {noun}"),
    };
    let mut lines = vec![format!("HTTP {}{content_type} ({size})", answer.status)];
    if let Some(url) = &answer.redirected_to {
        lines.push(format!("url: {url}"));
    }
    if !answer.dropped_headers.is_empty() {
        let names = answer.dropped_headers.join(", ");
        lines.push(format!("not sent to another origin: {names}"));
    }
    let shown = answer.headers.iter().filter(|(name, _)| is_shown(name));
    lines.extend(shown.map(|(name, value)| format!("{name}: {}", shorten(value))));
    lines.join("\n")
}

fn is_shown(name: &str) -> bool {
    SHOWN.contains(&name) || name.contains("ratelimit")
}

fn text(answer: &Answer, media_type: &MediaType, head: &str) -> String {
    let is_cut = answer.end != End::Complete;
    let mut body = media_type.decode(&answer.body, is_cut);
    let mut end = answer.end.clone();
    // Text in another charset grows when it becomes UTF-8.
    if body.len() > answer.max_bytes {
        body.truncate(body.floor_char_boundary(answer.max_bytes));
        end = End::Cut;
    }
    let note = note(&end, answer.max_bytes).map_or(String::new(), |note| format!("\n\n[{note}]"));
    format!("{head}\n\n{body}{note}")
}

fn describe(answer: &Answer, media_type: &MediaType) -> String {
    let essence = match media_type.essence.as_str() {
        "" => "binary data of unknown type",
        essence => essence,
    };
    let what = match encoding(answer) {
        Some(encoding) => format!("{essence}, packed with {encoding}"),
        None => essence.to_owned(),
    };
    let note =
        note(&answer.end, answer.max_bytes).map_or(String::new(), |note| format!("; {note}"));
    format!("[not shown: {what}{note}]")
}

fn note(end: &End, max_bytes: usize) -> Option<String> {
    match end {
        End::Complete => None,
        End::Cut if max_bytes < MAX_BYTES => Some(format!(
            "cut after {max_bytes} bytes; raise max_bytes or send the header range for more"
        )),
        End::Cut => Some(format!(
            "cut after {max_bytes} bytes; send the header range for more"
        )),
        End::TimedOut => {
            Some("the time was up before the end; raise timeout_ms for more".to_owned())
        }
        End::Broken(why) => Some(format!("incomplete: {why}")),
    }
}

/// How a body is packed, if the host has not unpacked it.
fn encoding(answer: &Answer) -> Option<&str> {
    header(answer, "content-encoding").filter(|encoding| !encoding.eq_ignore_ascii_case("identity"))
}

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    let mut headers = answer.headers.iter();
    headers
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

fn shorten(value: &str) -> String {
    let mut chars = value.chars();
    let shown: String = chars.by_ref().take(MAX_HEADER_CHARS).collect();
    match chars.next() {
        Some(_) => format!("{shown}…"),
        None => shown,
    }
}

#[cfg(test)]
mod tests;
