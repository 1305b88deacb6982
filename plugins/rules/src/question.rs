//! What the person typed, made ready for patterns: typographic quotes, politeness and closing marks
//! go. Nothing here knows a rule.

use crate::shipped::{POLITE_ENDS, POLITE_STARTS};

/// Patterns look at no more than this of a message. Matching takes time in proportion to it.
const MAX_BYTES: usize = 8 * 1024;

/// One message in the forms that patterns are tried on.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// As typed, but for space around it.
    pub(crate) typed: String,
    /// Without politeness at the start.
    pub(crate) open_ended: String,
    /// Without politeness and closing marks at the end either.
    pub(crate) plain: String,
    /// `open_ended` in lower case.
    pub(crate) lower: String,
}

impl Question {
    pub(crate) fn new(message: &str) -> Self {
        let typed = head(message.trim()).to_owned();
        let straight = typed.replace(['‘', '’'], "'").replace(['“', '”'], "\"");
        let open_ended = without_start(&straight).to_owned();
        Self {
            plain: without_end(&open_ended).to_owned(),
            lower: open_ended.to_lowercase(),
            open_ended,
            typed,
        }
    }
}

/// The part that patterns look at.
fn head(message: &str) -> &str {
    let end = (0..=MAX_BYTES.min(message.len()))
        .rev()
        .find(|&at| message.is_char_boundary(at));
    &message[..end.unwrap_or(0)]
}

fn without_start(text: &str) -> &str {
    let shorter = POLITE_STARTS.iter().find_map(|phrase| {
        let rest = strip_prefix(text, phrase)?;
        let ends_word = phrase.ends_with(',') || !rest.starts_with(|c: char| c.is_alphanumeric());
        let rest = rest.trim_start_matches([' ', ',', ':', '!', '\n']);
        (ends_word && !rest.is_empty()).then_some(rest)
    });
    shorter.map_or(text, without_start)
}

fn without_end(text: &str) -> &str {
    let text = without_marks(text);
    let shorter = POLITE_ENDS.iter().find_map(|phrase| {
        let rest = strip_suffix(text, phrase)?;
        let starts_word = rest.ends_with([' ', ',', '.', '?', '!', '\n']);
        let rest = rest.trim_end_matches([' ', ',', '\n']);
        (starts_word && !rest.is_empty()).then_some(rest)
    });
    shorter.map_or(text, without_end)
}

/// Without closing marks. A full stop after a space is a word of its own, the directory `.`; a mark
/// after a number is a factorial.
fn without_marks(text: &str) -> &str {
    let shorter = text.strip_suffix(['?', '…', ' ']).or_else(|| {
        let rest = text.strip_suffix(['.', '!'])?;
        let factorial =
            text.ends_with('!') && rest.ends_with(|c: char| c.is_ascii_digit() || c == ')');
        let word = text.ends_with('.') && (rest.is_empty() || rest.ends_with([' ', '.', '/']));
        (!factorial && !word).then_some(rest)
    });
    shorter.map_or(text, without_marks)
}

fn strip_prefix<'a>(text: &'a str, phrase: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(phrase.len())?;
    start.eq_ignore_ascii_case(phrase).then_some(rest)
}

fn strip_suffix<'a>(text: &'a str, phrase: &str) -> Option<&'a str> {
    let (rest, end) = text.split_at_checked(text.len().checked_sub(phrase.len())?)?;
    end.eq_ignore_ascii_case(phrase).then_some(rest)
}

#[cfg(test)]
mod tests;
