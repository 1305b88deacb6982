//! Shows the matches of a search, and counts those for which there is no room.

use std::io;

use grep_matcher::Matcher;
use grep_regex::RegexMatcher;
use grep_searcher::{Searcher, Sink, SinkContext, SinkMatch};

use crate::page::Page;

/// Characters shown of a line.
const MAX_CHARS: usize = 400;
/// Characters of a long line that are shown before its match.
const CHARS_BEFORE: usize = 100;

/// What was found so far.
pub(super) struct Matches {
    pub(super) page: Page,
    files_only: bool,
    files: usize,
    /// Whether lines were left out since the last one that is shown.
    has_gap: bool,
}

/// What a search in one file reports to.
pub(super) struct InFile<'a> {
    matches: &'a mut Matches,
    matcher: &'a RegexMatcher,
    path: String,
    is_first: bool,
    /// Whether the last match is shown, so that its context is too.
    is_shown: bool,
    /// Context that comes before a match, of which nobody knows yet whether it is shown.
    before: Vec<String>,
}

impl Matches {
    pub(super) fn new(page: Page, files_only: bool) -> Self {
        Self {
            page,
            files_only,
            files: 0,
            has_gap: false,
        }
    }

    pub(super) fn of_file<'a>(&'a mut self, path: String, matcher: &'a RegexMatcher) -> InFile<'a> {
        self.has_gap = true;
        InFile {
            matches: self,
            matcher,
            path,
            is_first: true,
            is_shown: false,
            before: Vec::new(),
        }
    }

    /// The totals, for a result that does not show everything.
    pub(super) fn cut_note(&self) -> String {
        let (shown, total, files) = (self.page.shown, self.page.total, self.files);
        let what = if self.files_only {
            format!("{total} files")
        } else {
            format!("{total} matching lines in {files} files")
        };
        format!("{shown} of {what} shown; narrow the pattern, the path or the glob, or raise limit")
    }
}

impl Sink for InFile<'_> {
    type Error = io::Error;

    fn matched(&mut self, searcher: &Searcher, found: &SinkMatch<'_>) -> io::Result<bool> {
        if self.is_first {
            self.matches.files += 1;
            self.is_first = false;
        }
        if self.matches.files_only {
            self.matches.page.push(&self.path);
            return Ok(false);
        }
        self.is_shown = self.matches.page.has_room();
        if !self.is_shown {
            self.before.clear();
            self.matches.page.push("");
            return Ok(true);
        }
        let has_context = searcher.before_context() + searcher.after_context() > 0;
        if has_context && self.matches.has_gap && self.matches.page.total > 0 {
            self.matches.page.push_uncounted("--");
        }
        self.matches.has_gap = false;
        for line in self.before.drain(..) {
            self.matches.page.push_uncounted(&line);
        }
        let text = self.around_match(found.bytes());
        let number = found.line_number().unwrap_or(0);
        self.matches
            .page
            .push(&format!("{}:{number}: {text}", self.path));
        Ok(true)
    }

    fn context(&mut self, _: &Searcher, context: &SinkContext<'_>) -> io::Result<bool> {
        let number = context.line_number().unwrap_or(0);
        let text = clamp(&String::from_utf8_lossy(context.bytes()), 0);
        let line = format!("{}-{number}- {text}", self.path);
        match context.kind() {
            grep_searcher::SinkContextKind::Before => self.before.push(line),
            _ if self.is_shown => self.matches.page.push_uncounted(&line),
            _ => {}
        }
        Ok(true)
    }

    fn context_break(&mut self, _: &Searcher) -> io::Result<bool> {
        self.matches.has_gap = true;
        Ok(true)
    }
}

impl InFile<'_> {
    /// The matching line, or of a long one the part around the match.
    fn around_match(&self, line: &[u8]) -> String {
        let text = String::from_utf8_lossy(line);
        let found = self.matcher.find(text.as_bytes()).ok().flatten();
        clamp(&text, found.map_or(0, |found| found.start()))
    }
}

/// At most `MAX_CHARS` of a line, from `CHARS_BEFORE` before a place in it on if it is too long.
fn clamp(line: &str, place: usize) -> String {
    let line = line.trim_end_matches(['\n', '\r']);
    let place = line.floor_char_boundary(place);
    let fits = line.char_indices().nth(MAX_CHARS).is_none();
    if fits {
        return line.to_owned();
    }
    let mut before = line[..place].char_indices().rev();
    let start = before.nth(CHARS_BEFORE - 1).map_or(0, |(at, _)| at);
    let mut after = line[start..].char_indices();
    let end = after
        .nth(MAX_CHARS)
        .map_or(line.len(), |(at, _)| start + at);
    let opening = if start > 0 { "…" } else { "" };
    let closing = if end < line.len() { "…" } else { "" };
    format!("{opening}{}{closing}", &line[start..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_shown_around_its_match() {
        let line = format!("{}needle{}\r\n", "ü".repeat(1_000), "日".repeat(1_000));
        let place = line.find("needle").unwrap_or(0);
        let expect = format!("…{}needle{}…", "ü".repeat(100), "日".repeat(294));
        assert_eq!(clamp(&line, place), expect);
    }

    #[test]
    fn a_short_line_is_shown_whole() {
        assert_eq!(clamp("  short\r\n", 3), "  short");
        assert_eq!(clamp("", 0), "");
        let line = "x".repeat(400);
        assert_eq!(clamp(&line, 399), line);
        assert_eq!(clamp(&format!("{line}y"), 0), format!("{line}…"));
    }
}
