//! The sending end of a run's events: it waits for a slow reader, but never once the run has to stop.

use std::collections::VecDeque;
use std::sync::Arc;

use loom_types::{CallId, Progress, RunEvent, RunId, SessionId, Trace};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::stop::Stop;
use crate::{ObservedRun, Observer, ParentRun};

/// Where a run's events go.
pub(crate) struct Events {
    sender: mpsc::Sender<RunEvent>,
    /// Events after the stop that the reader had no room for. They are few: a stopped run only
    /// closes what it has open.
    backlog: VecDeque<RunEvent>,
    stop: Stop,
    audience: Arc<Audience>,
}

/// Who watches beside the reader, and what they are told of the run.
pub(crate) struct Audience {
    pub(crate) observers: Arc<[Arc<dyn Observer>]>,
    pub(crate) run_id: RunId,
    pub(crate) session_id: SessionId,
    pub(crate) trace: Trace,
    pub(crate) parent: Option<ParentRun>,
    pub(crate) agent: Option<String>,
}

impl Audience {
    fn tell(&self, event: &RunEvent) {
        let run = ObservedRun {
            run_id: &self.run_id,
            session_id: &self.session_id,
            trace: self.trace,
            parent: self.parent.as_ref(),
            agent: self.agent.as_deref(),
        };
        for observer in &*self.observers {
            observer.event(&run, event);
        }
    }
}

impl Events {
    pub(crate) fn new(sender: mpsc::Sender<RunEvent>, stop: Stop, audience: Audience) -> Self {
        Self {
            sender,
            backlog: VecDeque::new(),
            stop,
            audience: Arc::new(audience),
        }
    }

    /// Sends an event. Nobody reading is not an error: the run decides by itself when it ends.
    pub(crate) async fn emit(&mut self, event: RunEvent) {
        log(&event);
        self.audience.tell(&event);
        self.pass_on(event).await;
    }

    /// Sends an event that observers have seen already.
    pub(crate) async fn pass_on(&mut self, event: RunEvent) {
        if !self.backlog.is_empty() {
            self.backlog.push_back(event);
            return;
        }
        let event = match self.sender.try_send(event) {
            Err(mpsc::error::TrySendError::Full(event)) => event,
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => return,
        };
        tokio::select! {
            biased;
            permit = self.sender.reserve() => if let Ok(permit) = permit {
                permit.send(event);
            },
            _ = self.stop.wait() => self.backlog.push_back(event),
        }
    }

    /// Sends what is left and the last event, and waits for the reader as long as there is one.
    pub(crate) async fn finish(mut self, last: RunEvent) {
        self.audience.tell(&last);
        self.backlog.push_back(last);
        for event in self.backlog {
            if self.sender.send(event).await.is_err() {
                return;
            }
        }
    }

    /// Where a tool call reports its progress until `call` is cancelled. What a slow reader has no
    /// room for is lost.
    pub(crate) fn progress(&self, call_id: CallId, call: CancellationToken) -> Progress {
        // Weak: a tool that keeps its context must not keep the stream of events open.
        let sender = self.sender.downgrade();
        let audience = Arc::clone(&self.audience);
        Progress::new(move |message, fraction| {
            let Some(sender) = sender.upgrade().filter(|_| !call.is_cancelled()) else {
                return;
            };
            let call_id = call_id.clone();
            let event = RunEvent::ToolProgress {
                call_id,
                message,
                fraction,
            };
            audience.tell(&event);
            if sender.try_send(event).is_err() {
                tracing::trace!("progress was dropped: the reader is slow or gone");
            }
        })
    }
}

/// What happened to the context, in the log: numbers only, for sources may quote the conversation.
fn log(event: &RunEvent) {
    match event {
        RunEvent::Compressed(compressed) => tracing::info!(
            reason = ?compressed.reason,
            method = ?compressed.method,
            before_tokens = compressed.before_tokens,
            after_tokens = compressed.after_tokens,
            generation = compressed.generation,
            host_time = ?compressed.host_time,
            model_time = ?compressed.model_time,
            "context compressed"
        ),
        RunEvent::Retrieved {
            retriever,
            sources,
            tokens,
        } => tracing::debug!(
            retriever,
            passages = sources.len(),
            tokens,
            "passages retrieved"
        ),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
