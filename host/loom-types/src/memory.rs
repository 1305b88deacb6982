//! Session stores: the trait behind which memory backends live.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{Result, SessionId};

/// A store of sessions. A session is a log of entries that only grows at its end.
#[async_trait]
pub trait Memory: Send + Sync {
    /// Adds entries to the end of a session, all or none, creating it if need be, and returns the
    /// next `seq`. `Ok` means durable. [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) if the
    /// session does not have `expected_seq` entries.
    async fn append(
        &self,
        session: &SessionId,
        expected_seq: u64,
        entries: Vec<Entry>,
    ) -> Result<u64>;

    /// Entries from `from_seq` on, at most `limit`.
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if there is no such session.
    async fn read(&self, session: &SessionId, from_seq: u64, limit: u32) -> Result<Vec<Entry>>;

    /// The sessions, last changed first.
    async fn sessions(&self, limit: u32, cursor: Option<String>) -> Result<Page>;

    /// Removes a session for good.
    async fn delete(&self, session: &SessionId) -> Result<()>;

    /// The best `limit` entries.
    async fn search(&self, query: Query, limit: u32) -> Result<Vec<Hit>>;
}

/// An entry of a session's log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The place in the session, from 0, without gaps. Assigned by [`Memory::append`].
    pub seq: u64,
    /// Milliseconds since the Unix epoch.
    pub time_ms: u64,
    /// What the entry is, for filters.
    pub kind: String,
    /// What a search looks at. May be empty.
    pub text: String,
    pub vector: Option<Vec<f32>>,
    pub payload: serde_json::Value,
}

/// What is known of a session without reading it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionInfo {
    pub id: SessionId,
    /// Number of entries; the next `seq`.
    pub entries: u64,
    pub created_ms: u64,
    pub updated_ms: u64,
}

/// Some of the sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    pub sessions: Vec<SessionInfo>,
    /// Give it to the next call for more; none at the end.
    pub cursor: Option<String>,
}

/// What to look for. All conditions that are given must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Query {
    pub text: Option<String>,
    /// Nearest first, by cosine similarity.
    pub vector: Option<Vec<f32>>,
    pub session: Option<SessionId>,
    /// Any of these; all if empty.
    pub kinds: Vec<String>,
    pub since_ms: Option<u64>,
    pub until_ms: Option<u64>,
}

/// An entry that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    pub session: SessionId,
    pub entry: Entry,
    /// Higher is better; comparable within one answer only.
    pub score: f64,
}
