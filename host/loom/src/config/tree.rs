//! A configuration as a tree that knows where each value was written, and how trees are laid over
//! each other. What must not be here: which keys there are.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::problem::{Problem, Problems};

/// The place where a value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    /// A file, a variable or an option, as a person would name it.
    pub(super) source: Arc<str>,
    /// From 1; absent where there are no lines.
    pub(super) line: Option<usize>,
    /// What relative paths are relative to; the working directory if absent.
    pub(super) directory: Option<Arc<Path>>,
}

impl Origin {
    pub(super) fn named(source: &str) -> Self {
        Self {
            source: source.into(),
            line: None,
            directory: None,
        }
    }

    pub(super) fn file(path: &Path) -> Self {
        Self {
            source: path.to_string_lossy().into(),
            line: None,
            directory: path.parent().map(Into::into),
        }
    }

    fn at_line(&self, line: usize) -> Self {
        Self {
            line: Some(line),
            ..self.clone()
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)?;
        match self.line {
            Some(line) => write!(f, ":{line}"),
            None => Ok(()),
        }
    }
}

/// A value with its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// TOML's values.
#[derive(Clone, Debug)]
pub(super) enum Value {
    String(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    /// As it was written.
    Datetime(String),
    Array(Vec<Node>),
    Table(Table),
}

/// Keys and their values.
pub(super) type Table = BTreeMap<String, Node>;

impl Node {
    pub(super) fn string(text: &str, origin: &Origin) -> Self {
        Self {
            value: Value::String(text.to_owned()),
            origin: origin.clone(),
        }
    }

    pub(super) fn as_table(&self) -> Option<&Table> {
        match &self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// An integer or a float.
    pub(super) fn as_number(&self) -> Option<f64> {
        match self.value {
            #[expect(
                clippy::cast_precision_loss,
                reason = "exact far beyond what people count or pay"
            )]
            Value::Integer(number) => Some(number as f64),
            Value::Float(number) => Some(number),
            _ => None,
        }
    }

    /// The items of a list.
    pub(super) fn as_list(&self) -> Option<&[Node]> {
        match &self.value {
            Value::Array(nodes) => Some(nodes),
            _ => None,
        }
    }

    /// Takes a key of the table away.
    pub(super) fn remove(&mut self, key: &str) {
        if let Value::Table(table) = &mut self.value {
            table.remove(key);
        }
    }

    /// The value below a path of keys.
    pub(super) fn get(&self, path: &[&str]) -> Option<&Node> {
        let Some((first, rest)) = path.split_first() else {
            return Some(self);
        };
        self.as_table()?.get(*first)?.get(rest)
    }

    /// Puts a value below a path of keys, with tables on the way.
    pub(super) fn put(&mut self, path: &[&str], node: Node) {
        let Some((first, rest)) = path.split_first() else {
            *self = node;
            return;
        };
        if self.as_table().is_none() {
            self.value = Value::Table(Table::new());
        }
        if let Value::Table(table) = &mut self.value {
            let empty = Node::empty(&node.origin);
            table
                .entry((*first).to_owned())
                .or_insert(empty)
                .put(rest, node);
        }
    }

    /// Says of everything in it that it was written at one place.
    pub(super) fn relocate(&mut self, origin: &Origin) {
        self.origin = origin.clone();
        match &mut self.value {
            Value::Array(nodes) => nodes.iter_mut().for_each(|node| node.relocate(origin)),
            Value::Table(table) => table.values_mut().for_each(|node| node.relocate(origin)),
            _ => {}
        }
    }

    /// An empty table.
    pub(super) fn empty(origin: &Origin) -> Self {
        Self {
            value: Value::Table(Table::new()),
            origin: origin.clone(),
        }
    }

    /// Lays another tree over this one: tables are merged, anything else is replaced.
    pub(super) fn overlay(&mut self, over: Node) {
        match (&mut self.value, over.value) {
            (Value::Table(base), Value::Table(table)) => {
                for (key, node) in table {
                    match base.get_mut(&key) {
                        Some(below) => below.overlay(node),
                        None => {
                            base.insert(key, node);
                        }
                    }
                }
            }
            (value, over_value) => {
                *value = over_value;
                self.origin = over.origin;
            }
        }
    }
}

