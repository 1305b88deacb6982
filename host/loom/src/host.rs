//! What a configuration assembles: plugins, providers and memory, ready for agents.
//!
//! The one place where the sandbox and the agent meet. What must not be here: anything of the
//! command line.

mod agent;
mod catalogue;
mod check;
mod embedder;
mod grants;
mod missing;
mod models;
mod prompt;
mod recall;
mod retrieval;
mod summary;

use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use anyhow::{Context as _, bail};
use loom_core::recall::{HybridMemory, Recall};
use loom_core::{AgentBuilder, Backups, Pool};
use loom_types::{Embedder, Memory, Provider, Retriever, SessionId, Tool};
use loom_wasm::{Engine, EngineConfig, Grants, KeptConfig, ScratchConfig};
use tokio::sync::OnceCell;

use crate::config::{Config, nearest};
use crate::permission;
use crate::telemetry::Otlp;
use catalogue::{Catalogue, Installed};

pub use check::CheckLine;
pub use summary::{PluginProblem, PluginSource, PluginSummary};

/// Plugins, providers and memory as configured. It may be shared by any number of agents.
pub struct Loom {
    config: Config,
    engine: Engine,
    /// Replaced as a whole when a file in a plugin directory changes; runs go on with what they have.
    catalogue: Mutex<Arc<Catalogue>>,
    memory: OnceCell<Arc<dyn Memory>>,
    pool: OnceCell<Pool>,
    otlp: OnceLock<Option<Otlp>>,
    backups: Option<Backups>,
}

/// How long the end of the process waits for the backups of its sessions.
const BACKUP_PATIENCE: Duration = Duration::from_secs(2);

impl Loom {
    /// Loads what the configuration names. A plugin that cannot be loaded is one of
    /// [`problems`](Self::problems), not a failure.
    ///
    /// # Errors
    ///
    /// If the engine cannot start or its cache directory cannot be used.
    pub async fn open(config: &Config) -> anyhow::Result<Self> {
        let engine = engine(config)?;
        let catalogue = Catalogue::load(&engine, config, None).await;
        Ok(Self {
            config: config.clone(),
            engine,
            catalogue: Mutex::new(Arc::new(catalogue)),
            memory: OnceCell::new(),
            pool: OnceCell::new(),
            otlp: OnceLock::new(),
            backups: Some(config.memory.backups)
                .filter(|keep| *keep > 0)
                .map(Backups::keeping),
        })
    }

    /// The configuration it was opened with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The plugins that were loaded, by name.
    pub async fn plugins(&self) -> Vec<PluginSummary> {
        let catalogue = self.current().await;
        let summary = |installed: &Installed| {
            summary::of(&installed.plugin, &installed.granted(&self.config))
        };
        catalogue.plugins().iter().map(summary).collect()
    }

    /// The plugins that were skipped, and why.
    #[must_use]
    pub fn problems(&self) -> Vec<PluginProblem> {
        self.loaded().problems().to_vec()
    }

    /// The built-in plugins that this program was built without, by name, and what each needs; not those
    /// that are switched off.
    #[must_use]
    pub fn missing(&self) -> Vec<PluginProblem> {
        missing::missing(loom_builtins::MISSING, &self.config)
    }

    /// The tools that the configuration leaves to the model.
    ///
    /// # Errors
    ///
    /// None today; a later backend of tools may have some.
    pub async fn tools(&self) -> anyhow::Result<Vec<Arc<dyn Tool>>> {
        let catalogue = self.current().await;
        let tools = catalogue.tools().iter().map(|(_, tool)| tool);
        Ok(tools
            .filter(|tool| self.config.tools.allows(&tool.definition().name))
            .cloned()
            .collect())
    }

    /// The plugin that has this tool.
    pub async fn tool_plugin(&self, tool: &str) -> Option<String> {
        let catalogue = self.current().await;
        let found = catalogue
            .tools()
            .iter()
            .find(|(_, each)| each.definition().name == tool);
        found.map(|(plugin, _)| plugin.clone())
    }

    /// Names of the providers.
    #[must_use]
    pub fn providers(&self) -> Vec<String> {
        self.config.providers.keys().cloned().collect()
    }

    /// A provider by name.
    ///
    /// # Errors
    ///
    /// If there is no such provider, or its plugin is not there or has no models.
    pub async fn provider(&self, name: &str) -> anyhow::Result<Arc<dyn Provider>> {
        let Some(config) = self.config.providers.get(name) else {
            bail!(
                "there is no provider {name}{}",
                suggestion(name, &self.providers())
            );
        };
        let catalogue = self.current().await;
        let installed =
            find(&catalogue, &config.plugin).with_context(|| format!("provider {name}"))?;
        if !installed.plugin.exports().llm {
            bail!(
                "provider {name}: the plugin {} has no models",
                config.plugin
            );
        }
        let grants = if installed.trusted {
            grants::grants(&config.grants, None)?
        } else {
            Grants::default()
        };
        let configured = installed.plugin.configure(
            grants,
            grants::limits(&config.limits),
            grants::settings(&config.settings()),
        )?;
        Ok(configured.provider(name))
    }

