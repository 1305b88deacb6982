//! From what the layers say to a complete [`Config`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::model::Choice;
use super::places::Places;
use super::problem::{Problem, Problems};
use super::raw::{
    Raw, RawAgents, RawFailover, RawGrants, RawLimits, RawMember, RawPermissions, RawPlugin,
    RawPluginLimits, RawProvider, RawReminders, RawTelemetry, RawTools,
};
use super::section::Located;
use super::tree::Origin;
use super::{
    AgentDirectory, AgentsConfig, Config, FailoverConfig, FileGrant, GrantsConfig, MemoryConfig,
    PermissionsConfig, PluginConfig, PluginDirectory, PluginLimits, PoolMember, Project,
    ProviderConfig, RemindersConfig, RunLimits, SecretGrant, TelemetryConfig, ToolFilter, address,
    pool,
};

/// For one completion: what slow local models need for a long answer.
const PROVIDER_TIME: Duration = Duration::from_secs(600);

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
    let pool = resolve_pool(raw.pool, situation.choice, &raw.providers, problems);
    let providers = expander.providers(raw.providers);
    let plugins = raw.plugins.into_iter();
    let plugins = plugins.map(|(name, plugin)| (name, expander.plugin(plugin)));
    Config {
        provider: pool[0].provider.clone(),
        model: pool[0].model.clone(),
        pool,
        failover: resolve_failover(&raw.failover),
        prices: raw.prices.into_iter().collect(),
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
    fn plugin_dirs(&self, raw: &Raw, project: Option<&OwnProject>) -> Vec<PluginDirectory> {
        let trusted = |path| PluginDirectory {
            path,
            trusted: true,
        };
        let mut directories = vec![trusted(self.places.config.join("plugins"))];
        directories.extend(project.map(|own| PluginDirectory {
            path: own.project.plugins(),
            trusted: own.trusted,
        }));
        for text in &raw.plugin_dirs {
            let path = expand(&self.places, text, None, self.problems);
            directories.extend(path.map(trusted));
        }
        directories
    }

    /// The project's directories come first, so that a project can say what an agent's name means in
    /// it; then the user's own, then those that were named.
    fn agents(&self, raw: &RawAgents, project: Option<&OwnProject>) -> AgentsConfig {
        let mut directories = Vec::new();
        if let Some(own) = project {
            let paths = own.project.agents().into_iter();
            directories.extend(paths.map(|path| AgentDirectory {
                path,
                trusted: own.trusted,
            }));
        }
        let named = raw.directories.iter();
        let named = named.filter_map(|text| expand(&self.places, text, None, self.problems));
        let users = std::iter::once(self.places.config.join("agents"));
        directories.extend(users.chain(named).map(|path| AgentDirectory {
            path,
            trusted: true,
        }));
        let default = AgentsConfig::default();
        AgentsConfig {
            enabled: raw.enabled.unwrap_or(default.enabled),
            depth: raw.depth.unwrap_or(default.depth),
            timeout: raw.timeout.unwrap_or(default.timeout),
            turns: raw.turns.unwrap_or(default.turns),
            directories,
        }
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
