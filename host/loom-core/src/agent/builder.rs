//! How an agent is put together: the builder, and what can be wrong with its parts.

use std::collections::BTreeMap;
use std::sync::Arc;

use loom_types::{Error, Memory, Message, ModelRequest, Provider, Retriever, Tool};
use serde_json::Value;

use super::{Agent, Permissions, RecallSetup, Setup};
use crate::catalogue::Catalogue;
use crate::executor::Lookup;
use crate::output::OutputSchema;
use crate::read_result::ReadResult;
use crate::recall::{self, Recall};
use crate::sub_agent::TaskTool;
use crate::todo::TodoTool;
use crate::{
    Approver, Backups, BudgetLimits, CompressionOptions, CompressionOptionsError, Limits, Observer,
    Policy, ProcessMemory, RecallOptions, Reminders, RetrievalOptions, Rule, SubAgents,
};

/// Describes an [`Agent`]. Everything but the model is optional.
#[must_use]
pub struct AgentBuilder {
    provider: Arc<dyn Provider>,
    tools: Vec<Arc<dyn Tool>>,
    memory: Option<Arc<dyn Memory>>,
    instructions: Option<String>,
    limits: Limits,
    at_once_by_tool: BTreeMap<String, usize>,
    request: ModelRequest,
    metadata: Value,
    permissions: Permissions,
    budget: BudgetLimits,
    sub_agents: Option<SubAgents>,
    todo: bool,
    reminders: Reminders,
    observers: Vec<Arc<dyn Observer>>,
    context_window: Option<u64>,
    compression: Option<CompressionOptions>,
    backups: Option<Backups>,
    recall: Option<RecallSetup>,
    lookups: Vec<Lookup>,
}

impl AgentBuilder {
    pub(super) fn new(provider: Arc<dyn Provider>, model: String) -> Self {
        Self {
            provider,
            tools: Vec::new(),
            memory: None,
            instructions: None,
            limits: Limits::default(),
            at_once_by_tool: BTreeMap::new(),
            request: ModelRequest {
                model,
                ..ModelRequest::default()
            },
            metadata: Value::Null,
            permissions: Permissions::default(),
            budget: BudgetLimits::default(),
            sub_agents: None,
            todo: false,
            reminders: Reminders::default(),
            observers: Vec::new(),
            context_window: None,
            compression: Some(CompressionOptions::default()),
            backups: None,
            recall: None,
            lookups: Vec::new(),
        }
    }

    /// Adds tools.
    pub fn tools(mut self, tools: impl IntoIterator<Item = Arc<dyn Tool>>) -> Self {
        self.tools.extend(tools);
        self
    }

    /// Adds a tool.
    pub fn tool(mut self, tool: Arc<dyn Tool>) -> Self {
        self.tools.push(tool);
        self
    }

    /// Where sessions are kept. Default: a [`ProcessMemory`] of the agent's own, which grows with
    /// every session and ends with the agent.
    pub fn memory(mut self, memory: Arc<dyn Memory>) -> Self {
        self.memory = Some(memory);
        self
    }

    /// The system prompt; none if it is blank. Not part of the session: the next run may have another.
    /// Default: none.
    pub fn instructions(mut self, instructions: impl Into<String>) -> Self {
        self.instructions = Some(instructions.into());
        self
    }

    /// What each run may use. Default: [`Limits::default`].
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How many calls of a tool run side by side at most, by its name, within
    /// [`Limits::tools_at_once`]. Default: no limit of its own.
    pub fn tools_at_once(mut self, tool: impl Into<String>, calls: usize) -> Self {
        self.at_once_by_tool.insert(tool.into(), calls);
        self
    }

    /// JSON Schema (2020-12) that the final answer must satisfy. The model gets two chances to correct
    /// itself; then the run fails. Default: any text.
    pub fn output_schema(mut self, schema: impl Into<Option<Value>>) -> Self {
        self.request.output_schema = schema.into();
        self
    }

    /// 0.0 to 2.0. Default: the provider's.
    pub fn temperature(mut self, temperature: impl Into<Option<f32>>) -> Self {
        self.request.temperature = temperature.into();
        self
    }

    /// How many tokens one answer may have. Default: the provider's.
    pub fn max_output_tokens(mut self, tokens: impl Into<Option<u32>>) -> Self {
        self.request.max_output_tokens = tokens.into();
        self
    }

    /// Fields to merge into the provider's own request body. Default: none.
    pub fn extra(mut self, extra: impl Into<Option<Value>>) -> Self {
        self.request.extra = extra.into();
        self
    }

    /// What a new session says about itself, for example the directory it belongs to; see
    /// [`Header::metadata`](crate::session::Header::metadata). Default: null.
    pub fn metadata(mut self, metadata: Value) -> Self {
        self.metadata = metadata;
        self
    }

