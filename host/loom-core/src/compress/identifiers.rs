//! The names, paths and numbers that the newest messages still use and the older ones explain: what a
//! summary has to hold on to.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use loom_types::{Content, Message, Part};

use super::summary::one_line;

/// Longer ones are data, not names.
const MAX_BYTES: usize = 120;
/// How much of the text around an identifier is told with it, in bytes.
const EXCERPT_BYTES: usize = 160;

/// An identifier that must not be forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Needed {
    pub(super) identifier: String,
    /// Where it was said last in the older part, on one line.
    pub(super) excerpt: String,
}

/// The identifiers that `using` says and `explaining` knows, in the order of `using`, at most `limit`.
pub(super) fn needed<'t>(
    using: impl Iterator<Item = &'t str>,
    explaining: &[Cow<'_, str>],
    limit: usize,
) -> Vec<Needed> {
    let mut wanted: Vec<&str> = Vec::new();
    let mut seen = HashSet::new();
    for identifier in using.flat_map(identifiers) {
        if seen.insert(identifier) {
            wanted.push(identifier);
        }
    }
    let mut excerpts: HashMap<String, String> = HashMap::new();
    for text in explaining.iter().rev() {
        if excerpts.len() == seen.len() {
            break;
        }
        for identifier in identifiers(text) {
            if seen.contains(identifier) && !excerpts.contains_key(identifier) {
                excerpts.insert(identifier.to_owned(), excerpt(text, identifier));
            }
        }
    }
    let mut needed: Vec<Needed> = Vec::new();
    for identifier in wanted {
        if needed.len() == limit {
            break;
        }
        // What is a part of another comes after it, and is said with it.
        let said = |known: &Needed| mentions(&known.identifier, identifier);
        if let Some(excerpt) = excerpts.remove(identifier)
            && !needed.iter().any(said)
        {
            needed.push(Needed {
                identifier: identifier.to_owned(),
                excerpt,
            });
        }
    }
    needed
}

/// What is said or called in a message, but for what tools returned.
pub(super) fn said(message: &Message) -> impl Iterator<Item = &str> {
    message.parts.iter().filter_map(|part| match part {
        Part::Text { text } => Some(text.as_str()),
        Part::ToolCall(call) => Some(call.arguments.as_str()),
        Part::Image { .. } | Part::ToolResult(_) | Part::Reasoning(_) => None,
    })
}

/// What tools returned in a message.
pub(super) fn returned(message: &Message) -> impl Iterator<Item = Cow<'_, str>> {
    let content = message.tool_results().flat_map(|result| &result.content);
    content.filter_map(|content| match content {
        Content::Text(text) => Some(Cow::from(text)),
        Content::Json(value) => Some(Cow::from(value.to_string())),
        Content::Blob(_) => None,
    })
}

/// All text of a message.
pub(super) fn all_text(message: &Message) -> impl Iterator<Item = Cow<'_, str>> {
    said(message).map(Cow::from).chain(returned(message))
}

/// Whether a text says an identifier, not only as a part of another.
pub(super) fn mentions(text: &str, identifier: &str) -> bool {
    let mut matches = text.match_indices(identifier);
    matches.any(|(start, _)| {
        let before = text[..start].chars().next_back();
        let after = text[start + identifier.len()..].chars().next();
        !before.is_some_and(is_inner) && !after.is_some_and(is_inner)
    })
}

fn is_inner(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The words of a text that name something: paths, symbols, numbers of at least three digits; and what
/// they are made of: the host of an address, the name of a file.
pub(super) fn identifiers(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !is_inner(c) && !matches!(c, '-' | '.') && !is_joint(c));
    let words = words.filter(|word| word.len() > 1 && is_candidate(word.as_bytes()));
    words.flat_map(|word| {
        let parts = word
            .split(is_joint)
            .filter(move |part| part.len() < word.len());
        let before = word.rsplit_once(':').map(|(before, _)| before);
        let all = std::iter::once(word).chain(before).chain(parts);
        all.filter_map(identifier)
    })
}

fn is_joint(character: char) -> bool {
    matches!(character, '/' | ':' | '@' | '#')
}

fn identifier(word: &str) -> Option<&str> {
    let word = word.trim_end_matches(['.', ':', '-', '/', '#', '@']);
    let word = word.trim_start_matches(['-', ':', '@', '#']);
    let word = word.strip_prefix("./").unwrap_or(word);
    let fits = (3..=MAX_BYTES).contains(&word.len());
    (fits && names_something(word.as_bytes())).then_some(word)
}

/// A quick look: most words are only letters.
fn is_candidate(word: &[u8]) -> bool {
    word[1..].iter().any(|byte| !byte.is_ascii_lowercase()) || !word[0].is_ascii_alphabetic()
}

fn names_something(word: &[u8]) -> bool {
    let digits = word.iter().filter(|byte| byte.is_ascii_digit()).count();
    let joined = word[1..word.len() - 1]
        .iter()
        .any(|byte| matches!(byte, b'_' | b'/' | b'.' | b':' | b'@' | b'#'));
    let camel = word
        .windows(2)
        .any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase());
    let shouted = word.len() >= 4 && word.iter().all(u8::is_ascii_uppercase);
    let number = digits == word.len() && digits >= 3;
    let mixed = digits > 0 && digits < word.len() && word.len() > 3;
    number || mixed || joined || camel || shouted
}

/// The line around an identifier, on one line and not too long.
fn excerpt(text: &str, identifier: &str) -> String {
    let Some(at) = text.find(identifier) else {
        return identifier.to_owned();
    };
    let line_start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let start = line_start.max(text.floor_char_boundary(at.saturating_sub(EXCERPT_BYTES / 2)));
    let end = text.floor_char_boundary((start + EXCERPT_BYTES).max(at + identifier.len()));
    let line = &text[start..end];
    let line = line.split('\n').next().unwrap_or(line);
    one_line(line)
}
