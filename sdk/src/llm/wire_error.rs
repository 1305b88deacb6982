//! What an HTTP answer that is not a completion means, for providers of any wire format: the shapes
//! in which model servers and the gateways before them report failures, read into the contract's
//! error. What is special to one service stays in that service's plugin.

use std::time::Duration;

use serde_json::Value;

use crate::error::{Error, ErrorKind};

/// The `code` in [`Error::details`] of a request that is larger than the model's context window,
/// whatever the server called it.
pub const CONTEXT_LENGTH_EXCEEDED: &str = "context_length_exceeded";

/// How a LiteLLM proxy without a database answers to every key but its own, with status 400.
const LITELLM_KEY_ERROR: &str = "no_db_connection";

/// What happened, and what to do, when a request was too large.
const OVERFLOW: (&str, &str) = (
    "the request is larger than the model's context window",
    "shorten the conversation or choose a model with a larger window",
);

/// What OpenAI calls an account without credit, with status 429.
const NO_CREDIT: &str = "insufficient_quota";

/// Plugins do not follow redirects: the key would go where the person did not send it.
const ELSEWHERE: (&str, &str) = (
    "the model server sends requests on to another address",
    "check base_url",
);

/// How much of a server's own words goes into a message.
const REASON_CHARS: usize = 600;

/// The error behind a response whose status is not 2xx.
///
/// The kind follows the status. But an over-long request is always `invalid-input`, with
/// [`Error::CONTEXT_OVERFLOW`] and `{"code": "context_length_exceeded"}` in the details, which hold
/// the server's own `code`, `type` and `param` otherwise; and an account without credit is always
/// `denied`, because waiting does not fill it.
pub fn from_response(status: u16, body: &[u8], retry_after: Option<Duration>) -> Error {
    let text = String::from_utf8_lossy(body);
    let report = match serde_json::from_str::<Value>(&text) {
        Ok(value) => Report::read(&value),
        Err(_) => Report::from_text(&text),
    };
    let mut error = report.error(Some(status));
    error.retry_after_ms =
        retry_after.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
    error
}

/// The error inside an answer that began well, for example one event of a stream; `None` if the
/// value reports none. The status is the one that the report names, or that belongs to its type.
pub fn from_value(value: &Value) -> Option<Error> {
    let reports = match value.get("error") {
        None | Some(Value::Null) => {
            let is_error = |key| value.get(key).and_then(Value::as_str) == Some("error");
            is_error("object") || is_error("type")
        }
        Some(_) => true,
    };
    reports.then(|| {
        let report = Report::read(value);
        let status = report.status();
        report.error(status)
    })
}

/// What a server said.
#[derive(Default)]
struct Report {
    reason: Option<String>,
    /// A word for programs, or an HTTP status.
    code: Option<String>,
    r#type: Option<String>,
    param: Option<String>,
}

impl Report {
    /// Reads `{"error": {…}}` (OpenAI, Anthropic, LiteLLM, llama.cpp), the same in a list (Google),
    /// `{"error": "…"}` (Ollama), `{"detail": …}` (FastAPI), `{"message": …}` (vLLM, Cohere,
    /// Mistral), `{"errors": […]}` (Cloudflare) and `{"title": …, "detail": …}` (RFC 9457).
    fn read(value: &Value) -> Self {
        let value = value.get(0).unwrap_or(value);
        let text = |key| value.get(key).and_then(word);
        let outer = Self {
            reason: ["message", "detail", "msg", "error", "errors", "title"]
                .into_iter()
                .find_map(|key| reason(value.get(key)?)),
            code: text("code"),
            r#type: text("type").filter(|r#type| r#type != "error"),
            param: text("param"),
        };
        match value.get("error").or_else(|| value.get("errors")?.get(0)) {
            Some(inner @ Value::Object(_)) => Self::read(inner).or(outer),
            _ => outer,
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            reason: self.reason.or(other.reason),
            code: self.code.or(other.code),
            r#type: self.r#type.or(other.r#type),
            param: self.param.or(other.param),
        }
    }

