//! Loom: an agent host whose tools, memory and models are sandboxed WebAssembly components.
//!
//! A [`Config`] says what a run uses and what each plugin may do. A [`Loom`] is what it assembles:
//! plugins, providers and a session store. Its [`agent`](Loom::agent) can be run any number of times,
//! side by side; each [`Run`] is a stream of [`RunEvent`]s that ends in an [`Outcome`].
//!
//! ```no_run
//! use loom::{Config, Loom};
//!
//! #[tokio::main]
//! async fn main() -> anyhow::Result<()> {
//!     let config = Config::in_directory(".", r#"model = "rules""#)?;
//!     let loom = Loom::open(&config).await?;
//!     let agent = loom.agent().await?.build()?;
//!     let outcome = agent.run("What are the 3 largest files?").outcome().await;
//!     println!("{}", outcome.text());
//!     Ok(())
//! }
//! ```
//!
//! The model `rules` is offline and needs no key; `anthropic/claude-sonnet-4-5`, `openai/gpt-5-mini`
//! or `ollama/qwen3:8b` in its place is all that a real one takes.
//!
//! A program adds tools of its own by implementing [`Tool`], a session store by [`Memory`], a model by
//! [`Provider`]; [`Agent::builder`] puts together an agent without any plugin. Whatever should be
//! sandboxed is a plugin, written with the crate `loom-sdk` and named in the configuration.
//!
//! This crate is also the command `loom`; [`main`] is all of it. What must not be here: what an agent
//! does in a run, and how a plugin is sandboxed; that is in crates of their own.

pub mod agents;
mod cli;
pub mod config;
mod fault;
pub mod host;
mod output;
pub mod permission;
mod render;
pub mod scaffold;
pub mod telemetry;

use std::process::ExitCode;

use clap::Parser as _;

/// What the traits of this crate are written with.
pub use async_trait::async_trait;
pub use config::{Config, ConfigError};
pub use host::{CheckLine, Loom, PluginProblem, PluginSource, PluginSummary};
pub use loom_core::{
    Agent, AgentBuilder, Approval, Approver, BreakerOptions, BreakerState, BudgetLimits,
    BuildError, CallRecord, Disk, Effect, Gate, HealthStatus, Input, Judgement, Limits, Member,
    MemberHealth, MemberOptions, Metrics, MetricsSnapshot, ObservedRun, Observer, ParentRun,
    Policy, PolicyBuilder, Pool, PoolError, PoolOptions, Priority, Probe, ProcessMemory, Reminder,
    Reminders, Rule, RuleError, Run, RunOptions, RunView, Steering, SubAgent, SubAgentModel,
    SubAgents, Todo, TodoStatus, WindowOptions, approve_with, call_tool, recall, retrieval,
    session, sessions,
};
pub use loom_types::{
    Access, AccessMode, Backup, Blob, CallId, Category, CompletionContext, Compressed, Content,
    CorrelationId, DecidedBy, Embedder, Entry, Error, ErrorKind, EventStream, Example, Footprint,
    Hit, Latency, Limit, Memory, Message, ModelEvent, ModelInfo, ModelRequest, Outcome, Page, Part,
    Passage, PermissionDecision, PermissionMode, PermissionRequest, Price, Progress, Provider,
    Query, Reasoning, Report, Resource, Result, Retriever, Role, Routing, RunEvent, RunId, Safety,
    SessionId, SessionInfo, Source, StopReason, Tool, ToolCall, ToolChoice, ToolContext,
    ToolDefinition, ToolResult, Touch, Trace, Usage, Usd,
};

/// The command `loom`: reads the arguments of the process, does what they say and returns how the
/// process is to end. Wrong arguments end it at once.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = cli::Arguments::parse_from(cli::gathered(std::env::args_os()));
    let json = arguments.writes_json();
    match cli::run(arguments) {
        Ok(exit) => exit.into(),
        Err(error) => fault::report(&error, json).into(),
    }
}
