//! What is wrong with a configuration: all of it, each with its place.

use std::cell::RefCell;
use std::fmt;

use super::tree::Origin;

/// Everything that is wrong with a configuration, one problem a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    problems: Vec<String>,
}

impl ConfigError {
    /// One problem that is found after the layers were read, for example a plugin that is not there.
    pub fn new(problem: impl Into<String>) -> Self {
        Self {
            problems: vec![problem.into()],
        }
    }

    /// The problems, each with its place and what to do about it. Never empty.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.as_slice() {
            [problem] => write!(f, "the configuration has a problem\n  {problem}"),
            problems => {
                write!(f, "the configuration has {} problems", problems.len())?;
                problems
                    .iter()
                    .try_for_each(|problem| write!(f, "\n  {problem}"))
            }
        }
    }
}

/// Something in a configuration that is ignored, or not what it seems.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning(pub(super) String);

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    origin: Origin,
    key: String,
    message: String,
}

impl Problem {
    /// `key` is the dotted path, empty if there is none.
    pub(super) fn new(origin: &Origin, key: &str, message: impl Into<String>) -> Self {
        Self {
            origin: origin.clone(),
            key: key.to_owned(),
            message: message.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.origin)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}

/// The problems found so far. The same one is kept once: a value is looked at in its own layer and
/// again where the layers are merged.
#[derive(Debug, Default)]
pub(super) struct Problems(RefCell<Vec<Problem>>);

impl Problems {
    pub(super) fn add(&self, problem: Problem) {
        let mut problems = self.0.borrow_mut();
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }

    /// Whether something is wrong with the value of a key.
    pub(super) fn concern(&self, key: &str) -> bool {
        self.0.borrow().iter().any(|problem| problem.key == key)
    }

    /// Everything of another list.
    pub(super) fn append(&self, other: Self) {
        other.0.take().into_iter().for_each(|it| self.add(it));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// The error, if there was any problem. Those of a file stand in the order of its lines.
    pub(super) fn into_error(self) -> Option<ConfigError> {
        let mut problems = self.0.take();
        let sources: Vec<_> = problems.iter().map(|it| it.origin.source.clone()).collect();
        problems.sort_by_key(|problem| {
            let source = &problem.origin.source;
            let first = sources.iter().position(|known| known == source);
            (first, problem.origin.line)
        });
        let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
        (!problems.is_empty()).then_some(ConfigError { problems })
    }
}

/// The candidate that a person most likely meant, if any is close.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let normal = |text: &str| text.to_lowercase().replace('-', "_");
    let wanted = normal(name);
    // One slip in three letters, as rustc allows in its suggestions.
    let tolerance = (wanted.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&wanted, &normal(candidate));
            (distance, candidate)
        })
        .filter(|(distance, _)| *distance <= tolerance)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
