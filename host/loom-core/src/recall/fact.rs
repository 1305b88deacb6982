//! Facts, and what the log of a scope says of them.

use loom_types::{Entry, Passage, SessionId};
use serde::{Deserialize, Serialize};

/// Kind of an entry that is a fact. A later one with the same id replaces it.
pub(super) const FACT: &str = "fact";
/// Kind of an entry that takes a fact away.
pub(super) const FORGOTTEN: &str = "forgotten";

/// Begins the ids of the sessions that facts are kept in. Ids that Loom makes have no colon.
const PREFIX: &str = "recall:";
const EVERYWHERE: &str = "recall:everywhere";

/// Something that was remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// Names it among all facts of a store; made by Loom.
    pub id: String,
    pub text: String,
    pub scope: FactScope,
    /// Put before every run, and kept word for word by compression.
    #[serde(default)]
    pub pinned: bool,
    pub source: FactSource,
    /// Milliseconds since the Unix epoch.
    pub time_ms: u64,
    /// The session in which it was remembered, if it was in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
}

/// Where a fact holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactScope {
    /// In this directory.
    #[default]
    Directory,
    Everywhere,
}

/// Who wanted it to be remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactSource {
    Person,
    /// The model, with the tool `remember`.
    Model,
    /// It was drawn from a run after its end.
    Extracted,
}

/// What is to be remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFact {
    pub text: String,
    pub scope: FactScope,
    pub pinned: bool,
    pub source: FactSource,
    pub session: Option<SessionId>,
}

impl NewFact {
    /// A fact that a person writes down for this directory.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            scope: FactScope::default(),
            pinned: false,
            source: FactSource::Person,
            session: None,
        }
    }
}

/// A fact that a search found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub fact: Fact,
    /// Higher is better; comparable within one answer only.
    pub score: f64,
}

/// Whether a session is one of those that facts are kept in, and none that people had.
#[must_use]
pub fn is_recall_session(session: &SessionId) -> bool {
    session.as_str().starts_with(PREFIX)
}

impl FactScope {
    /// Where the facts of this scope are kept.
    pub(super) fn session(self, directory: &str) -> SessionId {
        match self {
            Self::Everywhere => SessionId::from(EVERYWHERE),
            // Directories are absolute, so that none of them is called `everywhere`.
            Self::Directory => SessionId::from(format!("{PREFIX}{directory}")),
        }
    }

    /// As people and models read it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Directory => "directory",
            Self::Everywhere => "everywhere",
        }
    }
}

impl Fact {
    /// The same text but for case, spaces and the full stop at its end.
    pub(super) fn says(&self, text: &str) -> bool {
        normal(&self.text) == normal(text)
    }

    pub(super) fn passage(&self, score: f64) -> Passage {
        Passage {
            id: self.id.clone(),
            source: format!("remembered, {}", self.scope.as_str()),
            title: None,
            text: self.text.clone(),
            score,
        }
    }
}

fn normal(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ").trim_end_matches(['.', '!']).to_owned()
}

/// What a log says so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    /// The facts that hold, oldest first.
    pub(super) facts: Vec<Fact>,
    /// The next `seq`.
    pub(super) entries: u64,
}

impl Ledger {
    /// Takes one more entry. What is not readable was written by another version and means nothing
    /// here.
    pub(super) fn push(&mut self, entry: Entry) {
        self.entries = entry.seq + 1;
        match entry.kind.as_str() {
            FACT => {
                if let Ok(fact) = serde_json::from_value::<Fact>(entry.payload) {
                    self.facts.retain(|known| known.id != fact.id);
                    self.facts.push(fact);
                }
            }
            FORGOTTEN => {
                let id = entry.payload.get("id").and_then(|id| id.as_str());
                self.facts.retain(|known| Some(known.id.as_str()) != id);
            }
            _ => {}
        }
    }
}
