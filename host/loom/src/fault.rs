//! How a command ends: exit codes, and errors as a person reads them.

use std::fmt;
use std::io;
use std::process::ExitCode;

use crate::config::ConfigError;
use serde::Serialize;

use crate::output;

/// The end of a command, as scripts see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Done,
    /// The run, or what the command was to do, failed.
    Failed,
    /// Wrong arguments or a wrong configuration.
    Usage,
    /// A limit ended the run.
    Limit,
    Cancelled,
    /// The status of a program that was run, or one that speaks of it.
    Program(u8),
}

impl Exit {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Limit => 3,
            // 128 + SIGINT, as shells report it.
            Self::Cancelled => 130,
            Self::Program(status) => status,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// An error with its exit code and what to do about it.
#[derive(Debug)]
pub(crate) struct Fault {
    exit: Exit,
    message: String,
    hint: Option<String>,
}

impl Fault {
    /// The person asked for something that can't be.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// What was asked for did not succeed.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, message)
    }

    /// Ends the process with this exit code.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            hint: None,
        }
    }

    /// Says what to do next.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

/// The line of `loom run --json` for an error outside of a run.
#[derive(Serialize)]
struct ErrorEvent<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

/// Writes an error to stderr, and with `json` as an event to stdout; returns the exit code. A closed
/// pipe is nobody's fault.
pub(crate) fn report(error: &anyhow::Error, json: bool) -> Exit {
    if is_closed_pipe(error) {
        return Exit::Done;
    }
    let message = message(error);
    let hint = hint(error);
    if json {
        let event = ErrorEvent {
            kind: "error",
            message: &message,
            hint: hint.as_deref(),
        };
        // The message is on stderr too; there is nowhere left to complain.
        let _ = output::print_json_line(&event);
    }
    output::error(&message);
    if let Some(hint) = hint {
        output::hint(&hint);
    }
    exit(error)
}

/// Whether whoever reads stdout has gone.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let cause = cause.downcast_ref::<io::Error>();
        cause.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}

/// The error and its causes in one line; a cause that the error already quotes is left out.
fn message(error: &anyhow::Error) -> String {
    let mut message = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if !message.contains(&cause) {
            message.push_str(": ");
            message.push_str(&cause);
        }
    }
    message
}

fn hint(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(|cause| {
        if let Some(fault) = cause.downcast_ref::<Fault>() {
            return fault.hint.clone();
        }
        if cause.is::<ConfigError>() {
            return Some("`loom config show --default` explains every key".to_owned());
        }
        let error = cause.downcast_ref::<loom_types::Error>()?;
        Some(error.advice().to_owned())
    })
}

fn exit(error: &anyhow::Error) -> Exit {
    let known = error.chain().find_map(|cause| {
        if let Some(fault) = cause.downcast_ref::<Fault>() {
            return Some(fault.exit);
        }
        let configured = cause.is::<ConfigError>() || cause.is::<loom_core::BuildError>();
        configured.then_some(Exit::Usage)
    });
    known.unwrap_or(Exit::Failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_told_once() {
        let error = anyhow::anyhow!("no such file")
            .context("reading a.json: no such file")
            .context("opening");
        assert_eq!(message(&error), "opening: reading a.json: no such file");
    }

    #[test]
    fn the_exit_code_comes_from_the_cause() {
        let check = |error: anyhow::Error, expected: Exit| assert_eq!(exit(&error), expected);
        check(Fault::usage("x").into(), Exit::Usage);
        check(
            anyhow::Error::new(Fault::usage("x")).context("y"),
            Exit::Usage,
        );
        check(ConfigError::new("x").into(), Exit::Usage);
        check(anyhow::anyhow!("x"), Exit::Failed);
        check(loom_types::Error::denied("x").into(), Exit::Failed);
    }

    #[test]
    fn an_error_of_the_host_comes_with_its_advice() {
        let error = anyhow::Error::new(loom_types::Error::denied("x")).context("calling");
        assert!(hint(&error).is_some_and(|hint| hint.contains("grant")));
    }

    #[test]
    fn a_closed_pipe_is_quiet() {
        let error = anyhow::Error::new(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(report(&error.context("writing"), false), Exit::Done);
    }
}
