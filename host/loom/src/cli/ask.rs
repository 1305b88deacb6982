//! Asks the person at the terminal whether a call may run.
//!
//! The run asks through an [`Approver`], on a task of its own; the question is put by whoever shows the
//! run, between two of its events, so that nothing else is written meanwhile: [`channel`] is the way
//! from the one to the other.
#![expect(dead_code, reason = "the verbs that run agents are yet to ask")]

mod conversation;
#[cfg(unix)]
mod terminal;
#[cfg(test)]
mod tests;

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use loom_core::{Approval, Approver};
use loom_types::PermissionRequest;
use tokio::io::{AsyncRead, BufReader};
use tokio::sync::{mpsc, oneshot};

use conversation::Conversation;

/// What the person is told besides the call.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    /// Where relative paths of rules begin.
    pub(super) workspace: PathBuf,
    /// Where answers are stored.
    pub(super) store: PathBuf,
}

/// A question that a run waits for. Dropped without an answer it stays open until the run ends.
pub(super) struct Question {
    request: PermissionRequest,
    answer: oneshot::Sender<Approval>,
}

/// The run's end.
struct Asking(mpsc::Sender<Question>);

/// The end of whoever shows the run.
pub(super) struct Questions(mpsc::Receiver<Question>);

/// A way for questions.
pub(super) fn channel() -> (impl Approver + 'static, Questions) {
    let (sender, receiver) = mpsc::channel(1);
    (Asking(sender), Questions(receiver))
}

/// Whether there is a person to ask: one who can read stderr, and whose stdin is not taken.
pub(super) fn is_possible(json: bool) -> bool {
    !json && io::stdin().is_terminal() && io::stderr().is_terminal()
}

#[async_trait::async_trait]
impl Approver for Asking {
    async fn approve(&self, request: &PermissionRequest) -> Approval {
        let (answer, answered) = oneshot::channel();
        let question = Question {
            request: request.clone(),
            answer,
        };
        if self.0.send(question).await.is_err() {
            let reason = Some("nobody looks at this run any more".to_owned());
            return Approval::Deny { reason };
        }
        match answered.await {
            Ok(approval) => approval,
            // The person stops the run rather than answer: no decision is what they decided.
            Err(_) => std::future::pending().await,
        }
    }
}

impl Questions {
    /// The next question; never ends. The future may be dropped at any time.
    pub(super) async fn next(&mut self) -> Question {
        match self.0.recv().await {
            Some(question) => question,
            None => std::future::pending().await,
        }
    }
}

impl Question {
    /// Puts the question and hands the answer to the run. The future may be dropped at any time: the
    /// terminal is free then.
    ///
    /// # Errors
    /// If the terminal is gone; the run goes on as if the answer were no.
    pub(super) async fn put(self, setting: &Setting) -> io::Result<()> {
        let input = BufReader::new(input()?);
        self.put_to(setting, input, anstream::stderr()).await
    }

    async fn put_to(
        self,
        setting: &Setting,
        input: impl tokio::io::AsyncBufRead + Unpin,
        out: impl io::Write,
    ) -> io::Result<()> {
        let mut conversation = Conversation::new(setting, &self.request, input, out);
        let approval = conversation.hold().await;
        let (approval, result) = match approval {
            Ok(approval) => (approval, Ok(())),
            Err(error) => {
                let reason = Some("the terminal is gone".to_owned());
                (Approval::Deny { reason }, Err(error))
            }
        };
        // A run that ended meanwhile needs no answer.
        let _ = self.answer.send(approval);
        result
    }
}

#[cfg(unix)]
fn input() -> io::Result<impl AsyncRead + Unpin> {
    terminal::Terminal::open()
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
fn input() -> io::Result<impl AsyncRead + Unpin> {
    Ok(tokio::io::stdin())
}
