//! The tools. Each has a module of its name; here is what they share.

pub(crate) mod add;
pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod search;

use std::path::Path;

use loom_sdk::Error;

use crate::base::Base;

/// Where documents go if the call names no collection.
const DEFAULT_COLLECTION: &str = "default";
const MAX_NAME_BYTES: usize = 64;

/// The base in the plugin's first directory.
fn base() -> Base {
    Base::new(Path::new("."))
}

/// Refuses what would make ids that can't be read.
fn collection_name(name: &str) -> Result<(), Error> {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !name.is_empty() && name.len() <= MAX_NAME_BYTES && name.chars().all(allowed) {
        return Ok(());
    }
    Err(Error::invalid_input(format!(
        "{name:?} is no name for a collection; use letters, digits, `-`, `_` and `.`, at most {MAX_NAME_BYTES} bytes"
    )))
}
