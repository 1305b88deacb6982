//! Results of many lines: shows the first, counts the rest, and ends with notes in brackets.

/// Results are cut at this size, whatever the limit of lines: about 64,000 tokens.
pub(crate) const MAX_BYTES: usize = 256 * 1024;

/// A result in the making.
#[derive(Debug)]
pub(crate) struct Page {
    text: String,
    limit: usize,
    /// Lines that were asked to be shown.
    pub(crate) total: usize,
    /// Lines that are shown.
    pub(crate) shown: usize,
}

impl Page {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            text: String::new(),
            limit,
            total: 0,
            shown: 0,
        }
    }

    /// Counts a line, and shows it if there is room.
    pub(crate) fn push(&mut self, line: &str) {
        if self.has_room() {
            self.shown += 1;
            self.push_uncounted(line);
        }
        self.total += 1;
    }

    /// Shows a line that belongs to the one before it.
    pub(crate) fn push_uncounted(&mut self, line: &str) {
        self.text += line;
        self.text.push('\n');
    }

    /// Whether the next line would be shown.
    pub(crate) fn has_room(&self) -> bool {
        self.shown == self.total && self.shown < self.limit && self.text.len() < MAX_BYTES
    }

    pub(crate) fn is_cut(&self) -> bool {
        self.shown < self.total
    }

    /// The text, ending with the notes if there are any.
    pub(crate) fn finish(self, notes: &[String]) -> String {
        let mut text = self.text;
        if notes.is_empty() {
            text.pop();
        } else {
            text += &bracketed(notes);
        }
        text
    }
}

/// Notes as one line in brackets.
pub(crate) fn bracketed(notes: &[String]) -> String {
    format!("[{}]", notes.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_beyond_the_limit_are_counted_but_not_shown() {
        let mut page = Page::new(2);
        for line in ["a", "b", "c"] {
            page.push(line);
        }
        assert!(page.is_cut());
        assert_eq!((page.shown, page.total), (2, 3));
        assert_eq!(
            page.finish(&["cut".into(), "sorry".into()]),
            "a\nb\n[cut; sorry]"
        );
    }

    #[test]
    fn a_whole_result_has_no_note_and_no_final_newline() {
        let mut page = Page::new(2);
        page.push("a");
        page.push("b");
        assert!(!page.is_cut());
        assert_eq!(page.finish(&[]), "a\nb");
    }

    #[test]
    fn a_result_is_cut_at_its_size_whatever_the_limit() {
        let mut page = Page::new(usize::MAX);
        let line = "x".repeat(MAX_BYTES / 2);
        for _ in 0..5 {
            page.push(&line);
        }
        assert_eq!((page.shown, page.total), (2, 5));
    }
}
