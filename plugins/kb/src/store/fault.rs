//! What can be wrong with the files of a base.

use std::io;

use loom_sdk::{Error, ErrorKind};

pub(crate) type Result<T, E = Fault> = std::result::Result<T, E>;

/// Why a file can't be used.
#[derive(Debug)]
pub(crate) enum Fault {
    /// Its content is not what was written; costs that file.
    Damaged(String),
    /// It is not there; where it was named a moment ago, another process has tidied up.
    Gone,
    /// The system refused.
    Io(io::Error),
    /// An error that is told as it is.
    Told(Error),
}

impl Fault {
    pub(crate) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged(what.into())
    }

    /// For a person, in half a sentence.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Damaged(what) => format!("damaged: {what}"),
            Self::Gone => "it is gone".to_owned(),
            Self::Io(error) => error.to_string(),
            Self::Told(error) => error.message.clone(),
        }
    }

    /// The error that a tool reports.
    pub(crate) fn told(self, doing: &str) -> Error {
        let advice = match &self {
            Self::Told(error) => return error.clone(),
            Self::Damaged(_) => "; restore the file from a backup, or add the documents again",
            Self::Gone => "; try again",
            Self::Io(error) => advice(error.kind()),
        };
        let kind = match &self {
            Self::Io(error) => match error.kind() {
                io::ErrorKind::PermissionDenied
                | io::ErrorKind::ReadOnlyFilesystem
                | io::ErrorKind::NotFound => ErrorKind::Denied,
                _ => ErrorKind::Unavailable,
            },
            Self::Gone => ErrorKind::Conflict,
            _ => ErrorKind::Internal,
        };
        Error::new(kind, format!("{doing}: {}{advice}", self.reason()))
    }
}

fn advice(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::PermissionDenied
        | io::ErrorKind::ReadOnlyFilesystem
        | io::ErrorKind::NotFound => {
            "; the knowledge base needs a directory of its own as its first grant, with access = \"read-write\""
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "; free some space and try again"
        }
        io::ErrorKind::Unsupported => {
            "; the file system of the knowledge base must have hard links"
        }
        _ => "; if that goes on, see whether the disk is full or failing",
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Gone,
            io::ErrorKind::UnexpectedEof => Self::damaged("it ends too early"),
            _ => Self::Io(error),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Told(error)
    }
}
