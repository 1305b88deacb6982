//! Permissions: what is asked before a tool call runs, and what was answered. The rules are the
//! agent's; here are the words for them.

use serde::{Deserialize, Serialize};

use crate::{CallId, Footprint, RunId, Safety};

/// What happens to a call that no rule speaks of.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum PermissionMode {
    /// Nothing runs but what a rule allows.
    Deny,
    /// Calls that only read run; others do not.
    ReadOnly,
    /// Calls that only read run; a person is asked about others.
    #[default]
    Ask,
    /// Everything runs that the grants make possible.
    Auto,
}

/// A call that wants to run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PermissionRequest {
    pub run_id: RunId,
    pub call_id: CallId,
    pub tool: String,
    /// A JSON object that fits the tool's schema.
    pub arguments: serde_json::Value,
    pub safety: Safety,
    pub footprint: Footprint,
    /// The agents that lead to the call, outermost first; empty for the run's own.
    pub agents: Vec<String>,
}

/// What was decided about a call, and by whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermissionDecision {
    pub allowed: bool,
    #[serde(flatten)]
    pub by: DecidedBy,
    /// For the model, when it was not allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Who decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum DecidedBy {
    /// A rule, in its text form.
    Rule { rule: String },
    /// No rule spoke, so the mode did.
    Mode { mode: PermissionMode },
    /// A person, or the program in a person's place.
    Person,
    /// A question was due and there was nobody to ask.
    Nobody,
}

impl PermissionMode {
    /// The name that it has in configuration and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::ReadOnly => "read-only",
            Self::Ask => "ask",
            Self::Auto => "auto",
        }
    }
}
