//! Runs Loom plugins: the only crate that knows wasmtime.
//!
//! A [`Plugin`] is a component that was read and checked; [`Plugin::configure`] joins what it asks
//! for with what it was granted; a [`ConfiguredPlugin`] hands out adapters that implement the traits
//! of `loom-types`. Every guest runs in a store of its own with exactly its capabilities.
//!
//! A [`Command`] is any WASI command, run once under the same grants and limits.
//!
//! What must not be here: the agent, configuration files, the person. This crate takes values.

mod asked;
mod bindings;
mod cache;
mod call;
mod command;
mod component;
mod convert;
mod egress;
mod embedding;
mod engine;
mod error;
mod footprint;
mod grants;
mod guest;
mod kept;
mod limits;
mod manifest;
mod memory;
mod metadata;
mod plugin;
mod provider;
mod scratch;
mod ticker;
mod tool;

pub use command::{Command, Input, Invocation, Output};
pub use egress::client::NameResolver;
pub use egress::pattern::{HostPattern, PatternError};
pub use egress::secret::Secret;
pub use engine::{Engine, EngineConfig};
pub use error::LoadError;
pub use grants::{DirectoryGrant, EmbeddingGrant, FileAccess, Grants, SecretGrant};
pub use kept::KeptConfig;
pub use limits::Limits;
pub use manifest::{Calls, Capabilities, Manifest};
pub use metadata::{Exports, Metadata};
pub use plugin::{ConfiguredPlugin, Plugin, PluginSource};
pub use scratch::{ScratchConfig, ScratchGrant};