    /// The model that turns texts into vectors; none if none is configured, or its plugin is not
    /// there.
    pub async fn embedder(&self) -> Option<Arc<dyn Embedder>> {
        self.current().await.embedder().cloned()
    }

    /// The session store.
    ///
    /// # Errors
    ///
    /// If its plugin is not there, or its directory cannot be made.
    pub async fn memory(&self) -> anyhow::Result<Arc<dyn Memory>> {
        self.memory
            .get_or_try_init(|| self.open_memory())
            .await
            .cloned()
    }

    /// What is remembered for the working directory: facts, and past sessions.
    ///
    /// # Errors
    ///
    /// As [`memory`](Self::memory).
    pub async fn recall(&self) -> anyhow::Result<Recall> {
        let directory = self.config.working_directory.to_string_lossy();
        Ok(Recall::new(self.memory().await?, directory, true))
    }

    /// What looks things up in the knowledge base before a run; none if that is not configured, or
    /// there is no knowledge base.
    ///
    /// # Errors
    ///
    /// If a model is to help with it and none is to be had.
    pub async fn retriever(&self) -> anyhow::Result<Option<Arc<dyn Retriever>>> {
        retrieval::retriever(self).await
    }

    /// The models that answer, as configured: they stand in for each other. All agents share it, and
    /// with it what is known of how the models do.
    ///
    /// # Errors
    ///
    /// If none of them is to be had.
    pub async fn pool(&self) -> anyhow::Result<Pool> {
        let pool = self.pool.get_or_try_init(|| models::pool(self));
        pool.await.cloned()
    }

    /// An agent with models, tools, memory, instructions, limits, permissions and sub-agents as
    /// configured. Where the permissions say that a person is asked, there is nobody until an
    /// [`approver`](AgentBuilder::approver) is given.
    ///
    /// # Errors
    ///
    /// If one of these is not to be had.
    pub async fn agent(&self) -> anyhow::Result<AgentBuilder> {
        let config = &self.config;
        let pool = self.pool().await?;
        let policy = permission::policy(config)?;
        if let Some(problem) = policy.problem() {
            tracing::warn!(target: "loom::notice", "no tool may run: {problem}");
        }
        let model = pool.model().to_owned();
        let pool_window = pool.context_window();
        let metadata = serde_json::json!({ "directory": config.working_directory, "model": model });
        let (tools, memory) = (self.tools().await?, self.memory().await?);
        let mut builder = loom_core::Agent::builder(Arc::new(pool), model)
            .tools(tools)
            .memory(memory)
            .instructions(prompt::system(config))
            .limits(agent::limits(config))
            .budget(agent::budget(config))
            .reminders(agent::reminders(config))
            .context_window(pool_window)
            .compression(agent::compression(self).await)
            .backups(self.backups.clone().filter(|_| !config.ephemeral))
            .sub_agents(
                agent::sub_agents(self)
                    .await
                    .filter(|_| config.tools.allows("task")),
            )
            .todo(config.tools.todo && config.tools.allows("todo"))
            .policy(policy)
            .metadata(metadata);
        if let Some(options) = recall::recall(config) {
            builder = builder.recall(self.recall().await?, options);
        }
        if let Some(retriever) = self.retriever().await? {
            builder = builder.retriever(retriever, recall::retrieval(config));
        }
        let otlp = self.otlp().into_iter();
        let builder = otlp.fold(builder, |builder, otlp| builder.observer(otlp.observer()));
        let at_once = config.tools.at_once.iter();
        Ok(at_once.fold(builder, |builder, (tool, calls)| {
            builder.tools_at_once(tool, usize::try_from(*calls).unwrap_or(usize::MAX))
        }))
    }

    /// The export to OpenTelemetry; none if nothing is configured. It begins when it is first asked
    /// for. One that cannot begin costs a warning.
    pub fn otlp(&self) -> Option<&Otlp> {
        let otlp = self.otlp.get_or_init(|| {
            let otlp = Otlp::new(&self.config.telemetry);
            otlp.unwrap_or_else(|error| {
                tracing::warn!(target: "loom::notice", "{error:#}; no telemetry is sent");
                None
            })
        });
        otlp.as_ref()
    }

