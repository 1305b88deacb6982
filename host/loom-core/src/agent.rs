//! The agent: what is configured once and run many times. It starts runs; what they do is the
//! executor's.

mod builder;

use std::collections::BTreeMap;
use std::sync::Arc;

use loom_types::{
    CorrelationId, Memory, Message, ModelRequest, PermissionMode, Provider, RunId, SessionId,
    ToolDefinition, Trace,
};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::catalogue::Catalogue;
use crate::executor::{self, Lookup, Start};
use crate::output::OutputSchema;
use crate::permission::Remember;
use crate::recall::Recall;
use crate::{
    Approver, Backups, BudgetLimits, CompressionOptions, Gate, Input, Limits, Observer, Policy,
    RecallOptions, Reminders, Run, RunOptions, Steering, SubAgents,
};

pub use builder::{AgentBuilder, BuildError};

/// How many events wait for a reader before the run does. A burst of a fast model; small enough for
/// thousands of runs.
const EVENTS_WAITING: usize = 128;

/// A model with tools, a memory and instructions. Cheap to clone; runs may go on side by side.
#[derive(Clone)]
pub struct Agent {
    setup: Arc<Setup>,
}

/// What all runs of an agent share.
pub(crate) struct Setup {
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) memory: Arc<dyn Memory>,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) instructions: Option<Arc<Message>>,
    pub(crate) limits: Limits,
    /// How many calls of a tool run side by side, by its name.
    pub(crate) at_once_by_tool: Arc<BTreeMap<String, usize>>,
    pub(crate) output: Option<OutputSchema>,
    /// What every request has in common; without messages.
    pub(crate) request: ModelRequest,
    /// Goes into the first entry of each new session.
    pub(crate) metadata: Value,
    pub(crate) permissions: Permissions,
    pub(crate) budget: BudgetLimits,
    pub(crate) sub_agents: Option<Arc<SubAgents>>,
    /// The tool `todo` is Loom's own, not one of the same name.
    pub(crate) todo: bool,
    pub(crate) reminders: Arc<Reminders>,
    pub(crate) observers: Arc<[Arc<dyn Observer>]>,
    pub(crate) context_window: Option<u64>,
    pub(crate) compression: Option<Arc<CompressionOptions>>,
    pub(crate) backups: Option<Backups>,
    pub(crate) recall: Option<RecallSetup>,
    pub(crate) lookups: Vec<Lookup>,
}

impl Agent {
    /// Starts to describe an agent. `model` is the id that the provider knows it by.
    pub fn builder(provider: Arc<dyn Provider>, model: impl Into<String>) -> AgentBuilder {
        AgentBuilder::new(provider, model.into())
    }

    /// Runs the agent on an input in a new session.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn run(&self, input: impl Into<Input>) -> Run {
        self.start(RunOptions {
            input: Some(input.into()),
            ..RunOptions::default()
        })
    }

    /// Runs the agent in a session, new or old.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[must_use]
    pub fn start(&self, options: RunOptions) -> Run {
        let run_id = RunId::generate();
        let correlation_id = options.correlation_id;
        let correlation_id = correlation_id.unwrap_or_else(|| CorrelationId::from(&run_id));
        let start = Start {
            trace: Trace::of_run(correlation_id, &run_id),
            run_id,
            parent: None,
            above: None,
            agent: None,
            budget: self.setup.budget,
            session_id: options.session.clone().unwrap_or_else(SessionId::generate),
            options,
        };
        let steering = Steering::new(CancellationToken::new());
        let (sender, receiver) = mpsc::channel(EVENTS_WAITING);
        let run = Run::new(
            start.run_id.clone(),
            start.session_id.clone(),
            steering.clone(),
            receiver,
        );
        let setup = Arc::clone(&self.setup);
        tokio::spawn(executor::execute(setup, start, steering, sender));
        run
    }

    /// The model's id, without its provider.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.setup.request.model
    }

    /// The provider that is asked.
    #[must_use]
    pub fn provider(&self) -> &Arc<dyn Provider> {
        &self.setup.provider
    }

    /// Where the sessions are.
    #[must_use]
    pub fn memory(&self) -> &Arc<dyn Memory> {
        &self.setup.memory
    }

    /// What the model is told of the tools, in the order in which they were given.
    #[must_use]
    pub fn tools(&self) -> &[Arc<ToolDefinition>] {
        &self.setup.request.tools
    }

    /// What each run may use.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.setup.limits
    }
}

impl std::fmt::Debug for Agent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Agent")
            .field("provider", &self.setup.provider.name())
            .field("model", &self.model())
            .field("tools", &self.tools().len())
            .finish_non_exhaustive()
    }
}

/// What is remembered from run to run, and how much of it is put before one.
#[derive(Clone)]
pub(crate) struct RecallSetup {
    pub(crate) recall: Recall,
    pub(crate) options: RecallOptions,
}

/// Which calls may run, and who is asked.
#[derive(Clone)]
pub(crate) struct Permissions {
    policy: Arc<Policy>,
    approver: Option<Arc<dyn Approver>>,
    remember: Option<Arc<Remember>>,
}

impl Default for Permissions {
    fn default() -> Self {
        Self {
            policy: Policy::builder(PermissionMode::Auto, "/").shared(),
            approver: None,
            remember: None,
        }
    }
}

impl Permissions {
    /// The gate of an outermost run.
    pub(crate) fn gate(&self) -> Gate {
        let gate = Gate::new(Arc::clone(&self.policy), self.approver.clone());
        match &self.remember {
            Some(remember) => gate.remembering(Arc::clone(remember)),
            None => gate,
        }
    }
}
