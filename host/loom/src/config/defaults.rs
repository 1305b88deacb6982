//! What holds where no layer says anything, for the parts of the configuration that are read as a
//! whole: what the agent's own defaults are, where it has any. The commented file `default.toml` says the same to people.

use std::path::PathBuf;

use loom_core::{MemberOptions, SubAgents};

use super::{AgentsConfig, PermissionsConfig, PoolMember, RemindersConfig, SandboxConfig};

/// What `grants.scratch = true` stands for.
pub(in crate::config) const DEFAULT_SCRATCH_BYTES: u64 = 256 << 20;

impl PoolMember {
    /// A member with nothing but its model.
    pub(super) fn new(provider: &str, model: Option<&str>) -> Self {
        let options = MemberOptions::default();
        Self {
            provider: provider.to_owned(),
            model: model.map(str::to_owned),
            priority: options.priority,
            weight: options.weight,
            max_concurrent: None,
            first_token_timeout: options.first_token_timeout,
            idle_timeout: options.idle_timeout,
            price: options.price,
            context_window: options.context_window,
        }
    }
}

impl PermissionsConfig {
    /// No rules, and answers kept in `file`.
    pub(super) fn new(file: PathBuf) -> Self {
        Self {
            mode: loom_types::PermissionMode::default(),
            allow: Vec::new(),
            ask: Vec::new(),
            deny: Vec::new(),
            file,
        }
    }
}

impl SandboxConfig {
    /// The sandbox's own defaults, with scratch directories in `directory`.
    pub(super) fn new(directory: PathBuf) -> Self {
        let kept = loom_wasm::KeptConfig::default();
        Self {
            directory,
            kept: kept.instances,
            idle: kept.idle,
        }
    }
}

impl Default for AgentsConfig {
    fn default() -> Self {
        let agents = SubAgents::new(Vec::new());
        Self {
            enabled: true,
            depth: agents.depth,
            timeout: agents.timeout,
            turns: agents.turns,
            directories: Vec::new(),
        }
    }
}

impl Default for RemindersConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            disabled: Vec::new(),
        }
    }
}
