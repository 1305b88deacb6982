//! Reading and growing a session, and sessions that can't be read.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use async_trait::async_trait;
use loom_types::{Hit, Message, Page, Query};
use serde_json::json;

use super::*;
use crate::session;
use crate::{ProcessMemory, session::MESSAGE};

fn id() -> SessionId {
    SessionId::from("s")
}

async fn open_with(entries: Vec<Entry>) -> Result<(Journal, Transcript)> {
    let memory = Arc::new(ProcessMemory::default());
    memory.append(&id(), 0, entries).await.unwrap();
    Journal::open(memory, id()).await
}

fn message(text: &str) -> Entry {
    session::message_entry(&Message::user(text))
}

#[tokio::test]
async fn a_session_of_many_pages_is_read_whole() {
    let count = 2 * PAGE as usize + 7;
    let entries = (0..count).map(|n| message(&n.to_string())).collect();
    let (journal, transcript) = open_with(entries).await.unwrap();
    assert_eq!(transcript.items().len(), count);
    assert_eq!(journal.next_seq, count as u64);
}

#[tokio::test]
async fn an_unknown_session_is_empty() {
    let memory = Arc::new(ProcessMemory::default());
    let (journal, transcript) = Journal::open(memory, id()).await.unwrap();
    assert!(journal.is_empty());
    assert!(transcript.items().is_empty());
}

#[tokio::test]
async fn entries_of_newer_versions_are_skipped_but_counted() {
    let mut unknown = message("x");
    unknown.kind = "summary".to_owned();
    unknown.payload = json!([1, 2]);
    let (journal, transcript) = open_with(vec![message("a"), unknown, message("b")])
        .await
        .unwrap();
    assert_eq!(transcript.items().len(), 2);
    assert_eq!(journal.next_seq, 3);
}

#[tokio::test]
async fn an_unreadable_entry_is_named_with_its_session() {
    let mut broken = message("x");
    broken.payload = json!({"role": "king"});
    let error = open_with(vec![message("a"), broken]).await.err().unwrap();
    for part in ["entry 1", "session s", MESSAGE, "king"] {
        assert!(error.message.contains(part), "no {part:?} in {error}");
    }
}

#[tokio::test]
async fn a_conflict_is_told_as_another_process_and_overwrites_nothing() {
    let memory = Arc::new(ProcessMemory::default());
    let mut first = Journal::fresh(memory.clone(), id());
    let mut second = Journal::fresh(memory.clone(), id());
    first.append(vec![message("a")]).await.unwrap();
    let error = second.append(vec![message("b")]).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(error.message.contains("another process"), "{error}");
    first.append(vec![message("c")]).await.unwrap();
    assert_eq!(memory.read(&id(), 0, 10).await.unwrap().len(), 2);
}

/// A backend that gives one entry at a time, whatever it is asked for, and counts from `first_seq`.
struct Miser {
    store: ProcessMemory,
    first_seq: u64,
}

#[async_trait]
impl Memory for Miser {
    async fn append(&self, session: &SessionId, seq: u64, entries: Vec<Entry>) -> Result<u64> {
        self.store.append(session, seq, entries).await
    }
    async fn read(&self, session: &SessionId, from: u64, _limit: u32) -> Result<Vec<Entry>> {
        let mut entries = self.store.read(session, from, 1).await?;
        for entry in &mut entries {
            entry.seq += self.first_seq;
        }
        Ok(entries)
    }
    async fn sessions(&self, _limit: u32, _cursor: Option<String>) -> Result<Page> {
        Err(Error::internal("not in this test"))
    }
    async fn delete(&self, _session: &SessionId) -> Result<()> {
        Err(Error::internal("not in this test"))
    }
    async fn search(&self, _query: Query, _limit: u32) -> Result<Vec<Hit>> {
        Err(Error::internal("not in this test"))
    }
}

async fn open_miser(first_seq: u64) -> Result<(Journal, Transcript)> {
    let store = ProcessMemory::default();
    let entries = vec![message("a"), message("b"), message("c")];
    store.append(&id(), 0, entries).await.unwrap();
    Journal::open(Arc::new(Miser { store, first_seq }), id()).await
}

#[tokio::test]
async fn a_page_that_is_not_full_is_not_the_end() {
    let (_, transcript) = open_miser(0).await.unwrap();
    assert_eq!(transcript.items().len(), 3);
}

#[tokio::test]
async fn a_gap_in_the_log_is_an_error() {
    let error = open_miser(1).await.err().unwrap();
    assert!(error.message.contains("entry 1 where entry 0"), "{error}");
}
