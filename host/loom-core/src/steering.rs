//! Steering: what others want of a run while it runs. They leave it here; the executor looks between
//! its steps.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use loom_types::{Error, Message, Result};
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::Input;

/// How urgent an injected message is: 0 to 10, and 5 by default. More urgent ones come first, equally
/// urgent ones in the order in which they were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Priority(u8);

impl Priority {
    /// The most urgent.
    pub const MAX: Self = Self(10);

    /// None above 10.
    #[must_use]
    pub fn new(priority: u8) -> Option<Self> {
        (priority <= Self::MAX.0).then_some(Self(priority))
    }

    /// 0 to 10.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }
}

impl Default for Priority {
    fn default() -> Self {
        Self(5)
    }
}

/// The steering wheel of one run, cheap to clone. It may outlive the run; then it does nothing.
#[derive(Clone, Debug)]
pub struct Steering {
    cancel: CancellationToken,
    paused: Arc<watch::Sender<bool>>,
    mailbox: Arc<Mutex<Mailbox>>,
}

/// Messages on their way into a run.
#[derive(Debug, Default)]
struct Mailbox {
    waiting: Vec<Injected>,
    closed: bool,
}

/// A message that the run has not taken yet.
#[derive(Debug)]
pub(crate) struct Injected {
    pub(crate) message: Message,
    pub(crate) priority: Priority,
    acknowledge: oneshot::Sender<()>,
}

impl Injected {
    /// Tells the sender that the message is in the session's log.
    pub(crate) fn acknowledge(self) {
        // A sender that does not wait for it is fine.
        let _ = self.acknowledge.send(());
    }
}

impl Steering {
    pub(crate) fn new(cancel: CancellationToken) -> Self {
        Self {
            cancel,
            paused: Arc::new(watch::Sender::new(false)),
            mailbox: Arc::default(),
        }
    }

    /// Asks the run to stop. Models, tools and sub-agents are told at once; what is done is kept.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    /// Lets the run wait before its next question to a model or its next tool calls. What is under way
    /// goes on. The run's time limit goes on as well. Sub-agents wait too.
    pub fn pause(&self) {
        self.paused.send_replace(true);
    }

    /// Lets a paused run go on.
    pub fn resume(&self) {
        self.paused.send_replace(false);
    }

    /// Whether it was told to wait.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        *self.paused.borrow()
    }

    /// Puts a message of the person into the run. The model gets it with its next question, after the
    /// results of the tool calls that are under way; a run that was about to end goes on.
    ///
    /// The message is on its way when this returns, in the order of the calls; the future is done once
    /// it is in the session's log.
    ///
    /// # Errors
    /// [`InvalidInput`](loom_types::ErrorKind::InvalidInput) if the message is empty,
    /// [`Cancelled`](loom_types::ErrorKind::Cancelled) if the run ended before it took the message:
    /// send it as the input of another run of the session then.
    pub fn inject<I: Into<Input>>(
        &self,
        input: I,
        priority: Priority,
    ) -> impl Future<Output = Result<()>> + Send + use<I> {
        let sent = self.send(input.into(), priority);
        async { sent?.await.map_err(|_| ended()) }
    }

    /// Puts a message into the mailbox. What it returns tells that the message was journalled.
    fn send(&self, input: Input, priority: Priority) -> Result<oneshot::Receiver<()>> {
        let message = input.into_message()?;
        let (acknowledge, acknowledged) = oneshot::channel();
        let mut mailbox = self.mailbox();
        if mailbox.closed {
            return Err(ended());
        }
        mailbox.waiting.push(Injected {
            message,
            priority,
            acknowledge,
        });
        Ok(acknowledged)
    }

    pub(crate) fn cancel_token(&self) -> CancellationToken {
        self.cancel.clone()
    }

    /// The messages that wait, most urgent first.
    pub(crate) fn take(&self) -> Vec<Injected> {
        let mut waiting = std::mem::take(&mut self.mailbox().waiting);
        waiting.sort_by_key(|injected| std::cmp::Reverse(injected.priority));
        waiting
    }

    /// Ends the intake if nothing waits. Otherwise the run has to go on.
    pub(crate) fn close_if_empty(&self) -> bool {
        let mut mailbox = self.mailbox();
        mailbox.closed |= mailbox.waiting.is_empty();
        mailbox.closed
    }

    /// Ends the intake; who still waits learns that the run has ended.
    pub(crate) fn close(&self) {
        let mut mailbox = self.mailbox();
        mailbox.closed = true;
        mailbox.waiting.clear();
    }

    pub(crate) fn pause_signal(&self) -> watch::Receiver<bool> {
        self.paused.subscribe()
    }

    fn mailbox(&self) -> MutexGuard<'_, Mailbox> {
        // Nothing panics while it is locked.
        self.mailbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn ended() -> Error {
    Error {
        message: "the run ended before it took the message; send it as the input of another run"
            .into(),
        ..Error::cancelled()
    }
}

/// Whether a run has to wait: its own pause and those of the runs above it.
#[derive(Clone, Debug)]
pub(crate) struct Pause(Vec<watch::Receiver<bool>>);

impl Pause {
    pub(crate) fn new(above: Option<&Self>, own: watch::Receiver<bool>) -> Self {
        let above = above.map_or_else(Vec::new, |pause| pause.0.clone());
        Self(above.into_iter().chain([own]).collect())
    }

    pub(crate) fn is_on(&self) -> bool {
        self.0.iter().any(|signal| *signal.borrow())
    }

    /// Waits until nobody wants the run to wait.
    pub(crate) async fn over(&mut self) {
        while self.is_on() {
            for signal in &mut self.0 {
                // A wheel that is gone can't be turned back; nobody wants anything any more.
                let _ = signal.wait_for(|paused| !paused).await;
            }
        }
    }
}

#[cfg(test)]
mod tests;
