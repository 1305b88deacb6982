//! The text of the file with stored rules.

use std::path::PathBuf;

use loom_core::{Effect, Rule};
use serde::Deserialize;
use toml::Spanned;

use super::store::{Place, StoredRule};

const HEADER: &str = "\
# What was answered with \"always\". You may edit this; a mistake denies every call until it is mended.
# effect is allow, ask or deny; directory is where the rule holds, \"*\" is everywhere.
";

const TABLE: &str = "[[rule]]";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    rule: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    effect: Word,
    rule: Spanned<String>,
    directory: Spanned<String>,
    added: Option<toml::Value>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Allow,
    Ask,
    Deny,
}

/// Reads all rules. An error is a line, counted from 1, and what is wrong there.
pub(super) fn parse(text: &str) -> Result<Vec<StoredRule>, (usize, String)> {
    let document: Document = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        (line_of(text, at), error.message().to_owned())
    })?;
    document
        .rule
        .into_iter()
        .map(|it| entry(text, it))
        .collect()
}

fn entry(text: &str, entry: Entry) -> Result<StoredRule, (usize, String)> {
    let rule: Rule = entry
        .rule
        .get_ref()
        .parse()
        .map_err(|error: loom_core::RuleError| {
            (line_of(text, entry.rule.span().start), error.to_string())
        })?;
    let place = match entry.directory.get_ref().as_str() {
        "*" => Place::Everywhere,
        path if PathBuf::from(path).is_absolute() => Place::Directory(path.into()),
        path => {
            let reason = format!("the directory `{path}` is not absolute; \"*\" is everywhere");
            return Err((line_of(text, entry.directory.span().start), reason));
        }
    };
    let added = entry.added.map(|value| match value {
        toml::Value::String(text) => text,
        other => other.to_string(),
    });
    Ok(StoredRule {
        effect: match entry.effect {
            Word::Allow => Effect::Answered,
            Word::Ask => Effect::Ask,
            Word::Deny => Effect::Deny,
        },
        rule,
        place,
        added,
    })
}

/// The text with one rule more.
pub(super) fn append(text: &str, added: &StoredRule) -> String {
    let mut appended = match text {
        "" => HEADER.to_owned(),
        text => text.to_owned(),
    };
    if !appended.ends_with('\n') {
        appended.push('\n');
    }
    appended.push('\n');
    appended.push_str(&table(added));
    appended
}

/// A text with these rules and no comments of a person.
pub(super) fn write(rules: &[StoredRule]) -> String {
    let tables: Vec<_> = rules.iter().map(table).collect();
    format!("{HEADER}\n{}", tables.join("\n"))
}

/// The text without the tables that are not to be kept. What stands between the last value of a table
/// and the next one, such as a comment, belongs to the next.
pub(super) fn without(text: &str, keep: &[bool]) -> String {
    let mut kept = String::new();
    let mut between = String::new();
    let mut table = None;
    for line in text.split_inclusive('\n') {
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') {
            between.push_str(line);
            continue;
        }
        if content.starts_with(TABLE) {
            table = Some(table.map_or(0, |index: usize| index + 1));
        }
        let goes = table.is_some_and(|index| keep.get(index) == Some(&false));
        if goes && !content.starts_with(TABLE) {
            between.clear();
        }
        if !goes || content.starts_with(TABLE) {
            kept.push_str(&std::mem::take(&mut between));
        }
        if !goes {
            kept.push_str(line);
        }
    }
    kept.push_str(&between);
    kept
}

fn table(stored: &StoredRule) -> String {
    let effect = match stored.effect {
        Effect::Deny => "deny",
        Effect::Ask => "ask",
        Effect::Answered | Effect::Allow => "allow",
    };
    let directory = match &stored.place {
        Place::Everywhere => "*".to_owned(),
        Place::Directory(path) => path.display().to_string(),
    };
    let mut text = format!(
        "{TABLE}\neffect = \"{effect}\"\nrule = {}\ndirectory = {}\n",
        quoted(stored.rule.as_str()),
        quoted(&directory)
    );
    if let Some(added) = &stored.added {
        text.push_str(&format!("added = {}\n", quoted(added)));
    }
    text
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn line_of(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or(text);
    before.matches('\n').count() + 1
}
