//! Suggestions for a question that no rule answers: the examples that share most words with it.

use crate::rule::Rule;
use crate::shipped::RULES;

/// Words in most questions tell nothing about what is wanted.
const EMPTY_WORDS: &[&str] = &[
    "a", "about", "and", "are", "can", "do", "does", "for", "from", "have", "here", "how", "i",
    "in", "is", "it", "me", "my", "of", "on", "please", "that", "the", "there", "this", "to",
    "what", "with", "you", "your",
];

/// A function for templates: the `n` examples nearest to a text, of the user's own and the shipped
/// rules.
pub(crate) fn nearest_of(
    own: Vec<String>,
) -> impl Fn(&str, usize) -> Vec<String> + Send + Sync + 'static {
    move |text, n| {
        let shipped = RULES.iter().map(|shipped| shipped.rule());
        let shipped = shipped.flat_map(|rule: Rule| rule.examples);
        nearest(text, own.iter().cloned().chain(shipped), n)
    }
}

fn nearest(text: &str, examples: impl Iterator<Item = String>, n: usize) -> Vec<String> {
    let wanted = words(text);
    let scored = examples.map(|example| {
        let shared = words(&example).into_iter().filter(|w| wanted.contains(w));
        (
            shared.map(|word| word.chars().count()).sum::<usize>(),
            example,
        )
    });
    let mut scored: Vec<_> = scored.filter(|(score, _)| *score > 0).collect();
    // Stable, so that of equals the rule that would be tried first is named first.
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    let mut best: Vec<String> = scored.into_iter().map(|(_, example)| example).collect();
    best.truncate(n);
    best
}

/// The words that tell something, in lower case and without a plural's ending.
fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric());
    let telling = words.filter(|word| word.len() > 1 && !EMPTY_WORDS.contains(word));
    let mut words: Vec<String> = telling
        .map(|word| word.trim_end_matches('s').to_owned())
        .collect();
    words.sort();
    words.dedup();
    words
}

#[cfg(test)]
mod tests;
