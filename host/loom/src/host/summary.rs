//! What people and scripts are told of plugins.

use std::path::PathBuf;

use crate::config::units;
use loom_wasm::{Grants, Plugin};
use serde::Serialize;
use serde_json::{Value, json};

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
    /// Any of `tool`, `llm`, `embedding`, `memory`, `backups`.
    pub exports: Vec<String>,
    /// Names of its tools.
    pub tools: Vec<String>,
    /// What the manifest asks for.
    pub asks: Value,
    /// What the configuration grants; it holds as far as the manifest asks for it.
    pub granted: Value,
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

pub(super) fn of(plugin: &Plugin, granted: &Grants) -> PluginSummary {
    let metadata = plugin.metadata();
    PluginSummary {
        name: plugin.name(),
        version: plugin.version().to_owned(),
        description: metadata.manifest.description.clone(),
        source: match plugin.source() {
            loom_wasm::PluginSource::Embedded { .. } => PluginSource::Builtin,
            loom_wasm::PluginSource::File(path) => PluginSource::File(path.clone()),
        },
        exports: plugin
            .exports()
            .names()
            .into_iter()
            .map(str::to_owned)
            .collect(),
        tools: plugin
            .definitions()
            .iter()
            .map(|definition| definition.name.clone())
            .collect(),
        asks: serde_json::to_value(&metadata.manifest.capabilities).unwrap_or_default(),
        granted: granted_json(granted),
        imports: metadata.imports.clone(),
        size_bytes: plugin.size_bytes(),
        digest: plugin.digest().to_owned(),
    }
}

/// Names and places, never the value of a secret.
fn granted_json(grants: &Grants) -> Value {
    let files = grants
        .directories
        .iter()
        .map(|grant| json!({ "path": grant.host_path, "access": grant.access }));
    json!({
        "files": files.collect::<Vec<_>>(),
        "network": grants.network.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "secrets": grants.secrets.keys().collect::<Vec<_>>(),
        "environment": grants.environment.keys().collect::<Vec<_>>(),
        "clock": grants.clock,
        "embeddings": grants.embeddings.is_granted(),
        "scratch": grants.scratch.map(|grant| units::format_bytes(grant.bytes)),
    })
}
