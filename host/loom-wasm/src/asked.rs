//! What a call's arguments ask of the host itself: a shorter time, and a session. Which arguments these
//! are is what the manifest says.

use std::time::Duration;

use loom_types::{Error, Result};
use serde_json::Value;

use crate::manifest::Calls;

/// Longer names of sessions are refused: they are shown to people.
const MAX_SESSION_BYTES: usize = 256;

/// What a call asks for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) timeout: Option<Duration>,
    pub(crate) session: Option<String>,
}

impl Asked {
    /// Reads the arguments.
    ///
    /// # Errors
    ///
    /// `invalid_input`, if one of them is nothing that can be asked for.
    pub(crate) fn of(calls: &Calls, arguments: &Value) -> Result<Self> {
        let given = |name: &Option<String>| {
            let name = name.as_deref()?;
            let value = arguments.get(name).filter(|value| !value.is_null())?;
            Some((name.to_owned(), value))
        };
        let timeout = given(&calls.timeout).map(|(name, value)| timeout(&name, value));
        let session = given(&calls.session).map(|(name, value)| session(&name, value));
        Ok(Self {
            timeout: timeout.transpose()?,
            session: session.transpose()?,
        })
    }
}

fn timeout(name: &str, value: &Value) -> Result<Duration> {
    let whole = value.as_f64().filter(|number| number.fract() == 0.0);
    match whole {
        // Beyond what a number holds exactly there is no limit left to lower.
        Some(number) if number >= 1.0 => Ok(Duration::from_millis(number as u64)),
        _ => Err(Error::invalid_input(format!(
            "the argument {name} is a time limit in milliseconds, a whole number of 1 or more"
        ))),
    }
}

fn session(name: &str, value: &Value) -> Result<String> {
    match value.as_str() {
        Some(session) if (1..=MAX_SESSION_BYTES).contains(&session.len()) => Ok(session.to_owned()),
        _ => Err(Error::invalid_input(format!(
            "the argument {name} names a session, as a text of 1 to {MAX_SESSION_BYTES} bytes"
        ))),
    }
}

#[cfg(test)]
mod tests;
