//! The tool `grep`: which files are searched and what the result says. How matches are shown is in
//! `grep::matches`.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use grep_matcher::LineTerminator;
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use grep_searcher::{BinaryDetection, Encoding, Searcher, SearcherBuilder};
use loom_sdk::prelude::*;

use crate::budget::{Budget, Stop, Watched, stop_of};
use crate::file_type::{self, FileType, HEAD_BYTES};
use crate::glob::{Pattern, shown_path};
use crate::page::Page;
use crate::path::{Place, one_line};
use crate::text::Reading;
use crate::walk::{Options, Walk};
use matches::Matches;

mod matches;

/// More context than this is better read with `read_file`.
const MAX_CONTEXT_LINES: usize = 50;

/// A line that is longer is not searched, and neither is the rest of its file.
const MAX_LINE_BYTES: usize = 32 * 1024 * 1024;

const CHUNK_BYTES: usize = 64 * 1024;

/// Search the text of files for a regular expression. Returns `path:line: text` for each matching
/// line and `path-line- text` for context. Leaves out binary and hidden files and what .gitignore
/// excludes.
#[tool(
    safe,
    title = "Search in files",
    reads(file = "path"),
    example(
        title = "Find a definition",
        arguments = r#"{"pattern": "fn\\s+main", "glob": "*.rs"}"#
    ),
    example(
        title = "List the files that mention a word",
        arguments = r#"{"pattern": "todo", "path": "src", "ignore_case": true, "files_only": true}"#
    )
)]
pub fn grep(
    /// The regular expression, in Rust's syntax, matched against single lines.
    pattern: String,
    /// The directory or file to search.
    #[arg(default = ".")]
    path: String,
    /// Search only files whose path matches this glob pattern, such as `*.rs`.
    glob: Option<String>,
    /// Match upper and lower case alike.
    #[arg(default = false)]
    ignore_case: bool,
    /// How many lines to show before and after each match.
    #[arg(default = 0_u32)]
    context: u32,
    /// Return only the paths of the files that match.
    #[arg(default = false)]
    files_only: bool,
    /// How many matching lines, or files, to return at most.
    #[arg(default = 200_u32)]
    limit: u32,
) -> Result<String, Error> {
    let matcher = compile(&pattern, ignore_case)?;
    let context = (context as usize).min(MAX_CONTEXT_LINES);
    let context = if files_only { 0 } else { context };
    let glob = glob.as_deref().map(Pattern::new).transpose()?;
    let place = Place::to_read(&path)?;
    let page = Page::new(limit as usize);
    let mut search = Search::new(matcher, context, Matches::new(page, files_only));
    let budget = Budget::default();
    if place.path.is_dir() {
        search.directory(&place, glob.as_ref(), &budget)?;
    } else {
        search.named_file(&place, &budget)?;
    }
    Ok(search.finish(&pattern))
}

fn compile(pattern: &str, ignore_case: bool) -> Result<RegexMatcher, Error> {
    let refuse = |error: &dyn std::fmt::Display| {
        Error::invalid_input(format!(
            "the pattern can't be searched for: {error}; patterns have Rust's syntax (no look-around, no back-references) and match within one line"
        ))
    };
    // The matcher reports errors in a pattern that it has wrapped.
    regex_syntax::parse(pattern).map_err(|error| refuse(&error))?;
    RegexMatcherBuilder::new()
        .case_insensitive(ignore_case)
        .multi_line(true)
        .crlf(true)
        .build(pattern)
        .map_err(|error| refuse(&error))
}

fn searcher(encoding: Option<&str>, context: usize) -> Searcher {
    let encoding = encoding.map(|label| Encoding::new(label).expect("the label is a standard one"));
    SearcherBuilder::new()
        .line_terminator(LineTerminator::crlf())
        .line_number(true)
        .before_context(context)
        .after_context(context)
        .binary_detection(BinaryDetection::quit(0))
        .heap_limit(Some(MAX_LINE_BYTES))
        .encoding(encoding)
        .build()
}

