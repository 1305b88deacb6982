//! Sessions in the process's own memory: for agents that were given no other, and for tests. Ends with
//! the process; anything that survives it is a plugin's.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use loom_types::{
    Entry, Error, ErrorKind, Hit, Memory, Page, Query, Result, SessionId, SessionInfo,
};

/// A store that is gone with the process. Grows until sessions are deleted.
#[derive(Debug, Default)]
pub struct ProcessMemory {
    sessions: Mutex<BTreeMap<SessionId, Vec<Entry>>>,
}

impl ProcessMemory {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<SessionId, Vec<Entry>>> {
        // Every change is one insertion or one extension, so a panic elsewhere leaves nothing half done.
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Memory for ProcessMemory {
    async fn append(
        &self,
        session: &SessionId,
        expected_seq: u64,
        entries: Vec<Entry>,
    ) -> Result<u64> {
        let mut sessions = self.lock();
        let length = sessions.get(session).map_or(0, Vec::len) as u64;
        if length != expected_seq {
            return Err(Error::new(
                ErrorKind::Conflict,
                format!("session {session} has {length} entries, not {expected_seq}"),
            ));
        }
        let numbered = (expected_seq..)
            .zip(entries)
            .map(|(seq, entry)| Entry { seq, ..entry });
        let log = sessions.entry(session.clone()).or_default();
        log.extend(numbered);
        Ok(log.len() as u64)
    }

    async fn read(&self, session: &SessionId, from_seq: u64, limit: u32) -> Result<Vec<Entry>> {
        let sessions = self.lock();
        let log = sessions.get(session).ok_or_else(|| unknown(session))?;
        let from = usize::try_from(from_seq).unwrap_or(usize::MAX);
        Ok(log
            .iter()
            .skip(from)
            .take(limit as usize)
            .cloned()
            .collect())
    }

    async fn sessions(&self, limit: u32, cursor: Option<String>) -> Result<Page> {
        let mut sessions: Vec<_> = self.lock().iter().map(|(id, log)| info(id, log)).collect();
        sessions.sort_by(|a, b| b.updated_ms.cmp(&a.updated_ms).then(b.id.cmp(&a.id)));
        // The cursor is the last id of the page before; a session that changed meanwhile moved ahead.
        if let Some(cursor) = cursor {
            let last = sessions
                .iter()
                .position(|session| session.id.as_str() == cursor);
            let last =
                last.ok_or_else(|| Error::invalid_input("the cursor is stale; start over"))?;
            sessions.drain(..=last);
        }
        let more = sessions.len() > limit as usize;
        sessions.truncate(limit as usize);
        let cursor = sessions
            .last()
            .filter(|_| more)
            .map(|session| session.id.to_string());
        Ok(Page { sessions, cursor })
    }

    async fn delete(&self, session: &SessionId) -> Result<()> {
        let removed = self.lock().remove(session);
        removed.map(drop).ok_or_else(|| unknown(session))
    }

    /// By text alone: entries that have any of the words, those with most of them first.
    async fn search(&self, query: Query, limit: u32) -> Result<Vec<Hit>> {
        let words: Vec<_> = query
            .text
            .iter()
            .flat_map(|text| text.split(|c: char| !c.is_alphanumeric()))
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect();
        let sessions = self.lock();
        let mut hits: Vec<_> = sessions
            .iter()
            .filter(|(id, _)| query.session.as_ref().is_none_or(|wanted| wanted == *id))
            .flat_map(|(id, log)| log.iter().map(move |entry| (id, entry)))
            .filter(|(_, entry)| fits(&query, entry))
            .filter_map(|(id, entry)| Some((id, entry, score(&words, &entry.text)?)))
            .collect();
        hits.sort_by(|a, b| b.2.total_cmp(&a.2).then(b.1.time_ms.cmp(&a.1.time_ms)));
        let hit = |(id, entry, score): (&SessionId, &Entry, f64)| Hit {
            session: id.clone(),
            entry: entry.clone(),
            score,
        };
        Ok(hits.into_iter().take(limit as usize).map(hit).collect())
    }
}

fn unknown(session: &SessionId) -> Error {
    Error::not_found(format!("there is no session {session}"))
}

fn info(id: &SessionId, log: &[Entry]) -> SessionInfo {
    SessionInfo {
        id: id.clone(),
        entries: log.len() as u64,
        created_ms: log.first().map_or(0, |entry| entry.time_ms),
        updated_ms: log.last().map_or(0, |entry| entry.time_ms),
    }
}

fn fits(query: &Query, entry: &Entry) -> bool {
    (query.kinds.is_empty() || query.kinds.contains(&entry.kind))
        && query.since_ms.is_none_or(|since| entry.time_ms >= since)
        && query.until_ms.is_none_or(|until| entry.time_ms <= until)
}

/// The words that occur, and the more often the more; none if no word does.
fn score(words: &[String], text: &str) -> Option<f64> {
    let text = text.to_lowercase();
    let counts = words.iter().map(|word| text.matches(word.as_str()).count());
    let scores = counts.map(|count| match u32::try_from(count) {
        Ok(0) => 0.0,
        Ok(count) => 2.0 - 1.0 / f64::from(count),
        Err(_) => 2.0,
    });
    let score: f64 = scores.sum();
    (words.is_empty() || score > 0.0).then_some(score)
}

#[cfg(test)]
mod tests;
