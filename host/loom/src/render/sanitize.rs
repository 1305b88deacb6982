//! Takes out of text what would drive a terminal: escape sequences and control characters. Tools and
//! models write what they like; it must not move the cursor, change titles or hide lines.

use std::borrow::Cow;

/// How long a string sequence such as a title may be before it counts as text again. Longer than
/// any real one, short enough that nothing of substance can be hidden.
const MAX_SEQUENCE: usize = 512;

/// Sanitizes a whole text.
pub(crate) fn sanitize(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_control) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(Sanitizer::default().push(text))
}

/// Sanitizes a text that comes in pieces.
#[derive(Debug, Default)]
pub(crate) struct Sanitizer {
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// After ESC.
    Escape,
    /// A control sequence: parameters until its final byte.
    Control,
    /// A title or other string, until BEL or ST; with its length so far.
    String(usize),
    /// After ESC within a string.
    StringEscape,
}

impl Sanitizer {
    /// The next piece, without what drives a terminal.
    pub(crate) fn push(&mut self, piece: &str) -> String {
        piece.chars().filter(|c| self.keeps(*c)).collect()
    }

    fn keeps(&mut self, c: char) -> bool {
        let (state, keep) = match (self.state, c) {
            (State::Text, _) => after_text(c),
            (State::Escape, '[') => (State::Control, false),
            (State::Escape, ']' | 'P' | 'X' | '^' | '_') => (State::String(0), false),
            // Two-character sequences, and those with an intermediate such as `ESC ( B`.
            (State::Escape, ' '..='/') => (State::Escape, false),
            (State::Escape, '0'..='~') => (State::Text, false),
            (State::Control, ' '..='?') => (State::Control, false),
            (State::Control, '@'..='~') => (State::Text, false),
            (State::String(_), '\u{7}' | '\u{9c}') => (State::Text, false),
            (State::String(_), '\u{1b}') => (State::StringEscape, false),
            (State::StringEscape, '\\') => (State::Text, false),
            (State::String(length), c) if c != '\n' && length < MAX_SEQUENCE => {
                (State::String(length + 1), false)
            }
            // Broken off: what follows is text.
            (_, _) => after_text(c),
        };
        self.state = state;
        keep
    }
}

fn after_text(c: char) -> (State, bool) {
    match c {
        '\u{1b}' => (State::Escape, false),
        '\u{9b}' => (State::Control, false),
        '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => (State::String(0), false),
        _ => (State::Text, !is_control(c)),
    }
}

fn is_control(c: char) -> bool {
    c.is_control() && c != '\n' && c != '\t' || reorders(c)
}

/// Whether a terminal shows what follows in another order than it is written: a name could be made to
/// look like another one. Text that runs from right to left by itself needs none of these.
fn reorders(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_drives_a_terminal_is_taken_out() {
        let check = |text: &str, expected: &str| assert_eq!(sanitize(text), expected, "{text:?}");
        check("plain\ttext\n", "plain\ttext\n");
        check("\u{1b}[31mred\u{1b}[0m", "red");
        check("\u{1b}[2J\u{1b}[Hgone", "gone");
        check("\u{1b}]0;title\u{7}after", "after");
        check("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link");
        check("\u{1b}Pdcs\u{9c}x", "x");
        check("\u{9b}31mred", "red");
        check("\u{1b}(Bx\u{1b}7y\u{1b}cz", "xyz");
        check("over\rwrite\u{8}\u{0}\u{7f}", "overwrite");
        check("línea 🎉 שלום", "línea 🎉 שלום");
        check("a\u{202e}txt.b\u{2066}c", "atxt.bc");
    }

    #[test]
    fn a_sequence_that_never_ends_hides_nothing_of_substance() {
        assert_eq!(sanitize("\u{1b}]0;title\nnext line"), "\nnext line");
        let long = format!("\u{1b}]0;{}END", "x".repeat(10_000));
        assert!(sanitize(&long).ends_with("END"));
        assert_eq!(sanitize("\u{1b}[31é"), "é");
        assert_eq!(sanitize("\u{1b}"), "");
    }

    #[test]
    fn pieces_give_the_same_as_the_whole() {
        let text = "a\u{1b}[1;31mb\u{1b}]0;t\u{1b}\\c\u{9b}0md\r\n";
        let whole = sanitize(text).into_owned();
        for at in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
            let mut sanitizer = Sanitizer::default();
            let pieces = sanitizer.push(&text[..at]) + &sanitizer.push(&text[at..]);
            assert_eq!(pieces, whole, "split at {at}");
        }
    }
}
