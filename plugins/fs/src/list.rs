//! The tool `list_dir`.

use loom_sdk::prelude::*;

use crate::budget::Budget;
use crate::directory::Kind;
use crate::page::Page;
use crate::path::{Place, one_line};
use crate::walk::{Entry, Options, Walk};

/// List a directory, one entry per line, sorted by name. Directories end with `/`, files have their
/// size in bytes, links show where they lead.
#[tool(
    safe,
    title = "List directory",
    reads(file = "path"),
    example(title = "List the working directory", arguments = "{}"),
    example(
        title = "Show two levels of a tree",
        arguments = r#"{"path": "src", "depth": 2}"#
    )
)]
pub fn list_dir(
    /// The directory, relative to the working directory or absolute.
    #[arg(default = ".")]
    path: String,
    /// How many levels to show; 1 is the directory alone.
    #[arg(default = 1_u32)]
    depth: u32,
    /// Also show names that start with a dot.
    #[arg(default = false)]
    hidden: bool,
    /// How many entries to show at most.
    #[arg(default = 1_000_u32)]
    limit: u32,
) -> Result<String, Error> {
    let place = Place::to_read(&path)?;
    let options = Options {
        hidden,
        ignored: true,
        git_internals: false,
        depth: depth.max(1) as usize,
    };
    list(&place, options, limit as usize, &Budget::default())
}

fn list(place: &Place, options: Options, limit: usize, budget: &Budget) -> Result<String, Error> {
    let mut walk = Walk::new(place, options, budget)?;
    let mut page = Page::new(limit);
    while let Some(entry) = walk.next_entry()? {
        // To describe an entry costs calls of the host.
        let line = if page.has_room() {
            describe(&entry)
        } else {
            String::new()
        };
        page.push(&line);
    }
    let mut notes = walk.notes();
    if page.total == 0 && notes.is_empty() {
        let hint = if options.hidden {
            "is empty"
        } else {
            "is empty but for hidden names, if there are any"
        };
        return Ok(format!("[{} {hint}]", place.given));
    }
    if page.is_cut() {
        let (shown, total) = (page.shown, page.total);
        notes.insert(
            0,
            format!(
                "{shown} of {total} entries shown, {} left out; list a subdirectory or raise limit",
                total - shown
            ),
        );
    }
    Ok(page.finish(&notes))
}

fn describe(entry: &Entry) -> String {
    let name = one_line(&entry.relative);
    match entry.kind {
        Kind::Directory => format!("{name}/"),
        Kind::File => match std::fs::symlink_metadata(&entry.path) {
            Ok(metadata) => format!("{name}  {} bytes", metadata.len()),
            Err(_) => name,
        },
        Kind::Link => match std::fs::read_link(&entry.path) {
            Ok(target) => format!("{name} -> {}", one_line(&target.display().to_string())),
            // WASI does not reveal absolute targets.
            Err(_) => format!("{name} -> (an absolute path, not followed)"),
        },
        Kind::Other => format!("{name}  (not a regular file)"),
    }
}

#[cfg(test)]
mod tests;
