//! Backups of sessions: when the store is asked to make them. How it makes them is its own.

use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use loom_types::{ErrorKind, Memory, SessionId};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tracing::{Instrument as _, Span};

/// Has sessions backed up at the end of their runs, one after the other, without holding up the runs.
/// Clones share the work that is under way.
///
/// It is done in a thread of its own: a program that ends, and its runtime with it, may leave a backup
/// half made, and need not know of it.
#[derive(Clone, Debug)]
pub struct Backups {
    keep: u32,
    under_way: TaskTracker,
    worker: Arc<OnceLock<Option<UnboundedSender<Job>>>>,
}

#[derive(Debug)]
struct Job {
    memory: StoreOf,
    session: SessionId,
    keep: u32,
    /// Of the run.
    span: Span,
    _token: TaskTrackerToken,
}

struct StoreOf(Arc<dyn Memory>);

impl Backups {
    /// Keeps the newest `keep` backups of each session, at least one.
    #[must_use]
    pub fn keeping(keep: u32) -> Self {
        Self {
            keep: keep.max(1),
            under_way: TaskTracker::new(),
            worker: Arc::default(),
        }
    }

    /// Waits until what is under way is done, so that the process may end, but no longer than this. A
    /// backup that is cut off costs nothing but itself.
    pub async fn settled(&self, patience: Duration) {
        self.under_way.close();
        let _ = timeout(patience, self.under_way.wait()).await;
        self.under_way.reopen();
    }

    pub(crate) fn make(&self, memory: &Arc<dyn Memory>, session: &SessionId) {
        let job = Job {
            memory: StoreOf(Arc::clone(memory)),
            session: session.clone(),
            keep: self.keep,
            span: Span::current(),
            _token: self.under_way.token(),
        };
        if let Some(worker) = self.worker.get_or_init(start) {
            let _ = worker.send(job);
        }
    }
}

/// Starts the thread. It ends with the last of the clones, once all is done.
fn start() -> Option<UnboundedSender<Job>> {
    let (sender, jobs) = unbounded_channel();
    let thread = thread::Builder::new().name("loom-backups".to_owned());
    match thread.spawn(|| work(jobs)) {
        Ok(_) => Some(sender),
        Err(error) => {
            tracing::warn!(%error, "sessions are not backed up: no thread can be started");
            None
        }
    }
}

fn work(mut jobs: UnboundedReceiver<Job>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(async {
            while let Some(job) = jobs.recv().await {
                let span = job.span.clone();
                job.run().instrument(span).await;
            }
        }),
        Err(error) => tracing::warn!(%error, "sessions are not backed up"),
    }
}

impl Job {
    async fn run(self) {
        let session = &self.session;
        match self.memory.0.maintain(session, self.keep).await {
            Ok(upkeep) => tracing::debug!(%session, ?upkeep, "session backed up"),
            // A store without backups, or a session without entries.
            Err(error) if matches!(error.kind, ErrorKind::Unavailable | ErrorKind::NotFound) => {
                tracing::debug!(%session, %error, "no backup");
            }
            Err(error) => tracing::warn!(%session, %error, "the session was not backed up"),
        }
    }
}

impl std::fmt::Debug for StoreOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the store")
    }
}

#[cfg(test)]
mod tests;
