//! Runs that are to be cancelled: each stands where it does not end by itself, with real components
//! behind it, and is told to stop. How long that takes is measured here, what it has to be is not
//! judged.

mod silence;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use loom_core::session::Record;
use loom_core::{Agent, Run, RunOptions, SubAgent, SubAgents};
use loom_types::{Memory, Outcome, Provider, RunEvent, SessionId, Tool, ToolContext};
use loom_wasm::{ConfiguredPlugin, Engine, FileAccess, Grants};
use serde_json::json;
use tempfile::TempDir;

use crate::faults::{Answer, Asked, Fault, FaultServer};
use crate::native::{Model, Question, Reply};
use crate::{guests, sandbox};
pub use silence::SilentServer;

/// Guests that the engine has room for: ten tools, a model and the store. One that is not given back
/// is missed by the next try.
const SLOTS: u32 = 12;

/// How long anything may take that is waited for, on the busiest machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a person says to a run that was cancelled.
const GO_ON: &str = "go on";

/// Where a run stands when it is told to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Situation {
    /// A model has begun to answer and says no more.
    ModelStream,
    /// A tool waits for a server that does not answer.
    Fetch,
    /// A tool computes without end and calls nobody.
    Loop,
    /// The same in a sub-agent of a sub-agent of a sub-agent.
    SubAgent,
    /// Five tools compute without end beside five that wait for a server.
    TenTools,
}

impl Situation {
    /// Every one.
    pub const ALL: [Self; 5] = [
        Self::ModelStream,
        Self::Fetch,
        Self::Loop,
        Self::SubAgent,
        Self::TenTools,
    ];

    /// In words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ModelStream => "a model stream",
            Self::Fetch => "an HTTP call in a guest",
            Self::Loop => "a guest in an endless loop",
            Self::SubAgent => "a sub-agent three deep",
            Self::TenTools => "ten tools at once",
        }
    }

    /// Requests that wait for the silent server, and tools that loop.
    fn waits(self) -> (usize, usize) {
        match self {
            Self::ModelStream => (0, 0),
            Self::Fetch => (1, 0),
            Self::Loop | Self::SubAgent => (0, 1),
            Self::TenTools => (5, 5),
        }
    }

    /// What the model says when it is not the one that is waited for.
    fn reply(self, question: &Question<'_>, url: &str) -> Reply {
        let input = question.last_input();
        let fetch = ("snoop_fetch", json!({ "url": url }));
        let endless = ("loop_forever", json!({}));
        match (self, input.as_str()) {
            (_, GO_ON) => Reply::text("done"),
            (Self::SubAgent, "go") => task("1"),
            (Self::SubAgent, "1") => task("2"),
            (Self::SubAgent, "2") => task("3"),
            (Self::Fetch, _) => Reply::Calls(vec![fetch]),
            (Self::TenTools, _) => {
                let pairs = std::iter::repeat_n([endless, fetch], 5);
                Reply::Calls(pairs.flatten().collect())
            }
            _ => Reply::Calls(vec![endless]),
        }
    }
}

fn task(prompt: &str) -> Reply {
    let arguments = json!({ "description": "goes deeper", "prompt": prompt, "agent": "worker" });
    Reply::call("task", arguments)
}

/// One run that was told to stop.
#[derive(Clone, Debug)]
pub struct Cancelled {
    /// From the word to the run's last event.
    pub latency: Duration,
    pub outcome: Outcome,
    pub session: SessionId,
}

/// An agent that runs into a situation whenever it is run.
pub struct Stage {
    situation: Situation,
    agent: Agent,
    /// The model of [`Situation::ModelStream`].
    model: FaultServer,
    silent: SilentServer,
    /// Makes a request to the silent server, for whoever wants to hold a slot.
    fetch: Arc<dyn Tool>,
    _home: TempDir,
}

