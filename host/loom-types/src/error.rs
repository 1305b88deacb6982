//! One error type for everything that can go wrong on the way of a run, with the facts on which the
//! pool and the dispatcher decide. They never look at the message.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// `Result` with Loom's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong: the contract's `error-kind`, and `Network` for what the host sees itself.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    Network,
    Timeout,
    RateLimit,
    Service,
    Validation,
    Permission,
    Authentication,
    NotFound,
    Internal,
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

    /// The class of the error.
    #[must_use]
    pub fn category(&self) -> Category {
        match (self.kind, self.http_status) {
            (ErrorKind::Unavailable, None) => Category::Network,
            (ErrorKind::Unavailable | ErrorKind::Internal, Some(_)) => Category::Service,
            (ErrorKind::Timeout, _) => Category::Timeout,
            (ErrorKind::RateLimited, _) => Category::RateLimit,
            (ErrorKind::InvalidInput | ErrorKind::Conflict, _) => Category::Validation,
            (ErrorKind::Denied, _) => Category::Permission,
            (ErrorKind::Unauthenticated, _) => Category::Authentication,
            (ErrorKind::NotFound, _) => Category::NotFound,
            (ErrorKind::Cancelled | ErrorKind::ResourceExhausted | ErrorKind::Internal, _) => {
                Category::Internal
            }
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

    /// What to do next, in one line, for the model and for the person.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self.category() {
            Category::Network => "check that the service is running and reachable, then try again",
            Category::Timeout => "try again, ask for less at once, or raise the time limit",
            Category::RateLimit => "wait before trying again",
            Category::Service => "try again later or use another model",
            Category::Validation => "correct the input; the same call would fail again",
            Category::Permission => "do without it, or ask the person to grant it",
            Category::Authentication => "set or renew the API key",
            Category::NotFound => "check the name; list what exists first",
            Category::Internal => "try another way; if it repeats, report it with the log",
        }
    }
}