/// A search under way.
struct Search {
    matcher: RegexMatcher,
    /// For UTF-8 and for Windows-1252; both heed byte order marks.
    searchers: [Searcher; 2],
    matches: Matches,
    /// The start of the file that is searched.
    chunk: Vec<u8>,
    /// Files that were searched.
    files: usize,
    unreadable: usize,
    notes: Vec<String>,
}

/// Why a file was not searched to its end.
enum Unsearched {
    Binary,
    Stopped(Stop),
    Failed(io::Error),
}

impl Search {
    fn new(matcher: RegexMatcher, context: usize, matches: Matches) -> Self {
        Self {
            matcher,
            searchers: [None, Some("windows-1252")].map(|encoding| searcher(encoding, context)),
            matches,
            chunk: vec![0; CHUNK_BYTES],
            files: 0,
            unreadable: 0,
            notes: Vec::new(),
        }
    }

    fn directory(
        &mut self,
        place: &Place,
        glob: Option<&Pattern>,
        budget: &Budget,
    ) -> Result<(), Error> {
        let options = Options {
            hidden: glob.is_some_and(|glob| glob.names_hidden),
            ignored: false,
            git_internals: false,
            depth: usize::MAX,
        };
        let mut walk = Walk::new(place, options, budget)?;
        while let Some(entry) = walk.next_entry()? {
            if glob.is_some_and(|glob| !glob.matches(&entry.relative)) || !entry.is_file() {
                continue;
            }
            let shown = shown_path(&place.given, &entry.relative);
            match self.file(&entry.path, shown, budget) {
                Ok(()) | Err(Unsearched::Binary) => {}
                Err(Unsearched::Failed(_)) => self.unreadable += 1,
                Err(Unsearched::Stopped(stop)) => walk.stop(stop.note()?),
            }
        }
        self.notes = walk.notes();
        Ok(())
    }

    /// A file that the call named: what prevents its search is an error.
    fn named_file(&mut self, place: &Place, budget: &Budget) -> Result<(), Error> {
        let metadata = std::fs::metadata(&place.path).map_err(|error| place.failure(&error))?;
        if !metadata.is_file() {
            return Err(place.not_a_regular_file());
        }
        match self.file(&place.path, one_line(&place.given), budget) {
            Ok(()) => Ok(()),
            Err(Unsearched::Binary) => Err(Error::invalid_input(format!(
                "{} is a binary file, which can't be searched",
                place.given
            ))),
            Err(Unsearched::Failed(error)) => Err(place.failure(&error)),
            Err(Unsearched::Stopped(stop)) => {
                self.notes.push(stop.note()?);
                Ok(())
            }
        }
    }

    fn file(&mut self, path: &Path, shown: String, budget: &Budget) -> Result<(), Unsearched> {
        let mut file = Watched {
            inner: File::open(path)?,
            budget,
        };
        // Most files end in the first chunk; each read that is saved is a call of the host.
        let length = file.read(&mut self.chunk)?;
        let chunk = &self.chunk[..length];
        let head = &chunk[..length.min(HEAD_BYTES)];
        if file_type::guess(head) != FileType::Text {
            return Err(Unsearched::Binary);
        }
        self.files += 1;
        let is_windows_1252 = Reading::of(head) == Reading::Windows1252;
        let searcher = &mut self.searchers[usize::from(is_windows_1252)];
        let sink = self.matches.of_file(shown, &self.matcher);
        Ok(searcher.search_reader(&self.matcher, chunk.chain(file), sink)?)
    }

    fn finish(self, pattern: &str) -> String {
        let mut notes = self.notes;
        if self.unreadable > 0 {
            notes.push(format!("files that could not be read: {}", self.unreadable));
        }
        let page = &self.matches.page;
        if page.total == 0 {
            let files = self.files;
            let s = if files == 1 { "" } else { "s" };
            notes.insert(0, format!("no match for {pattern} in {files} file{s}"));
        }
        if page.is_cut() {
            notes.insert(0, self.matches.cut_note());
        }
        self.matches.page.finish(&notes)
    }
}

impl From<io::Error> for Unsearched {
    fn from(error: io::Error) -> Self {
        match stop_of(&error) {
            Some(stop) => Self::Stopped(stop),
            None => Self::Failed(error),
        }
    }
}

#[cfg(test)]
mod tests;
