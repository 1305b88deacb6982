//! When a store is asked for backups, and who waits for it.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::sync::Mutex;

use async_trait::async_trait;
use loom_types::{Entry, Error, Hit, Outcome, Page, Query, Result, Upkeep};
use tokio::time::{Instant, sleep};

use crate::testing::{Model, Script};
use crate::{Agent, Input, ProcessMemory, RunOptions};

use super::*;

/// A store whose backups take a minute, and which remembers what it was asked for.
#[derive(Default)]
struct SlowBackups {
    store: ProcessMemory,
    asked: Mutex<Vec<(String, u32)>>,
    fails: bool,
}

#[async_trait]
impl Memory for SlowBackups {
    async fn append(&self, session: &SessionId, seq: u64, entries: Vec<Entry>) -> Result<u64> {
        self.store.append(session, seq, entries).await
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

    async fn maintain(&self, session: &SessionId, keep: u32) -> Result<Upkeep> {
        self.asked.lock().unwrap().push((session.to_string(), keep));
        sleep(Duration::from_mins(1)).await;
        match self.fails {
            true => Err(Error::internal("the disk is full")),
            false => Ok(Upkeep::default()),
        }
    }
}

async fn run(memory: &Arc<SlowBackups>, backups: &Backups) -> Outcome {
    let model = Model::new(|_| Script::text("done"));
    let agent = Agent::builder(model, "model")
        .memory(Arc::clone(memory) as Arc<dyn Memory>)
        .backups(backups.clone());
    let options = RunOptions {
        session: Some(SessionId::from("s")),
        input: Some(Input::from("go")),
        ..RunOptions::default()
    };
    agent.build().unwrap().start(options).outcome().await
}

#[tokio::test(start_paused = true)]
async fn a_session_is_backed_up_at_the_end_of_each_run() {
    let memory = Arc::new(SlowBackups::default());
    let backups = Backups::keeping(3);
    let started = Instant::now();
    for asked in [1, 2] {
        let outcome = run(&memory, &backups).await;
        assert!(matches!(outcome, Outcome::Completed { .. }), "{outcome:?}");
        tokio::task::yield_now().await;
        let so_far = memory.asked.lock().unwrap().clone();
        assert_eq!(so_far, vec![("s".to_owned(), 3); asked]);
    }
    assert_eq!(started.elapsed(), Duration::ZERO, "no run waited");
    backups.settled(Duration::from_hours(1)).await;
    assert_eq!(started.elapsed(), Duration::from_mins(1));
}

#[tokio::test(start_paused = true)]
async fn waiting_for_backups_has_an_end() {
    let memory = Arc::new(SlowBackups::default());
    let backups = Backups::keeping(3);
    run(&memory, &backups).await;
    let started = Instant::now();
    backups.settled(Duration::from_secs(2)).await;
    assert_eq!(started.elapsed(), Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn a_backup_that_fails_costs_no_run() {
    let memory = Arc::new(SlowBackups {
        fails: true,
        ..SlowBackups::default()
    });
    let backups = Backups::keeping(3);
    for _ in 0..2 {
        let outcome = run(&memory, &backups).await;
        assert!(matches!(outcome, Outcome::Completed { .. }), "{outcome:?}");
        backups.settled(Duration::from_hours(1)).await;
    }
    assert_eq!(memory.asked.lock().unwrap().len(), 2);
}
