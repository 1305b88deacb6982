//! Writes the rules that are made from a call.

use std::path::Path;

use loom_types::{AccessMode, Footprint, PermissionRequest, Resource, Touch};
use serde_json::Value;

use super::Rule;
use crate::permission::file_pattern;
use crate::permission::scope::Scope;
use crate::permission::text::{escaped, is_plain};
use crate::permission::url_pattern;

/// What has a meaning in a tool's name.
const IN_TOOL: &str = "*()";

pub(super) fn exactly(request: &PermissionRequest, scope: &Scope) -> Rule {
    let tool = tool(request);
    let what = match &request.footprint {
        // What a call does to a file is in the tool's name; what it does to an address or a table may be
        // in any argument.
        Footprint::Resources(touches) if !touches.is_empty() => files(touches, scope),
        _ => None,
    };
    let what = what.unwrap_or_else(|| arguments(&request.arguments));
    read(&format!("{tool}({what})"))
}

pub(super) fn suggested(request: &PermissionRequest, scope: &Scope) -> Rule {
    let tool = tool(request);
    let wider = match &request.footprint {
        Footprint::Resources(touches) => wider(touches, scope),
        Footprint::Everything => None,
    };
    // There are hosts whose name in its ASCII form is no name again.
    let wider: Option<Rule> = wider.and_then(|it| format!("{tool}({it})").parse().ok());
    let wider = wider.filter(|rule| rule.covers(request, scope));
    wider.unwrap_or_else(|| read(&tool))
}

/// The files that a call touches; none if it touches anything else.
fn files(touches: &[Touch], scope: &Scope) -> Option<String> {
    let item = |touch: &Touch| match &touch.resource {
        Resource::File { path, .. } => Some(item(touch.mode, file(&scope.absolute(path), scope))),
        Resource::Url(_) | Resource::Named { .. } | Resource::Session { .. } => None,
    };
    let mut items: Vec<_> = touches.iter().map(item).collect::<Option<_>>()?;
    items.sort();
    items.dedup();
    Some(items.join("; "))
}

fn read(text: &str) -> Rule {
    text.parse()
        .expect("what has a meaning is escaped, so that the text is a rule")
}

fn tool(request: &PermissionRequest) -> String {
    if request.tool.is_empty() {
        // No tool has this name; a rule that means no call is a rule all the same.
        return "\\x00".to_owned();
    }
    let words = request.tool.split(' ');
    let words: Vec<_> = words
        .map(|word| escaped(word.as_bytes(), IN_TOOL))
        .collect();
    words.join("\\x20")
}

fn item(mode: AccessMode, name: String) -> String {
    match mode {
        AccessMode::Read => format!("read {name}"),
        // Whoever may write may read: the rule stays short.
        AccessMode::Write => without_mode(name),
    }
}

/// A name that begins like an access must not be read as one.
fn without_mode(name: String) -> String {
    for word in ["read", "write"] {
        if let Some(rest) = name.strip_prefix(word)
            && rest.starts_with(' ')
        {
            return format!("{word}\\{rest}");
        }
    }
    name
}

/// `path` is absolute.
fn file(path: &Path, scope: &Scope) -> String {
    let path = path.strip_prefix(scope.base()).unwrap_or(path);
    let bytes = path.as_os_str().as_encoded_bytes();
    match bytes {
        b"" => ".".to_owned(),
        bytes => escaped(bytes, file_pattern::MEANT),
    }
}

fn arguments(arguments: &Value) -> String {
    let text = canonical(arguments);
    if arguments.is_object() {
        text
    } else {
        format!("={text}")
    }
}

/// Compact JSON with sorted keys, and escapes for what a person would not see.
pub(in crate::permission) fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut fields: Vec<_> = map.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            let field = |(name, value): &(&String, &Value)| {
                format!("{}:{}", string(name), canonical(value))
            };
            let fields: Vec<_> = fields.iter().map(field).collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(values) => {
            let values: Vec<_> = values.iter().map(canonical).collect();
            format!("[{}]", values.join(","))
        }
        Value::String(text) => string(text),
        other => other.to_string(),
    }
}

fn string(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    let mut shown = String::with_capacity(quoted.len());
    for c in quoted.chars() {
        if is_plain(c) {
            shown.push(c);
        } else {
            let units = c.encode_utf16(&mut [0; 2]).to_vec();
            shown.extend(units.iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    shown
}

/// The directory of all files, or the host of all URLs.
fn wider(touches: &[Touch], scope: &Scope) -> Option<String> {
    let mut patterns = touches.iter().map(|touch| match &touch.resource {
        Resource::File { path, .. } => directory(&scope.absolute(path), scope),
        Resource::Url(text) => url_pattern::same_host(text),
        Resource::Named { .. } | Resource::Session { .. } => None,
    });
    let first = patterns.next()??;
    let same = patterns.all(|it| it.as_ref() == Some(&first));
    let reads = touches.iter().all(|it| it.mode == AccessMode::Read);
    let prefix = if reads { "read " } else { "" };
    same.then(|| match prefix {
        "" => without_mode(first),
        prefix => format!("{prefix}{first}"),
    })
}

fn directory(path: &Path, scope: &Scope) -> Option<String> {
    if path == scope.base() {
        return Some("**".to_owned());
    }
    let directory = path.parent()?;
    if directory == scope.base() {
        return Some("**".to_owned());
    }
    // The root directory is all there is.
    directory.parent()?;
    Some(format!("{}/**", file(directory, scope)))
}