    /// Which calls may run. Default: all that the tools can do, as with
    /// [`PermissionMode::Auto`](loom_types::PermissionMode::Auto) and no rules; who hands tools to an
    /// agent in a program has chosen them.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.permissions.policy = Arc::new(policy);
        self
    }

    /// Who is asked where the policy leaves it open. Default: nobody, so that such calls are denied.
    pub fn approver(mut self, approver: Arc<dyn Approver>) -> Self {
        self.permissions.approver = Some(approver);
        self
    }

    /// What is done with a rule that the approver wants for [`Always`](crate::Approval::Always); see
    /// [`Gate::remembering`](crate::Gate::remembering). Default: it holds for the run only.
    pub fn remember(mut self, remember: impl Fn(&Rule) + Send + Sync + 'static) -> Self {
        self.permissions.remember = Some(Arc::new(remember));
        self
    }

    /// What each run and all its sub-agents may use up together. Default: no limit.
    pub fn budget(mut self, budget: BudgetLimits) -> Self {
        self.budget = budget;
        self
    }

    /// The agents that the model may give tasks to, with the tool `task`. Default: none.
    pub fn sub_agents(mut self, agents: impl Into<Option<SubAgents>>) -> Self {
        self.sub_agents = agents.into();
        self
    }

    /// Whether the model has the tool `todo`, a list that it keeps for itself. Default: no.
    pub fn todo(mut self, todo: bool) -> Self {
        self.todo = todo;
        self
    }

    /// The rules that give hints to the model. Default: [`Reminders::default`].
    pub fn reminders(mut self, reminders: Reminders) -> Self {
        self.reminders = reminders;
        self
    }

    /// Adds somebody who sees every event of every run, sub-agents included.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observers.push(observer);
        self
    }

    /// Tokens that the model can see at once. Default: not known; then the conversation is made
    /// smaller only when the model refuses it.
    pub fn context_window(mut self, tokens: impl Into<Option<u64>>) -> Self {
        self.context_window = tokens.into();
        self
    }

    /// When and how the conversation is made smaller to fit the model's window; none for never.
    /// Default: [`CompressionOptions::default`].
    pub fn compression(mut self, options: impl Into<Option<CompressionOptions>>) -> Self {
        self.compression = options.into();
        self
    }

    /// Has the memory back sessions up when runs of them end. Default: no backups.
    pub fn backups(mut self, backups: impl Into<Option<Backups>>) -> Self {
        self.backups = backups.into();
        self
    }

    /// What is remembered from one run to the next, and how it is used. Default: nothing.
    pub fn recall(mut self, recall: Recall, options: RecallOptions) -> Self {
        self.recall = Some(RecallSetup { recall, options });
        self
    }

    /// Adds somebody who is asked for passages for each input, which are put beside it.
    pub fn retriever(mut self, retriever: Arc<dyn Retriever>, options: RetrievalOptions) -> Self {
        self.lookups.push(Lookup { retriever, options });
        self
    }

    /// The agent.
    ///
    /// # Errors
    /// Options of the compression that mean nothing, tools whose names clash or are malformed, and schemas that are not valid.
    pub fn build(self) -> Result<Agent, BuildError> {
        let mut request = self.request;
        let output = request.output_schema.as_ref().map(OutputSchema::compile);
        let sub_agents = self
            .sub_agents
            .filter(|agents| agents.depth > 0 && !agents.agents.is_empty());
        let sub_agents = sub_agents.map(Arc::new);
        let mut tools = self.tools;
        if self.todo {
            tools.push(Arc::new(TodoTool::default()));
        }
        if let Some(agents) = &sub_agents {
            tools.push(Arc::new(TaskTool::unbound(Arc::clone(agents))));
        }
        if let Some(recall) = self.recall.as_ref().filter(|it| it.options.tools) {
            tools.extend(recall::tools(&recall.recall));
        }
        if let Some(options) = &self.compression {
            options.validate()?;
        }
        let mut catalogue = Catalogue::new(tools)?;
        if self.compression.is_some() {
            catalogue = catalogue.with_untold(Arc::new(ReadResult::default()))?;
        }
        request.tools = catalogue.definitions().to_vec();
        let setup = Setup {
            provider: self.provider,
            memory: self
                .memory
                .unwrap_or_else(|| Arc::new(ProcessMemory::default())),
            catalogue: Arc::new(catalogue),
            instructions: self
                .instructions
                .filter(|text| !text.trim().is_empty())
                .map(|text| Arc::new(Message::system(text))),
            limits: self.limits,
            at_once_by_tool: Arc::new(self.at_once_by_tool),
            output: output.transpose()?,
            request,
            metadata: self.metadata,
            permissions: self.permissions,
            budget: self.budget,
            sub_agents,
            todo: self.todo,
            reminders: Arc::new(self.reminders),
            observers: self.observers.into(),
            context_window: self.context_window,
            compression: self.compression.map(Arc::new),
            backups: self.backups,
            recall: self.recall,
            lookups: self.lookups,
        };
        Ok(Agent {
            setup: Arc::new(setup),
        })
    }
}

/// Why an agent can't be built.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    #[error("several tools have the same name: {}; leave out all but one of each", .0.join(", "))]
    DuplicateTools(Vec<String>),
    #[error(
        "the tool name `{0}` is not allowed; a name has letters, digits, `_` and `-`, 64 at most"
    )]
    ToolName(String),
    #[error("the input schema of the tool `{tool}` is not valid: {reason}")]
    ToolSchema { tool: String, reason: String },
    #[error("the output schema is not valid: {0}")]
    OutputSchema(String),
    #[error(transparent)]
    Compression(#[from] CompressionOptionsError),
}

impl From<BuildError> for Error {
    fn from(error: BuildError) -> Self {
        Self::invalid_input(error.to_string())
    }
}
