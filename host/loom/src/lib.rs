//! Loom: an agent host whose tools, memory and models are sandboxed WebAssembly components.
//!
//! [`config`] says what a run uses and what each plugin may do; [`host`] assembles it. The agent
//! itself is in [`loom_core`], the vocabulary in [`loom_types`].

pub mod config;
pub mod host;

pub use config::Config;
pub use host::Loom;
pub use loom_core;
pub use loom_types;
