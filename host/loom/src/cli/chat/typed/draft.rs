//! A line while it is typed, key by key.

/// Ctrl-U, Ctrl-W and the two of the backspace key, as terminals send them.
const CLEAR: u8 = 0x15;
const ERASE_WORD: u8 = 0x17;
const BACKSPACES: [u8; 2] = [0x08, 0x7f];
const ESCAPE: u8 = 0x1b;

/// The line.
#[derive(Debug, Default)]
pub(super) struct Draft {
    bytes: Vec<u8>,
    keys: Keys,
}

/// Where in the sequence of an arrow or function key the next byte stands.
#[derive(Clone, Copy, Debug, Default)]
enum Keys {
    #[default]
    Plain,
    Escape,
    Sequence,
}

impl Draft {
    /// The next byte from the keyboard; the line, if that ended one with something in it.
    pub(super) fn press(&mut self, key: u8) -> Option<String> {
        match (std::mem::take(&mut self.keys), key) {
            (Keys::Escape, b'[' | b'O') => self.keys = Keys::Sequence,
            (Keys::Sequence, 0x20..=0x3f) => self.keys = Keys::Sequence,
            (Keys::Escape | Keys::Sequence, 0x20..=0x7e) => {}
            (_, ESCAPE) => self.keys = Keys::Escape,
            (_, b'\r' | b'\n') => {
                let line = self.text();
                self.bytes.clear();
                return Some(line).filter(|line| !line.trim().is_empty());
            }
            (_, CLEAR) => self.bytes.clear(),
            (_, ERASE_WORD) => self.erase_word(),
            (_, key) if BACKSPACES.contains(&key) => self.erase(),
            (_, b'\t') => self.bytes.push(b' '),
            (_, 0x00..=0x1f) => {}
            (_, key) => self.bytes.push(key),
        }
        None
    }

    /// What is there so far.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// Takes back the last character, which may be several bytes.
    fn erase(&mut self) {
        while let Some(0x80..=0xbf) = self.bytes.pop() {}
    }

    fn erase_word(&mut self) {
        let is_blank = |byte: &u8| *byte == b' ';
        while self.bytes.last().is_some_and(is_blank) {
            self.bytes.pop();
        }
        while self.bytes.last().is_some_and(|byte| !is_blank(byte)) {
            self.bytes.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines that keys make, and what is left.
    fn typed(keys: &str) -> (Vec<String>, String) {
        let mut draft = Draft::default();
        let lines = keys.bytes().filter_map(|key| draft.press(key)).collect();
        (lines, draft.text())
    }

    #[track_caller]
    fn check(keys: &str, expected: &str) {
        assert_eq!(typed(keys), (Vec::new(), expected.to_owned()), "{keys:?}");
    }

    #[test]
    fn lines_end_with_enter_and_empty_ones_are_none() {
        let (lines, rest) = typed("one\r\n \rtwo\nthr");
        assert_eq!(lines, ["one", "two"]);
        assert_eq!(rest, "thr");
    }

    #[test]
    fn what_was_typed_can_be_taken_back() {
        check("té\u{7f}ea", "tea");
        check("\u{7f}\u{8}tea", "tea");
        check("a kettle \u{17}cup", "a cup");
        check("nothing\u{15}tea", "tea");
    }

    #[test]
    fn keys_that_are_no_text_leave_none() {
        check("t\u{1b}[A\u{1b}[1;5De\u{1b}OP\u{1b}xa", "tea");
        check("t\te\u{0}\u{4}a", "t ea");
        check("\u{1b}[200~tea\u{1b}[201~", "tea");
    }
}