    /// A page or a line that some proxy wrote.
    fn from_text(text: &str) -> Self {
        let lower = text.to_ascii_lowercase();
        let title = lower.find("<title>").and_then(|start| {
            let start = start + "<title>".len();
            let end = start + lower[start..].find("</title>")?;
            Some(&text[start..end])
        });
        let is_page = text.trim_start().starts_with('<');
        let reason = if is_page { title } else { Some(text) };
        Self {
            reason: reason.map(tidy).filter(|reason| !reason.is_empty()),
            ..Self::default()
        }
    }

    /// The HTTP status that a report inside a 200 answer stands for.
    fn status(&self) -> Option<u16> {
        let words = [self.code.as_deref(), self.r#type.as_deref()];
        let number = |word: &str| word.parse().ok().filter(|n| (400..=599).contains(n));
        let mut words = words.into_iter().flatten();
        words.find_map(|word| number(word).or_else(|| status_of(word)))
    }

    fn error(self, status: Option<u16>) -> Error {
        let overflow = self.is_context_overflow(status);
        let (kind, (what, advice)) = if overflow {
            (ErrorKind::InvalidInput, OVERFLOW)
        } else if matches!(status, Some(300..=399)) {
            (ErrorKind::NotFound, ELSEWHERE)
        } else {
            let kind = self.kind(status);
            (kind, words(kind))
        };
        let mut message = what.to_owned();
        if let Some(status) = status {
            message.push_str(&format!(" (HTTP {status})"));
        }
        if let Some(reason) = &self.reason {
            message.push_str(&format!(": {reason}"));
        }
        Error {
            http_status: status,
            details: self.details(overflow),
            ..Error::new(kind, format!("{message}; {advice}"))
        }
    }

    /// What the names say that the status does not, else what the status says.
    fn kind(&self, status: Option<u16>) -> ErrorKind {
        let is_named = |name| [&self.code, &self.r#type].contains(&&Some(String::from(name)));
        if is_named(LITELLM_KEY_ERROR) {
            ErrorKind::Unauthenticated
        } else if is_named(NO_CREDIT) {
            ErrorKind::Denied
        } else {
            kind_of(status)
        }
    }

    fn details(self, overflow: bool) -> Option<String> {
        let code = if overflow {
            Some(CONTEXT_LENGTH_EXCEEDED.to_owned())
        } else {
            self.code.filter(|code| code.parse::<f64>().is_err())
        };
        let fields = [
            ("code", code.map(Value::from)),
            (
                Error::CONTEXT_OVERFLOW,
                overflow.then_some(Value::Bool(true)),
            ),
            ("type", self.r#type.map(Value::from)),
            ("param", self.param.map(Value::from)),
        ];
        let fields: serde_json::Map<_, _> = fields
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value?)))
            .collect();
        (!fields.is_empty()).then(|| Value::Object(fields).to_string())
    }

