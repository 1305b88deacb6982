//! What a configuration assembles: plugins, providers and memory, ready for agents.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use loom_core::AgentBuilder;
use loom_types::{Memory, Provider, Tool};
use serde::Serialize;

use crate::config::Config;

/// Plugins, providers and memory as configured.
pub struct Loom;

/// Where a plugin comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PluginSource {
    Builtin,
    File(PathBuf),
}

/// What is known of a plugin.
#[derive(Clone, Debug, Serialize)]
pub struct PluginSummary {
    pub name: String,
    pub version: String,
    pub description: String,
    pub source: PluginSource,
    /// Any of `tool`, `llm`, `embedding`, `memory`.
    pub exports: Vec<String>,
    /// Names of its tools.
    pub tools: Vec<String>,
    /// What the manifest asks for.
    pub asks: serde_json::Value,
    /// What the configuration grants; it holds as far as the manifest asks for it.
    pub granted: serde_json::Value,
    /// Interfaces that the component imports.
    pub imports: Vec<String>,
    pub size_bytes: u64,
    /// SHA-256 of the component, hexadecimal.
    pub digest: String,
}

/// A plugin that was skipped.
#[derive(Clone, Debug, Serialize)]
pub struct PluginProblem {
    /// The file, or the name of the built-in.
    pub source: String,
    pub reason: String,
}

/// One finding of [`Loom::check`].
#[derive(Clone, Debug, Serialize)]
pub struct CheckLine {
    pub ok: bool,
    pub text: String,
}

impl Loom {
    pub async fn open(_config: &Config) -> anyhow::Result<Self> {
        Ok(Self)
    }

    pub async fn plugins(&self) -> Vec<PluginSummary> {
        Vec::new()
    }

    pub async fn tools(&self) -> anyhow::Result<Vec<Arc<dyn Tool>>> {
        Ok(Vec::new())
    }

    pub async fn tool_plugin(&self, _tool: &str) -> Option<String> {
        None
    }

    pub async fn provider(&self, _name: &str) -> anyhow::Result<Arc<dyn Provider>> {
        anyhow::bail!("plugins cannot be run yet")
    }

    pub async fn memory(&self) -> anyhow::Result<Arc<dyn Memory>> {
        anyhow::bail!("plugins cannot be run yet")
    }

    pub async fn agent(&self) -> anyhow::Result<AgentBuilder> {
        anyhow::bail!("plugins cannot be run yet")
    }

    pub async fn inspect(_path: &Path) -> anyhow::Result<PluginSummary> {
        anyhow::bail!("plugins cannot be run yet")
    }

    pub async fn check(_path: &Path) -> anyhow::Result<Vec<CheckLine>> {
        anyhow::bail!("plugins cannot be run yet")
    }

    #[must_use]
    pub fn problems(&self) -> Vec<PluginProblem> {
        Vec::new()
    }

    #[must_use]
    pub fn providers(&self) -> Vec<String> {
        Vec::new()
    }
}
