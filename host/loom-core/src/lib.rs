//! The agent: it asks a model, runs the tools that the model calls, and writes down every step.
//!
//! [`Agent`] is what is configured once and run many times; [`Run`] is one run of it, a stream of
//! events that ends in an [`Outcome`](loom_types::Outcome). Sessions are kept through the
//! [`Memory`](loom_types::Memory) trait, in the format of [`session`].
//!
//! What must not be here: wasmtime, HTTP, files, the configuration, the terminal. The agent knows
//! models, tools and memory by their traits only.

mod agent;
mod assemble;
mod backups;
mod budget;
mod catalogue;
mod compress;
mod context;
mod dispatch;
mod events;
mod executor;
mod input;
mod journal;
mod limits;
mod metrics;
mod observer;
mod output;
pub mod pattern;
mod permission;
mod pool;
mod process_memory;
mod read_result;
pub mod recall;
mod reminder;
mod reply;
pub mod retrieval;
mod run;
mod schedule;
mod schema;
mod scope;
pub mod session;
pub mod sessions;
mod steering;
mod stop;
mod sub_agent;
#[cfg(test)]
mod testing;
mod todo;
mod transcript;

pub use agent::{Agent, AgentBuilder, BuildError};
pub use backups::Backups;
pub use budget::BudgetLimits;
pub use compress::{
    Compaction, CompressionOptions, CompressionOptionsError, Metadata as SummaryMetadata,
    Shortened, Shortening, Summary, Tokenizer,
};
pub use dispatch::call_tool;
pub use input::{Input, RunOptions};
pub use limits::Limits;
pub use metrics::{
    CompressionMetrics, ErrorCounts, LatencySummary, Metrics, MetricsSnapshot, ModelMetrics,
    PermissionCounts, PoolCounts, Rates, RetrievalMetrics, RunCounts, ToolMetrics,
};
pub use observer::{ObservedRun, Observer, ParentRun};
pub use permission::{
    Approval, Approver, Disk, Effect, Gate, Judgement, Policy, PolicyBuilder, Rule, RuleError,
    approve_with,
};
pub use pool::{
    BreakerOptions, BreakerState, HealthStatus, Member, MemberHealth, MemberOptions, Pool,
    PoolError, PoolOptions, Probe, WindowOptions,
};
pub use process_memory::ProcessMemory;
pub use recall::RecallOptions;
pub use reminder::{CallRecord, Reminder, Reminders, RunView};
pub use retrieval::{Placement, RetrievalOptions};
pub use run::Run;
pub use steering::{Priority, Steering};
pub use sub_agent::{SubAgent, SubAgentModel, SubAgents};
pub use todo::{Todo, TodoStatus};
