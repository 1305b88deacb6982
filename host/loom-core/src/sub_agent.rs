//! Sub-agents: the tool `task`, which gives a piece of work to a run of its own. The run has its own
//! session, tools and limits, and a share of the budget; whatever becomes of it is a tool result.

mod definition;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use loom_types::{
    Content, Error, ErrorKind, Footprint, Limit, Message, ModelRequest, Outcome, Provider, Result,
    RunEvent, RunId, SessionId, Tool, ToolContext, ToolDefinition, Trace,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::agent::Setup;
use crate::budget::BudgetLimits;
use crate::executor::{self, Start};
use crate::pattern;
use crate::scope::{Scope, Side};
use crate::steering::Steering;
use crate::{Input, Limits, ParentRun, RunOptions};

/// The tool's name.
pub(crate) const NAME: &str = "task";
/// How much longer the call may take than the run in it, so that the run can end by itself.
const MARGIN: Duration = Duration::from_secs(2);
/// Events of a sub-agent that wait to be passed on.
const EVENTS_WAITING: usize = 64;

/// A kind of sub-agent that the model may start.
#[derive(Clone)]
pub struct SubAgent {
    /// Lower-case letters, digits, `-` and `_`.
    pub name: String,
    /// When to use it, for the model that chooses.
    pub description: String,
    /// Its system prompt; that of the agent above it if absent.
    pub instructions: Option<String>,
    /// Patterns of the tools that it may have, `*` for any characters, among those of the agent above
    /// it. All of them if absent.
    pub tools: Option<Vec<String>>,
    /// The model that it uses; that of the agent above it if absent.
    pub model: Option<SubAgentModel>,
    /// Default: [`SubAgents::turns`].
    pub turns: Option<u32>,
    /// Default: [`SubAgents::timeout`].
    pub timeout: Option<Duration>,
    /// Its share of the budget above it. Default: all that is left.
    pub budget: BudgetLimits,
}

/// A model for a sub-agent.
#[derive(Clone)]
pub struct SubAgentModel {
    /// That of the agent above it if absent.
    pub provider: Option<Arc<dyn Provider>>,
    pub model: String,
    /// Tokens that it can see at once, if known.
    pub context_window: Option<u64>,
}

/// The sub-agents of an agent.
#[derive(Clone)]
pub struct SubAgents {
    pub agents: Vec<SubAgent>,
    /// How deep they may be nested. Default 3; 0 is none at all.
    pub depth: u32,
    /// How long one may take. Default 300 s.
    pub timeout: Duration,
    /// How often one may ask its model. Default 50.
    pub turns: u32,
    /// Models that the model may choose from for a sub-agent, in place of the sub-agent's own, as the
    /// agent's provider knows them. Default none: it has no choice.
    pub models: Vec<String>,
}

impl SubAgent {
    /// A sub-agent with all that the agent above it has.
    pub fn new(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            description: description.into(),
            instructions: None,
            tools: None,
            model: None,
            turns: None,
            timeout: None,
            budget: BudgetLimits::default(),
        }
    }
}

impl SubAgents {
    /// These, with the default limits.
    #[must_use]
    pub fn new(agents: Vec<SubAgent>) -> Self {
        Self {
            agents,
            depth: 3,
            timeout: Duration::from_secs(300),
            turns: 50,
            models: Vec::new(),
        }
    }

    fn get(&self, name: &str) -> Result<&SubAgent> {
        self.agents
            .iter()
            .find(|agent| agent.name == name)
            .ok_or_else(|| {
                let names: Vec<_> = self
                    .agents
                    .iter()
                    .map(|agent| agent.name.as_str())
                    .collect();
                Error::not_found(format!(
                    "there is no agent `{name}`; there are {}",
                    names.join(", ")
                ))
            })
    }

    /// How long the longest call of `task` may take.
    pub(crate) fn call_timeout(&self) -> Duration {
        let own = self.agents.iter().filter_map(|agent| agent.timeout);
        own.chain([self.timeout]).max().unwrap_or(self.timeout) + MARGIN
    }
}

impl std::fmt::Debug for SubAgents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.agents.iter().map(|agent| agent.name.as_str());
        f.debug_struct("SubAgents")
            .field("agents", &names.collect::<Vec<_>>())
            .field("depth", &self.depth)
            .finish_non_exhaustive()
    }
}

