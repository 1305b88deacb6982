//! From what the layers say to a complete [`Config`].

mod context;
mod expander;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::model::Choice;
use super::places::Places;
use super::problem::Problems;
use super::raw::{
    Raw, RawFailover, RawLimits, RawMember, RawPermissions, RawProvider, RawReminders,
    RawTelemetry, RawTools,
};
use super::section::Located;
use super::{
    Config, FailoverConfig, MemoryConfig, PermissionsConfig, PoolMember, Project, RemindersConfig,
    RunLimits, TelemetryConfig, ToolFilter, pool,
};
use expander::Expander;

/// What the layers don't say.
pub(super) struct Situation {
    pub(super) places: Places,
    /// Used where no pool is configured.
    pub(super) choice: Choice,
    pub(super) project: Option<OwnProject>,
    pub(super) ephemeral: bool,
}

/// The project that is worked in.
pub(super) struct OwnProject {
    pub(super) project: Project,
    pub(super) trusted: bool,
}

/// Fills in the defaults and makes paths absolute. Problems are added; with any of them the result
/// is of no use.
pub(super) fn resolve(raw: Raw, situation: Situation, problems: &Problems) -> Config {
    let places = situation.places;
    let mut memory = resolve_memory(&raw, &places, problems);
    let expander = Expander {
        additional: additional(&raw, &places, problems),
        memory: memory.directory.clone(),
        places,
        problems,
    };
    if situation.ephemeral {
        memory.plugin = "memory-ram".to_owned();
    }
    let project = situation.project.as_ref();
    let plugin_dirs = expander.plugin_dirs(&raw, project);
    let agents = expander.agents(&raw.agents, project);
    let sandbox = expander.sandbox(&raw.sandbox);
    let pool = resolve_pool(raw.pool, situation.choice, &raw.providers, problems);
    let models = context::Models {
        providers: &raw.providers,
        problems,
    };
    let compression = models.compression(raw.context.compression);
    let embedding = models.embedding(raw.context.embedding);
    let providers = expander.providers(raw.providers);
    let plugins = raw.plugins.into_iter();
    let plugins = plugins.map(|(name, plugin)| (name, expander.plugin(plugin)));
    Config {
        provider: pool[0].provider.clone(),
        model: pool[0].model.clone(),
        pool,
        failover: resolve_failover(&raw.failover),
        prices: raw.prices.into_iter().collect(),
        context_windows: raw.context.windows.into_iter().collect(),
        compression,
        recall: context::recall(&raw.context.recall),
        retrieval: context::retrieval(raw.context.retrieval),
        embedding,
        budget: raw.budget,
        permissions: resolve_permissions(raw.permissions, &expander.places),
        agents,
        reminders: resolve_reminders(raw.reminders),
        telemetry: resolve_telemetry(raw.telemetry),
        instructions: raw.instructions,
        limits: resolve_limits(&raw.limits),
        tools: resolve_tools(raw.tools),
        providers,
        plugins: plugins.collect(),
        plugin_dirs,
        memory,
        sandbox,
        ephemeral: situation.ephemeral,
        cache_dir: expander.places.cache.join("loom"),
        data_dir: expander.places.data.join("loom"),
        working_directory: expander.places.workspace,
        additional_directories: expander.additional,
    }
}

/// The members of the pool, or the model that was chosen. Never empty.
fn resolve_pool(
    raw: Vec<RawMember>,
    choice: Choice,
    providers: &BTreeMap<String, RawProvider>,
    problems: &Problems,
) -> Vec<PoolMember> {
    let members = pool::members(raw, providers, problems);
    if !members.is_empty() {
        return members;
    }
    let provider = providers.get(&choice.provider);
    let model = choice.model;
    let model = model.or_else(|| provider.and_then(|it| it.model.clone()));
    vec![PoolMember::new(&choice.provider, model.as_deref())]
}

fn resolve_failover(raw: &RawFailover) -> FailoverConfig {
    let default = FailoverConfig::default();
    FailoverConfig {
        attempts: raw.attempts,
        hedge: raw.hedge.unwrap_or(default.hedge),
    }
}

fn resolve_permissions(raw: RawPermissions, places: &Places) -> PermissionsConfig {
    let default = PermissionsConfig::new(places.data.join("loom").join("permissions.toml"));
    PermissionsConfig {
        mode: raw.mode.unwrap_or(default.mode),
        allow: raw.allow.unwrap_or_default(),
        ask: raw.ask.unwrap_or_default(),
        deny: raw.deny.unwrap_or_default(),
        ..default
    }
}

fn resolve_reminders(raw: RawReminders) -> RemindersConfig {
    let default = RemindersConfig::default();
    RemindersConfig {
        enabled: raw.enabled.unwrap_or(default.enabled),
        disabled: raw.disabled.unwrap_or_default(),
    }
}

fn resolve_telemetry(raw: RawTelemetry) -> TelemetryConfig {
    let default = TelemetryConfig::default();
    TelemetryConfig {
        otlp_endpoint: raw.otlp_endpoint,
        content: raw.content.unwrap_or(default.content),
    }
}

fn resolve_tools(raw: RawTools) -> ToolFilter {
    ToolFilter {
        allowed: raw.allowed.unwrap_or_else(|| vec!["*".to_owned()]),
        disallowed: raw.disallowed.unwrap_or_default(),
        at_once: raw.at_once.into_iter().collect(),
        todo: raw.todo.unwrap_or(true),
    }
}

fn resolve_memory(raw: &Raw, places: &Places, problems: &Problems) -> MemoryConfig {
    let fallback = || places.data.join("loom").join("sessions");
    let directory = raw.memory_directory.as_ref();
    MemoryConfig {
        plugin: raw
            .memory_plugin
            .as_deref()
            .unwrap_or("memory-file")
            .to_owned(),
        directory: directory
            .and_then(|text| expand(places, text, None, problems))
            .unwrap_or_else(fallback),
        backups: raw.memory_backups.unwrap_or(5),
    }
}

fn additional(raw: &Raw, places: &Places, problems: &Problems) -> Vec<PathBuf> {
    let mut directories = Vec::new();
    for text in &raw.additional_directories {
        let Some(path) = expand(places, text, None, problems) else {
            continue;
        };
        if !path.is_dir() {
            let message = format!("there is no directory {}", path.display());
            problems.add(text.problem(message));
        } else if path != places.workspace && !directories.contains(&path) {
            directories.push(path);
        }
    }
    directories
}

fn resolve_limits(raw: &RawLimits) -> RunLimits {
    RunLimits {
        turns: raw.turns.unwrap_or(50),
        wall_time: raw.wall_time,
        output_tokens: raw.output_tokens,
        tools_at_once: raw.tools_at_once.unwrap_or(10),
        tool_timeout: raw.tool_timeout.unwrap_or(Duration::from_secs(120)),
        repeated_failures: raw.repeated_failures.unwrap_or(5),
    }
}

fn expand(
    places: &Places,
    text: &Located<String>,
    memory: Option<&Path>,
    problems: &Problems,
) -> Option<PathBuf> {
    match places.expand(text, memory) {
        Ok(path) => Some(path),
        Err(message) => {
            problems.add(text.problem(message));
            None
        }
    }
}
