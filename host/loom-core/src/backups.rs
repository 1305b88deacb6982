//! Backups of sessions: when the store is asked to make them. How it makes them is its own.

use std::sync::Arc;
use std::time::Duration;

use loom_types::{ErrorKind, Memory, SessionId};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

/// Has sessions backed up at the end of their runs, without holding up the runs. Clones share the work
/// that is under way.
#[derive(Clone, Debug)]
pub struct Backups {
    keep: u32,
    tasks: TaskTracker,
}

impl Backups {
    /// Keeps the newest `keep` backups of each session, at least one.
    #[must_use]
    pub fn keeping(keep: u32) -> Self {
        Self {
            keep: keep.max(1),
            tasks: TaskTracker::new(),
        }
    }

    /// Waits until what is under way is done, so that the process may end, but no longer than this. A
    /// backup that is cut off costs nothing but itself.
    pub async fn settled(&self, patience: Duration) {
        self.tasks.close();
        let _ = timeout(patience, self.tasks.wait()).await;
        self.tasks.reopen();
    }

    pub(crate) fn make(&self, memory: &Arc<dyn Memory>, session: &SessionId) {
        let (memory, session, keep) = (Arc::clone(memory), session.clone(), self.keep);
        let task = async move {
            match memory.maintain(&session, keep).await {
                Ok(upkeep) => tracing::debug!(%session, ?upkeep, "session backed up"),
                // A store without backups, or a session without entries.
                Err(error)
                    if matches!(error.kind, ErrorKind::Unavailable | ErrorKind::NotFound) =>
                {
                    tracing::debug!(%session, %error, "no backup");
                }
                Err(error) => tracing::warn!(%session, %error, "the session was not backed up"),
            }
        };
        self.tasks.spawn(task.in_current_span());
    }
}

#[cfg(test)]
mod tests;
