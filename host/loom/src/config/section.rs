//! Reads one table of a tree, value by value, and gathers what is wrong instead of stopping. The
//! keys that are asked for are the keys that exist: [`Section::finish`] refuses all others.

use std::time::Duration;

use super::problem::{Problem, Problems, nearest};
use super::tree::{Node, Origin, Table, Value};
use super::units;

/// A value with its place, for what can only be judged later.
#[derive(Clone, Debug)]
pub(super) struct Located<T> {
    pub(super) value: T,
    pub(super) origin: Origin,
    pub(super) key: String,
}

impl<T> Located<T> {
    pub(super) fn problem(&self, message: impl Into<String>) -> Problem {
        Problem::new(&self.origin, &self.key, message)
    }
}

/// A table that is being read.
pub(super) struct Section<'a> {
    path: String,
    origin: &'a Origin,
    table: &'a Table,
    problems: &'a Problems,
    asked: Vec<&'static str>,
}

impl<'a> Section<'a> {
    /// The root of a tree, or a table that stands in for it.
    pub(super) fn root(node: &'a Node, path: &str, problems: &'a Problems) -> Option<Self> {
        let Some(table) = node.as_table() else {
            problems.add(mismatch(node, path, "a table"));
            return None;
        };
        Some(Self {
            path: path.to_owned(),
            origin: &node.origin,
            table,
            problems,
            asked: Vec::new(),
        })
    }

    /// Refuses the keys that nobody asked for.
    pub(super) fn finish(self) {
        for (key, node) in self.table {
            if self.asked.contains(&key.as_str()) {
                continue;
            }
            let message = match nearest(key, self.asked.iter().copied()) {
                Some(right) => format!("unknown key; did you mean `{}`?", self.key(right)),
                None => format!("unknown key; there are {}", self.asked.join(", ")),
            };
            self.problems
                .add(Problem::new(&node.origin, &self.key(key), message));
        }
    }

    pub(super) fn string(&mut self, key: &'static str) -> Option<String> {
        self.located_string(key).map(|located| located.value)
    }

    pub(super) fn located_string(&mut self, key: &'static str) -> Option<Located<String>> {
        let node = self.take(key)?;
        match node.as_str() {
            Some(text) => Some(self.locate(key, node, text.to_owned())),
            None => self.refuse(key, node, "a string"),
        }
    }

