//! Session stores: the trait behind which memory backends live.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{Error, Result, SessionId};

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

    /// Backs a session up if it changed since its last backup, and keeps the newest `keep` backups of
    /// it. Others can use the store meanwhile.
    /// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) from a store without backups.
    async fn maintain(&self, session: &SessionId, keep: u32) -> Result<Upkeep> {
        let _ = (session, keep);
        Err(no_backups())
    }

    /// The backups of a session, or of all, also of those that were deleted; newest first.
    async fn backups(&self, session: Option<&SessionId>) -> Result<Vec<Backup>> {
        let _ = session;
        Err(no_backups())
    }

    /// Makes a session what it was in a backup. What it is before is backed up first.
    async fn restore(&self, session: &SessionId, backup: &str) -> Result<Backup> {
        let _ = (session, backup);
        Err(no_backups())
    }
}

fn no_backups() -> Error {
    Error::unavailable("this session store keeps no backups; `memory-file` does")
}

/// A session as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Names it among the backups of its session.
    pub id: String,
    pub session: SessionId,
    /// Entries of the session when it was made.
    pub entries: u64,
    pub created_ms: u64,
    pub size_bytes: u64,
}

/// What [`Memory::maintain`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upkeep {
    /// None if the session is the same as in its last backup.
    pub made: Option<Backup>,
    /// Older backups that made room for it.
    pub removed: u32,
    /// What the session's log lost by being rewritten, all entries kept.
    pub reclaimed_bytes: u64,
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
