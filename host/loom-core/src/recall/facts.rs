//! The facts in a store: read, searched, added and forgotten, also while other processes do the same.

use std::collections::HashMap;
use std::sync::Arc;

use loom_types::{Entry, Error, ErrorKind, Memory, Query, Result, SessionId};
use serde_json::json;

use super::fact::{FACT, FORGOTTEN, Fact, FactScope, Found, Ledger, NewFact};
use super::secret;
use crate::session::{self, now_ms};

/// Bytes of one fact. A fact is a sentence or two; more belongs into a file or the knowledge base.
const MAX_BYTES: usize = 1000;

/// Facts of one scope. They are read before each run, and people are to keep an overview.
const MAX_FACTS: usize = 2000;

/// How often another process may be first before it is given up.
const TRIES: u32 = 20;

const PAGE: u32 = 1000;

/// A match that scores less than this share of the best one has a common word with the question at
/// most.
const LEAST_SHARE: f64 = 0.2;

/// The facts for a directory, and those for everywhere.
#[derive(Clone)]
pub struct Facts {
    memory: Arc<dyn Memory>,
    directory: Arc<str>,
}

/// A fact that is remembered now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    pub fact: Fact,
    /// False if it was remembered already.
    pub is_new: bool,
}

/// What fits a question.
pub(super) struct Matching {
    /// Oldest first, whether they fit or not.
    pub(super) pinned: Vec<Fact>,
    /// Best first, without those that are pinned.
    pub(super) found: Vec<Found>,
}

impl Facts {
    /// The facts in a store. `directory` is absolute.
    pub fn new(memory: Arc<dyn Memory>, directory: impl Into<String>) -> Self {
        Self {
            memory,
            directory: directory.into().into(),
        }
    }

    pub(super) fn memory(&self) -> &dyn Memory {
        self.memory.as_ref()
    }

    pub(super) fn directory(&self) -> &str {
        &self.directory
    }

    /// All facts, newest first; those of one scope if it is named.
    ///
    /// # Errors
    /// What the store reports.
    pub async fn list(&self, scope: Option<FactScope>) -> Result<Vec<Fact>> {
        let mut facts = Vec::new();
        for each in scopes(scope) {
            facts.extend(self.read(each).await?.facts);
        }
        facts.sort_by_key(|fact| std::cmp::Reverse(fact.time_ms));
        Ok(facts)
    }

    /// The facts that fit a text best, best first: by words, and by meaning if the store is a
    /// [`HybridMemory`](super::HybridMemory).
    ///
    /// # Errors
    /// What the store reports.
    pub async fn search(&self, query: &str, limit: usize) -> Result<Vec<Found>> {
        let mut found = Vec::new();
        for scope in scopes(None) {
            let ledger = self.read(scope).await?;
            found.extend(self.search_in(scope, &ledger, query, limit).await?);
        }
        found.sort_by(|a, b| b.score.total_cmp(&a.score));
        found.truncate(limit);
        Ok(found)
    }

    /// Remembers a fact. One that is remembered in its scope already stays as it is, but is pinned if
    /// the new one is.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a text that is empty, too long or looks like a secret,
    /// [`ErrorKind::ResourceExhausted`] if there are 2,000 facts in its scope, and what the store
    /// reports.
    pub async fn add(&self, new: NewFact) -> Result<Added> {
        let text = check(&new.text)?;
        let fact = Fact {
            id: fresh_id(),
            text: text.to_owned(),
            scope: new.scope,
            pinned: new.pinned,
            source: new.source,
            time_ms: now_ms(),
            session: new.session,
        };
        let added = |ledger: &Ledger| {
            let known = ledger.facts.iter().find(|known| known.says(text));
            if let Some(known) = known.filter(|known| known.pinned || !fact.pinned) {
                let fact = known.clone();
                return Ok((
                    None,
                    Added {
                        fact,
                        is_new: false,
                    },
                ));
            }
            if known.is_none() && ledger.facts.len() >= MAX_FACTS {
                return Err(Error::resource_exhausted(format!(
                    "{MAX_FACTS} facts are remembered for this scope and no more fit; forget some with \
                     `loom memory forget ID`"
                )));
            }
            let is_new = known.is_none();
            let fact = known.map_or_else(
                || fact.clone(),
                |known| Fact {
                    pinned: true,
                    ..known.clone()
                },
            );
            let entry = entry(FACT, fact.text.clone(), json!(fact));
            Ok((Some(entry), Added { fact, is_new }))
        };
        self.change(new.scope, added).await
    }

    /// Forgets a fact: nothing finds it any more. Its entry stays in the log, as all entries do.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is no such fact, and what the store reports.
    pub async fn forget(&self, id: &str) -> Result<Fact> {
        let known = |ledger: &Ledger| ledger.facts.iter().find(|fact| fact.id == id).cloned();
        let unknown = || {
            Error::not_found(format!(
                "there is no fact {id}; `loom memory list` shows what there is"
            ))
        };
        for scope in scopes(None) {
            if known(&self.read(scope).await?).is_none() {
                continue;
            }
            let forgotten = |ledger: &Ledger| {
                let fact = known(ledger).ok_or_else(unknown)?;
                let entry = entry(FORGOTTEN, String::new(), json!({ "id": id }));
                Ok((Some(entry), fact))
            };
            return self.change(scope, forgotten).await;
        }
        Err(unknown())
    }

