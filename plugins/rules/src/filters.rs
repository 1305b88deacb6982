//! The filters that templates have beside Jinja's own. Pure functions from values to values.

use minijinja::{Environment, Error, ErrorKind, Value};
use regex_lite::Regex;

use crate::pattern::{compile, unquote};
use crate::{kinds, listing, summary};

type Filtered<T> = Result<T, Error>;

/// Gives an environment all filters. `tables` are the rules' tables.
pub(crate) fn register(environment: &mut Environment<'static>, tables: &Value) {
    environment.add_filter("basename", basename);
    environment.add_filter("bullets", bullets);
    environment.add_filter("clip", clip);
    environment.add_filter("escape_regex", |text: &str| regex_lite::escape(text));
    environment.add_filter("fence", fence);
    environment.add_filter("found", found);
    environment.add_filter("matching", matching);
    environment.add_filter("not_matching", not_matching);
    environment.add_filter("numbers", numbers);
    environment.add_filter("parent", parent);
    environment.add_filter("parse_json", parse_json);
    environment.add_filter("plural", plural);
    environment.add_filter("sentence", sentence);
    environment.add_filter("skip", skip);
    environment.add_filter("sub", sub);
    environment.add_filter("swap", swap);
    environment.add_filter("tail", tail);
    environment.add_filter("take", take);
    environment.add_filter("thousands", thousands);
    environment.add_filter("unquote", |text: &str| unquote(text).to_owned());
    kinds::register(environment, tables);
    listing::register(environment, tables);
    summary::register(environment);
}

/// The last part of a path.
fn basename(path: &str) -> String {
    let path = path.trim_end_matches('/');
    path.rsplit('/').next().unwrap_or(path).to_owned()
}

/// The path without its last part; empty at the top.
fn parent(path: &str) -> String {
    let above = path.trim_end_matches('/').rsplit_once('/');
    above.map_or(String::new(), |(above, _)| above.to_owned())
}

/// A list, one bullet each; what is over `max` (20) becomes a note.
fn bullets(list: &Value, max: Option<usize>) -> Filtered<String> {
    let max = max.unwrap_or(20);
    let items: Vec<Value> = list.try_iter()?.collect();
    let shown = items.iter().take(max).map(|item| format!("- {item}"));
    let mut text = shown.collect::<Vec<_>>().join("\n");
    if items.len() > max {
        let more = thousands(&Value::from(items.len() - max));
        text.push_str(&format!("\n… and {more} more"));
    }
    Ok(text)
}