impl Value {
    /// The type, as an error message names it.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::String(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Boolean(_) => "a boolean",
            Self::Datetime(_) => "a date",
            Self::Array(_) => "a list",
            Self::Table(_) => "a table",
        }
    }

    /// The value as JSON; dates and what JSON's numbers can't say become strings.
    pub(super) fn to_json(&self) -> serde_json::Value {
        match self {
            Self::String(text) | Self::Datetime(text) => text.as_str().into(),
            Self::Integer(number) => (*number).into(),
            Self::Float(number) => serde_json::Number::from_f64(*number)
                .map_or_else(|| number.to_string().into(), Into::into),
            Self::Boolean(flag) => (*flag).into(),
            Self::Array(nodes) => nodes.iter().map(|node| node.value.to_json()).collect(),
            Self::Table(table) => serde_json::Value::Object(
                table
                    .iter()
                    .map(|(key, node)| (key.clone(), node.value.to_json()))
                    .collect(),
            ),
        }
    }
}

/// Reads TOML. Every syntax error becomes a problem; what could be read is returned.
pub(super) fn parse(text: &str, origin: &Origin, problems: &Problems) -> Node {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let reader = Reader {
        lines: line_starts(text),
        origin,
        problems,
    };
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let offset = error.span().map_or(0, |span| span.start);
        problems.add(Problem::new(
            &reader.origin_at(offset),
            "",
            format!("not valid TOML: {}", error.message().replace('\n', ", ")),
        ));
    }
    Node {
        value: Value::Table(reader.table(table.get_ref())),
        origin: origin.clone(),
    }
}

struct Reader<'a> {
    lines: Vec<usize>,
    origin: &'a Origin,
    problems: &'a Problems,
}

impl Reader<'_> {
    fn origin_at(&self, offset: usize) -> Origin {
        let line = self.lines.partition_point(|start| *start <= offset);
        self.origin.at_line(line.max(1))
    }

    fn table(&self, table: &DeTable<'_>) -> Table {
        let entry = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
            let mut node = self.node(value);
            // The key is where people look, and a table made of dotted keys spans all of them.
            node.origin = self.origin_at(key.span().start);
            (AsRef::<str>::as_ref(key.get_ref()).to_owned(), node)
        };
        table.iter().map(entry).collect()
    }

    fn array(&self, array: &DeArray<'_>) -> Vec<Node> {
        array.iter().map(|value| self.node(value)).collect()
    }

    fn node(&self, value: &Spanned<DeValue<'_>>) -> Node {
        let origin = self.origin_at(value.span().start);
        let value = match value.get_ref() {
            DeValue::String(text) => Value::String(text.to_string()),
            DeValue::Boolean(flag) => Value::Boolean(*flag),
            DeValue::Datetime(date) => Value::Datetime(date.to_string()),
            DeValue::Array(array) => Value::Array(self.array(array)),
            DeValue::Table(table) => Value::Table(self.table(table)),
            DeValue::Integer(number) => {
                match i64::from_str_radix(number.as_str(), number.radix()) {
                    Ok(number) => Value::Integer(number),
                    Err(_) => self.bad_number(number.as_str(), &origin),
                }
            }
            DeValue::Float(number) => match number.as_str().parse() {
                Ok(number) => Value::Float(number),
                Err(_) => self.bad_number(number.as_str(), &origin),
            },
        };
        Node { value, origin }
    }

    fn bad_number(&self, text: &str, origin: &Origin) -> Value {
        let message = format!("the number {text} does not fit into 64 bits");
        self.problems.add(Problem::new(origin, "", message));
        Value::Integer(0)
    }
}

fn line_starts(text: &str) -> Vec<usize> {
    let after_breaks = text.match_indices('\n').map(|(at, _)| at + 1);
    std::iter::once(0).chain(after_breaks).collect()
}
