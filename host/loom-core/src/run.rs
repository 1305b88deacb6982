//! One run as its owner sees it: a stream of events, a way to stop it, an outcome. What happens in it
//! is the executor's.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::{Stream, StreamExt};
use loom_types::{Error, Outcome, Report, RunEvent, RunId, SessionId, Usage};
use tokio::sync::mpsc;

use crate::Steering;

/// A run of an agent: a stream of events, the first `RunStarted`, the last `RunEnded`. Each
/// `ToolCompleted` has its `ToolStarted` before it.
///
/// Events wait for their reader, and the run waits with them; cancellation and the time limit do not.
/// Dropping it cancels the run, which then writes down what it has and ends.
#[derive(Debug)]
pub struct Run {
    id: RunId,
    session: SessionId,
    steering: Steering,
    events: mpsc::Receiver<RunEvent>,
    outcome: Option<Outcome>,
}

impl Run {
    pub(crate) fn new(
        id: RunId,
        session: SessionId,
        steering: Steering,
        events: mpsc::Receiver<RunEvent>,
    ) -> Self {
        Self {
            id,
            session,
            steering,
            events,
            outcome: None,
        }
    }

    /// The id of this run, which is in all its events, log lines and requests.
    #[must_use]
    pub fn id(&self) -> &RunId {
        &self.id
    }

    /// The session that the run continues or creates.
    #[must_use]
    pub fn session(&self) -> &SessionId {
        &self.session
    }

    /// Asks the run to stop. It ends with [`Outcome::Cancelled`] unless it was about to end anyway.
    pub fn cancel(&self) {
        self.steering.cancel();
    }

    /// The steering wheel, for others to hold: it cancels, pauses and resumes the run and puts
    /// messages into it.
    #[must_use]
    pub fn steering(&self) -> Steering {
        self.steering.clone()
    }

    /// The next event; none after `RunEnded`.
    pub async fn next(&mut self) -> Option<RunEvent> {
        StreamExt::next(self).await
    }

    /// Reads the events that are left and returns how the run ended.
    pub async fn outcome(&mut self) -> Outcome {
        while self.next().await.is_some() {}
        let outcome = self.outcome.clone();
        outcome.expect("the stream ends only after it has stored an outcome")
    }

    /// How a run ends whose task is gone without a word: a panic in it, or a runtime that shut down.
    fn lost(&self) -> Outcome {
        Outcome::Failed {
            error: Error::internal(
                "the run broke off without an outcome; what it had written down is in the session",
            ),
            report: Report {
                run_id: self.id.clone(),
                session_id: self.session.clone(),
                text: String::new(),
                turns: 0,
                tool_calls: 0,
                usage: Usage::default(),
                cost: None,
                duration: Duration::ZERO,
            },
        }
    }
}

impl Stream for Run {
    type Item = RunEvent;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<RunEvent>> {
        if self.outcome.is_some() {
            return Poll::Ready(None);
        }
        let event = ready!(self.events.poll_recv(context));
        let event = event.unwrap_or_else(|| RunEvent::RunEnded {
            outcome: self.lost(),
        });
        if let RunEvent::RunEnded { outcome } = &event {
            self.outcome = Some(outcome.clone());
        }
        Poll::Ready(Some(event))
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.steering.cancel();
    }
}
