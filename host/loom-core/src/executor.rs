//! The loop of a run: what the session leaves open is settled, the input is written down, then the
//! model is asked and its calls are run until it has answered or something ends the run.
//!
//! Every step is written to the session before anything relies on it, so the loop decides from the
//! transcript alone what comes next, and a run that died is continued by the same code.

mod calls;
mod end;
mod fit;
mod gauge;
mod lookup;
mod meter;
mod request;
mod turn;
mod watch;

use std::sync::Arc;

use loom_types::{
    Entry, Error, Message, PermissionMode, Price, Result, RunEvent, RunId, SessionId, Tool, Trace,
};
use tokio::sync::mpsc;
use tracing::Instrument;

use crate::agent::Setup;
use crate::budget::Budget;
use crate::catalogue::Catalogue;
use crate::compress;
use crate::events::{Audience, Events};
use crate::journal::Journal;
use crate::read_result::ReadResult;
use crate::recall;
use crate::scope::{Scope, Side};
use crate::session::Pin;
use crate::steering::Pause;
use crate::stop::Stop;
use crate::sub_agent::{self, TaskTool};
use crate::todo::{self, TodoTool};
use crate::transcript::{Next, Transcript};
use crate::{BudgetLimits, Gate, Input, ParentRun, Policy, RunOptions, Steering, session};
use end::{End, Tally};
use gauge::Gauge;
use watch::Watch;

pub(crate) use lookup::Lookup;

/// How often a model may correct an answer that does not fit the output schema.
const MAX_CORRECTIONS: u32 = 2;

/// How a run starts.
pub(crate) struct Start {
    pub(crate) run_id: RunId,
    pub(crate) session_id: SessionId,
    pub(crate) trace: Trace,
    /// Where the run was started from, if it is a sub-agent's, the run itself, and the agent's name.
    pub(crate) parent: Option<ParentRun>,
    pub(crate) above: Option<Arc<Scope>>,
    pub(crate) agent: Option<String>,
    /// What it may use up, within what is left above.
    pub(crate) budget: BudgetLimits,
    pub(crate) options: RunOptions,
}

/// Events of calls that wait for the executor.
const SIDE_EVENTS_WAITING: usize = 64;

impl Start {
    /// A sub-agent has no more than the run above it, and its calls say whose they are.
    fn gate(&self, setup: &Setup) -> Gate {
        match &self.above {
            Some(above) => above.gate.child(
                Policy::builder(PermissionMode::Auto, "/").shared(),
                self.agent.clone().unwrap_or_default(),
            ),
            None => setup.permissions.gate(),
        }
    }

    fn scope(&self, setup: &Setup, steering: &Steering, side: mpsc::Sender<Side>) -> Scope {
        let above = self.above.as_deref();
        Scope {
            run_id: self.run_id.clone(),
            session_id: self.session_id.clone(),
            trace: self.trace,
            parent: self.parent.clone(),
            budget: match above {
                Some(above) => above.budget.child(self.budget),
                None => Budget::root(self.budget),
            },
            gate: self.gate(setup),
            pause: Pause::new(above.map(|above| &above.pause), steering.pause_signal()),
            steering: steering.clone(),
            side,
        }
    }
}

/// Does a run, from its first event to its last.
pub(crate) async fn execute(
    agent: Arc<Setup>,
    start: Start,
    steering: Steering,
    sender: mpsc::Sender<RunEvent>,
) {
    let span = tracing::info_span!(
        "run",
        correlation_id = %start.trace.correlation_id,
        run_id = %start.run_id,
        session_id = %start.session_id
    );
    let run = async {
        // A panic in the run must not leave senders waiting for ever.
        let _closed = CloseOnDrop(&steering);
        let mut executor = Executor::new(agent, &start, &steering, sender);
        let end = executor.run(start.options).await;
        executor.back_up();
        // Whoever still waits with a message learns it before the run's last event.
        steering.close();
        executor
            .tally
            .count_tree(executor.scope.budget.cost_spent());
        let outcome = executor.tally.outcome(end);
        end::trace(&outcome);
        executor.events.finish(RunEvent::RunEnded { outcome }).await;
    };
    run.instrument(span).await;
}

/// Ends the intake of messages, however the run ends.
struct CloseOnDrop<'a>(&'a Steering);

impl Drop for CloseOnDrop<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// A run in progress.
struct Executor {
    agent: Arc<Setup>,
    stop: Stop,
    events: Events,
    journal: Journal,
    transcript: Transcript,
    tally: Tally,
    scope: Arc<Scope>,
    /// The agent's tools, with those that belong to the run in their places.
    catalogue: Arc<Catalogue>,
    /// What calls in progress tell.
    side: mpsc::Receiver<Side>,
    watch: Watch,
    gauge: Gauge,
    /// Tokens that the model can see at once, as far as that is known by now.
    window: Option<u64>,
    /// Of the model that answered last.
    last_price: Option<Price>,
    told_unknown_price: bool,
    /// Who watches knows that the run waits.
    paused: bool,
}

