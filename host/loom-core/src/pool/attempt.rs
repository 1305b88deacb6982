//! One request to one member: its time-outs, and what makes an answer whole. What follows from a
//! failure is decided elsewhere.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::future::BoxFuture;
use loom_types::{
    CompletionContext, Error, EventStream, Latency, ModelEvent, ModelRequest, Result, Usage,
};
use tokio::time::{Instant, sleep};

use super::member::{Lease, MemberState};

/// How long a stream may stay open after the answer's end, for counts of tokens that come late.
const AFTER_STOP: Duration = Duration::from_secs(5);

/// A request that a member works on. Dropping it cancels the request.
pub(super) struct Attempt {
    source: Source,
    // After the source, so that the place is free only when the request is gone.
    lease: Lease,
    started: Instant,
    first_token: Option<Duration>,
    has_stopped: bool,
    /// Indices of tool calls that have begun.
    calls: Vec<u32>,
    usage: Usage,
}

enum Source {
    Opening(BoxFuture<'static, Result<EventStream>>),
    Open(EventStream),
}

impl Source {
    async fn next(&mut self) -> Option<Result<ModelEvent>> {
        loop {
            match self {
                Self::Open(stream) => return stream.next().await,
                Self::Opening(opening) => match opening.await {
                    Ok(stream) => *self = Self::Open(stream),
                    Err(error) => return Some(Err(error)),
                },
            }
        }
    }
}

impl Attempt {
    /// Asks. Nothing happens before [`next`](Self::next).
    pub(super) fn start(
        lease: Lease,
        request: &ModelRequest,
        context: &Arc<CompletionContext>,
    ) -> Self {
        let member = Arc::clone(lease.member());
        let context = Arc::clone(context);
        let request = ModelRequest {
            model: member.model.clone(),
            ..request.clone()
        };
        let opening = async move { member.provider.complete(request, &context).await };
        Self {
            source: Source::Opening(Box::pin(opening)),
            lease,
            started: Instant::now(),
            first_token: None,
            has_stopped: false,
            calls: Vec::new(),
            usage: Usage::default(),
        }
    }

    pub(super) fn member(&self) -> &Arc<MemberState> {
        self.lease.member()
    }

    /// When it began.
    pub(super) fn started(&self) -> Instant {
        self.started
    }

    /// Whether anything came that a person or a tool could use.
    pub(super) fn has_content(&self) -> bool {
        self.first_token.is_some()
    }

    /// Whether the model has ended its answer.
    pub(super) fn has_stopped(&self) -> bool {
        self.has_stopped
    }

    /// What it is known to have used up.
    pub(super) fn usage(&self) -> Usage {
        self.usage
    }

    /// How fast it came so far.
    pub(super) fn latency(&self) -> Latency {
        Latency {
            total: self.started.elapsed(),
            first_token: self.first_token,
        }
    }

    /// The next piece of the answer; none after its end. May be dropped and called again, but not after
    /// an error.
    pub(super) async fn next(&mut self) -> Option<Result<ModelEvent>> {
        let patience = self.patience();
        let event = tokio::select! {
            biased;
            event = self.source.next() => event,
            () = sleep(patience) => Some(Err(self.timed_out())),
        };
        match event {
            Some(Ok(event)) => Some(self.take(event)),
            // The answer is whole: what fails after its end costs nothing.
            _ if self.has_stopped => None,
            Some(Err(error)) => Some(Err(error)),
            None => Some(Err(Error::unavailable(
                "the answer was cut off: the stream ended without a stop; try again",
            ))),
        }
    }

    /// Takes note of a failure. Returns for how long the member is left out, if it is now.
    pub(super) fn fail(&mut self, error: &Error) -> Option<Duration> {
        self.lease.fail(error)
    }

    fn patience(&self) -> Duration {
        let options = &self.member().options;
        match () {
            () if self.has_stopped => options.idle_timeout.min(AFTER_STOP),
            () if self.has_content() => options.idle_timeout,
            () => options
                .first_token_timeout
                .saturating_sub(self.started.elapsed()),
        }
    }

    fn timed_out(&self) -> Error {
        let options = &self.member().options;
        let message = match self.has_content() {
            true => format!(
                "the answer stopped coming: nothing for {:?}; try again, or raise this member's idle \
                 time-out",
                options.idle_timeout
            ),
            false => format!(
                "no answer began within {:?}; try again, or raise this member's first-token time-out",
                options.first_token_timeout
            ),
        };
        Error::timeout(message).from_origin(&self.member().name)
    }

    fn take(&mut self, event: ModelEvent) -> Result<ModelEvent> {
        match &event {
            ModelEvent::Text { text } | ModelEvent::Reasoning { text } if !text.is_empty() => {
                self.see_content();
            }
            ModelEvent::ToolCallStart { index, .. } => {
                self.see_content();
                self.calls.push(*index);
            }
            ModelEvent::ToolCallArguments { index, .. } if !self.calls.contains(index) => {
                return Err(Error::internal(format!(
                    "the provider sent arguments of tool call {index} without its start; try again"
                )));
            }
            ModelEvent::Usage { usage } => self.usage = *usage,
            ModelEvent::Stop { .. } => {
                self.has_stopped = true;
                self.lease.succeed(self.latency());
            }
            _ => {}
        }
        Ok(event)
    }

    fn see_content(&mut self) {
        if self.first_token.is_none() {
            self.first_token = Some(self.started.elapsed());
        }
    }
}
