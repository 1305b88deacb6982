//! The tool `glob`, and the patterns that `grep` shares with it.

use globset::{GlobBuilder, GlobMatcher};
use loom_sdk::prelude::*;

use crate::budget::Budget;
use crate::page::Page;
use crate::path::{Place, one_line};
use crate::walk::{Options, Walk};

/// Find files by a pattern of their path, such as `src/**/*.{ts,tsx}`; a pattern without `/` matches
/// names at any depth. Returns sorted paths. Leaves out hidden files and what .gitignore excludes.
#[tool(
    safe,
    title = "Find files",
    reads(file = "path"),
    example(title = "Find all Rust files", arguments = r#"{"pattern": "*.rs"}"#),
    example(
        title = "Find the tests of one package",
        arguments = r#"{"pattern": "**/test_*.py", "path": "packages/core"}"#
    )
)]
pub fn glob(
    /// `*` and `?` match within a name, `**` across directories, `{a,b}` either, `[a-z]` one character.
    pattern: String,
    /// The directory to search.
    #[arg(default = ".")]
    path: String,
    /// Also search names that start with a dot.
    #[arg(default = false)]
    hidden: bool,
    /// Also search what .gitignore excludes, and `.git`.
    #[arg(default = false)]
    ignored: bool,
    /// How many paths to return at most.
    #[arg(default = 1_000_u32)]
    limit: u32,
) -> Result<String, Error> {
    let (path, pattern) = split_absolute(&path, &pattern);
    let pattern = Pattern::new(&pattern)?;
    let place = Place::to_read(&path)?;
    let options = Options {
        hidden: hidden || pattern.names_hidden,
        ignored,
        git_internals: ignored,
        depth: usize::MAX,
    };
    find(&place, &pattern, options, limit as usize)
}

fn find(place: &Place, pattern: &Pattern, options: Options, limit: usize) -> Result<String, Error> {
    let budget = Budget::default();
    let mut walk = Walk::new(place, options, &budget)?;
    let mut page = Page::new(limit);
    while let Some(entry) = walk.next_entry()? {
        if pattern.matches(&entry.relative) && entry.is_file() {
            page.push(&shown_path(&place.given, &entry.relative));
        }
    }
    let mut notes = walk.notes();
    if page.total == 0 {
        notes.insert(
            0,
            format!("no file matches {} in {}", pattern.text, place.given),
        );
    }
    if page.is_cut() {
        let (shown, total) = (page.shown, page.total);
        notes.insert(
            0,
            format!("{shown} of {total} files shown; narrow the pattern or raise limit"),
        );
    }
    Ok(page.finish(&notes))
}

/// A glob pattern for paths relative to the directory that is searched.
pub(crate) struct Pattern {
    text: String,
    matcher: GlobMatcher,
    /// Whether a name in it starts with a dot, so that it can only mean hidden files.
    pub(crate) names_hidden: bool,
}

impl Pattern {
    /// # Errors
    ///
    /// `invalid-input` if it is no pattern.
    pub(crate) fn new(text: &str) -> Result<Self, Error> {
        let anchored = text.strip_prefix("./");
        let glob = match anchored {
            Some(rest) => rest.to_owned(),
            None if text.contains('/') => text.to_owned(),
            None => format!("**/{text}"),
        };
        if text.is_empty() || glob.ends_with('/') {
            return Err(Error::invalid_input(format!(
                "the pattern {text:?} matches no file; use a pattern such as `**/*.rs`, or list_dir for directories"
            )));
        }
        let matcher = GlobBuilder::new(&glob)
            .literal_separator(true)
            .build()
            .map_err(|error| {
                Error::invalid_input(format!("the pattern {text:?} is no glob: {}", error.kind()))
            })?
            .compile_matcher();
        let names_hidden = glob.split('/').any(|name| name.starts_with('.'));
        Ok(Self {
            text: text.to_owned(),
            matcher,
            names_hidden,
        })
    }

    pub(crate) fn matches(&self, relative: &str) -> bool {
        self.matcher.is_match(relative)
    }
}

/// A path below the searched directory, as the model is to give it to other tools.
pub(crate) fn shown_path(given: &str, relative: &str) -> String {
    let base = given.trim_end_matches('/');
    let base = base.strip_prefix("./").unwrap_or(base);
    match base {
        "" if given.starts_with('/') => one_line(&format!("/{relative}")),
        "" | "." => one_line(relative),
        _ => one_line(&format!("{base}/{relative}")),
    }
}

/// Models like to give the directory in the pattern: `/home/me/src/*.rs` is `*.rs` directly in
/// `/home/me/src`, whatever the path says.
fn split_absolute(path: &str, pattern: &str) -> (String, String) {
    if !pattern.starts_with('/') {
        return (path.to_owned(), pattern.to_owned());
    }
    let special = pattern.find(['*', '?', '[', '{', '\\']);
    let plain = &pattern[..special.unwrap_or(pattern.len())];
    let split = plain.rfind('/').unwrap_or(0);
    let directory = if split == 0 { "/" } else { &pattern[..split] };
    (directory.to_owned(), format!("./{}", &pattern[split + 1..]))
}

#[cfg(test)]
mod tests;
