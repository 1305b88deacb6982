//! "it", "the first one": which path a question means that names none. The turns before tell.

use std::collections::HashSet;

use loom_sdk::error::{Error, Result};
use serde_json::Value;

use crate::conversation::{Conversation, Turn};
use crate::pattern::{Variables, unquote};

/// How far back a question may point. Farther back a person would name the thing.
const MAX_TURNS_BACK: usize = 5;
/// What an answer can offer to choose from.
const MAX_CHOICES: usize = 5;

/// What a phrase points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reference {
    /// The one thing spoken of.
    It,
    /// By its place in the list, from 0.
    Nth(usize),
    Last,
    All,
}

/// Puts paths in the place of phrases in the variables `path` and `paths`; `paths` becomes a list.
///
/// # Errors
///
/// `not-found`, with a question to the person as the message, if it is unclear what is meant.
pub(crate) fn resolve(
    variables: &mut Variables,
    conversation: &Conversation,
    turn: usize,
) -> Result<()> {
    if let Some(Value::String(phrase)) = variables.get("path") {
        let path = match Reference::parse(phrase) {
            Some(reference) => Value::from(one(reference, phrase, conversation, turn)?),
            None => Value::from(tidy(phrase)),
        };
        variables.insert("path".to_owned(), path);
    }
    if let Some(Value::String(phrase)) = variables.get("paths") {
        let paths = match Reference::parse(phrase) {
            Some(Reference::All) => all(phrase, conversation, turn)?,
            Some(reference) => vec![one(reference, phrase, conversation, turn)?],
            None => {
                let items = split_list(phrase).into_iter();
                let resolved = items.map(|item| match Reference::parse(&item) {
                    Some(reference) => one(reference, &item, conversation, turn),
                    None => Ok(item),
                });
                resolved.collect::<Result<_>>()?
            }
        };
        variables.insert("paths".to_owned(), Value::from(paths));
    }
    Ok(())
}

/// `a, b and "c d"` as a list.
fn split_list(text: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut quote = None;
    for word in text.split_inclusive([' ', ',']) {
        let bare = word.trim_end_matches([' ', ',']);
        let is_and = bare.eq_ignore_ascii_case("and") || bare == "&";
        if quote.is_none() && word == " " {
            continue;
        }
        let Some(item) = items.last_mut().filter(|_| quote.is_some() || !is_and) else {
            items.push(String::new());
            continue;
        };
        if quote.is_none() && item.is_empty() {
            quote = bare.chars().next().filter(|c| ['"', '\'', '`'].contains(c));
        }
        item.push_str(word);
        let closes = |quote| bare.ends_with(quote) && item.trim_end_matches([' ', ',']).len() > 1;
        if quote.is_some_and(closes) {
            quote = None;
        }
        if quote.is_none() && word.ends_with(',') {
            items.push(String::new());
        }
    }
    let items = items
        .iter()
        .map(|item| tidy(unquote(item.trim_end_matches([' ', ',']))));
    items
        .filter(|item| !item.is_empty())
        .map(str::to_owned)
        .collect()
}

/// A path as a tool wants it.
fn tidy(path: &str) -> &str {
    let path = path.trim();
    path.strip_prefix("./")
        .filter(|p| !p.is_empty())
        .unwrap_or(path)
}

fn one(
    reference: Reference,
    phrase: &str,
    conversation: &Conversation,
    turn: usize,
) -> Result<String> {
    let mut paths = all(phrase, conversation, turn)?;
    let count = paths.len();
    let index = match reference {
        Reference::It if count > 1 => return Err(ask_which(phrase, &paths)),
        Reference::It => 0,
        Reference::Nth(index) => index,
        Reference::Last => count - 1,
        Reference::All if count > 1 => return Err(ask_which(phrase, &paths)),
        Reference::All => 0,
    };
    if index >= count {
        let paths = if count == 1 { "path" } else { "paths" };
        return Err(Error::not_found(format!(
            "I know of only {count} {paths}, so I can't tell which one \"{phrase}\" is. Which file do you mean?"
        )));
    }
    Ok(paths.swap_remove(index))
}

fn all(phrase: &str, conversation: &Conversation, turn: usize) -> Result<Vec<String>> {
    let back = (turn.saturating_sub(MAX_TURNS_BACK)..turn).rev();
    let mut found = back.map(|index| mentioned(conversation.turn(index)));
    found.find(|paths| !paths.is_empty()).ok_or_else(|| {
        Error::not_found(format!(
            "I don't know which file you mean by \"{phrase}\": none was mentioned before. Please name it, for example `read README.md`."
        ))
    })
}

fn ask_which(phrase: &str, paths: &[String]) -> Error {
    let shown = paths.iter().take(MAX_CHOICES).map(|p| format!("- {p}"));
    let shown = shown.collect::<Vec<_>>().join("\n");
    let dots = if paths.len() > MAX_CHOICES {
        "\n…"
    } else {
        ""
    };
    Error::not_found(format!(
        "There are {} files that \"{phrase}\" could be. Please name one, or say for example \"the first one\":\n\n{shown}{dots}",
        paths.len()
    ))
}

