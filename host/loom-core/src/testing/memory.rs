//! A memory that fails, or dies with its process, at a chosen append.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use loom_types::{Entry, Error, Hit, Memory, Page, Query, Result, SessionId};
use tokio::sync::Notify;

use crate::ProcessMemory;

/// What happens at an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing is written, and the writer is told.
    FailBefore,
    /// It is written, but the writer is told that it failed.
    FailAfter,
    /// Nothing is written and the process dies: the call never returns.
    DieBefore,
    /// It is written and the process dies.
    DieAfter,
}

/// A memory that does something bad at one append, counted from 0.
pub(crate) struct FaultyMemory {
    pub(crate) store: Arc<ProcessMemory>,
    pub(crate) fault: Fault,
    pub(crate) at: u32,
    appends: AtomicU32,
    died: Notify,
}

impl FaultyMemory {
    pub(crate) fn new(store: Arc<ProcessMemory>, fault: Fault, at: u32) -> Arc<Self> {
        Arc::new(Self {
            store,
            fault,
            at,
            appends: AtomicU32::new(0),
            died: Notify::new(),
        })
    }

    /// Waits until the process would be dead.
    pub(crate) async fn died(&self) {
        self.died.notified().await;
    }

    /// Whether the bad append was reached.
    pub(crate) fn struck(&self) -> bool {
        self.appends.load(Ordering::SeqCst) > self.at
    }
}

#[async_trait]
impl Memory for FaultyMemory {
    async fn append(&self, session: &SessionId, seq: u64, entries: Vec<Entry>) -> Result<u64> {
        let count = self.appends.fetch_add(1, Ordering::SeqCst);
        if count > self.at && matches!(self.fault, Fault::DieBefore | Fault::DieAfter) {
            return std::future::pending().await;
        }
        if count != self.at {
            return self.store.append(session, seq, entries).await;
        }
        if matches!(self.fault, Fault::FailAfter | Fault::DieAfter) {
            self.store.append(session, seq, entries).await?;
        }
        if matches!(self.fault, Fault::FailBefore | Fault::FailAfter) {
            return Err(Error::unavailable("the disk is gone"));
        }
        self.died.notify_one();
        std::future::pending().await
    }

    async fn read(&self, session: &SessionId, from_seq: u64, limit: u32) -> Result<Vec<Entry>> {
        self.store.read(session, from_seq, limit).await
    }

    async fn sessions(&self, limit: u32, cursor: Option<String>) -> Result<Page> {
        self.store.sessions(limit, cursor).await
    }

    async fn delete(&self, session: &SessionId) -> Result<()> {
        self.store.delete(session).await
    }

    async fn search(&self, query: Query, limit: u32) -> Result<Vec<Hit>> {
        self.store.search(query, limit).await
    }
}