    /// What a question is answered with.
    pub(super) async fn matching(&self, question: &str, limit: usize) -> Result<Matching> {
        let mut matching = Matching {
            pinned: Vec::new(),
            found: Vec::new(),
        };
        for scope in scopes(None) {
            let ledger = self.read(scope).await?;
            let found = self.search_in(scope, &ledger, question, limit).await?;
            let found = found.into_iter().filter(|found| !found.fact.pinned);
            matching.found.extend(found);
            let pinned = ledger.facts.into_iter().filter(|fact| fact.pinned);
            matching.pinned.extend(pinned);
        }
        let order = |a: &Found, b: &Found| b.score.total_cmp(&a.score);
        matching.found.sort_by(order);
        matching.found.truncate(limit);
        Ok(matching)
    }

    async fn search_in(
        &self,
        scope: FactScope,
        ledger: &Ledger,
        query: &str,
        limit: usize,
    ) -> Result<Vec<Found>> {
        if ledger.facts.is_empty() || query.trim().is_empty() {
            return Ok(Vec::new());
        }
        let query = Query {
            text: Some(query.to_owned()),
            session: Some(scope.session(&self.directory)),
            kinds: vec![FACT.to_owned()],
            ..Query::default()
        };
        // Those that were forgotten or replaced are found as well.
        let gone = usize::try_from(ledger.entries).unwrap_or(usize::MAX) - ledger.facts.len();
        let wanted = u32::try_from(limit.saturating_add(gone)).unwrap_or(u32::MAX);
        let hits = self.memory.search(query, wanted).await?;
        let least = hits.first().map_or(0.0, |hit| hit.score) * LEAST_SHARE;
        let mut live: HashMap<&str, &Fact> =
            ledger.facts.iter().map(|it| (it.id.as_str(), it)).collect();
        let found = hits
            .iter()
            .filter(|hit| hit.score >= least)
            .filter_map(|hit| {
                let id = hit.entry.payload.get("id")?.as_str()?;
                Some(Found {
                    fact: live.remove(id)?.clone(),
                    score: hit.score,
                })
            });
        Ok(found.take(limit).collect())
    }

    /// Adds what a function makes of the log as it is, and again if another process was first.
    async fn change<T>(
        &self,
        scope: FactScope,
        make: impl Fn(&Ledger) -> Result<(Option<Entry>, T)>,
    ) -> Result<T> {
        let session = scope.session(&self.directory);
        let mut conflict = None;
        for _ in 0..TRIES {
            let ledger = self.read(scope).await?;
            let (entry, made) = make(&ledger)?;
            let Some(entry) = entry else { return Ok(made) };
            let entries = match ledger.entries {
                0 => vec![self.header(scope), entry],
                _ => vec![entry],
            };
            match self.memory.append(&session, ledger.entries, entries).await {
                Ok(_) => return Ok(made),
                Err(error) if error.kind == ErrorKind::Conflict => conflict = Some(error),
                Err(error) => return Err(error.context("remembering")),
            }
        }
        let error = conflict.unwrap_or_else(Error::cancelled);
        Err(error.context("other processes write facts all the time; try again later"))
    }

    fn header(&self, scope: FactScope) -> Entry {
        let directory = match scope {
            FactScope::Directory => Some(&*self.directory),
            FactScope::Everywhere => None,
        };
        let metadata = json!({ "recall": scope.as_str(), "directory": directory });
        session::header_entry(String::new(), metadata)
    }

    async fn read(&self, scope: FactScope) -> Result<Ledger> {
        let session = scope.session(&self.directory);
        let mut ledger = Ledger::default();
        loop {
            let page = self.page(&session, ledger.entries).await?;
            if page.is_empty() {
                return Ok(ledger);
            }
            page.into_iter().for_each(|entry| ledger.push(entry));
        }
    }

    async fn page(&self, session: &SessionId, from_seq: u64) -> Result<Vec<Entry>> {
        match self.memory.read(session, from_seq, PAGE).await {
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Vec::new()),
            page => page.map_err(|error| error.context("reading what is remembered")),
        }
    }
}

fn scopes(scope: Option<FactScope>) -> Vec<FactScope> {
    match scope {
        Some(scope) => vec![scope],
        None => vec![FactScope::Directory, FactScope::Everywhere],
    }
}

fn check(text: &str) -> Result<&str> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::invalid_input(
            "the fact is empty; write what is to be remembered",
        ));
    }
    if text.len() > MAX_BYTES {
        return Err(Error::invalid_input(format!(
            "the fact has {} bytes and {MAX_BYTES} fit; write its essence, or several facts",
            text.len()
        )));
    }
    match secret::found(text) {
        Some(what) => Err(Error::invalid_input(format!(
            "it is not remembered, because it looks like a secret ({what}) and facts are kept in clear \
             text; remember where the secret is kept instead, such as the name of a variable"
        ))),
        None => Ok(text),
    }
}

fn entry(kind: &str, text: String, payload: serde_json::Value) -> Entry {
    Entry {
        seq: 0,
        time_ms: now_ms(),
        kind: kind.to_owned(),
        text,
        vector: None,
        payload,
    }
}

/// The random end of a UUID: eight digits are different for all facts that a person has.
fn fresh_id() -> String {
    let uuid = SessionId::generate().to_string();
    format!("m{}", &uuid[uuid.len() - 8..])
}
