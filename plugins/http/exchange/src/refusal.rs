//! What a refusal means: of the host, or of the server by its status.

use loom_sdk::{Error, ErrorKind};
use url::Url;

use crate::transport::Reply;

/// What the user does so that a plugin reaches a host.
#[must_use]
pub fn how_to_grant(plugin: &str, url: &Url) -> String {
    let origin = url.origin().ascii_serialization();
    format!(
        "to allow it, the user adds \"{origin}\" to `network` under [plugins.{plugin}.grants] in loom.toml"
    )
}

/// The error that a status of 4xx or 5xx stands for (RFC 9110, section 15), with how long to wait if the
/// server said so. The message is the caller's.
#[must_use]
pub fn of_status(reply: &Reply, message: String) -> Error {
    let kind = match reply.status {
        401 | 407 => ErrorKind::Unauthenticated,
        403 | 451 => ErrorKind::Denied,
        404 | 410 => ErrorKind::NotFound,
        408 => ErrorKind::Timeout,
        429 => ErrorKind::RateLimited,
        400..=499 => ErrorKind::InvalidInput,
        _ => ErrorKind::Unavailable,
    };
    let retry_after = reply.retry_after.map(|wait| wait.as_millis());
    Error {
        http_status: Some(reply.status),
        retry_after_ms: retry_after.map(|wait| u64::try_from(wait).unwrap_or(u64::MAX)),
        ..Error::new(kind, message)
    }
}

#[cfg(test)]
mod tests;
