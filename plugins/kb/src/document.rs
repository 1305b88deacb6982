//! What a base keeps: documents and their chunks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is known of a document beside its text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Document {
    /// Unique in its collection, and the same whenever the same source is added.
    pub(crate) id: String,
    pub(crate) collection: String,
    pub(crate) title: String,
    /// A path, or what the caller named.
    pub(crate) source: String,
    /// Scalars by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) metadata: BTreeMap<String, Value>,
    /// SHA-256 of the bytes it was made from, in hexadecimal.
    pub(crate) hash: String,
    /// Of what it was made from.
    pub(crate) bytes: u64,
    /// When its file was changed last, milliseconds since the Unix epoch; 0 for a text.
    #[serde(default)]
    pub(crate) modified_ms: u64,
    /// How many chunks it has.
    pub(crate) chunks: u32,
}

impl Document {
    /// What it is cited by.
    pub(crate) fn citation(&self) -> String {
        format!("kb:{}/{}", self.collection, self.id)
    }
}

/// A piece of a document that is found as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// The headings that it stands under, outermost first, joined by ` > `.
    pub(crate) heading: String,
    pub(crate) text: String,
}

/// A document with its chunks, to be stored.
#[derive(Clone, Debug)]
pub(crate) struct Addition {
    pub(crate) document: Document,
    pub(crate) chunks: Vec<Chunk>,
}
