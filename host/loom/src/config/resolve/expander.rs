//! What contains paths: plugins, providers, grants, and the directories that are looked into.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::{OwnProject, expand};
use crate::config::places::Places;
use crate::config::problem::{Problem, Problems};
use crate::config::raw::{
    Raw, RawAgents, RawGrants, RawPlugin, RawPluginLimits, RawProvider, RawSandbox,
};
use crate::config::tree::Origin;
use crate::config::{
    AgentDirectory, AgentsConfig, FileGrant, GrantsConfig, PluginConfig, PluginDirectory,
    PluginLimits, ProviderConfig, SandboxConfig, SecretGrant, address,
};

/// For one completion: what slow local models need for a long answer.
const PROVIDER_TIME: Duration = Duration::from_secs(600);

/// Resolves what contains paths.
pub(super) struct Expander<'a> {
    pub(super) places: Places,
    pub(super) additional: Vec<PathBuf>,
    pub(super) memory: PathBuf,
    pub(super) problems: &'a Problems,
}

impl Expander<'_> {
    /// The user's own directory, then the project's, then those that were named.
    pub(super) fn plugin_dirs(
        &self,
        raw: &Raw,
        project: Option<&OwnProject>,
    ) -> Vec<PluginDirectory> {
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
    pub(super) fn agents(&self, raw: &RawAgents, project: Option<&OwnProject>) -> AgentsConfig {
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

    pub(super) fn providers(
        &self,
        raw: BTreeMap<String, RawProvider>,
    ) -> BTreeMap<String, ProviderConfig> {
        let providers = raw.into_iter().map(|(name, provider)| {
            let provider = self.provider(&name, provider);
            (name, provider)
        });
        providers.collect()
    }

    pub(super) fn plugin(&self, raw: RawPlugin) -> PluginConfig {
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

    pub(super) fn sandbox(&self, raw: &RawSandbox) -> SandboxConfig {
        let default = SandboxConfig::new(self.places.data.join("loom").join("scratch"));
        let directory = raw.directory.as_ref();
        let directory = directory.and_then(|text| expand(&self.places, text, None, self.problems));
        SandboxConfig {
            directory: directory.unwrap_or(default.directory),
            kept: raw.kept.unwrap_or(default.kept),
            idle: raw.idle.unwrap_or(default.idle),
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
            embeddings: raw.embeddings,
            scratch_bytes: raw.scratch,
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
