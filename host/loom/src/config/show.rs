//! The merged configuration as TOML, each value with the place it comes from.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::tree::{Node, Table, Value};

/// The layers of a configuration, merged.
#[derive(Clone, Debug)]
pub struct Layers {
    pub(super) files: Vec<PathBuf>,
    pub(super) tree: Node,
}

impl Layers {
    /// The files that were read, the user's before the project's.
    #[must_use]
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// The merged layers as TOML, with the place of each value as a comment.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        if let Some(table) = self.tree.as_table() {
            write_table(&mut text, "", table);
        }
        text
    }
}

fn write_table(text: &mut String, path: &str, table: &Table) {
    let mut lines = Vec::new();
    let mut tables = Vec::new();
    let mut lists = Vec::new();
    for (key, node) in table {
        match tables_of(node) {
            Some(members) if path.is_empty() => lists.push((quote_key(key), members)),
            _ => collect(&quote_key(key), node, path, &mut lines, &mut tables),
        }
    }
    if !path.is_empty() && (!lines.is_empty() || tables.is_empty()) {
        let gap = if text.is_empty() { "" } else { "\n" };
        // Writing to a string can't fail.
        let _ = writeln!(text, "{gap}[{path}]");
    }
    write_lines(text, lines);
    for (path, members) in lists {
        members
            .into_iter()
            .for_each(|table| write_member(text, &path, table));
    }
    for (path, table) in tables {
        write_table(text, &path, table);
    }
}

/// The tables of a list that has nothing else in it.
fn tables_of(node: &Node) -> Option<Vec<&Table>> {
    let nodes = node.as_list().filter(|nodes| !nodes.is_empty())?;
    nodes.iter().map(Node::as_table).collect()
}

/// One table of a list; tables in it become dotted keys.
fn write_member(text: &mut String, path: &str, table: &Table) {
    let mut lines = Vec::new();
    for (key, node) in table {
        let nested = format!("{path}.member");
        collect(&quote_key(key), node, &nested, &mut lines, &mut Vec::new());
    }
    let gap = if text.is_empty() { "" } else { "\n" };
    // Writing to a string can't fail.
    let _ = writeln!(text, "{gap}[[{path}]]");
    write_lines(text, lines);
}

fn write_lines(text: &mut String, lines: Vec<(String, String)>) {
    let width = lines.iter().map(|(line, _)| line.chars().count()).max();
    // Longer lines push their comment out instead of all comments of the table.
    let width = width.unwrap_or(0).min(48);
    for (line, origin) in lines {
        let _ = writeln!(text, "{line:width$}  # {origin}");
    }
}

/// Values become lines; tables below the first two levels become dotted keys of their parent.
fn collect<'a>(
    key: &str,
    node: &'a Node,
    path: &str,
    lines: &mut Vec<(String, String)>,
    tables: &mut Vec<(String, &'a Table)>,
) {
    match &node.value {
        Value::Table(table) if path.matches('.').count() < 1 && !key.contains('.') => {
            let path = match path {
                "" => key.to_owned(),
                _ => format!("{path}.{key}"),
            };
            tables.push((path, table));
        }
        Value::Table(table) if !table.is_empty() => {
            for (name, node) in table {
                let key = format!("{key}.{}", quote_key(name));
                collect(&key, node, path, lines, tables);
            }
        }
        value => lines.push((
            format!("{key} = {}", write_value(value)),
            node.origin.to_string(),
        )),
    }
}

fn write_value(value: &Value) -> String {
    match value {
        Value::String(text) => toml::Value::String(text.clone()).to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => toml::Value::Float(*number).to_string(),
        Value::Boolean(flag) => flag.to_string(),
        Value::Datetime(text) => text.clone(),
        Value::Array(nodes) => {
            let items: Vec<_> = nodes.iter().map(|node| write_value(&node.value)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Table(table) if table.is_empty() => "{}".to_owned(),
        Value::Table(table) => {
            let pairs = table.iter();
            let pairs = pairs
                .map(|(key, node)| format!("{} = {}", quote_key(key), write_value(&node.value)));
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
    }
}

fn quote_key(key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !key.is_empty() && key.chars().all(bare) {
        return key.to_owned();
    }
    toml::Value::String(key.to_owned()).to_string()
}
