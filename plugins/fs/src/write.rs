//! The tool `write_file`. How content gets into a file safely is in `replace`.

use std::path::{Path, PathBuf};

use loom_sdk::prelude::*;

use crate::path::Place;
use crate::replace::{NewDirectories, follow_links, replace};

/// Write a text file: create it, with missing parent directories, or replace all it contains. To
/// change a part of a file, use edit_file.
#[tool(
    cautious,
    idempotent,
    title = "Write file",
    writes(file = "path"),
    example(
        title = "Create a note",
        arguments = r#"{"path": "notes/today.md", "content": "- buy milk\n"}"#
    )
)]
pub fn write_file(
    /// The file, relative to the working directory or absolute.
    path: String,
    /// The whole new content.
    content: String,
) -> Result<String, Error> {
    if path.is_empty() || path.ends_with('/') {
        return Err(Error::invalid_input(format!(
            "{path:?} names no file; give the path of the file to write"
        )));
    }
    let place = Place::to_write(&path)?;
    let created = store(&place, content.as_bytes())?;
    let verb = if created { "created" } else { "replaced" };
    Ok(format!("{verb} {path} ({} bytes)", content.len()))
}

/// Writes the content; true if there was no file before.
fn store(place: &Place, content: &[u8]) -> Result<bool, Error> {
    let target = target(place)?;
    let created = match std::fs::metadata(&target) {
        Ok(metadata) if metadata.is_dir() => return Err(place.is_a_directory()),
        Ok(metadata) if !metadata.is_file() => return Err(place.not_a_regular_file()),
        Ok(_) => false,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => return Err(place.failure(&error)),
    };
    let parent = target.parent().unwrap_or(Path::new(""));
    let directories =
        NewDirectories::create(parent).map_err(|error| place.write_failure(&error))?;
    replace(&target, content).map_err(|error| place.write_failure(&error))?;
    directories.keep();
    Ok(created)
}

/// The path to write, after symbolic links, which must not lead out of the granted directories.
pub(crate) fn target(place: &Place) -> Result<PathBuf, Error> {
    let target = follow_links(&place.path).map_err(|error| place.failure(&error))?;
    if target == place.path {
        return Ok(target);
    }
    let target = Place::to_write(&target.display().to_string());
    let target = target.map_err(|error| error.context(format!("{} is a link", place.given)))?;
    Ok(target.path)
}

#[cfg(test)]
mod tests;
