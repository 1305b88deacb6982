//! Failures as values: constructors for the contract's `error`.

pub use crate::bindings::imports::loom::plugin::types::{Error, ErrorKind};

/// What a function of a plugin returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A key of `details`, with the value `true`: the request is larger than the model's context
    /// window. The host then tries a model with a larger one.
    pub const CONTEXT_OVERFLOW: &str = "context_overflow";

    /// A key of `details` of an `unavailable` error: what of the way to the other side failed, in a
    /// word: `dns`, `refused`, `closed`, `tls` or `http`. Without it the other side itself failed.
    pub const NETWORK: &str = "network";

    /// An error with a message for a person or a model: what happened, why, and what to do next.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            retry_after_ms: None,
            http_status: None,
            details: None,
        }
    }

    /// The arguments are wrong.
    pub fn invalid_input(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidInput, message)
    }

    /// The thing asked for does not exist.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    /// The caller may not do this.
    pub fn denied(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Denied, message)
    }

    /// It took longer than it may.
    pub fn timeout(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Timeout, message)
    }

    /// Somebody else was first.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Conflict, message)
    }

    /// The other side is down, overloaded or out of reach.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, message)
    }

    /// A fault of the plugin or of the service behind it.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    /// Puts what was being done before the message: `reading notes.txt: not found`.
    #[must_use]
    pub fn context(mut self, doing: impl std::fmt::Display) -> Self {
        self.message = format!("{doing}: {}", self.message);
        self
    }
}

impl From<std::io::Error> for Error {
    /// Keeps the kind: a missing file is `not-found`, a refused one `denied`, a full disk
    /// `unavailable`.
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind as Io;
        let kind = match error.kind() {
            Io::NotFound => ErrorKind::NotFound,
            Io::PermissionDenied | Io::ReadOnlyFilesystem => ErrorKind::Denied,
            Io::TimedOut => ErrorKind::Timeout,
            Io::StorageFull | Io::QuotaExceeded => ErrorKind::Unavailable,
            Io::AlreadyExists => ErrorKind::Conflict,
            Io::InvalidInput | Io::IsADirectory | Io::NotADirectory | Io::InvalidFilename => {
                ErrorKind::InvalidInput
            }
            _ => ErrorKind::Internal,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<serde_json::Error> for Error {
    /// `invalid-input`: JSON that does not parse came from outside.
    fn from(error: serde_json::Error) -> Self {
        Self::invalid_input(error.to_string())
    }
}