/// The files of a turn: those that its answer names, or else those that its calls worked on.
fn mentioned(turn: Turn<'_>) -> Vec<String> {
    let mut paths = paths_in(&turn.answer());
    if paths.is_empty() {
        let outcomes = turn
            .outcomes()
            .into_iter()
            .filter(|outcome| !outcome.failed);
        let arguments = outcomes.filter_map(|o| serde_json::from_str::<Value>(&o.arguments).ok());
        let of_calls = arguments.filter_map(|a| a["path"].as_str().map(str::to_owned));
        paths.extend(of_calls.filter(|path| is_path(path)));
    }
    let mut seen = HashSet::new();
    paths.retain(|path| !path.ends_with('/') && seen.insert(path.clone()));
    paths
}

/// Paths in bullets and in backticks; what stands in a code block is somebody else's text.
fn paths_in(answer: &str) -> Vec<String> {
    let mut paths = Vec::new();
    let mut fence: Option<&str> = None;
    for line in answer.lines() {
        let marks = &line[..line.len() - line.trim_start_matches('`').len()];
        match fence {
            Some(open) if marks.len() >= open.len() && marks == line.trim_end() => fence = None,
            Some(_) => {}
            None if marks.len() >= 3 => fence = Some(marks),
            None => match line.strip_prefix("- ") {
                Some(bullet) => paths.extend(path_of_bullet(bullet)),
                None => paths.extend(quoted(line)),
            },
        }
    }
    paths
}

/// `src/lib.rs (1.2 KB)`, `src/lib.rs:12: text`, `` `src/lib.rs` ``.
fn path_of_bullet(bullet: &str) -> Option<String> {
    if bullet.starts_with('`') {
        return quoted(bullet).next();
    }
    let end = [" (", "  ", ": ", " — ", ":"]
        .iter()
        .filter_map(|mark| bullet.find(mark))
        .min();
    let path = bullet[..end.unwrap_or(bullet.len())].trim();
    is_path(path).then(|| path.to_owned())
}

fn quoted(line: &str) -> impl Iterator<Item = String> {
    let pieces = line.split('`').skip(1).step_by(2);
    pieces.filter(|piece| is_path(piece)).map(str::to_owned)
}

/// Whether a text looks like the path of a file.
fn is_path(text: &str) -> bool {
    const FOREIGN: &[char] = &[
        '*', '{', '}', '(', ')', '<', '>', '=', '"', '\'', '$', '|', '\n',
    ];
    let name = text
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or(text);
    let looks = name.trim_start_matches('.').contains('.')
        || text.contains('/')
        || name.starts_with('.') && name.len() > 1
        || ["Makefile", "Dockerfile", "LICENSE", "README", "Justfile"].contains(&name);
    let number = text
        .chars()
        .all(|c| c.is_ascii_digit() || ".,/-+: ".contains(c));
    looks && !number && !text.contains(FOREIGN) && !text.contains("://") && !text.starts_with('-')
}

impl Reference {
    fn parse(phrase: &str) -> Option<Self> {
        let lower = phrase.to_lowercase();
        let words = lower.strip_prefix("the ").unwrap_or(&lower);
        match words {
            "it" | "that" | "this" | "file" | "one" | "same" | "same one" | "document" => {
                return Some(Self::It);
            }
            "them" | "they" | "all" | "all of them" | "these" | "those" | "both" | "each"
            | "each one" | "both of them" | "each of them" => return Some(Self::All),
            _ => {}
        }
        let nouns = [" one", " files", " file", " result", " match", " hit"];
        let noun = nouns.iter().find_map(|noun| words.strip_suffix(noun));
        match noun.unwrap_or(words) {
            "that" | "this" | "same" if noun.is_some() => Some(Self::It),
            "these" | "those" | "both" | "all" if noun.is_some() => Some(Self::All),
            "first" | "1st" => Some(Self::Nth(0)),
            "second" | "2nd" => Some(Self::Nth(1)),
            "third" | "3rd" => Some(Self::Nth(2)),
            "fourth" | "4th" => Some(Self::Nth(3)),
            "fifth" | "5th" => Some(Self::Nth(4)),
            "last" => Some(Self::Last),
            number => ordinal(number),
        }
    }
}

/// `#3`, `number 3`, `12th`.
fn ordinal(words: &str) -> Option<Reference> {
    let number = words
        .strip_prefix('#')
        .or_else(|| words.strip_prefix("number "))
        .or_else(|| words.strip_suffix("th"))
        .or_else(|| words.strip_suffix("st"))
        .or_else(|| words.strip_suffix("nd"))
        .or_else(|| words.strip_suffix("rd"))?;
    let number: usize = number.parse().ok()?;
    number.checked_sub(1).map(Reference::Nth)
}

#[cfg(test)]
mod tests;
