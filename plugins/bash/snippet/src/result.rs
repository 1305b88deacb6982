//! The result of a call as the model sees it: one JSON object, then the outputs. Runs nothing.

use loom_sdk::Error;
use loom_sdk::tool::{Content, IntoOutput, Json};
use serde::Serialize;

use crate::capture::Texts;
use crate::roots::Roots;

/// An exception that the code did not catch, or what stopped it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Exception {
    /// Its class, for example `TypeError`.
    #[serde(rename = "type")]
    pub kind: String,
    pub message: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub traceback: String,
}

/// Something by name, and why it is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    pub name: String,
    pub reason: String,
}

impl Note {
    pub fn new(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            reason: reason.into(),
        }
    }
}

/// How the code ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ending {
    /// The last expression, as the language writes it.
    pub value: Option<String>,
    pub error: Option<Exception>,
    /// 0 is fine.
    pub exit_status: i32,
    /// Files the engine knows to have been written, beside those that are found by looking.
    pub written: Vec<std::path::PathBuf>,
}

/// A file that was written or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Written {
    pub(crate) path: String,
    pub(crate) bytes: u64,
}

/// An output that follows the result, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Returned {
    pub(crate) path: String,
    pub(crate) mime: String,
    pub(crate) bytes: u64,
}

#[derive(Debug, Serialize)]
struct Truncated {
    #[serde(skip_serializing_if = "Option::is_none")]
    stdout_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stderr_bytes: Option<u64>,
    hint: String,
}

/// What is shown; absent fields were empty.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Outcome {
    #[serde(skip_serializing_if = "String::is_empty")]
    stdout: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    stderr: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Exception>,
    exit_status: i32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) files: Vec<Written>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) outputs: Vec<Returned>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) missing: Vec<Note>,
    pub(crate) duration_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    truncated: Option<Truncated>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) restored: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) lost: Vec<Note>,
}

impl Outcome {
    pub(crate) fn new(ending: Ending, texts: Texts, roots: &Roots) -> Self {
        Self {
            truncated: truncated(&texts, roots),
            stdout: texts.stdout,
            stderr: texts.stderr,
            value: ending.value,
            error: ending.error,
            exit_status: ending.exit_status,
            ..Self::default()
        }
    }

    /// The result and what follows it.
    pub(crate) fn into_content(self, outputs: Vec<Content>) -> Result<Vec<Content>, Error> {
        let mut content = Json(self).into_output()?;
        content.extend(outputs);
        Ok(content)
    }
}

fn truncated(texts: &Texts, roots: &Roots) -> Option<Truncated> {
    if !texts.stdout_cut && !texts.stderr_cut {
        return None;
    }
    let files: Vec<String> = texts.whole.iter().map(|path| roots.shown(path)).collect();
    let hint = if files.is_empty() {
        "print less, or write to a file and return a part of it; with `session` the whole output is kept in a file".into()
    } else {
        format!(
            "the whole output is in {}: read the part you need in the next call of this session",
            files.join(" and ")
        )
    };
    Some(Truncated {
        stdout_bytes: texts.stdout_cut.then_some(texts.stdout_bytes),
        stderr_bytes: texts.stderr_cut.then_some(texts.stderr_bytes),
        hint,
    })
}
