//! Patterns: compiling them, and the variables that a match gives. What a pattern is for, the rules
//! know.

use std::collections::BTreeMap;

use regex_lite::{Regex, RegexBuilder};
use serde_json::Value;

/// What a template may use, by name.
pub(crate) type Variables = BTreeMap<String, Value>;

/// Memory of one compiled pattern; the largest of the shipped ones needs a tenth.
const MAX_COMPILED_BYTES: usize = 1024 * 1024;

/// Compiles a pattern whose words have been put in.
///
/// # Errors
///
/// What is wrong with it, as a text for the author.
pub(crate) fn compile(pattern: &str, case_sensitive: bool) -> Result<Regex, String> {
    let folded = if case_sensitive || pattern.is_ascii() {
        pattern.to_owned()
    } else {
        fold_case(pattern)
    };
    RegexBuilder::new(&folded)
        .case_insensitive(!case_sensitive)
        .size_limit(MAX_COMPILED_BYTES)
        .build()
        .map_err(|error| format!("is no regular expression: {error}"))
}

/// The named groups of a match, null for one that took no part; a value in quotes loses them.
pub(crate) fn capture(regex: &Regex, text: &str) -> Option<Variables> {
    let captures = regex.captures(text)?;
    let groups = regex.capture_names().flatten().map(|name| {
        let value = captures
            .name(name)
            .map(|group| unquote(group.as_str().trim()));
        (name.to_owned(), Value::from(value))
    });
    Some(groups.collect())
}

/// The text without the quotes around it, if they are a pair and the only ones of their kind.
pub(crate) fn unquote(text: &str) -> &str {
    for quote in ['"', '\'', '`'] {
        let inner = text
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote));
        if let Some(inner) = inner.filter(|inner| !inner.contains(quote)) {
            return inner;
        }
    }
    text
}

/// Lets letters outside ASCII match in both cases, which `regex-lite` does not do.
fn fold_case(pattern: &str) -> String {
    let mut folded = String::with_capacity(pattern.len() * 2);
    let (mut in_class, mut escaped) = (false, false);
    for letter in pattern.chars() {
        match letter {
            _ if escaped => {}
            '[' => in_class = true,
            ']' => in_class = false,
            _ => {}
        }
        match other_case(letter) {
            Some(other) if in_class => folded.extend([letter, other]),
            Some(other) => folded.extend(['[', letter, other, ']']),
            None => folded.push(letter),
        }
        escaped = letter == '\\' && !escaped;
    }
    folded
}

fn other_case(letter: char) -> Option<char> {
    if letter.is_ascii() {
        return None;
    }
    let only = |mut letters: Box<dyn Iterator<Item = char>>| {
        letters.next().filter(|_| letters.next().is_none())
    };
    let lower = only(Box::new(letter.to_lowercase())).filter(|&other| other != letter);
    lower.or_else(|| only(Box::new(letter.to_uppercase())).filter(|&other| other != letter))
}

#[cfg(test)]
mod tests;