/// The tool. In an agent's catalogue it only describes itself; each run has one that is bound to it.
pub(crate) struct TaskTool {
    agents: Arc<SubAgents>,
    definition: Arc<ToolDefinition>,
    run: Option<(Arc<Setup>, Arc<Scope>)>,
}

#[derive(Deserialize)]
struct Arguments {
    description: String,
    prompt: String,
    agent: String,
    model: Option<String>,
}

impl TaskTool {
    pub(crate) fn unbound(agents: Arc<SubAgents>) -> Self {
        Self {
            definition: Arc::new(definition::of(&agents)),
            agents,
            run: None,
        }
    }

    /// The tool of one run.
    pub(crate) fn bound(
        agents: &Arc<SubAgents>,
        definition: &Arc<ToolDefinition>,
        setup: &Arc<Setup>,
        scope: &Arc<Scope>,
    ) -> Self {
        Self {
            agents: Arc::clone(agents),
            definition: Arc::clone(definition),
            run: Some((Arc::clone(setup), Arc::clone(scope))),
        }
    }
}

#[async_trait]
impl Tool for TaskTool {
    fn definition(&self) -> &Arc<ToolDefinition> {
        &self.definition
    }

    /// Nothing by itself: several run side by side, and each call of theirs is looked at on its own.
    async fn footprint(&self, _: &Value) -> Footprint {
        Footprint::Resources(Vec::new())
    }

    async fn call(&self, arguments: &Value, context: &ToolContext) -> Result<Vec<Content>> {
        let (setup, scope) = self.run.as_ref().ok_or_else(|| {
            Error::internal("sub-agents run only within a run; start one with `loom run`")
        })?;
        let arguments = Arguments::deserialize(arguments)
            .map_err(|error| Error::invalid_input(format!("not a task: {error}")))?;
        let agent = self.agents.get(&arguments.agent)?;
        let child = Child {
            agents: &self.agents,
            agent,
            setup,
            scope,
        };
        let outcome = child.run(arguments, context).await?;
        answer(agent, &outcome)
    }
}

/// A sub-agent about to run.
struct Child<'a> {
    agents: &'a SubAgents,
    agent: &'a SubAgent,
    /// Of the run above.
    setup: &'a Arc<Setup>,
    scope: &'a Arc<Scope>,
}