    /// A string that a function understands; its error says what is wrong.
    pub(super) fn parsed<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let node = self.take(key)?;
        let Some(text) = node.as_str() else {
            return self.refuse(key, node, expected);
        };
        match parse(text) {
            Ok(value) => Some(value),
            Err(message) => self.complain(key, node, message),
        }
    }

    pub(super) fn boolean(&mut self, key: &'static str) -> Option<bool> {
        let node = self.take(key)?;
        match node.value {
            Value::Boolean(flag) => Some(flag),
            _ => self.refuse(key, node, "true or false"),
        }
    }

    /// Whether a key is set to true or false; none if it is anything else, which is left to be read.
    pub(super) fn flag(&mut self, key: &'static str) -> Option<bool> {
        let Value::Boolean(flag) = self.table.get(key)?.value else {
            return None;
        };
        self.asked.push(key);
        Some(flag)
    }

    /// An integer of at least 1.
    pub(super) fn count<T: TryFrom<i64>>(&mut self, key: &'static str) -> Option<T> {
        self.count_from(key, 1)
    }

    /// An integer of at least `least`.
    pub(super) fn count_from<T: TryFrom<i64>>(
        &mut self,
        key: &'static str,
        least: i64,
    ) -> Option<T> {
        let node = self.take(key)?;
        self.read_count(&self.key(key), node, least)
    }

    /// A table of such integers, whose keys a function accepts.
    pub(super) fn counts<T: TryFrom<i64>>(
        &mut self,
        key: &'static str,
        accept: impl Fn(&str) -> Result<(), String>,
    ) -> Vec<(String, T)> {
        let path = self.key(key);
        let entries = self.table_at(key).into_iter().flatten();
        let counts = entries.filter_map(|(name, node)| {
            let path = join(&path, name);
            if let Err(message) = accept(name) {
                self.problems
                    .add(Problem::new(&node.origin, &path, message));
            }
            let count = self.read_count(&path, node, 1)?;
            Some((name.clone(), count))
        });
        counts.collect()
    }

    fn read_count<T: TryFrom<i64>>(&self, path: &str, node: &Node, least: i64) -> Option<T> {
        let Value::Integer(number) = node.value else {
            self.problems.add(mismatch(node, path, "an integer"));
            return None;
        };
        let message = match T::try_from(number) {
            Ok(count) if number >= least => return Some(count),
            _ if number < least => format!("{number} is too small; at least {least}"),
            _ => format!("{number} is too large"),
        };
        self.problems.add(Problem::new(&node.origin, path, message));
        None
    }

    /// A number that is not negative, with or without a fraction.
    pub(super) fn amount(&mut self, key: &'static str) -> Option<f64> {
        self.parsed_amount(key, |number| match number >= 0.0 && number.is_finite() {
            true => Ok(number),
            false => Err(format!("{number} is no amount; write 0 or more")),
        })
    }

    /// A number that a function understands; its error says what is wrong.
    pub(super) fn parsed_amount<T>(
        &mut self,
        key: &'static str,
        parse: impl Fn(f64) -> Result<T, String>,
    ) -> Option<T> {
        let node = self.take(key)?;
        let Some(number) = node.as_number() else {
            return self.refuse(key, node, "a number");
        };
        match parse(number) {
            Ok(value) => Some(value),
            Err(message) => self.complain(key, node, message),
        }
    }

    pub(super) fn duration(&mut self, key: &'static str) -> Option<Duration> {
        self.parsed(key, "a duration such as \"30s\"", units::parse_duration)
    }

    /// A size as text, or a number of bytes.
    pub(super) fn bytes(&mut self, key: &'static str) -> Option<u64> {
        match self.table.get(key).map(|node| &node.value) {
            Some(Value::Integer(_)) => self.count(key),
            _ => self.parsed(key, "a size such as \"16MiB\"", units::parse_bytes),
        }
    }

    /// A list of strings that a function accepts.
    pub(super) fn strings(
        &mut self,
        key: &'static str,
        accept: impl Fn(&str) -> Result<(), String>,
    ) -> Option<Vec<Located<String>>> {
        let node = self.take(key)?;
        let Value::Array(nodes) = &node.value else {
            return self.refuse(key, node, "a list of strings");
        };
        let mut texts = Vec::new();
        for (index, item) in nodes.iter().enumerate() {
            let name = format!("{key}[{index}]");
            let Some(text) = item.as_str() else {
                self.problems
                    .add(mismatch(item, &self.key(&name), "a string"));
                continue;
            };
            match accept(text) {
                Ok(()) => texts.push(self.locate(&name, item, text.to_owned())),
                Err(message) => {
                    let problem = Problem::new(&item.origin, &self.key(&name), message);
                    self.problems.add(problem);
                }
            }
        }
        Some(texts)
    }

    /// A table of strings.
    pub(super) fn string_table(&mut self, key: &'static str) -> Vec<(String, String)> {
        let Some(table) = self.table_at(key) else {
            return Vec::new();
        };
        let mut pairs = Vec::new();
        for (name, node) in table {
            match node.as_str() {
                Some(text) => pairs.push((name.clone(), text.to_owned())),
                None => {
                    let path = join(&self.key(key), name);
                    self.problems.add(mismatch(node, &path, "a string"));
                }
            }
        }
        pairs
    }

    /// A table of anything, as JSON.
    pub(super) fn settings(&mut self, key: &'static str) -> super::Settings {
        let table = self.table_at(key);
        let pairs = table.into_iter().flatten();
        pairs
            .map(|(name, node)| (name.clone(), node.value.to_json()))
            .collect()
    }

    /// A table with keys of its own.
    pub(super) fn section(&mut self, key: &'static str) -> Option<Section<'a>> {
        let node = self.take(key)?;
        Section::root(node, &self.key(key), self.problems)
    }

    /// A table whose keys are names and whose values are tables.
    pub(super) fn sections(&mut self, key: &'static str) -> Vec<(&'a str, Section<'a>)> {
        let path = self.key(key);
        let table = self.table_at(key);
        let named = table.into_iter().flatten();
        named
            .filter_map(|(name, node)| {
                let section = Section::root(node, &join(&path, name), self.problems)?;
                Some((name.as_str(), section))
            })
            .collect()
    }

    /// A list of tables.
    pub(super) fn list(&mut self, key: &'static str) -> Option<Vec<Section<'a>>> {
        let node = self.take(key)?;
        let Value::Array(nodes) = &node.value else {
            return self.refuse(key, node, "a list of tables");
        };
        let section = |(index, node): (usize, &'a Node)| {
            Section::root(node, &self.key(&format!("{key}[{index}]")), self.problems)
        };
        Some(nodes.iter().enumerate().filter_map(section).collect())
    }

    /// Complains of a key that must be there and is not.
    pub(super) fn require(&self, key: &'static str) {
        if !self.table.contains_key(key) {
            self.complain_of_itself(format!("the key `{key}` is missing"));
        }
    }

    /// Complains of the table as a whole.
    pub(super) fn complain_of_itself(&self, message: String) {
        self.problems
            .add(Problem::new(self.origin, &self.path, message));
    }

    /// The dotted path of a key of this table.
    fn key(&self, key: &str) -> String {
        join(&self.path, key)
    }

    /// Where the table was written.
    pub(super) fn origin(&self) -> &'a Origin {
        self.origin
    }

    fn table_at(&mut self, key: &'static str) -> Option<&'a Table> {
        let node = self.take(key)?;
        match node.as_table() {
            Some(table) => Some(table),
            None => self.refuse(key, node, "a table"),
        }
    }

    fn take(&mut self, key: &'static str) -> Option<&'a Node> {
        self.asked.push(key);
        self.table.get(key)
    }

    fn locate<T>(&self, key: &str, node: &Node, value: T) -> Located<T> {
        Located {
            value,
            origin: node.origin.clone(),
            key: self.key(key),
        }
    }

    fn refuse<T>(&self, key: &str, node: &Node, expected: &str) -> Option<T> {
        self.problems.add(mismatch(node, &self.key(key), expected));
        None
    }

    fn complain<T>(&self, key: &str, node: &Node, message: String) -> Option<T> {
        self.problems
            .add(Problem::new(&node.origin, &self.key(key), message));
        None
    }
}

fn mismatch(node: &Node, key: &str, expected: &str) -> Problem {
    let found = node.value.type_name();
    Problem::new(
        &node.origin,
        key,
        format!("expected {expected}, found {found}"),
    )
}

/// A dotted path with one more key, quoted where TOML would quote it.
fn join(path: &str, key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '[' | ']');
    let key = if !key.is_empty() && key.chars().all(bare) {
        key.to_owned()
    } else {
        format!("{key:?}")
    };
    if path.is_empty() {
        key
    } else {
        format!("{path}.{key}")
    }
}
