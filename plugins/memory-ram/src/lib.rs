//! Loom's session store in memory: for runs that shall leave nothing behind, and the plainest
//! reading of the contract, which other stores can be compared with. Nothing here touches a file.

use std::collections::HashMap;

use loom_memory_query::page;
use loom_memory_query::ranking::{Candidate, Ranking};
use loom_sdk::Error;
use loom_sdk::error::Result;
use loom_sdk::memory::{Entry, Hit, Memory, Page, Query, SessionInfo};

loom_sdk::manifest!("../plugin.toml");

loom_sdk::export_memory!(RamMemory);

/// Sessions in memory. "Durable" here means until the store is dropped.
#[derive(Default)]
pub struct RamMemory {
    sessions: HashMap<String, Vec<Entry>>,
}

impl Memory for RamMemory {
    fn append(&mut self, session: &str, expected_seq: u64, entries: Vec<Entry>) -> Result<u64> {
        let next = self.sessions.get(session).map_or(0, |log| log.len() as u64);
        if next != expected_seq {
            return Err(Error::conflict(format!(
                "the session {session:?} has {next} entries, not {expected_seq}; read it again"
            )));
        }
        let log = self.sessions.entry(session.to_owned()).or_default();
        log.extend(
            entries
                .into_iter()
                .zip(next..)
                .map(|(entry, seq)| Entry { seq, ..entry }),
        );
        Ok(log.len() as u64)
    }

    fn read(&mut self, session: &str, from_seq: u64, limit: u32) -> Result<Vec<Entry>> {
        let log = self.sessions.get(session).ok_or_else(|| unknown(session))?;
        let from = usize::try_from(from_seq).unwrap_or(usize::MAX);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(log.iter().skip(from).take(limit).cloned().collect())
    }

    fn sessions(&mut self, limit: u32, cursor: Option<&str>) -> Result<Page> {
        let infos = self.sessions.iter().map(|(id, log)| SessionInfo {
            id: id.clone(),
            entries: log.len() as u64,
            created_ms: log.first().map_or(0, |entry| entry.time_ms),
            updated_ms: log.last().map_or(0, |entry| entry.time_ms),
        });
        page::page(infos.collect(), limit, cursor)
    }

    fn delete(&mut self, session: &str) -> Result<()> {
        self.sessions
            .remove(session)
            .map(drop)
            .ok_or_else(|| unknown(session))
    }

    fn search(&mut self, query: &Query, limit: u32) -> Result<Vec<Hit>> {
        let mut ranking = Ranking::new(query);
        for (session, log) in &self.sessions {
            for entry in log {
                ranking.look_at(candidate(session, entry), (session, entry.seq));
            }
        }
        let hits = ranking.best(limit).into_iter().map(|ranked| {
            let (session, seq) = ranked.key;
            Hit {
                session: session.clone(),
                entry: self.sessions[session][seq as usize].clone(),
                score: ranked.score,
            }
        });
        Ok(hits.collect())
    }
}

fn candidate<'a>(session: &'a str, entry: &'a Entry) -> Candidate<'a> {
    Candidate {
        session,
        time_ms: entry.time_ms,
        kind: &entry.kind,
        text: &entry.text,
        vector: entry.vector.as_deref(),
    }
}

fn unknown(session: &str) -> Error {
    Error::not_found(format!(
        "there is no session {session:?}; the list of sessions shows which there are"
    ))
}

#[cfg(test)]
mod tests {
    use super::RamMemory;

    #[test]
    fn it_keeps_the_contract() {
        loom_sdk::testing::memory::conformance(RamMemory::default);
        loom_sdk::testing::memory::vector_search(RamMemory::default);
    }
}