impl Child<'_> {
    async fn run(&self, arguments: Arguments, context: &ToolContext) -> Result<Outcome> {
        let run_id = RunId::generate();
        let session_id = SessionId::generate();
        let setup = Arc::new(self.setup(&arguments, context));
        let start = Start {
            trace: Trace::of_run(context.trace.correlation_id, &run_id),
            run_id,
            session_id,
            parent: Some(ParentRun {
                run_id: self.scope.run_id.clone(),
                session_id: self.scope.session_id.clone(),
                call_id: context.call_id.clone(),
                trace: context.trace,
            }),
            above: Some(Arc::clone(self.scope)),
            agent: Some(self.agent.name.clone()),
            budget: self.agent.budget,
            options: RunOptions {
                input: Some(Input::new(arguments.prompt)),
                ..RunOptions::default()
            },
        };
        let steering = Steering::new(context.cancel.clone());
        let (sender, events) = mpsc::channel(EVENTS_WAITING);
        let run = executor::execute(setup, start, steering, sender);
        let ((), outcome) = futures::join!(run, self.follow(events, context));
        outcome.ok_or_else(|| {
            Error::internal(format!(
                "the sub-agent `{}` ended without an outcome",
                self.agent.name
            ))
        })
    }

    /// Passes the events of the run on to the run above, and keeps its outcome.
    async fn follow(
        &self,
        mut events: mpsc::Receiver<RunEvent>,
        context: &ToolContext,
    ) -> Option<Outcome> {
        let mut ended = None;
        while let Some(event) = events.recv().await {
            match &event {
                RunEvent::TextDelta { .. } | RunEvent::ReasoningDelta { .. } => continue,
                RunEvent::RunEnded { outcome } => ended = Some(outcome.clone()),
                _ => {}
            }
            let event = RunEvent::SubAgent {
                call_id: context.call_id.clone(),
                agent: self.agent.name.clone(),
                event: Box::new(event),
            };
            self.scope.tell(Side::Forwarded(Box::new(event))).await;
        }
        ended
    }

    fn setup(&self, arguments: &Arguments, context: &ToolContext) -> Setup {
        let Self {
            agents,
            agent,
            setup,
            scope,
        } = *self;
        // The run that is started is one deeper than this one.
        let may_nest = scope.depth() + 1 < agents.depth;
        let allowed = |name: &str| match name {
            NAME => {
                may_nest
                    && agent
                        .tools
                        .as_ref()
                        .is_none_or(|tools| tools.iter().any(|it| it == NAME))
            }
            _ => agent
                .tools
                .as_ref()
                .is_none_or(|tools| pattern::any(tools, name)),
        };
        let catalogue = setup.catalogue.subset(allowed);
        // The model above chooses among what its own provider knows.
        let chosen = agent.model.as_ref().filter(|_| arguments.model.is_none());
        let provider = chosen.and_then(|model| model.provider.as_ref());
        let chosen = chosen.map(|model| &model.model);
        let model = arguments.model.as_ref().or(chosen);
        let request = ModelRequest {
            model: model.unwrap_or(&setup.request.model).clone(),
            tools: catalogue.definitions().to_vec(),
            output_schema: None,
            // They are one provider's.
            extra: setup.request.extra.clone().filter(|_| provider.is_none()),
            ..setup.request.clone()
        };
        let context_window = match (&arguments.model, &agent.model) {
            // What the model above chose is one of its own pool's.
            (Some(_), _) | (None, None) => setup.context_window,
            (None, Some(model)) => model.context_window,
        };
        let instructions = agent.instructions.as_ref();
        Setup {
            provider: Arc::clone(provider.unwrap_or(&setup.provider)),
            memory: Arc::clone(&setup.memory),
            catalogue: Arc::new(catalogue),
            instructions: match instructions {
                Some(text) => Some(Arc::new(Message::system(text))),
                None => setup.instructions.clone(),
            },
            limits: Limits {
                turns: agent.turns.unwrap_or(agents.turns),
                wall_time: Some(agent.timeout.unwrap_or(agents.timeout)),
                ..setup.limits
            },
            at_once_by_tool: Arc::clone(&setup.at_once_by_tool),
            permissions: setup.permissions.clone(),
            budget: BudgetLimits::default(),
            output: None,
            request,
            metadata: json!({
                "agent": agent.name,
                "description": arguments.description,
                "parent_session_id": context.session_id,
                "parent_run_id": context.run_id,
                "call_id": context.call_id,
            }),
            sub_agents: setup.sub_agents.clone(),
            todo: setup.todo,
            reminders: setup.reminders.clone(),
            observers: setup.observers.clone(),
            context_window,
            compression: setup.compression.clone(),
            // Its session ends with it.
            backups: None,
            // What it needs to know is in its task.
            recall: None,
            lookups: Vec::new(),
        }
    }
}

/// What the model above is told of how it ended.
fn answer(agent: &SubAgent, outcome: &Outcome) -> Result<Vec<Content>> {
    let name = &agent.name;
    let report = outcome.report();
    let so_far = match report.text.trim() {
        "" => "it had said nothing".to_owned(),
        text => format!("what it had said: {text}"),
    };
    let session = &report.session_id;
    match outcome {
        Outcome::Completed { .. } => Ok(vec![report.text.clone().into()]),
        Outcome::LimitReached { limit, .. } => {
            let kind = match limit {
                Limit::WallTime(_) => ErrorKind::Timeout,
                _ => ErrorKind::ResourceExhausted,
            };
            let message =
                format!("the agent `{name}` was ended by {limit} (session {session}); {so_far}");
            Err(Error::new(kind, message))
        }
        Outcome::Cancelled { .. } => Err(Error {
            message: format!("the agent `{name}` was cancelled (session {session}); {so_far}"),
            ..Error::cancelled()
        }),
        Outcome::Failed { error, .. } => {
            let context = format!("the agent `{name}` failed (session {session}; {so_far})");
            Err(error.clone().context(context))
        }
    }
}

#[cfg(test)]
mod tests;
