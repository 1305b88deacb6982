//! A run's hold on its session: reads it once, then only adds to its end. What the entries mean is
//! `session`'s and `transcript`'s.

use std::sync::Arc;

use loom_types::{Entry, Error, ErrorKind, Memory, Result, SessionId};

use crate::session::Record;
use crate::transcript::Transcript;

/// How many entries are asked for at once. A thousand small entries are about a megabyte.
const PAGE: u32 = 1000;

/// The writing end of a session. One per run; a second writer makes `append` fail.
pub(crate) struct Journal {
    memory: Arc<dyn Memory>,
    session: SessionId,
    next_seq: u64,
}

impl Journal {
    /// A session that nobody can have written to, because its id was just made.
    pub(crate) fn fresh(memory: Arc<dyn Memory>, session: SessionId) -> Self {
        Self {
            memory,
            session,
            next_seq: 0,
        }
    }

    /// Reads a session; one that does not exist is empty.
    pub(crate) async fn open(
        memory: Arc<dyn Memory>,
        session: SessionId,
    ) -> Result<(Self, Transcript)> {
        let mut journal = Self::fresh(memory, session);
        let mut transcript = Transcript::default();
        loop {
            let page = journal.read().await?;
            if page.is_empty() {
                tracing::debug!(next_seq = journal.next_seq, "session read");
                return Ok((journal, transcript));
            }
            for entry in page {
                journal.check_seq(entry.seq)?;
                let seq = entry.seq;
                transcript.push(seq, Record::decode(&journal.session, entry)?);
                journal.next_seq += 1;
            }
        }
    }

    async fn read(&self) -> Result<Vec<Entry>> {
        // A page that is not full is no sign of the end: a backend may have limits of its own.
        let page = self.memory.read(&self.session, self.next_seq, PAGE).await;
        match page {
            Err(error) if error.kind == ErrorKind::NotFound && self.next_seq == 0 => Ok(Vec::new()),
            page => page.map_err(|e| e.context(format_args!("reading session {}", self.session))),
        }
    }

    fn check_seq(&self, seq: u64) -> Result<()> {
        if seq == self.next_seq {
            return Ok(());
        }
        Err(Error::internal(format!(
            "session {} has entry {seq} where entry {} should be; its log is damaged, restore a backup \
             or start a new session",
            self.session, self.next_seq
        )))
    }

    /// Whether there is nothing in it yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.next_seq == 0
    }

    /// Adds entries, all or none, and returns the seq of the first. They are durable once this returns.
    pub(crate) async fn append(&mut self, entries: Vec<Entry>) -> Result<u64> {
        let first = self.next_seq;
        let count = entries.len() as u64;
        let appended = self.memory.append(&self.session, first, entries);
        appended.await.map_err(|error| self.describe(error))?;
        self.next_seq += count;
        tracing::debug!(next_seq = self.next_seq, "session written");
        Ok(first)
    }

    fn describe(&self, error: Error) -> Error {
        if error.kind == ErrorKind::Conflict {
            let message = format!(
                "another process is writing to session {}; nothing was overwritten, wait until it is \
                 done or use another session ({})",
                self.session, error.message
            );
            return Error { message, ..error };
        }
        error.context(format_args!("saving session {}", self.session))
    }
}

#[cfg(test)]
mod tests;