impl Stage {
    /// The stage for a situation, with an engine and a session store in files of its own.
    ///
    /// # Panics
    ///
    /// If a component cannot be loaded.
    pub async fn new(situation: Situation) -> Self {
        let engine = sandbox::engine_for(SLOTS);
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        let model = FaultServer::start(stall_unless_resumed, answer).await;
        let silent = SilentServer::start().await;
        let snoop =
            sandbox::configured(&engine, "snoop", guests::SNOOP, network(&silent.url())).await;
        let rogue = sandbox::configured(&engine, "rogue", guests::ROGUE, Grants::default()).await;
        let provider = match situation {
            Situation::ModelStream => openai(&engine, &model).await,
            _ => native(situation, silent.url()),
        };
        let store = Grants {
            clock: true,
            ..sandbox::directory(home.path(), FileAccess::ReadWrite)
        };
        let memory = sandbox::builtin(&engine, "memory-file", store, &[])
            .await
            .memory();
        let depth = SubAgents::new(vec![SubAgent::new("worker", "Goes deeper.")]);
        let sub_agents = (situation == Situation::SubAgent).then_some(depth);
        let agent = Agent::builder(provider, "m")
            .memory(memory)
            .tools(snoop.tools())
            .tools(rogue.tools())
            .sub_agents(sub_agents)
            .build()
            .expect("the guests make an agent");
        Self {
            situation,
            agent,
            model,
            silent,
            fetch: tool(&snoop, "snoop_fetch"),
            _home: home,
        }
    }

    /// Runs into the situation, stays a moment and says stop.
    ///
    /// # Panics
    ///
    /// If the run does not come there.
    pub async fn cancel_once(&self, moment: Duration) -> Cancelled {
        let mut run = self.agent.run("go");
        let reached = tokio::time::timeout(PATIENCE, self.reach(&mut run));
        reached.await.expect("the run gets where it does not end");
        tokio::time::sleep(moment).await;
        let told = Instant::now();
        run.cancel();
        let outcome = run.outcome().await;
        Cancelled {
            latency: told.elapsed(),
            outcome,
            session: run.session().clone(),
        }
    }

    async fn reach(&self, run: &mut Run) {
        let (requests, loops) = self.situation.waits();
        let mut looping = 0;
        let is_stream = self.situation == Situation::ModelStream;
        while looping < loops || is_stream {
            let event = run.next().await.expect("the run goes on");
            looping += usize::from(starts_loop(&event));
            if matches!(event, RunEvent::TextDelta { .. }) {
                break;
            }
        }
        until(|| self.silent.open() == requests).await;
        until(|| self.model.holding() == usize::from(is_stream)).await;
    }

    /// Waits until no server sees the run any more.
    ///
    /// # Panics
    ///
    /// If a connection stays.
    pub async fn is_quiet(&self) {
        let quiet = until(|| self.silent.open() == 0 && self.model.holding() == 0);
        let quiet = tokio::time::timeout(PATIENCE, quiet);
        quiet.await.expect("connections are closed");
    }

    /// Has as many guests at once as the engine has room for beside the session store: each place
    /// that was lent has been given back.
    ///
    /// # Panics
    ///
    /// If there is less room.
    pub async fn has_all_slots(&self) {
        let context = ToolContext::standalone(PATIENCE);
        let free = self.slots();
        let arguments = json!({ "url": self.silent.url() });
        let calls = join_all((0..free).map(|_| self.fetch.call(&arguments, &context)));
        let full = async {
            let full = tokio::time::timeout(PATIENCE, until(|| self.silent.open() == free));
            full.await.expect("all places are free");
            context.cancel.cancel();
        };
        tokio::join!(calls, full);
        self.is_quiet().await;
    }

    /// Guests that the engine has room for beside the session store.
    #[must_use]
    pub fn slots(&self) -> usize {
        SLOTS as usize - 1
    }

    /// Goes on with a session that was cancelled.
    pub async fn resume(&self, session: SessionId) -> Outcome {
        let options = RunOptions {
            session: Some(session),
            resume: true,
            input: Some(GO_ON.into()),
            ..RunOptions::default()
        };
        self.agent.start(options).outcome().await
    }

    /// Calls without a result, in all sessions, those of sub-agents included.
    ///
    /// # Panics
    ///
    /// If the store cannot be read.
    pub async fn open_calls(&self) -> Vec<String> {
        let memory = self.agent.memory();
        let page = memory.sessions(1000, None).await;
        let sessions = page.expect("the store lists its sessions").sessions;
        let open = sessions.iter().map(|info| open_calls(&**memory, &info.id));
        join_all(open).await.concat()
    }

