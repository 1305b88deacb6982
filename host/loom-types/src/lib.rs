//! The vocabulary of the Loom agent host: what the other crates say to each other.
//!
//! Messages, tool definitions, model events, run events, outcomes, errors and ids, and the
//! traits behind which plugins live: [`Tool`], [`Provider`], [`Embedder`] and [`Memory`].
//!
//! What must not be here: anything that does something. No I/O, no clock but for ids, no wasmtime.

mod compression;
mod content;
mod correlation;
mod error;
mod event;
mod footprint;
mod id;
mod memory;
mod message;
mod outcome;
mod permission;
mod provider;
mod retrieval;
mod routing;
mod tool;
mod usd;

pub use compression::{Compressed, CompressionMethod, CompressionReason};
pub use content::{Blob, Content};
pub use correlation::{CorrelationId, Trace};
pub use error::{Category, Error, ErrorKind, Result};
pub use event::RunEvent;
pub use footprint::{Footprint, Resource, Touch, tidy_path};
pub use id::{CallId, RunId, SessionId};
pub use memory::{Backup, Entry, Hit, Memory, Page, Query, SessionInfo, Upkeep};
pub use message::{Message, Part, Reasoning, Role, ToolCall, ToolResult};
pub use outcome::{Limit, Outcome, Report};
pub use permission::{DecidedBy, PermissionDecision, PermissionMode, PermissionRequest};
pub use provider::{
    CompletionContext, EventStream, ModelEvent, ModelInfo, ModelRequest, Provider, StopReason,
    ToolChoice, Usage,
};
pub use retrieval::{Embedder, Passage, Retriever, Source};
pub use routing::Routing;
pub use tool::{Access, AccessMode, Example, Progress, Safety, Tool, ToolContext, ToolDefinition};
pub use usd::{Latency, Price, Usd};
