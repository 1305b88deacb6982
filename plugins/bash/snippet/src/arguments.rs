//! The arguments of a code interpreter's tool, the same for all languages, and what is wrong with
//! them. Touches no file.

use std::collections::BTreeMap;

use loom_sdk::Error;
use schemars::JsonSchema;
use serde::Deserialize;

/// Longest name of a session or a snapshot.
const NAME_CHARACTERS: usize = 64;

/// What a call of an interpreter asks for.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arguments {
    /// The code to run.
    pub code: String,
    /// What the code reads from its standard input.
    pub stdin: Option<String>,
    /// How long the code may run.
    #[serde(default = "default_timeout_ms")]
    pub timeout_ms: u32,
    /// Files to put into the working directory before, and to return after.
    pub files: Option<Files>,
    /// Keep variables and files under this name for later calls: letters, digits, `_`, `-`, `.`, at
    /// most 64. Without it nothing is kept.
    pub session: Option<String>,
    /// `true`: begin the session anew, without variables and files. A name: go back to that snapshot
    /// first.
    pub reset: Option<Reset>,
    /// After the code, keep the session's variables and files under this name for a later `reset`.
    pub snapshot: Option<String>,
}

/// Files that go in and come out.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// Path to contents: text, or `{"base64": "…"}` for bytes.
    #[serde(default)]
    pub inputs: BTreeMap<String, Input>,
    /// Paths or globs (`*.png`, `out/**`) of files to return with the result.
    #[serde(default)]
    pub outputs: Vec<String>,
}

/// The contents of a file that goes in.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Input {
    Text(String),
    Bytes { base64: String },
}

/// How a session begins.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Reset {
    Anew(bool),
    To(String),
}

impl Arguments {
    /// Looks for what the schema can't say.
    ///
    /// # Errors
    ///
    /// `invalid-input` for a name that can't be one, and for a snapshot without a session.
    pub fn validate(&self) -> Result<(), Error> {
        if let Some(session) = &self.session {
            check_name("session", session)?;
        }
        if let Some(snapshot) = &self.snapshot {
            self.needs_session("snapshot")?;
            check_name("snapshot", snapshot)?;
        }
        if let Some(Reset::To(snapshot)) = &self.reset {
            self.needs_session("reset")?;
            check_name("reset", snapshot)?;
        }
        if self.timeout_ms == 0 {
            return Err(Error::invalid_input(
                "`timeout_ms` is 0; give the code some time, for example 30000",
            ));
        }
        Ok(())
    }

    fn needs_session(&self, argument: &str) -> Result<(), Error> {
        if self.session.is_some() {
            return Ok(());
        }
        Err(Error::invalid_input(format!(
            "`{argument}` needs `session`: snapshots belong to a session; name one"
        )))
    }
}

fn default_timeout_ms() -> u32 {
    30_000
}

fn check_name(argument: &str, name: &str) -> Result<(), Error> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let has_substance = name.chars().any(|c| c != '.');
    if has_substance && name.len() <= NAME_CHARACTERS && name.chars().all(is_plain) {
        return Ok(());
    }
    Err(Error::invalid_input(format!(
        "`{argument}` can't be {name:?}: use letters, digits, `_`, `-` and `.`, at most {NAME_CHARACTERS}"
    )))
}