    /// Requests that the servers have seen: those to the model and those of tools.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.model.asked().len() + self.silent.seen()
    }
}

async fn open_calls(memory: &dyn Memory, session: &SessionId) -> Vec<String> {
    let entries = memory.read(session, 0, 1000).await;
    let mut open = BTreeSet::new();
    for entry in entries.expect("a session can be read") {
        match Record::decode(session, entry).expect("a record can be read") {
            Record::Message(message) => {
                open.extend(message.tool_calls().map(|call| call.id.to_string()));
            }
            Record::ToolResult(result) => {
                open.remove(result.call_id.as_str());
            }
            _ => {}
        }
    }
    open.into_iter().collect()
}

/// Whether an event is the start of a loop, however deep.
fn starts_loop(event: &RunEvent) -> bool {
    match event {
        RunEvent::ToolStarted { call } => call.name == "loop_forever",
        RunEvent::SubAgent { event, .. } => starts_loop(event),
        _ => false,
    }
}

async fn until(holds: impl Fn() -> bool) {
    while !holds() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// A model that stalls for ever, but for who goes on.
fn stall_unless_resumed(asked: &Asked) -> Option<Fault> {
    (!goes_on(asked)).then_some(Fault::StallInStream)
}

fn answer(asked: &Asked) -> Answer {
    let text = if goes_on(asked) {
        "done"
    } else {
        "well well well"
    };
    Answer::text(text)
}

fn goes_on(asked: &Asked) -> bool {
    let messages = asked.body["messages"].as_array();
    let last = messages.and_then(|messages| messages.last());
    last.is_some_and(|last| last["content"].to_string().contains(GO_ON))
}

fn native(situation: Situation, url: String) -> Arc<dyn Provider> {
    Model::new(move |question| situation.reply(question, &url))
}

async fn openai(engine: &Engine, server: &FaultServer) -> Arc<dyn Provider> {
    let base_url = format!("{}/v1", server.url());
    let settings = [("base_url", base_url.as_str())];
    let plugin = sandbox::builtin(engine, "openai", network(&server.url()), &settings).await;
    plugin.provider("openai")
}

/// A grant of one server.
fn network(url: &str) -> Grants {
    let pattern = url.parse().expect("the URL of a server is a pattern");
    Grants {
        network: vec![pattern],
        ..Grants::default()
    }
}

fn tool(plugin: &ConfiguredPlugin, name: &str) -> Arc<dyn Tool> {
    let mut tools = plugin.tools().into_iter();
    let found = tools.find(|tool| tool.definition().name == name);
    found.expect("the tool is there")
}

/// How long runs in one situation took to stop.
pub struct Latencies(Vec<Duration>);

impl Latencies {
    /// Cancels so many runs, one after the other, each a little later in its situation.
    ///
    /// # Panics
    ///
    /// If one does not end as cancelled, or leaves something running.
    pub async fn measure(situation: Situation, tries: usize) -> Self {
        let stage = Stage::new(situation).await;
        let mut latencies = Vec::with_capacity(tries);
        for number in 0..tries {
            let cancelled = stage.cancel_once(moment(number)).await;
            let outcome = cancelled.outcome;
            assert!(matches!(outcome, Outcome::Cancelled { .. }), "{outcome:?}");
            latencies.push(cancelled.latency);
            stage.is_quiet().await;
        }
        stage.has_all_slots().await;
        latencies.sort_unstable();
        Self(latencies)
    }

    /// The latency that `percent` of the runs did not exceed.
    #[must_use]
    pub fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or_default()
    }
}

/// How long a run stays in its situation before its `number`th try is told to stop: long enough for a
/// guest that calls nobody to be in its loop, and spread over the phases of everything periodic.
#[must_use]
pub fn moment(number: usize) -> Duration {
    let spread = u64::try_from(number * 7 % 23).unwrap_or_default();
    Duration::from_millis(10 + spread)
}

impl std::fmt::Display for Latencies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ms = |percent| self.percentile(percent).as_secs_f64() * 1e3;
        let (p50, p90, p99, max) = (ms(50), ms(90), ms(99), ms(100));
        write!(
            f,
            "p50 {p50:6.2}  p90 {p90:6.2}  p99 {p99:6.2}  max {max:6.2}"
        )
    }
}
