//! When a store is asked for backups, and who waits for it.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::sync::Mutex;

use async_trait::async_trait;
use loom_types::{Entry, Error, Hit, Outcome, Page, Query, Result, Upkeep};
use tokio::sync::Semaphore;

use crate::testing::{Model, Script};
use crate::{Agent, Input, ProcessMemory, RunOptions};

use super::*;

/// Longer than any test takes.
const LONG: Duration = Duration::from_secs(30);

/// A store whose backups take until they are let go, and which remembers what it was asked for.
struct SlowBackups {
    store: ProcessMemory,
    asked: Mutex<Vec<(String, u32)>>,
    let_go: Semaphore,
    fails: bool,
}

impl SlowBackups {
    /// A store that lets so many backups go at once.
    fn new(let_go: usize) -> Self {
        Self {
            store: ProcessMemory::default(),
            asked: Mutex::default(),
            let_go: Semaphore::new(let_go),
            fails: false,
        }
    }
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
        self.let_go.acquire().await.unwrap().forget();
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

#[tokio::test]
async fn a_session_is_backed_up_at_the_end_of_each_run_and_no_run_waits_for_it() {
    let memory = Arc::new(SlowBackups::new(0));
    let backups = Backups::keeping(3);
    for _ in 0..2 {
        let outcome = run(&memory, &backups).await;
        assert!(matches!(outcome, Outcome::Completed { .. }), "{outcome:?}");
    }
    memory.let_go.add_permits(2);
    backups.settled(LONG).await;
    let asked = memory.asked.lock().unwrap().clone();
    assert_eq!(asked, vec![("s".to_owned(), 3); 2]);
}

#[tokio::test]
async fn waiting_for_backups_has_an_end() {
    let memory = Arc::new(SlowBackups::new(0));
    let backups = Backups::keeping(3);
    run(&memory, &backups).await;
    let waited = timeout(LONG, backups.settled(Duration::from_millis(1))).await;
    assert!(waited.is_ok());
}

#[tokio::test]
async fn a_backup_that_fails_costs_no_run() {
    let memory = Arc::new(SlowBackups {
        fails: true,
        ..SlowBackups::new(2)
    });
    let backups = Backups::keeping(3);
    for _ in 0..2 {
        let outcome = run(&memory, &backups).await;
        assert!(matches!(outcome, Outcome::Completed { .. }), "{outcome:?}");
        backups.settled(LONG).await;
    }
    assert_eq!(memory.asked.lock().unwrap().len(), 2);
}

#[test]
fn a_runtime_that_ends_does_not_wait_for_a_backup() {
    let memory = Arc::new(SlowBackups::new(0));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let backups = Backups::keeping(3);
    runtime.block_on(run(&memory, &backups));
    drop(runtime);
    memory.let_go.add_permits(1);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(backups.settled(LONG));
    assert_eq!(memory.asked.lock().unwrap().len(), 1);
}
