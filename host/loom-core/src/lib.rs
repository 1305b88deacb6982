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
mod catalogue;
mod dispatch;
mod events;
mod executor;
mod input;
mod journal;
mod limits;
mod metrics;
mod observer;
mod output;
mod process_memory;
mod reply;
mod run;
mod schedule;
mod schema;
pub mod session;
mod stop;
#[cfg(test)]
mod testing;
mod transcript;

pub use agent::{Agent, AgentBuilder, BuildError};
pub use dispatch::call_tool;
pub use input::{Input, RunOptions};
pub use limits::Limits;
pub use metrics::{
    ErrorCounts, LatencySummary, Metrics, MetricsSnapshot, ModelMetrics, PermissionCounts,
    PoolCounts, Rates, RunCounts, ToolMetrics,
};
pub use observer::{ObservedRun, Observer, ParentRun};
pub use process_memory::ProcessMemory;
pub use run::Run;
