//! Loom's session store in a Qdrant server, over its REST API. Needs Qdrant 1.18 or newer.
//!
//! | setting | meaning, and default |
//! | --- | --- |
//! | `url` | the server, `http://localhost:6333` |
//! | `collection` | where the sessions are kept, `loom`; it is made when it is missing |
//! | `timeout_ms` | for a connection, the first byte and between bytes; 30000 |
//!
//! The secret `api-key`, if it is granted and set, is sent as the header `api-key`.
//!
//! # What is promised
//!
//! Qdrant has no transactions. An append is made atomic by one point: the append's first entry, whose
//! id follows from the session and the entry's number, and which is written with `insert_only`. Qdrant
//! decides such a write in the order of its write-ahead log, so of two writers exactly one makes the
//! point, and each finds out by reading it back. Further entries of the same append are written before
//! it under ids of their own, and nobody sees them unless that first entry names their append. A
//! session's life is a generation with a random id, so that what a late writer leaves in a deleted
//! session never appears in a new one of the same name. `Ok` of an append means that the server had
//! flushed its log (`wait=true`) and that the entries were read back.
//!
//! - One node, or replication factor 1: appends are linearizable.
//! - Replicas: writes go through the shard's leader (`ordering=strong`) and are read back from a
//!   majority. Set the collection's `write_consistency_factor` to a majority too; with less, an entry
//!   that was acknowledged can be lost with the only node that had it.
//! - An append whose answer is lost (time-out, broken connection) is looked up before it is reported.
//!   If that fails too the error says that the outcome is unknown, and trying again with the same
//!   `expected_seq` is safe: it is a conflict if the first try was stored.
//!
//! Here is the store. `append` is the protocol above, `read`, `sessions` and `search` are what their
//! names say, `client` and `error` speak HTTP, `collection` prepares the server, `point` is the format.

mod append;
mod client;
mod collection;
mod error;
mod live;
mod point;
mod read;
mod search;
mod sessions;
mod settings;
mod words;

use std::collections::HashMap;

use loom_sdk::error::Result;
use loom_sdk::memory::{Entry, Hit, Memory, Page, Query};
use uuid::Uuid;

use client::Client;
use collection::Collection;

loom_sdk::manifest!("../plugin.toml");
loom_sdk::export_memory!(QdrantMemory);

/// Sessions in a Qdrant server.
#[derive(Default)]
pub struct QdrantMemory {
    /// Made at the first call: settings and secrets are not there before.
    client: Option<Client>,
    collection: Collection,
    /// Where this store's own last append to a session ended. May be out of date; an append finds out.
    known: HashMap<String, Log>,
}

/// A session's log, as it was at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Log {
    generation: Uuid,
    next_seq: u64,
}

impl QdrantMemory {
    fn client(&mut self) -> Result<Client> {
        if let Some(client) = &self.client {
            return Ok(client.clone());
        }
        let client = Client::from_host()?;
        self.client = Some(client.clone());
        Ok(client)
    }
}

impl Memory for QdrantMemory {
    fn append(&mut self, session: &str, expected_seq: u64, entries: Vec<Entry>) -> Result<u64> {
        self.append_entries(session, expected_seq, entries)
    }

    fn read(&mut self, session: &str, from_seq: u64, limit: u32) -> Result<Vec<Entry>> {
        self.read_entries(session, from_seq, limit)
    }

    fn sessions(&mut self, limit: u32, cursor: Option<&str>) -> Result<Page> {
        self.list(limit, cursor)
    }

    fn delete(&mut self, session: &str) -> Result<()> {
        self.remove(session)
    }

    fn search(&mut self, query: &Query, limit: u32) -> Result<Vec<Hit>> {
        self.find(query, limit)
    }
}

#[cfg(test)]
mod tests;
