//! The SDK's suite for session stores, run through the host: a component behind the contract that its
//! author sees. Nothing here is a test.

use std::sync::Arc;

use loom_sdk::error as sdk;
use loom_sdk::memory::{self as contract, Memory as Contract};
use loom_types::{Entry, ErrorKind, Memory, Query, SessionId};
use serde_json::Value;
use tokio::runtime::Handle;

/// The component behind the contract of the SDK, so that its suite can be run through everything
/// that lies between. The host keeps payloads as JSON values, so here each is a text in one.
pub struct Through {
    pub store: Arc<dyn Memory>,
    /// Of the runtime that the store lives in; the suite blocks on it.
    pub handle: Handle,
}

impl Default for Through {
    fn default() -> Self {
        unreachable!("the suite is handed its stores")
    }
}

fn outward(entry: contract::Entry) -> Entry {
    let contract::Entry {
        seq,
        time_ms,
        kind,
        text,
        vector,
        payload,
    } = entry;
    Entry {
        seq,
        time_ms,
        kind,
        text,
        vector,
        payload: Value::String(payload),
    }
}

fn inward(entry: Entry) -> contract::Entry {
    contract::Entry {
        seq: entry.seq,
        time_ms: entry.time_ms,
        kind: entry.kind,
        text: entry.text,
        vector: entry.vector,
        payload: entry.payload.as_str().unwrap_or_default().to_owned(),
    }
}

fn failed(error: loom_types::Error) -> sdk::Error {
    let kind = match error.kind {
        ErrorKind::Conflict => sdk::ErrorKind::Conflict,
        ErrorKind::NotFound => sdk::ErrorKind::NotFound,
        ErrorKind::InvalidInput => sdk::ErrorKind::InvalidInput,
        _ => sdk::ErrorKind::Internal,
    };
    sdk::Error::new(kind, error.to_string())
}

impl Contract for Through {
    fn append(
        &mut self,
        session: &str,
        expected_seq: u64,
        entries: Vec<contract::Entry>,
    ) -> sdk::Result<u64> {
        let entries = entries.into_iter().map(outward).collect();
        let session = SessionId::from(session);
        let append = self.store.append(&session, expected_seq, entries);
        self.handle.block_on(append).map_err(failed)
    }

    fn read(
        &mut self,
        session: &str,
        from_seq: u64,
        limit: u32,
    ) -> sdk::Result<Vec<contract::Entry>> {
        let session = SessionId::from(session);
        let read = self.store.read(&session, from_seq, limit);
        let entries = self.handle.block_on(read).map_err(failed)?;
        Ok(entries.into_iter().map(inward).collect())
    }

    fn sessions(&mut self, limit: u32, cursor: Option<&str>) -> sdk::Result<contract::Page> {
        let page = self.store.sessions(limit, cursor.map(ToOwned::to_owned));
        let page = self.handle.block_on(page).map_err(failed)?;
        let sessions = page.sessions.into_iter();
        let sessions = sessions.map(|session| contract::SessionInfo {
            id: session.id.to_string(),
            entries: session.entries,
            created_ms: session.created_ms,
            updated_ms: session.updated_ms,
        });
        Ok(contract::Page {
            sessions: sessions.collect(),
            cursor: page.cursor,
        })
    }

    fn delete(&mut self, session: &str) -> sdk::Result<()> {
        let session = SessionId::from(session);
        let delete = self.store.delete(&session);
        self.handle.block_on(delete).map_err(failed)
    }

    fn search(&mut self, query: &contract::Query, limit: u32) -> sdk::Result<Vec<contract::Hit>> {
        let query = Query {
            text: query.text.clone(),
            vector: query.vector.clone(),
            session: query.session.as_deref().map(SessionId::from),
            kinds: query.kinds.clone(),
            since_ms: query.since_ms,
            until_ms: query.until_ms,
        };
        let hits = self.handle.block_on(self.store.search(query, limit));
        let hits = hits.map_err(failed)?.into_iter();
        let hits = hits.map(|hit| contract::Hit {
            session: hit.session.to_string(),
            entry: inward(hit.entry),
            score: hit.score,
        });
        Ok(hits.collect())
    }
}