/// The text, cut after `max` characters.
fn clip(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

/// The text in a code block that it cannot end by itself; the path tells the language.
fn fence(text: &str, path: Option<&str>) -> String {
    let name = path.map(basename).unwrap_or_default();
    let language = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let runs = text.split(|c| c != '`').map(str::len);
    let marks = "`".repeat(runs.max().unwrap_or(0).max(2) + 1);
    format!(
        "{marks}{language}\n{}\n{marks}",
        text.trim_end_matches('\n')
    )
}

/// What the first group of an expression matches in a text, or all of it without a group.
fn found(text: &str, expression: &str) -> Filtered<Value> {
    let captures = regex(expression)?;
    let captures = captures.captures(text);
    let group = captures.and_then(|c| c.get(1).or_else(|| c.get(0)));
    Ok(group.map_or(Value::UNDEFINED, |group| Value::from(group.as_str())))
}

/// The items that an expression matches.
fn matching(list: &Value, expression: &str) -> Filtered<Vec<Value>> {
    let regex = regex(expression)?;
    let keep = |item: &Value| regex.is_match(&item.to_string());
    Ok(list.try_iter()?.filter(keep).collect())
}

/// The items that an expression does not match.
fn not_matching(list: &Value, expression: &str) -> Filtered<Vec<Value>> {
    let regex = regex(expression)?;
    let keep = |item: &Value| !regex.is_match(&item.to_string());
    Ok(list.try_iter()?.filter(keep).collect())
}

/// All numbers in a text, in order; `1,234` is one number.
fn numbers(text: &str) -> Filtered<Vec<Value>> {
    let regex = regex(r"-?\d+(?:,\d{3})*(?:\.\d+)?")?;
    let found = regex.find_iter(text).map(|number| {
        let digits = number.as_str().replace(',', "");
        let whole = digits.parse::<i64>().map(Value::from);
        whole.or_else(|_| digits.parse::<f64>().map(Value::from))
    });
    Ok(found.filter_map(Result::ok).collect())
}

/// The value of a JSON text; undefined if it is none.
fn parse_json(text: &str) -> Value {
    let value = serde_json::from_str::<serde_json::Value>(text);
    value.map_or(Value::UNDEFINED, |v| from_json(&v))
}

/// A JSON value for templates.
pub(crate) fn from_json(value: &serde_json::Value) -> Value {
    Value::from(minijinja::value::Serde(value))
}

/// A number with its noun: `1 file`, `1,234 files`, `2 matches`.
fn plural(number: &Value, noun: &str) -> String {
    let number = thousands(number);
    let (head, last) = noun.split_at(noun.len().saturating_sub(1));
    let ending = match last {
        _ if number == "1" => last.to_owned(),
        "s" | "h" | "x" => format!("{last}es"),
        "y" if !head.ends_with(['a', 'e', 'o', 'u']) => "ies".to_owned(),
        _ => format!("{last}s"),
    };
    format!("{number} {head}{ending}")
}

/// A text with a full stop, if it has no closing mark yet.
fn sentence(text: &str) -> String {
    let text = text.trim_end();
    let dot = if text.ends_with(['.', '!', '?', '…']) {
        ""
    } else {
        "."
    };
    format!("{text}{dot}")
}

/// All but the first `n` items.
fn skip(list: &Value, n: usize) -> Filtered<Vec<Value>> {
    Ok(list.try_iter()?.skip(n).collect())
}

/// Whatever an expression matches in a text replaced; `$1` stands for its first group.
fn sub(text: &str, expression: &str, replacement: &str) -> Filtered<String> {
    let replaced = regex(expression)?.replace_all(text, replacement);
    Ok(replaced.into_owned())
}

/// Words of a text replaced by what a table has for them; the longest that fits wins.
fn swap(text: &str, table: &Value) -> Filtered<String> {
    let mut words: Vec<String> = table.try_iter()?.map(|key| key.to_string()).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let mut swapped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let inside_word = swapped.ends_with(char::is_alphanumeric) && next.is_alphanumeric();
        let word = words
            .iter()
            .find(|word| !inside_word && starts_with_word(rest, word));
        if let Some(word) = word {
            swapped.push_str(&table.get_item(&Value::from(word))?.to_string());
            rest = &rest[word.len()..];
        } else {
            swapped.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    Ok(swapped)
}

fn starts_with_word(text: &str, word: &str) -> bool {
    let Some((start, rest)) = text.split_at_checked(word.len()) else {
        return false;
    };
    let whole = !word.ends_with(char::is_alphanumeric) || !rest.starts_with(char::is_alphanumeric);
    whole && start.eq_ignore_ascii_case(word)
}

/// The last `n` items.
fn tail(list: &Value, n: usize) -> Filtered<Vec<Value>> {
    let mut items: Vec<Value> = list.try_iter()?.collect();
    Ok(items.split_off(items.len().saturating_sub(n)))
}

/// The first `n` items.
fn take(list: &Value, n: usize) -> Filtered<Vec<Value>> {
    Ok(list.try_iter()?.take(n).collect())
}

/// A whole number with commas between its thousands; anything else as it is.
fn thousands(number: &Value) -> String {
    let digits = number.to_string();
    if !digits.chars().all(|c| c.is_ascii_digit()) {
        return digits;
    }
    let first = digits.len() % 3;
    let (start, rest) = digits.split_at(first);
    let groups = rest.as_bytes().chunks(3).map(String::from_utf8_lossy);
    let start = (!start.is_empty()).then(|| start.into());
    start
        .into_iter()
        .chain(groups)
        .collect::<Vec<_>>()
        .join(",")
}

fn regex(expression: &str) -> Filtered<Regex> {
    compile(expression, false)
        .map_err(|why| Error::new(ErrorKind::InvalidOperation, format!("`{expression}` {why}")))
}

#[cfg(test)]
mod tests;
