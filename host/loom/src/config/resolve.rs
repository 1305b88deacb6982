//! From what the layers say to a complete [`Config`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::model::Choice;
use super::places::Places;
use super::problem::{Problem, Problems};
use super::raw::{Raw, RawGrants, RawLimits, RawPlugin, RawPluginLimits, RawProvider};
use super::section::Located;
use super::tree::Origin;
use super::{
    AgentsConfig, BudgetConfig, Config, FailoverConfig, FileGrant, GrantsConfig, MemoryConfig,
    PermissionsConfig, PluginConfig, PluginDirectory, PluginLimits, PoolMember, ProviderConfig,
    RemindersConfig, RunLimits, SecretGrant, TelemetryConfig, ToolFilter, address,
};

/// For one completion: what slow local models need for a long answer.
const PROVIDER_TIME: Duration = Duration::from_secs(600);

/// What the layers don't say.
pub(super) struct Situation {
    pub(super) places: Places,
    pub(super) choice: Choice,
    pub(super) project: Option<PluginDirectory>,
    pub(super) ephemeral: bool,
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
    let plugin_dirs = expander.plugin_dirs(&raw, situation.project);
    let providers = expander.providers(raw.providers);
    let plugins = raw.plugins.into_iter();
    let plugins = plugins.map(|(name, plugin)| (name, expander.plugin(plugin)));
    let Choice {
        provider, model, ..
    } = situation.choice;
    let default_model = providers.get(&provider).and_then(|it| it.model.clone());
    let model = model.or(default_model);
    Config {
        pool: vec![PoolMember::new(&provider, model.as_deref())],
        failover: FailoverConfig::default(),
        prices: BTreeMap::new(),
        budget: BudgetConfig::default(),
        permissions: PermissionsConfig::new(expander.places.data.join("loom/permissions.toml")),
        agents: AgentsConfig::default(),
        reminders: RemindersConfig::default(),
        telemetry: TelemetryConfig::default(),
        provider,
        model,
        instructions: raw.instructions,
        limits: resolve_limits(&raw.limits),
        tools: ToolFilter {
            allowed: raw.allowed.unwrap_or_else(|| vec!["*".to_owned()]),
            disallowed: raw.disallowed.unwrap_or_default(),
            at_once: BTreeMap::new(),
            todo: true,
        },
        providers,
        plugins: plugins.collect(),
        plugin_dirs,
        memory,
        ephemeral: situation.ephemeral,
        cache_dir: expander.places.cache.join("loom"),
        data_dir: expander.places.data.join("loom"),
        working_directory: expander.places.workspace,
        additional_directories: expander.additional,
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
    }
}

impl Default for PluginLimits {
    fn default() -> Self {
        Self {
            memory_bytes: 256 << 20,
            time: Duration::from_secs(60),
            output_bytes: 1 << 20,
            host_calls: 1_000_000,
            http_response_bytes: 16 << 20,
        }
    }
}

fn plugin_limits(raw: &RawPluginLimits, time: Duration) -> PluginLimits {
    let default = PluginLimits::default();
    PluginLimits {
        memory_bytes: raw.memory.unwrap_or(default.memory_bytes),
        time: raw.time.unwrap_or(time),
        output_bytes: raw.output.unwrap_or(default.output_bytes),
        host_calls: raw.host_calls.unwrap_or(default.host_calls),
        http_response_bytes: raw.http_response.unwrap_or(default.http_response_bytes),
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

/// Resolves what contains paths.
struct Expander<'a> {
    places: Places,
    additional: Vec<PathBuf>,
    memory: PathBuf,
    problems: &'a Problems,
}

impl Expander<'_> {
    /// The user's own directory, then the project's, then those that were named.
    fn plugin_dirs(&self, raw: &Raw, project: Option<PluginDirectory>) -> Vec<PluginDirectory> {
        let trusted = |path| PluginDirectory {
            path,
            trusted: true,
        };
        let mut directories = vec![trusted(self.places.config.join("plugins"))];
        directories.extend(project);
        for text in &raw.plugin_dirs {
            let path = expand(&self.places, text, None, self.problems);
            directories.extend(path.map(trusted));
        }
        directories
    }

    fn providers(&self, raw: BTreeMap<String, RawProvider>) -> BTreeMap<String, ProviderConfig> {
        let providers = raw.into_iter().map(|(name, provider)| {
            let provider = self.provider(&name, provider);
            (name, provider)
        });
        providers.collect()
    }

    fn plugin(&self, raw: RawPlugin) -> PluginConfig {
        PluginConfig {
            enabled: raw.enabled.unwrap_or(true),
            config: raw.config,
            grants: self.grants(raw.grants),
            limits: plugin_limits(&raw.limits, PluginLimits::default().time),
        }
    }

    fn provider(&self, name: &str, raw: RawProvider) -> ProviderConfig {
        let origin = raw
            .origin
            .unwrap_or_else(|| Origin::named("the configuration"));
        let key = format!("providers.{name}");
        if raw.plugin.is_none() && !self.problems.concern(&format!("{key}.plugin")) {
            let message = "the key `plugin` is missing; write plugin = \"openai\"";
            self.problems.add(Problem::new(&origin, &key, message));
        }
        let mut grants = self.grants(raw.grants);
        let base_url = raw.base_url;
        match base_url.as_ref().map(|url| address::origin(&url.value)) {
            Some(Ok(host)) => grant_host(&mut grants, &host, raw.api_key_env.as_deref()),
            Some(Err(message)) => {
                let url = base_url.as_ref().expect("its origin was just asked for");
                self.problems.add(url.problem(message));
            }
            None => {}
        }
        ProviderConfig {
            plugin: raw.plugin.unwrap_or_default(),
            base_url: base_url.map(|url| url.value),
            model: raw.model,
            api_key_env: raw.api_key_env,
            config: raw.config,
            grants,
            limits: plugin_limits(&raw.limits, PROVIDER_TIME),
        }
    }

    fn grants(&self, raw: RawGrants) -> GrantsConfig {
        let mut files = Vec::new();
        for grant in raw.files {
            let access = grant.access;
            let text = &grant.path;
            let Some(path) = expand(&self.places, text, Some(&self.memory), self.problems) else {
                continue;
            };
            let is_workspace = path == self.places.workspace;
            files.push(FileGrant { path, access });
            if is_workspace {
                let more = self.additional.iter().cloned();
                files.extend(more.map(|path| FileGrant { path, access }));
            }
        }
        GrantsConfig {
            files,
            network: raw.network,
            secrets: raw.secrets,
            environment: raw.environment,
            clock: raw.clock,
        }
    }
}

fn grant_host(grants: &mut GrantsConfig, host: &str, api_key_env: Option<&str>) {
    if !grants.network.iter().any(|granted| granted == host) {
        grants.network.push(host.to_owned());
    }
    if let Some(env) = api_key_env {
        let bound = || SecretGrant {
            env: env.to_owned(),
            hosts: vec![host.to_owned()],
        };
        grants
            .secrets
            .entry("api-key".to_owned())
            .or_insert_with(bound);
    }
}
