//! One error type for everything that can go wrong on the way of a run, with the facts on which the
//! pool and the dispatcher decide. They never look at the message.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// `Result` with Loom's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong: the contract's `error-kind`, and `ResourceExhausted`, which only the host sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The arguments are wrong; calling again with the same ones fails again.
    InvalidInput,
    /// The thing asked for does not exist.
    NotFound,
    /// A missing grant or a permission.
    Denied,
    /// The credentials are missing or wrong.
    Unauthenticated,
    /// Too many requests; see [`Error::retry_after`].
    RateLimited,
    /// It took longer than it may.
    Timeout,
    /// It was told to stop.
    Cancelled,
    /// Somebody else was first: the state is not what the caller assumed.
    Conflict,
    /// The other side is down, overloaded or out of reach.
    Unavailable,
    /// A limit of memory, output or calls was exceeded.
    ResourceExhausted,
    /// A fault of Loom, of a plugin or of the service behind it.
    Internal,
}

/// The class of an error, as people and dashboards count them.
///
/// | class | retryable | what the host does about it |
/// | --- | --- | --- |
/// | `network` | yes | asks the same model again after a pause, then another |
/// | `timeout` | yes | the same; a tool call is stopped and its error goes to the model |
/// | `rate_limit` | yes | waits as long as it is told, or asks another model meanwhile |
/// | `service` | yes | asks the same model again after a pause, then another |
/// | `validation` | no | gives the error back: to the model for a tool call, to the person for a model |
/// | `permission` | no | the same; another model is asked if a model's account may not do it |
/// | `authentication` | no | leaves the model out and asks another |
/// | `not_found` | no | the same |
/// | `internal` | no | gives the error back |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// No whole answer came because of the way to the other side: its name cannot be resolved, it
    /// refused or closed the connection, TLS failed, or what it speaks is not HTTP.
    Network,
    /// It took longer than it may, or the other side said so (HTTP 408, 504).
    Timeout,
    /// The other side wants fewer requests (HTTP 429).
    RateLimit,
    /// The other side answered, and failed: HTTP 5xx, a failure in the middle of its answer, an
    /// answer that is cut off or means nothing, a session store whose disk is full.
    Service,
    /// What was asked for is wrong, too much, or does not fit the state of things.
    Validation,
    /// A missing grant, a rule against it, or an account that may not do it.
    Permission,
    /// The credentials are missing or wrong.
    Authentication,
    /// The thing asked for does not exist.
    NotFound,
    /// A fault of Loom or of a plugin: a crash, a broken promise of the contract. A call that was
    /// cancelled is counted here too, though nobody is at fault.
    Internal,
}

impl Category {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Network,
        Self::Timeout,
        Self::RateLimit,
        Self::Service,
        Self::Validation,
        Self::Permission,
        Self::Authentication,
        Self::NotFound,
        Self::Internal,
    ];

    /// The name that it has in JSON, in metrics and in traces: `rate_limit`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::RateLimit => "rate_limit",
            Self::Service => "service",
            Self::Validation => "validation",
            Self::Permission => "permission",
            Self::Authentication => "authentication",
            Self::NotFound => "not_found",
            Self::Internal => "internal",
        }
    }
}

impl std::fmt::Display for Category {
    /// For people: `rate limit`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::RateLimit => "rate limit",
            Self::NotFound => "not found",
            other => other.as_str(),
        })
    }
}

/// A failure: what happened, why, and what to do next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("{}{message}", origin.as_ref().map(|o| format!("{o}: ")).unwrap_or_default())]
pub struct Error {
    pub kind: ErrorKind,
    pub message: String,
    /// Who failed: a plugin with its version (`fs 0.1.0`), a provider, a tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// When to try again, from now, if the other side said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<Duration>,
    /// The HTTP status behind it (RFC 9110), if one was received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
    /// Anything more that a program could use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Box<serde_json::Value>>,
}

impl Error {
    /// A key of [`details`](Self::details), with the value `true`: the request is larger than the
    /// model's context window. Providers set it.
    pub const CONTEXT_OVERFLOW: &str = "context_overflow";

    /// A key of [`details`](Self::details): what of the way to the other side failed, in a word:
    /// `dns`, `refused`, `closed`, `tls` or `http`. The guest SDK sets it.
    pub const NETWORK: &str = "network";

