//! Kinds of files: from what people call them to the patterns that find them.

use minijinja::{Environment, Value};

/// Longer words are names of files rather than extensions.
const MAX_EXTENSION: usize = 4;
/// Words beside kinds that say nothing of their own.
const EMPTY_WORDS: &[&str] = &["and", "or", "the"];

/// Adds the filters `extensions`, `file_glob` and `kind_name`, which know the table `kinds`.
pub(crate) fn register(environment: &mut Environment<'static>, tables: &Value) {
    let kinds = tables.get_attr("kinds").unwrap_or_default();
    let table = kinds.clone();
    environment.add_filter("extensions", move |kind: &str| extensions(kind, &table));
    let table = kinds.clone();
    environment.add_filter("kind_name", move |kind: &str| kind_name(kind, &table));
    environment.add_filter("file_glob", move |kind: &str| file_glob(kind, &kinds));
}

/// The extensions of a kind: `Rust` → `rs`; several kinds may be named. Empty if the word is no kind.
fn extensions(kind: &str, kinds: &Value) -> Vec<String> {
    let words = kind.split([',', ' ', '/']).filter(|word| !word.is_empty());
    let words = words.filter(|word| !EMPTY_WORDS.contains(word));
    let mut all: Vec<String> = words.flat_map(|word| extensions_of(word, kinds)).collect();
    all.sort();
    all.dedup();
    all
}

fn extensions_of(word: &str, kinds: &Value) -> Vec<String> {
    if let Some((_, known)) = known(word, kinds) {
        let known = known.try_iter().into_iter().flatten();
        return known.map(|extension| extension.to_string()).collect();
    }
    let word = word.to_lowercase();
    let dotted = word.trim_start_matches('*').strip_prefix('.');
    let extension = dotted.unwrap_or(&word);
    let short = extension.len() <= MAX_EXTENSION || dotted.is_some();
    let plain = extension.chars().all(|c| c.is_ascii_alphanumeric());
    if short && plain && !extension.is_empty() {
        vec![extension.to_owned()]
    } else {
        Vec::new()
    }
}

/// The entry of a table, whatever the case.
fn known(word: &str, kinds: &Value) -> Option<(Value, Value)> {
    let word = word.to_lowercase();
    let mut names = kinds.try_iter().ok()?;
    let name = names.find(|name| name.as_str().is_some_and(|n| n.to_lowercase() == word))?;
    let extensions = kinds.get_item(&name).ok()?;
    Some((name, extensions))
}

/// The kind as the table writes it.
fn kind_name(kind: &str, kinds: &Value) -> String {
    let words = kind.split(' ').map(|word| match known(word, kinds) {
        Some((name, _)) => name.to_string(),
        None => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The pattern that finds the files of a kind anywhere: `**/*.rs`, `**/*.{ts,tsx}`, or for a word that
/// is no kind the files with that word in their name. A pattern stays one.
fn file_glob(kind: &str, kinds: &Value) -> String {
    let kind = kind.trim();
    if kind.is_empty() {
        return "**/*".to_owned();
    }
    if kind.contains('*') && !kind.starts_with("*.") {
        return kind.to_owned();
    }
    let extensions = extensions(kind, kinds);
    match &*extensions {
        [] => format!("**/*{kind}*"),
        [one] => format!("**/*.{one}"),
        several => format!("**/*.{{{}}}", several.join(",")),
    }
}

#[cfg(test)]
mod tests;
