//! The loop of a run: what the session leaves open is settled, the input is written down, then the
//! model is asked and its calls are run until it has answered or something ends the run.
//!
//! Every step is written to the session before anything relies on it, so the loop decides from the
//! transcript alone what comes next, and a run that died is continued by the same code.

mod calls;
mod end;
mod meter;
mod turn;

use std::sync::Arc;

use loom_types::{Error, Message, Result, RunEvent, RunId, SessionId, Trace};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::agent::Setup;
use crate::events::Events;
use crate::journal::Journal;
use crate::stop::Stop;
use crate::transcript::{Next, Transcript};
use crate::{Input, ParentRun, RunOptions, session};
use end::{End, Tally};

/// How often a model may correct an answer that does not fit the output schema.
const MAX_CORRECTIONS: u32 = 2;

/// How a run starts.
pub(crate) struct Start {
    pub(crate) run_id: RunId,
    pub(crate) session_id: SessionId,
    pub(crate) trace: Trace,
    /// Where the run was started from, if it is a sub-agent's.
    pub(crate) parent: Option<ParentRun>,
    pub(crate) options: RunOptions,
}

/// Does a run, from its first event to its last.
pub(crate) async fn execute(
    agent: Arc<Setup>,
    start: Start,
    cancel: CancellationToken,
    sender: mpsc::Sender<RunEvent>,
) {
    let span = tracing::info_span!(
        "run",
        correlation_id = %start.trace.correlation_id,
        run_id = %start.run_id,
        session_id = %start.session_id
    );
    let run = async {
        let stop = Stop::new(cancel, agent.limits.wall_time);
        let mut executor = Executor {
            journal: Journal::fresh(Arc::clone(&agent.memory), start.session_id.clone()),
            events: Events::new(sender, stop.clone()),
            stop,
            transcript: Transcript::default(),
            trace: start.trace,
            parent: start.parent,
            tally: Tally::new(start.run_id, start.session_id),
            agent,
        };
        let end = executor.run(start.options).await;
        let outcome = executor.tally.outcome(end);
        end::trace(&outcome);
        executor.events.finish(RunEvent::RunEnded { outcome }).await;
    };
    run.instrument(span).await;
}

/// A run in progress.
struct Executor {
    agent: Arc<Setup>,
    stop: Stop,
    events: Events,
    journal: Journal,
    transcript: Transcript,
    tally: Tally,
    trace: Trace,
    parent: Option<ParentRun>,
}

impl Executor {
    async fn run(&mut self, options: RunOptions) -> Result<(), End> {
        let opened = self.open(&options).await;
        self.events.emit(self.started()).await;
        opened?;
        let input = options.input.map(Input::into_message).transpose()?;
        self.settle_interrupted().await?;
        if let Some(message) = input {
            self.say(message).await?;
        }
        loop {
            match self.transcript.next() {
                Next::Input => return Err(nothing_to_do().into()),
                Next::Model => self.turn().await?,
                Next::Answer(answer) => {
                    if self.accept(&answer).await? {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Reads the session, if there can be one.
    async fn open(&mut self, options: &RunOptions) -> Result<(), End> {
        let Some(session) = &options.session else {
            if options.resume {
                return Err(Error::invalid_input("name the session to resume").into());
            }
            return Ok(());
        };
        let opened = Journal::open(Arc::clone(&self.agent.memory), session.clone());
        (self.journal, self.transcript) = self.stop.or(opened).await??;
        if options.resume && self.journal.is_empty() {
            let message =
                format!("there is no session {session}; list the sessions to find its id");
            return Err(Error::not_found(message).into());
        }
        Ok(())
    }

    fn started(&self) -> RunEvent {
        RunEvent::RunStarted {
            run_id: self.tally.run_id().clone(),
            session_id: self.tally.session_id().clone(),
            model: self.model_name(),
            resumed: !self.journal.is_empty(),
            correlation_id: self.trace.correlation_id,
            parent_run_id: self.parent.as_ref().map(|parent| parent.run_id.clone()),
        }
    }

    /// `provider/model`.
    fn model_name(&self) -> String {
        let Setup {
            provider, request, ..
        } = &*self.agent;
        format!("{}/{}", provider.name(), request.model)
    }

    /// Writes a message of the person, or in the person's place, to the session.
    async fn say(&mut self, message: Message) -> Result<(), End> {
        let message = Arc::new(message);
        let mut entries = Vec::with_capacity(2);
        if self.journal.is_empty() {
            let metadata = self.agent.metadata.clone();
            entries.push(session::header_entry(self.model_name(), metadata));
        }
        entries.push(session::message_entry(&message));
        self.journal.append(entries).await?;
        self.transcript.push_message(message);
        Ok(())
    }

    /// Whether an answer is what the caller wants. If not, the model is told why.
    async fn accept(&mut self, answer: &Message) -> Result<bool, End> {
        let text = answer.text();
        let Some(output) = &self.agent.output else {
            self.tally.text = text;
            return Ok(true);
        };
        let problem = match output.check(&text) {
            Ok(json) => {
                self.tally.text = json.to_owned();
                return Ok(true);
            }
            Err(problem) => problem,
        };
        self.tally.text.clone_from(&text);
        if self.tally.corrections == MAX_CORRECTIONS {
            return Err(Error::invalid_input(format!(
                "the model did not give the output that was asked for in {} attempts: {problem}",
                MAX_CORRECTIONS + 1
            ))
            .into());
        }
        self.tally.corrections += 1;
        let correction = output.correction(&problem);
        self.warn("the answer does not fit the output schema; asking again")
            .await;
        self.say(Message::user(correction)).await?;
        Ok(false)
    }

    async fn warn(&mut self, message: impl Into<String>) {
        let message = message.into();
        self.events.emit(RunEvent::Warning { message }).await;
    }
}

fn nothing_to_do() -> Error {
    Error::invalid_input(
        "there is nothing to do: the session has no messages and there is no input",
    )
}

#[cfg(test)]
mod tests;
