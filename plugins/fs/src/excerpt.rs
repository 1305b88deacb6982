//! Shows what an edit changed, in the manner of a unified diff. The changes are known, so nothing is
//! compared but the lines around each.

use std::ops::Range;

/// Lines shown before and after a change.
const CONTEXT_LINES: usize = 2;
/// Groups of changes that are shown.
const MAX_HUNKS: usize = 5;
/// Lines shown of what a hunk removes, and as many of what it adds.
const MAX_LINES: usize = 15;
/// Characters shown of a line.
const MAX_CHARS: usize = 200;

/// Pieces of a text, in order and apart, that are replaced by a new text.
pub(crate) struct Changes<'a> {
    pub(crate) old: &'a [u8],
    pub(crate) ranges: &'a [Range<usize>],
    pub(crate) new_text: &'a [u8],
}

impl Changes<'_> {
    /// The whole text after the changes.
    pub(crate) fn apply(&self) -> Vec<u8> {
        self.apply_within(0..self.old.len(), self.ranges)
    }

    /// The changed lines with some around them.
    pub(crate) fn show(&self) -> String {
        let hunks = self.hunks();
        let shown = hunks.iter().take(MAX_HUNKS);
        let mut shown: Vec<String> = shown.map(|hunk| self.show_hunk(hunk)).collect();
        if hunks.len() > MAX_HUNKS {
            shown.push(format!("[{} more changes]", hunks.len() - MAX_HUNKS));
        }
        shown.join("\n")
    }

    fn apply_within(&self, part: Range<usize>, ranges: &[Range<usize>]) -> Vec<u8> {
        let mut new = Vec::with_capacity(part.len() + ranges.len() * self.new_text.len());
        let mut done = part.start;
        for range in ranges {
            new.extend_from_slice(&self.old[done..range.start]);
            new.extend_from_slice(self.new_text);
            done = range.end;
        }
        new.extend_from_slice(&self.old[done..part.end]);
        new
    }

    /// Changes whose surroundings touch are one hunk.
    fn hunks(&self) -> Vec<Hunk<'_>> {
        let mut hunks: Vec<Hunk<'_>> = Vec::new();
        for (index, range) in self.ranges.iter().enumerate() {
            let around = lines_around(self.old, range);
            match hunks.last_mut() {
                Some(hunk) if around.start <= hunk.lines.end => {
                    let first = index - hunk.ranges.len();
                    hunk.ranges = &self.ranges[first..=index];
                    hunk.lines.end = around.end;
                }
                _ => hunks.push(Hunk {
                    lines: around,
                    ranges: &self.ranges[index..=index],
                }),
            }
        }
        hunks
    }

    fn show_hunk(&self, hunk: &Hunk<'_>) -> String {
        let new = self.apply_within(hunk.lines.clone(), hunk.ranges);
        let new: Vec<&[u8]> = lines(&new).collect();
        let old: Vec<&[u8]> = lines(&self.old[hunk.lines.clone()]).collect();
        let same = |(a, b): &(&&[u8], &&[u8])| a == b;
        let before = old.iter().zip(&new).take_while(same).count();
        let (old_rest, new_rest) = (&old[before..], &new[before..]);
        let pairs = old_rest.iter().rev().zip(new_rest.iter().rev());
        let after = pairs.take_while(same).count();
        let removed = &old_rest[..old_rest.len() - after];
        let added = &new_rest[..new_rest.len() - after];

        let number = line_number(self.old, hunk.lines.start) + before;
        let mut shown = vec![format!("@@ line {number} @@")];
        let start = before.saturating_sub(CONTEXT_LINES);
        mark(' ', &old[start..before], &mut shown);
        mark('-', removed, &mut shown);
        mark('+', added, &mut shown);
        let following = &old_rest[removed.len()..];
        mark(' ', &following[..after.min(CONTEXT_LINES)], &mut shown);
        shown.join("\n")
    }
}

struct Hunk<'a> {
    /// The lines of the old text, as bytes.
    lines: Range<usize>,
    ranges: &'a [Range<usize>],
}

