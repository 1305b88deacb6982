//! What is remembered from one run to the next: facts, and the sessions of the same directory, found by
//! search. Facts live in the session store, in sessions of their own: one for everywhere and one for
//! each directory. Their logs only grow: a fact that is forgotten is marked, and stays in the log and in
//! its backups.
//!
//! What must not be here: when a run recalls and extracts, and where that is written. That is the
//! executor's.

mod extract;
mod fact;
mod facts;
mod hybrid;
mod past;
mod secret;
mod tools;

use std::sync::Arc;

use async_trait::async_trait;
use loom_types::{Memory, Passage, Result, Retriever, SessionId};

use crate::retrieval::{RetrievalOptions, fuse};
pub use extract::{extract, extraction};
pub use fact::{Fact, FactScope, FactSource, Found, NewFact, is_recall_session};
pub use facts::{Added, Facts};
pub use hybrid::HybridMemory;
pub use tools::tools;

/// How what is remembered is used.
#[derive(Clone, Debug, PartialEq)]
pub struct RecallOptions {
    /// How much of it is put before a run; none for nothing. Default: 5 results and 1000 tokens.
    pub before_run: Option<RetrievalOptions>,
    /// Whether that may be passages of past sessions too, and not only facts. Default false: they are
    /// many, and words that occur by chance find some always.
    pub past_sessions: bool,
    /// Whether the model has the tools `remember` and `recall`. Default true.
    pub tools: bool,
    /// Whether the model is asked after each completed run which facts of it are worth keeping. Default
    /// false: it costs a question.
    pub extract: bool,
}

impl Default for RecallOptions {
    fn default() -> Self {
        Self {
            before_run: Some(RetrievalOptions {
                results: 5,
                tokens: 1000,
                ..RetrievalOptions::default()
            }),
            past_sessions: false,
            tools: true,
            extract: false,
        }
    }
}

/// Looks through what is remembered: facts, and past sessions of the same directory.
#[derive(Clone)]
pub struct Recall {
    facts: Facts,
    sessions: bool,
    running: Option<SessionId>,
}

impl Recall {
    /// What is remembered in a store for a directory. Past sessions are looked into if `sessions` is
    /// true.
    pub fn new(memory: Arc<dyn Memory>, directory: impl Into<String>, sessions: bool) -> Self {
        Self {
            facts: Facts::new(memory, directory),
            sessions,
            running: None,
        }
    }

    /// The facts.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The same for a run of this session, which is left out: the model has it before its eyes.
    #[must_use]
    pub fn leaving_out(&self, session: &SessionId) -> Self {
        Self {
            running: Some(session.clone()),
            ..self.clone()
        }
    }

    /// The same with or without past sessions.
    #[must_use]
    pub fn with_past_sessions(self, sessions: bool) -> Self {
        Self { sessions, ..self }
    }

    async fn past(&self, question: &str, limit: usize) -> Result<Vec<Passage>> {
        if !self.sessions {
            return Ok(Vec::new());
        }
        let past = past::PastSessions {
            memory: self.facts.memory(),
            directory: self.facts.directory(),
            running: self.running.as_ref(),
        };
        past.search(question, limit).await
    }
}

#[async_trait]
impl Retriever for Recall {
    fn name(&self) -> &'static str {
        "memory"
    }

    /// Pinned facts come first, whatever the question is.
    async fn retrieve(&self, question: &str, limit: usize) -> Result<Vec<Passage>> {
        let (facts, past) = futures::join!(
            self.facts.matching(question, limit),
            self.past(question, limit)
        );
        let facts = facts?;
        let past = past.unwrap_or_else(|error| {
            tracing::warn!("past sessions are not looked into: {error}");
            Vec::new()
        });
        let mut passages: Vec<_> = facts.pinned.iter().map(|fact| fact.passage(1.0)).collect();
        let found = facts.found.iter();
        let found = found.map(|found| found.fact.passage(found.score)).collect();
        passages.extend(fuse(vec![found, past], limit));
        passages.truncate(limit);
        Ok(passages)
    }
}

#[cfg(test)]
mod tests;
