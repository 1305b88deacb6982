//! Asks the person at the terminal whether a call may run.
//!
//! The run asks through an [`Approver`], on a task of its own; the question is put by whoever shows the
//! run, between two of its events, so that nothing else is written meanwhile: [`channel`] is the way
//! from the one to the other.

mod conversation;
#[cfg(unix)]
mod terminal;
#[cfg(test)]
mod tests;

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::sync::Arc;

use loom_core::{AgentBuilder, Approval, Approver};
use loom_types::PermissionRequest;
use tokio::io::{AsyncRead, BufReader};
use tokio::sync::{mpsc, oneshot};

use crate::Config;
use crate::output;
use crate::permission::{self, Store};
use conversation::Conversation;
#[cfg(unix)]
pub(super) use terminal::Terminal;

/// What the person is told besides the call.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    /// Where relative paths of rules begin.
    pub(super) workspace: PathBuf,
    /// Where answers are stored.
    pub(super) store: PathBuf,
}

/// Where the questions of an agent's runs arrive, and what is needed to put them.
pub(super) struct Desk {
    questions: Questions,
    setting: Setting,
}

impl Desk {
    /// The next question; never ends. The future may be dropped at any time.
    pub(super) async fn next(&mut self) -> Question {
        self.questions.next().await
    }

    pub(super) fn setting(&self) -> &Setting {
        &self.setting
    }
}

/// Lets an agent's runs ask the person at the terminal, if there is one.
///
/// # Errors
/// If the working directory is gone.
pub(super) fn attach(
    builder: AgentBuilder,
    config: &Config,
    json: bool,
) -> anyhow::Result<(AgentBuilder, Option<Desk>)> {
    if !is_possible(json) {
        return Ok((builder, None));
    }
    let workspace = permission::workspace(config)?;
    let store = Store::new(&config.permissions.file);
    let setting = Setting {
        workspace: workspace.clone(),
        store: config.permissions.file.clone(),
    };
    let (approver, questions) = channel();
    let builder = builder.approver(Arc::new(approver)).remember(move |rule| {
        if let Err(error) = store.allow(rule, &workspace) {
            output::warning(&format!("the answer holds for this run only: {error}"));
        }
    });
    Ok((builder, Some(Desk { questions, setting })))
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
        let Self {
            request,
            mut answer,
        } = self;
        let mut conversation = Conversation::new(setting, &request, input, out);
        let approval = tokio::select! {
            biased;
            approval = conversation.hold() => approval,
            // The run has ended by itself: nobody has to answer any more.
            () = answer.closed() => return Ok(()),
        };
        let (approval, result) = match approval {
            Ok(approval) => (approval, Ok(())),
            Err(error) => {
                let reason = Some("the terminal is gone".to_owned());
                (Approval::Deny { reason }, Err(error))
            }
        };
        // A run that ended meanwhile needs no answer.
        let _ = answer.send(approval);
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