    /// An error with nothing but a kind and a message.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            origin: None,
            retry_after: None,
            http_status: None,
            details: None,
        }
    }

    /// [`ErrorKind::InvalidInput`].
    pub fn invalid_input(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidInput, message)
    }

    /// [`ErrorKind::NotFound`].
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    /// [`ErrorKind::Denied`].
    pub fn denied(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Denied, message)
    }

    /// [`ErrorKind::Timeout`].
    pub fn timeout(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Timeout, message)
    }

    /// [`ErrorKind::Cancelled`].
    #[must_use]
    pub fn cancelled() -> Self {
        Self::new(ErrorKind::Cancelled, "cancelled")
    }

    /// [`ErrorKind::Unavailable`].
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, message)
    }

    /// [`ErrorKind::ResourceExhausted`].
    pub fn resource_exhausted(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::ResourceExhausted, message)
    }

    /// [`ErrorKind::Internal`].
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    /// Says who failed.
    #[must_use]
    pub fn from_origin(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into());
        self
    }

    /// Puts what was being done before the message.
    #[must_use]
    pub fn context(mut self, doing: impl std::fmt::Display) -> Self {
        self.message = format!("{doing}: {}", self.message);
        self
    }

    /// Adds a field to the details. Details that are no object are replaced.
    #[must_use]
    pub fn with_detail(mut self, key: &str, value: impl Into<serde_json::Value>) -> Self {
        let mut fields = match self.details.take().map(|details| *details) {
            Some(serde_json::Value::Object(fields)) => fields,
            _ => serde_json::Map::new(),
        };
        fields.insert(key.to_owned(), value.into());
        self.details = Some(Box::new(fields.into()));
        self
    }

    /// Whether the request was larger than the model's context window. A model with a larger one, or
    /// a shorter conversation, may do.
    #[must_use]
    pub fn is_context_overflow(&self) -> bool {
        let detail = self.detail(Self::CONTEXT_OVERFLOW);
        detail.and_then(serde_json::Value::as_bool) == Some(true)
    }

    /// The class of the error.
    #[must_use]
    pub fn category(&self) -> Category {
        match self.kind {
            ErrorKind::Unavailable if self.detail(Self::NETWORK).is_some() => Category::Network,
            ErrorKind::Internal if self.http_status.is_none() => Category::Internal,
            ErrorKind::Unavailable | ErrorKind::Internal => Category::Service,
            ErrorKind::Timeout => Category::Timeout,
            ErrorKind::RateLimited => Category::RateLimit,
            ErrorKind::InvalidInput | ErrorKind::Conflict | ErrorKind::ResourceExhausted => {
                Category::Validation
            }
            ErrorKind::Denied => Category::Permission,
            ErrorKind::Unauthenticated => Category::Authentication,
            ErrorKind::NotFound => Category::NotFound,
            ErrorKind::Cancelled => Category::Internal,
        }
    }

    /// Whether the same call may succeed later without any change.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.category(),
            Category::Network | Category::Timeout | Category::RateLimit | Category::Service
        )
    }

    /// What to do next, in one line, for the model and for the person; it says whether trying again
    /// can help.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self.kind {
            ErrorKind::Cancelled => "nothing failed; start it anew only if it is still wanted",
            ErrorKind::Conflict => {
                "something else changed it meanwhile; look at how it is now, then decide anew"
            }
            ErrorKind::ResourceExhausted => {
                "ask for less at once, or raise the limit; the same call would fail again"
            }
            ErrorKind::InvalidInput if self.is_context_overflow() => {
                "shorten the conversation, or use a model with a larger context window"
            }
            ErrorKind::Denied if self.http_status.is_some() => {
                "check what the account and its key may do; the same call would be refused again"
            }
            _ => advice(self.category()),
        }
    }

    fn detail(&self, key: &str) -> Option<&serde_json::Value> {
        self.details.as_ref()?.get(key)
    }
}

fn advice(category: Category) -> &'static str {
    match category {
        Category::Network => "check that the service is running and reachable, then try again",
        Category::Timeout => "try again, ask for less at once, or raise the time limit",
        Category::RateLimit => "wait before trying again",
        Category::Service => "try again later, or use another model or service",
        Category::Validation => "correct the input; the same call would fail again",
        Category::Permission => {
            "do without it, or ask the person to grant it; the same call would be refused again"
        }
        Category::Authentication => {
            "set or renew the API key; the same call would be refused until then"
        }
        Category::NotFound => "check the name; list what exists first",
        Category::Internal => "go another way; if it repeats, report it with the log",
    }
}

#[cfg(test)]
mod tests;