/// The number of the line, counted from 1, that a place in the text is in.
pub(crate) fn line_number(text: &[u8], place: usize) -> usize {
    memchr::memchr_iter(b'\n', &text[..place]).count() + 1
}

/// The range and `CONTEXT_LINES` before and after it, in whole lines.
fn lines_around(text: &[u8], range: &Range<usize>) -> Range<usize> {
    let mut breaks = memchr::memrchr_iter(b'\n', &text[..range.start]);
    let start = breaks.nth(CONTEXT_LINES).map_or(0, |at| at + 1);
    let mut breaks = memchr::memchr_iter(b'\n', &text[range.end..]);
    let end = breaks.nth(CONTEXT_LINES).map(|at| range.end + at + 1);
    start..end.unwrap_or(text.len())
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|byte| *byte == b'\n')
}

fn mark(sign: char, lines: &[&[u8]], shown: &mut Vec<String>) {
    for line in lines.iter().take(MAX_LINES) {
        let text = String::from_utf8_lossy(line);
        let mut text = text.trim_end_matches(['\n', '\r']);
        let cut = text.char_indices().nth(MAX_CHARS).map(|(at, _)| at);
        text = &text[..cut.unwrap_or(text.len())];
        let ellipsis = if cut.is_some() { "…" } else { "" };
        shown.push(format!("{sign}{text}{ellipsis}"));
    }
    if lines.len() > MAX_LINES {
        shown.push(format!("{sign}[{} more lines]", lines.len() - MAX_LINES));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(old: &str, old_text: &str, new_text: &str, expect: &str) {
        let found = old.match_indices(old_text);
        let ranges: Vec<Range<usize>> = found.map(|(at, text)| at..at + text.len()).collect();
        let changes = Changes {
            old: old.as_bytes(),
            ranges: &ranges,
            new_text: new_text.as_bytes(),
        };
        assert_eq!(
            String::from_utf8_lossy(&changes.apply()),
            old.replace(old_text, new_text)
        );
        assert_eq!(changes.show(), expect);
    }

    #[test]
    fn a_changed_line_is_shown_with_two_lines_around_it() {
        check(
            "a\nb\nc\nd\ne\nf\n",
            "d",
            "D",
            "@@ line 4 @@\n b\n c\n-d\n+D\n e\n f",
        );
    }

    #[test]
    fn lines_that_stay_are_not_shown_as_changed() {
        check(
            "a\nb\nc\n",
            "a\nb\nc",
            "a\nnew\nb\nc",
            "@@ line 2 @@\n a\n+new\n b\n c",
        );
        check("a\nb\nc\n", "b\n", "", "@@ line 2 @@\n a\n-b\n c");
    }

    #[test]
    fn changes_next_to_each_other_are_one_hunk() {
        check("x\ny\nx", "x", "z", "@@ line 1 @@\n-x\n-y\n-x\n+z\n+y\n+z");
        check(
            "x\n1\n2\n3\n4\n5\n6\nx\n",
            "x",
            "z",
            "@@ line 1 @@\n-x\n+z\n 1\n 2\n@@ line 8 @@\n 5\n 6\n-x\n+z",
        );
    }

    #[test]
    fn much_is_clamped() {
        let old = format!("{}\n", "é".repeat(300));
        let shown = "é".repeat(200);
        check(
            &old,
            "é\n",
            "!\n",
            &format!("@@ line 1 @@\n-{shown}…\n+{shown}…"),
        );
        let many = "x\n1\n2\n3\n4\n5\n".repeat(7);
        let found: Vec<Range<usize>> = many.match_indices('x').map(|(at, _)| at..at + 1).collect();
        let new_text = "y\n".repeat(20);
        let changes = Changes {
            old: many.as_bytes(),
            ranges: &found,
            new_text: new_text.as_bytes(),
        };
        let shown = changes.show();
        assert!(shown.ends_with("[2 more changes]"), "{shown}");
        assert!(shown.contains("+[6 more lines]"), "{shown}");
    }
}
