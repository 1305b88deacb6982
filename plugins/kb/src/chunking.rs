//! Cuts a text into chunks: along its structure, never much longer than wanted, each beginning with
//! the end of the one before it where that was cut within a section.
//!
//! One pass from front to back, so that no text, whatever is in it, takes more than linear time.

use crate::document::Chunk;

/// How long a chunk is at most, in characters: about 300 tokens of English.
const MAX_CHARACTERS: usize = 1_400;
/// A section that is longer is cut where this is passed at the next good place.
const GOOD_CHARACTERS: usize = 1_000;
/// How much of a chunk is repeated at the beginning of the next, at most.
const OVERLAP_CHARACTERS: usize = 200;
/// Longer headings are cut.
const MAX_HEADING_CHARACTERS: usize = 120;
/// Joins a heading to those above it.
const BELOW: &str = " > ";

/// What the structure of a text is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Structure {
    /// Headings, paragraphs, fenced code.
    Markdown,
    /// Paragraphs and lines.
    Plain,
}

/// The chunks of a text; none if it is blank.
pub(crate) fn chunks(text: &str, structure: Structure) -> Vec<Chunk> {
    let mut cutter = Cutter::default();
    let mut fence = None;
    for line in text.split_inclusive('\n') {
        if structure == Structure::Markdown {
            let was_fenced = fence.is_some();
            track_fence(line, &mut fence);
            if let Some((level, title)) = heading(line).filter(|_| !was_fenced && fence.is_none()) {
                cutter.section(level, title);
            }
        }
        cutter.line(line, fence.is_some());
    }
    cutter.end_section();
    cutter.chunks
}

#[derive(Default)]
struct Cutter {
    chunks: Vec<Chunk>,
    /// Level and text of the headings above.
    headings: Vec<(usize, String)>,
    current: String,
    characters: usize,
    /// How much of `current` repeats the chunk before it.
    repeated: usize,
}

impl Cutter {
    /// A heading ends what is above it. Short sections are not joined: a passage says one thing.
    fn section(&mut self, level: usize, title: &str) {
        self.end_section();
        self.headings.retain(|(above, _)| *above < level);
        let title = title.chars().take(MAX_HEADING_CHARACTERS).collect();
        self.headings.push((level, title));
    }

    fn line(&mut self, line: &str, is_fenced: bool) {
        let is_good_end = line.trim().is_empty() && !is_fenced;
        for piece in pieces(line) {
            let characters = piece.chars().count();
            if self.characters + characters > MAX_CHARACTERS {
                self.cut();
            }
            self.current.push_str(piece);
            self.characters += characters;
        }
        if is_good_end && self.characters > GOOD_CHARACTERS {
            self.cut();
        }
    }

    /// Ends a chunk within a section.
    fn cut(&mut self) {
        let before = self.current.clone();
        if !self.end_chunk() {
            // Blanks, or what the chunk before has already.
            self.current.clear();
            self.characters = 0;
            self.repeated = 0;
            return;
        }
        let overlap = overlap(&before);
        self.current.push_str(overlap);
        if before.ends_with('\n') && !overlap.is_empty() {
            self.current.push('\n');
        }
        self.characters = self.current.chars().count();
        self.repeated = self.current.len();
    }

    fn end_section(&mut self) {
        self.end_chunk();
        self.current.clear();
        self.characters = 0;
        self.repeated = 0;
    }

    /// False if there is nothing new in it.
    fn end_chunk(&mut self) -> bool {
        let is_new = !self.current[self.repeated..].trim().is_empty();
        if is_new {
            let headings: Vec<&str> = self.headings.iter().map(|(_, title)| &**title).collect();
            self.chunks.push(Chunk {
                heading: headings.join(BELOW),
                text: self
                    .current
                    .trim_end()
                    .trim_start_matches(['\n', '\r'])
                    .to_owned(),
            });
            self.current.clear();
            self.characters = 0;
            self.repeated = 0;
        }
        is_new
    }
}

/// A line, or a longer line's parts: sentences where there are any, else words, else what fits.
fn pieces(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let limit = rest
            .char_indices()
            .nth(MAX_CHARACTERS - OVERLAP_CHARACTERS - 1);
        let Some((limit, _)) = limit else {
            return Some(std::mem::take(&mut rest));
        };
        let head = &rest[..limit];
        let at = sentence_end(head)
            .or_else(|| head.rfind(char::is_whitespace).map(|at| at + 1))
            .filter(|at| *at > 0 && head.is_char_boundary(*at))
            .unwrap_or(limit);
        let (piece, after) = rest.split_at(at);
        rest = after;
        Some(piece)
    })
}

/// Behind the last sentence that ends in a text.
fn sentence_end(text: &str) -> Option<usize> {
    let ends = text.char_indices().rev().find(|(at, c)| {
        let after = &text[at + c.len_utf8()..];
        match c {
            '.' | '!' | '?' => after.starts_with(char::is_whitespace),
            '。' | '！' | '？' => true,
            _ => false,
        }
    });
    ends.map(|(at, c)| at + c.len_utf8())
}

/// The end of a chunk that the next begins with: whole lines or words.
fn overlap(text: &str) -> &str {
    let text = text.trim_end();
    let Some((start, _)) = text.char_indices().rev().nth(OVERLAP_CHARACTERS - 1) else {
        return "";
    };
    let tail = &text[start..];
    let at = tail.find('\n').filter(|at| at + 1 < tail.len());
    match at.or_else(|| tail.find(char::is_whitespace)) {
        Some(at) => tail[at..].trim_start(),
        None => "",
    }
}

/// The level and the text of an ATX heading (CommonMark 0.31, section 4.2).
fn heading(line: &str) -> Option<(usize, &str)> {
    let indented = line.trim_start_matches(' ');
    if line.len() - indented.len() > 3 {
        return None;
    }
    let title = indented.trim_start_matches('#');
    let level = indented.len() - title.len();
    let is_heading = (1..=6).contains(&level) && title.starts_with([' ', '\t', '\n', '\r']);
    let title = title.trim().trim_end_matches('#').trim_end();
    (is_heading && !title.is_empty()).then_some((level, title))
}

/// Notes whether the lines that follow are code: `fence` is what ends it.
fn track_fence(line: &str, fence: &mut Option<(char, usize)>) {
    let line = line.trim_start();
    let Some(mark) = line.chars().next().filter(|c| matches!(c, '`' | '~')) else {
        return;
    };
    let length = line.chars().take_while(|c| *c == mark).count();
    match fence {
        Some((open, least)) => {
            let is_bare = line.trim_end().chars().all(|c| c == mark);
            if *open == mark && length >= *least && is_bare {
                *fence = None;
            }
        }
        None if length >= 3 => *fence = Some((mark, length)),
        None => {}
    }
}

#[cfg(test)]
mod tests;
