//! What a plugin asks for: a manifest in TOML, in the component's custom section `loom:manifest` or
//! in a file beside the component. Asking gives nothing; the configuration grants.

use serde::{Deserialize, Serialize};

use crate::grants::FileAccess;

/// A plugin's manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Letters, digits, `_` and `-`; the file's name without its ending if absent.
    pub name: Option<String>,
    /// Semantic version; `0.0.0` if absent.
    pub version: Option<String>,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub capabilities: Capabilities,
    #[serde(default)]
    pub calls: Calls,
    /// Whether it needs a stack of 16 MiB instead of 2, as interpreters do, whose users decide how deep
    /// they recurse. At most 128 such guests live at once beside kept ones; more wait. Default false.
    #[serde(default)]
    pub deep_stack: bool,
}

/// Arguments of its tools that the host itself acts upon. None by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Calls {
    /// The argument that names a session: calls with the same value share an instance.
    pub session: Option<String>,
    /// The argument that shortens a call's time limit, in milliseconds.
    pub timeout: Option<String>,
}

/// The capabilities a plugin asks for. Nothing by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Capabilities {
    /// What it wants to do in the directories that are granted to it.
    pub files: FileAccess,
    /// Hosts it may want to reach, as patterns; `*` for whatever is granted.
    pub network: Vec<String>,
    /// Secrets it may want to use, by name; `*` for whatever is granted.
    pub secrets: Vec<String>,
    /// Environment variables it wants to see, by name; `*` for whatever is granted.
    pub environment: Vec<String>,
    /// Wall-clock time. Monotonic time is always there.
    pub clock: bool,
    /// Vectors from the host's embedding model.
    pub embeddings: bool,
    /// A writable directory `/work` (and `/tmp`) of its own for each call, or for each session if its
    /// calls have sessions.
    pub scratch: bool,
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    ///
    /// A text that says where and what is wrong.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let manifest: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        match &manifest.name {
            Some(name) if !is_name(name) => Err(format!(
                "the name {name:?} is not made of 1 to 64 letters, digits, `_` and `-`"
            )),
            _ => Ok(manifest),
        }
    }
}

/// Whether a text can name a plugin or a tool.
pub(crate) fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// Whether a list of names asks for a name.
pub(crate) fn asks_for(list: &[String], name: &str) -> bool {
    list.iter().any(|asked| asked == "*" || asked == name)
}
