//! What answers of the server mean that are not what was asked for.

use std::time::Duration;

use loom_sdk::{Error, ErrorKind};
use serde_json::{Value, json};

/// A key of `details`: what Qdrant itself reports, which nothing else at its address would.
const REPORT: &str = "qdrant";

/// How much of the server's own words goes into a message.
const REASON_CHARS: usize = 400;

/// The error behind a status that is not 2xx. `url` is the server's address.
pub(crate) fn of_status(
    url: &str,
    status: u16,
    body: &[u8],
    retry_after: Option<Duration>,
) -> Error {
    let (kind, what, advice) = meaning(status);
    let report = report(body);
    let details = report
        .as_ref()
        .map(|reason| json!({ REPORT: reason }).to_string());
    let reason = one_line(&report.unwrap_or_else(|| line_of_text(body)));
    let colon = if reason.is_empty() { "" } else { ": " };
    let mut error = Error::new(
        kind,
        format!("Qdrant at {url} {what} (HTTP {status}){colon}{reason}; {advice}"),
    );
    error.http_status = Some(status);
    error.details = details;
    error.retry_after_ms =
        retry_after.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
    error
}

/// Statuses as `src/actix/helpers.rs` and `auth.rs` of Qdrant 1.19 use them.
fn meaning(status: u16) -> (ErrorKind, &'static str, &'static str) {
    use ErrorKind as Kind;
    match status {
        300..=399 => (
            Kind::InvalidInput,
            "sends requests on to another address",
            "check the setting url",
        ),
        401 => (
            Kind::Unauthenticated,
            "does not accept the key",
            "set the secret api-key of the plugin memory-qdrant, or correct it",
        ),
        403 => (
            Kind::Denied,
            "does not allow this",
            "use a key that may read and write the collection",
        ),
        404 => (
            Kind::NotFound,
            "does not have it",
            "check the settings url and collection",
        ),
        408 => (
            Kind::Timeout,
            "did not finish in time",
            "try again, or look at the server's load",
        ),
        413 => (
            Kind::InvalidInput,
            "takes no request that large",
            "append less at once, or raise service.max_request_size_mb",
        ),
        429 => (
            Kind::RateLimited,
            "has had too many requests",
            "try again later",
        ),
        507 => (Kind::Unavailable, "has no room left", "free some storage"),
        500.. => (
            Kind::Unavailable,
            "failed",
            "try again, or look at the server's log",
        ),
        _ => (
            Kind::Internal,
            "refused the request",
            "check that the collection is one that Loom made",
        ),
    }
}

/// Something came that is not an answer of Qdrant.
pub(crate) fn not_understood(url: &str, why: &dyn std::fmt::Display) -> Error {
    Error::unavailable(format!(
        "{url} sent something that is not an answer of Qdrant: {why}; check the setting url and the \
         server"
    ))
}

/// Whether the request may have been carried out although it failed.
pub(crate) fn is_open(error: &Error) -> bool {
    matches!(error.kind, ErrorKind::Timeout | ErrorKind::Unavailable)
}

/// Whether the collection is missing: Qdrant leaves points that do not exist out of its answers, so
/// that nothing else it is asked for can be. A 404 without its report is some other server's.
pub(crate) fn is_missing_collection(error: &Error) -> bool {
    error.http_status == Some(404) && error.details.is_some()
}

/// `{"status": {"error": "…"}}`.
fn report(body: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(body).ok()?;
    Some(value.pointer("/status/error")?.as_str()?.to_owned())
}

/// What a proxy wrote, or Qdrant about a key; nothing of a page or of other JSON.
fn line_of_text(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let is_text = !text.trim_start().starts_with(['<', '{', '[']);
    if is_text {
        text.into_owned()
    } else {
        String::new()
    }
}

fn one_line(reason: &str) -> String {
    let line = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(REASON_CHARS).collect()
}

#[cfg(test)]
mod tests;
