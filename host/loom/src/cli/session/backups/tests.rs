//! Backups as a person names them, with a store that keeps them in this process.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::sync::Mutex;

use async_trait::async_trait;
use loom_core::ProcessMemory;
use loom_types::{Entry, Error, Hit, Page, Query, Result};
use serde_json::Value;

use super::*;

/// A store with backups that stand still.
#[derive(Default)]
struct Kept {
    store: ProcessMemory,
    backups: Vec<Backup>,
    restored: Mutex<Vec<(SessionId, String)>>,
}

#[async_trait]
impl Memory for Kept {
    async fn append(&self, id: &SessionId, seq: u64, entries: Vec<Entry>) -> Result<u64> {
        self.store.append(id, seq, entries).await
    }

    async fn read(&self, id: &SessionId, from: u64, limit: u32) -> Result<Vec<Entry>> {
        self.store.read(id, from, limit).await
    }

    async fn sessions(&self, limit: u32, cursor: Option<String>) -> Result<Page> {
        self.store.sessions(limit, cursor).await
    }

    async fn delete(&self, id: &SessionId) -> Result<()> {
        self.store.delete(id).await
    }

    async fn search(&self, query: Query, limit: u32) -> Result<Vec<Hit>> {
        self.store.search(query, limit).await
    }

    async fn backups(&self, session: Option<&SessionId>) -> Result<Vec<Backup>> {
        let fits = |backup: &&Backup| session.is_none_or(|session| backup.session == *session);
        Ok(self.backups.iter().filter(fits).cloned().collect())
    }

    async fn restore(&self, session: &SessionId, id: &str) -> Result<Backup> {
        let of = self
            .backups
            .iter()
            .find(|it| it.session == *session && it.id == id);
        let backup = of.ok_or_else(|| Error::not_found("no such backup"))?;
        let done = (session.clone(), id.to_owned());
        self.restored.lock().unwrap().push(done);
        Ok(backup.clone())
    }
}

fn backup(session: &str, id: &str, created_ms: u64) -> Backup {
    Backup {
        id: id.to_owned(),
        session: SessionId::from(session),
        entries: 7,
        created_ms,
        size_bytes: 2048,
    }
}

async fn kept() -> Kept {
    let kept = Kept {
        backups: vec![
            backup("tea-talk", "20", 60_000),
            backup("gone", "b", 50_000),
            backup("tea-talk", "10", 40_000),
            backup("tea-time", "c", 30_000),
        ],
        ..Kept::default()
    };
    let entry = Entry {
        seq: 0,
        time_ms: 0,
        kind: "session".to_owned(),
        text: String::new(),
        vector: None,
        payload: Value::Null,
    };
    for session in ["tea-talk", "fresh"] {
        let id = SessionId::from(session);
        kept.append(&id, 0, vec![entry.clone()]).await.unwrap();
    }
    kept
}

async fn check(id: &str, which: &str, expect: std::result::Result<(&str, &str), &str>) {
    let kept = kept().await;
    let arguments = RestoreArguments {
        id: id.to_owned(),
        backup: which.to_owned(),
    };
    let done = restore(&kept, &arguments).await;
    match expect {
        Ok((session, backup)) => {
            done.unwrap();
            let expect = (SessionId::from(session), backup.to_owned());
            assert_eq!(*kept.restored.lock().unwrap(), [expect]);
        }
        Err(message) => {
            assert_eq!(done.unwrap_err().to_string(), message);
            assert_eq!(*kept.restored.lock().unwrap(), []);
        }
    }
}

#[tokio::test]
async fn a_backup_is_named_by_its_place_or_its_id() {
    check("tea-talk", "1", Ok(("tea-talk", "20"))).await;
    check("tea-talk", "2", Ok(("tea-talk", "10"))).await;
    check("tea-ta", "10", Ok(("tea-talk", "10"))).await;
    check("tea-talk", "3", Err("session tea-talk has no backup 3")).await;
    check("tea-talk", "0", Err("session tea-talk has no backup 0")).await;
    check("tea-talk", "c", Err("session tea-talk has no backup c")).await;
}

#[tokio::test]
async fn a_session_that_was_deleted_is_found_by_its_backups() {
    check("go", "1", Ok(("gone", "b"))).await;
}

#[tokio::test]
async fn sessions_that_cannot_be_meant_are_told() {
    check(
        "tea",
        "1",
        Err("several sessions with backups begin with tea"),
    )
    .await;
    check("fresh", "1", Err("session fresh has no backup yet")).await;
    check("nothing", "1", Err("there is no session nothing")).await;
}

#[tokio::test]
async fn a_store_without_backups_says_so() {
    let arguments = RestoreArguments {
        id: "s".to_owned(),
        backup: "1".to_owned(),
    };
    let error = restore(&ProcessMemory::default(), &arguments).await;
    assert!(error.unwrap_err().to_string().contains("keeps no backups"));
}

#[tokio::test]
async fn the_list_of_one_session_has_the_numbers_that_restore_takes() {
    let (_, backups) = of(&kept().await, "tea-talk").await.unwrap();
    insta::assert_snapshot!(table(&backups, true).to_text(), @r"
    N  MADE (UTC)        ENTRIES  SIZE     BACKUP
    1  1970-01-01 00:01  7        2.0 KiB  20
    2  1970-01-01 00:00  7        2.0 KiB  10
    ");
}
