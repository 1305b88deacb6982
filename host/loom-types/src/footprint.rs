//! What a tool call touches: which resources it reads and which it writes. From this the schedule
//! decides what runs side by side, and the permissions what is asked.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::AccessMode;

/// What a call touches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Footprint {
    /// Exactly these; nothing if it is empty.
    Resources(Vec<Touch>),
    /// Nobody knows, or it asked to be alone: the call conflicts with every other.
    Everything,
}

/// A resource that a call touches, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touch {
    pub mode: AccessMode,
    pub resource: Resource,
}

/// A thing that calls may get in each other's way over.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// A file, or a directory with all that is below it.
    File {
        /// Absolute, without `.`, `..` and symbolic links as far as it exists.
        path: PathBuf,
        /// Device and inode of what is there, which tells hard links to be the same.
        identity: Option<(u64, u64)>,
    },
    /// A URL, normalised (WHATWG), without its fragment.
    Url(String),
    /// Anything else, by the plugin's own name for it.
    Named { scheme: String, name: String },
}