impl Executor {
    fn new(
        agent: Arc<Setup>,
        start: &Start,
        steering: &Steering,
        sender: mpsc::Sender<RunEvent>,
    ) -> Self {
        let (side_sender, side) = mpsc::channel(SIDE_EVENTS_WAITING);
        let scope = Arc::new(start.scope(&agent, steering, side_sender));
        let stop = Stop::new(steering.cancel_token(), agent.limits.wall_time);
        let audience = Audience {
            observers: Arc::clone(&agent.observers),
            run_id: start.run_id.clone(),
            session_id: start.session_id.clone(),
            trace: start.trace,
            parent: start.parent.clone(),
            agent: start.agent.clone(),
        };
        Self {
            journal: Journal::fresh(Arc::clone(&agent.memory), start.session_id.clone()),
            events: Events::new(sender, stop.clone(), audience),
            stop,
            transcript: Transcript::default(),
            tally: Tally::new(start.run_id.clone(), start.session_id.clone()),
            scope,
            catalogue: Arc::clone(&agent.catalogue),
            side,
            watch: Watch::default(),
            gauge: Gauge::new(
                &agent.request.model,
                agent.instructions.clone(),
                agent.request.tools.clone(),
            ),
            window: agent.context_window,
            last_price: None,
            told_unknown_price: false,
            paused: false,
            agent,
        }
    }

    fn back_up(&self) {
        if let Some(backups) = &self.agent.backups {
            backups.make(&self.agent.memory, self.tally.session_id());
        }
    }

    /// Puts the tools that belong to a run in their places, once the session is known.
    fn bind_tools(&mut self) {
        let mut bound: Vec<Arc<dyn Tool>> = Vec::new();
        if self.agent.todo && self.catalogue.get(todo::NAME).is_some() {
            let todo = Arc::new(TodoTool::with(self.transcript.todos().unwrap_or_default()));
            self.watch = Watch::with_todo(Some(Arc::clone(&todo)));
            bound.push(todo);
        }
        let task = self.catalogue.get(sub_agent::NAME);
        if let (Some(agents), Some(listed)) = (&self.agent.sub_agents, task) {
            let definition = listed.tool.definition();
            let task = TaskTool::bound(agents, definition, &self.agent, &self.scope);
            bound.push(Arc::new(task));
        }
        if let Some((recall, options)) = self.recall()
            && options.tools
        {
            bound.extend(recall::tools(&recall));
        }
        if self.agent.compression.is_some() && self.catalogue.get(compress::READ_RESULT).is_some() {
            let memory = Arc::clone(&self.agent.memory);
            let session = self.tally.session_id().clone();
            bound.push(Arc::new(ReadResult::bound(memory, session)));
        }
        if !bound.is_empty() {
            self.catalogue = Arc::new(self.catalogue.bind(bound));
        }
    }

    async fn run(&mut self, options: RunOptions) -> Result<(), End> {
        let opened = self.open(&options).await;
        self.events.emit(self.started()).await;
        opened?;
        self.bind_tools();
        let input = options.input.map(Input::into_message).transpose()?;
        self.settle_interrupted().await?;
        self.pin(options.pins).await?;
        if options.compact {
            self.compact().await?;
        }
        match input {
            Some(message) => self.say_with_context(message).await?,
            None if options.compact => return Ok(()),
            None => {}
        }
        loop {
            self.take_messages().await?;
            match self.transcript.next() {
                Next::Input => return Err(nothing_to_do().into()),
                Next::Model => self.turn().await?,
                Next::Answer(answer) => {
                    if self.accept(&answer).await? && self.scope.steering.close_if_empty() {
                        return self.extract_facts().await;
                    }
                }
            }
        }
    }

    /// Writes what was put into the run to the session.
    async fn take_messages(&mut self) -> Result<(), End> {
        for injected in self.scope.steering.take() {
            let text = injected.message.text();
            let priority = injected.priority.get();
            self.say(injected.message.clone()).await?;
            injected.acknowledge();
            let event = RunEvent::MessageInjected { priority, text };
            self.events.emit(event).await;
        }
        Ok(())
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
            correlation_id: self.scope.trace.correlation_id,
            parent_run_id: self
                .scope
                .parent
                .as_ref()
                .map(|parent| parent.run_id.clone()),
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
        let seq = self.write(vec![session::message_entry(&message)]).await?;
        self.transcript.push_message(seq, message);
        Ok(())
    }

    /// Writes facts that every compaction keeps to the session, those that are new.
    async fn pin(&mut self, facts: Vec<String>) -> Result<(), End> {
        for fact in facts {
            if !self.transcript.pins().contains(&fact) {
                let pin = Pin { fact };
                self.write(vec![session::pin_entry(&pin)]).await?;
                self.transcript.pin(pin.fact);
            }
        }
        Ok(())
    }

    /// Adds entries to the session, a header before the first. Returns the seq of the first of them.
    async fn write(&mut self, mut entries: Vec<Entry>) -> Result<u64> {
        let header = u64::from(self.journal.is_empty());
        if header > 0 {
            let metadata = self.agent.metadata.clone();
            entries.insert(0, session::header_entry(self.model_name(), metadata));
        }
        Ok(self.journal.append(entries).await? + header)
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