    /// Suspends the plugins' sessions, finishes the backups of the agent's and sends what is left of the
    /// telemetry. Wait for it before the process ends; it takes two seconds at most for each, and no time
    /// if there is nothing to do.
    pub async fn shutdown(&self) {
        self.engine.shutdown().await;
        if let Some(backups) = &self.backups {
            backups.settled(BACKUP_PATIENCE).await;
        }
        if let Some(Some(otlp)) = self.otlp.get() {
            otlp.shutdown().await;
        }
    }

    /// Removes the scratch files that plugins have kept for a session; the store has it still.
    ///
    /// # Errors
    ///
    /// If a file cannot be removed.
    pub async fn forget_session(&self, session: &SessionId) -> anyhow::Result<()> {
        Ok(self.engine.forget_session(session.as_str()).await?)
    }

    /// A plugin that is not installed.
    ///
    /// # Errors
    ///
    /// If it is not a plugin that this host can run.
    pub async fn inspect(path: &Path) -> anyhow::Result<PluginSummary> {
        let plugin = check::load(path).await?;
        Ok(summary::of(&plugin, &Grants::default()))
    }

    /// Checks a plugin against the contract: that it links, its schemas, and its tools' examples,
    /// which run without any grant.
    ///
    /// # Errors
    ///
    /// If it cannot be loaded at all.
    pub async fn check(path: &Path) -> anyhow::Result<Vec<CheckLine>> {
        check::check(path).await
    }

    /// With an embedding model its entries have vectors.
    async fn open_memory(&self) -> anyhow::Result<Arc<dyn Memory>> {
        let name = &self.config.memory.plugin;
        let catalogue = self.current().await;
        let installed = find(&catalogue, name).context("the session store")?;
        if !installed.plugin.exports().memory {
            bail!("the session store: the plugin {name} is none");
        }
        let directory = &self.config.memory.directory;
        let granted = installed.granted(&self.config).directories;
        if granted
            .iter()
            .any(|grant| grant.host_path.starts_with(directory))
        {
            std::fs::create_dir_all(directory).with_context(|| {
                format!(
                    "the session directory {} cannot be made; set memory.directory, or run with --ephemeral",
                    directory.display()
                )
            })?;
        }
        let configured = installed.configure(&self.config, catalogue.embedder())?;
        let store = configured.memory();
        Ok(match catalogue.embedder() {
            Some(embedder) => Arc::new(HybridMemory::new(store, Arc::clone(embedder))),
            None => store,
        })
    }

    /// The catalogue as the plugin directories are now.
    async fn current(&self) -> Arc<Catalogue> {
        let loaded = self.loaded();
        if loaded.is_current(&self.config) {
            return loaded;
        }
        let catalogue = Arc::new(Catalogue::load(&self.engine, &self.config, Some(&loaded)).await);
        *self
            .catalogue
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::clone(&catalogue);
        catalogue
    }

    fn loaded(&self) -> Arc<Catalogue> {
        Arc::clone(
            &self
                .catalogue
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        )
    }
}

fn engine(config: &Config) -> anyhow::Result<Engine> {
    let without_cache = EngineConfig {
        scratch: ScratchConfig {
            directory: Some(config.sandbox.directory.clone()),
            keep_sessions: !config.ephemeral,
        },
        kept: KeptConfig {
            instances: config.sandbox.kept,
            idle: config.sandbox.idle,
        },
        ..EngineConfig::default()
    };
    cached_engine(&config.cache_dir, without_cache)
}

/// An engine with a cache below Loom's cache directory. One that cannot be used costs time at each
/// start, and nothing else.
pub(crate) fn cached_engine(
    cache_dir: &Path,
    without_cache: EngineConfig,
) -> anyhow::Result<Engine> {
    let with_cache = Engine::new(&EngineConfig {
        cache_directory: Some(cache_dir.join("compiled")),
        ..without_cache.clone()
    });
    match with_cache {
        Ok(engine) => Ok(engine),
        Err(error) => {
            tracing::warn!(target: "loom::notice", "{error}; compiled plugins are not kept");
            Ok(Engine::new(&without_cache)?)
        }
    }
}

fn find<'a>(catalogue: &'a Catalogue, name: &str) -> anyhow::Result<&'a Installed> {
    let found = catalogue
        .plugins()
        .iter()
        .find(|installed| installed.plugin.name() == name);
    found.with_context(|| {
        match catalogue
            .problems()
            .iter()
            .find(|problem| problem.source.contains(name))
        {
            Some(problem) => format!("the plugin {name} could not be loaded: {}", problem.reason),
            None => {
                let names: Vec<String> = catalogue
                    .plugins()
                    .iter()
                    .map(|installed| installed.plugin.name())
                    .collect();
                format!("there is no plugin {name}{}", suggestion(name, &names))
            }
        }
    })
}

fn suggestion(name: &str, names: &[String]) -> String {
    match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => format!("; did you mean {near}?"),
        None => format!("; there are {}", names.join(", ")),
    }
}
