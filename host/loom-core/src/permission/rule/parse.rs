//! Reads a rule's text.

use loom_types::AccessMode;

use super::{Item, Rule, Target, What, canonical};
use crate::permission::file_pattern::FilePattern;
use crate::permission::text::{Sign, Wild, bytes, signs, trimmed};
use crate::permission::url_pattern::UrlPattern;

/// `text` has no spaces around it. An error is a reason, for a sentence.
pub(super) fn rule(text: &str) -> Result<Rule, String> {
    let (tool, body) = match opening(text)? {
        Some(at) => (&text[..at], Some(text[at + 1..].trim_start())),
        None => (text, None),
    };
    let tool: Vec<Sign> = plain(tool)?;
    let tool = trimmed(&tool);
    if tool.is_empty() {
        return Err("it has no tool".to_owned());
    }
    if tool
        .iter()
        .any(|it| it.is_space() || *it == Sign::Plain(')'))
    {
        return Err("a tool's name has no spaces and no `)`".to_owned());
    }
    let what = match body {
        None => What::Every,
        Some(body) => what(body)?,
    };
    Ok(Rule {
        text: text.to_owned(),
        tool: Wild::new(tool),
        what,
    })
}

/// Where the first parenthesis is that is not escaped.
fn opening(text: &str) -> Result<Option<usize>, String> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            '(' if !escaped => return Ok(Some(at)),
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    Ok(None)
}

fn plain(text: &str) -> Result<Vec<Sign>, String> {
    Ok(signs(text)?.into_iter().map(|(_, sign)| sign).collect())
}

/// What stands in the parentheses; `body` has the closing one still.
fn what(body: &str) -> Result<What, String> {
    let unclosed = || "the last sign must be `)`".to_owned();
    let inside = body.strip_suffix(')').ok_or_else(unclosed)?;
    if let Some(json) = arguments_text(inside) {
        return arguments(json.trim());
    }
    let body = plain(body)?;
    let [inside @ .., Sign::Plain(')')] = body.as_slice() else {
        return Err(unclosed());
    };
    let inside = trimmed(inside);
    if inside.is_empty() {
        return Err(
            "there is nothing between the parentheses; leave them out to mean every call"
                .to_owned(),
        );
    }
    if let Some(what) = argument(inside) {
        return Ok(what);
    }
    let items = inside.split(|sign| *sign == Sign::Plain(';'));
    Ok(What::Resources(items.map(item).collect::<Result<_, _>>()?))
}

/// JSON, if that is what it is: an object, or anything else behind `=`.
fn arguments_text(inside: &str) -> Option<&str> {
    let after_brace = inside.strip_prefix('{').map(str::trim_start);
    if after_brace.is_some_and(|rest| rest.starts_with(['"', '}'])) {
        return Some(inside);
    }
    inside.strip_prefix('=')
}

fn arguments(json: &str) -> Result<What, String> {
    let value = serde_json::from_str(json);
    let value: serde_json::Value =
        value.map_err(|error| format!("the arguments are not JSON: {error}"))?;
    Ok(What::Arguments {
        written: json.to_owned(),
        read: canonical(&value),
    })
}

/// `NAME=PATTERN`.
fn argument(inside: &[Sign]) -> Option<What> {
    let at = inside.iter().position(|it| *it == Sign::Plain('='))?;
    let (name, value) = (&inside[..at], &inside[at + 1..]);
    let fits = |sign: &Sign| matches!(sign, Sign::Plain(c) if c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if name.is_empty() || !name.iter().all(fits) {
        return None;
    }
    Some(What::Argument {
        name: name.iter().filter_map(|it| it.char()).collect(),
        value: Wild::new(value),
    })
}

fn item(signs: &[Sign]) -> Result<Item, String> {
    let signs = trimmed(signs);
    let (mode, signs) = match mode(signs) {
        Some((mode, rest)) => (Some(mode), trimmed(rest)),
        None => (None, signs),
    };
    if signs.is_empty() {
        return Err("a resource is missing; `;` stands between two of them".to_owned());
    }
    let target = target(signs)?;
    Ok(Item { mode, target })
}

fn mode(signs: &[Sign]) -> Option<(AccessMode, &[Sign])> {
    let word = |word: &str| {
        let signs = word.chars().map(Sign::Plain);
        signs.collect::<Vec<_>>()
    };
    let read = signs.strip_prefix(word("read ").as_slice());
    let write = signs.strip_prefix(word("write ").as_slice());
    let read = read.map(|rest| (AccessMode::Read, rest));
    read.or(write.map(|rest| (AccessMode::Write, rest)))
}

/// A colon before any slash and any wildcard tells schemes from files.
fn target(signs: &[Sign]) -> Result<Target, String> {
    let ends_scheme = |sign: &Sign| matches!(sign, Sign::Plain(':' | '/' | '*' | '?' | '[' | '{'));
    let at = signs.iter().position(ends_scheme);
    let Some(at) = at.filter(|at| signs[*at] == Sign::Plain(':')) else {
        return Ok(Target::File(FilePattern::new(signs)?));
    };
    let (scheme, rest) = (&signs[..at], &signs[at + 1..]);
    if let [Sign::Plain('/'), Sign::Plain('/'), rest @ ..] = rest {
        return Ok(Target::Url(UrlPattern::new(scheme, rest)?));
    }
    if scheme == [Sign::Plain('u'), Sign::Plain('r'), Sign::Plain('l')] {
        return Ok(Target::UrlText(Wild::new(rest)));
    }
    Ok(Target::Named {
        scheme: bytes(scheme),
        name: Wild::new(rest),
    })
}
