//! What holds where no layer says anything, for the parts of the configuration that are read as a
//! whole. The commented file `default.toml` says the same to people.

use std::path::PathBuf;
use std::time::Duration;

use super::{AgentsConfig, PermissionsConfig, PoolMember, RemindersConfig};

impl PoolMember {
    /// A member with nothing but its model.
    pub(super) fn new(provider: &str, model: Option<&str>) -> Self {
        Self {
            provider: provider.to_owned(),
            model: model.map(str::to_owned),
            priority: 1,
            weight: 1,
            max_concurrent: None,
            first_token_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(60),
            price: None,
            context_window: None,
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

impl Default for AgentsConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            depth: 3,
            timeout: Duration::from_secs(300),
            turns: 50,
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
