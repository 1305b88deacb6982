//! What a person types while the agent works: it is put into the run.

use std::io;

use loom_core::{Priority, Steering};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::task::JoinSet;

use crate::cli::ask::Terminal;

/// Lines from the terminal during one turn.
pub(in crate::cli) struct Typed {
    lines: Lines<BufReader<Terminal>>,
    sent: JoinSet<Option<String>>,
}

impl Typed {
    /// Starts to listen. The editor must not read meanwhile.
    ///
    /// # Errors
    /// If stdin is no terminal that can be listened to.
    pub(super) fn open() -> io::Result<Self> {
        Ok(Self {
            lines: BufReader::new(Terminal::open()?).lines(),
            sent: JoinSet::new(),
        })
    }

    /// The next line. The future may be dropped at any time.
    pub(in crate::cli) async fn line(&mut self) -> String {
        loop {
            match self.lines.next_line().await {
                Ok(Some(line)) if line.trim().is_empty() => {}
                Ok(Some(line)) => return line,
                // The terminal is gone; the run goes on without.
                Ok(None) | Err(_) => std::future::pending::<()>().await,
            }
        }
    }

    /// Puts a line into the run.
    pub(in crate::cli) fn inject(&mut self, steering: &Steering, line: String) {
        // Outside of the task, so that lines keep their order.
        let taken = steering.inject(line.clone(), Priority::default());
        self.sent
            .spawn(async move { taken.await.is_err().then_some(line) });
    }

    /// The lines that came too late for the run, in the order in which they were typed as far as that
    /// is known. Call it once the run has ended.
    pub(super) async fn untaken(mut self) -> Vec<String> {
        let mut untaken = Vec::new();
        while let Some(line) = self.sent.join_next().await {
            untaken.extend(line.ok().flatten());
        }
        untaken
    }
}