    /// Servers agree neither on a code nor on a status, so their words have to do. A rate limit
    /// speaks of tokens too, but is none.
    fn is_context_overflow(&self, status: Option<u16>) -> bool {
        const CODES: [&str; 3] = [
            CONTEXT_LENGTH_EXCEEDED,
            "exceed_context_size_error",
            "context_window_exceeded",
        ];
        const WORDS: [&str; 13] = [
            "maximum context length",               // OpenAI, vLLM, OpenRouter
            "maximum prompt length",                // xAI
            "reduce the length of the",             // OpenAI, Groq
            "contextwindowexceeded",                // LiteLLM
            "exceeds the context window",           // OpenAI
            "exceed context limit",                 // Anthropic
            "prompt is too long",                   // Anthropic
            "exceeds the available context",        // llama.cpp
            "too large to process",                 // llama.cpp, embeddings
            "greater than the context length",      // LM Studio
            "exceeds the maximum number of tokens", // Google
            "input is too long for",                // Bedrock
            "exceeds the model's context",          // several
        ];
        if matches!(status, Some(401 | 403 | 404 | 429)) {
            return false;
        }
        let named = [&self.code, &self.r#type];
        let named = named.into_iter().flatten();
        let reason = self.reason.as_deref().unwrap_or_default().to_lowercase();
        named.into_iter().any(|word| CODES.contains(&word.as_str()))
            || WORDS.iter().any(|words| reason.contains(words))
    }
}

/// The kind that a status stands for (RFC 9110; 529 is "overloaded" at Anthropic).
fn kind_of(status: Option<u16>) -> ErrorKind {
    match status {
        Some(401) => ErrorKind::Unauthenticated,
        Some(402 | 403) => ErrorKind::Denied,
        Some(404 | 410) => ErrorKind::NotFound,
        Some(408 | 504) => ErrorKind::Timeout,
        Some(409) => ErrorKind::Conflict,
        Some(429) => ErrorKind::RateLimited,
        // Not implemented: a later attempt finds the same server.
        Some(501 | 505) => ErrorKind::InvalidInput,
        Some(..=499) => ErrorKind::InvalidInput,
        Some(_) | None => ErrorKind::Unavailable,
    }
}

/// What happened, and what to do about it.
fn words(kind: ErrorKind) -> (&'static str, &'static str) {
    match kind {
        ErrorKind::Unauthenticated => ("the model server refused the API key", "check the key"),
        ErrorKind::Denied => (
            "the model server does not allow this",
            "check what the key and its account may use, and its credit",
        ),
        ErrorKind::NotFound => (
            "the model server does not know this model or address",
            "check the model's name and base_url",
        ),
        ErrorKind::Timeout => ("the model server took too long", "try again"),
        ErrorKind::RateLimited => ("the model server limits requests", "wait and try again"),
        ErrorKind::InvalidInput => (
            "the model server refused the request",
            "change the request, the same one would be refused again",
        ),
        _ => ("the model server failed", "try again later"),
    }
}

/// The status that belongs to the name of an error (Anthropic's and OpenAI's documentation,
/// llama.cpp, LiteLLM).
fn status_of(name: &str) -> Option<u16> {
    Some(match name {
        "invalid_request_error" | "exceed_context_size_error" | CONTEXT_LENGTH_EXCEEDED => 400,
        "authentication_error" | "invalid_api_key" => 401,
        "billing_error" => 402,
        "permission_error" => 403,
        "not_found_error" | "model_not_found" => 404,
        "request_too_large" => 413,
        "rate_limit_error" | "rate_limit_exceeded" | "throttling_error" | NO_CREDIT => 429,
        "api_error" | "server_error" | "internal_error" | "internal_server_error" => 500,
        "service_unavailable" | "service_unavailable_error" | "unavailable_error" => 503,
        "timeout_error" => 504,
        "overloaded" | "overloaded_error" => 529,
        _ => return None,
    })
}

/// The words in a message, which may be a text, an object with one, or a list of complaints.
fn reason(value: &Value) -> Option<String> {
    let reason = match value {
        Value::String(text) => tidy(text),
        Value::Array(items) => {
            let reasons: Vec<_> = items.iter().filter_map(complaint).collect();
            tidy(&reasons.join("; "))
        }
        Value::Object(_) => return complaint(value),
        _ => return None,
    };
    (!reason.is_empty()).then_some(reason)
}

/// FastAPI names the place beside the complaint: `{"loc": ["body", "messages"], "msg": "…"}`.
fn complaint(value: &Value) -> Option<String> {
    let message = match value {
        Value::String(text) => text.clone(),
        _ => ["msg", "message", "detail", "error"]
            .into_iter()
            .find_map(|key| reason(value.get(key)?))?,
    };
    let place = value.get("loc").and_then(Value::as_array);
    let place: Vec<_> = place.into_iter().flatten().filter_map(word).collect();
    Some(if place.is_empty() {
        message
    } else {
        format!("{}: {message}", place.join("."))
    })
}

fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// One line of bounded length without a final period: it becomes part of a message.
fn tidy(text: &str) -> String {
    let visible = text.replace(|c: char| c.is_control(), " ");
    let line = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line.trim_end_matches('.');
    match line.char_indices().nth(REASON_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests;
