//! The configuration: what a run uses and what every plugin is granted, resolved from its layers.
//!
//! A [`Config`] is complete: paths are absolute, variables are expanded, defaults are filled in. It
//! never holds the value of a secret, only the name of the environment variable that has it.
//! What must not be here: anything that acts on the configuration.

mod address;
mod context;
mod defaults;
mod layers;
mod model;
mod overrides;
mod places;
mod pool;
mod problem;
mod process;
mod raw;
mod resolve;
mod section;
mod show;
#[cfg(test)]
mod tests;
mod tree;
mod trust;
pub mod units;
mod untrusted;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use loom_types::{PermissionMode, Price, Usd};
use serde::Serialize;

pub use context::{CompressionConfig, EmbeddingModel, RecallConfig, RetrievalConfig};
pub use overrides::Overrides;
pub use problem::{ConfigError, Warning, nearest};
pub(crate) use raw::{check_tool_pattern, parse_mode as parse_permission_mode};
pub use show::Layers;
pub use trust::{Project, Standing, Trust};

/// The built-in defaults, a commented TOML file. Every other layer is laid over it.
pub const DEFAULT_TOML: &str = include_str!("config/default.toml");

/// Everything a run needs to know.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Config {
    /// `$workspace`: absolute, and it exists.
    pub working_directory: PathBuf,
    /// Granted wherever `$workspace` itself is granted. Absolute.
    pub additional_directories: Vec<PathBuf>,
    /// A key of [`providers`](Self::providers): that of the first member of `pool`.
    pub provider: String,
    /// The provider's id of a model; the first that the provider lists if absent. That of the first
    /// member of `pool`.
    pub model: Option<String>,
    /// Replaces the role text of the built-in system prompt.
    pub instructions: Option<String>,
    /// The models that answer, best first. At least one: without `[[pool]]` it is the one of
    /// `provider` and `model`.
    pub pool: Vec<PoolMember>,
    /// How the pool deals with failures.
    pub failover: FailoverConfig,
    /// What models cost that `pool` has no price for, by a pattern of `provider/model` with `*` for
    /// any characters; [`price`](Self::price) looks a model up.
    pub prices: BTreeMap<String, Price>,
    /// Tokens that models take, by patterns as in `prices`; [`context_window`](Self::context_window)
    /// looks a model up.
    pub context_windows: BTreeMap<String, u64>,
    pub limits: RunLimits,
    pub budget: BudgetConfig,
    pub tools: ToolFilter,
    pub permissions: PermissionsConfig,
    pub agents: AgentsConfig,
    pub reminders: RemindersConfig,
    pub telemetry: TelemetryConfig,
    pub providers: BTreeMap<String, ProviderConfig>,
    /// By the plugin's name. A plugin that is not here is enabled and granted nothing.
    pub plugins: BTreeMap<String, PluginConfig>,
    /// Where to look for plugins, in this order; they need not exist.
    pub plugin_dirs: Vec<PluginDirectory>,
    pub memory: MemoryConfig,
    pub sandbox: SandboxConfig,
    pub compression: CompressionConfig,
    pub recall: RecallConfig,
    pub retrieval: RetrievalConfig,
    /// Default none: search is by words then.
    pub embedding: Option<EmbeddingModel>,
    /// Sessions are forgotten when the process ends; `memory` is then `memory-ram`.
    pub ephemeral: bool,
    /// Loom's own cache directory; may not exist yet.
    pub cache_dir: PathBuf,
    /// Loom's own data directory; may not exist yet.
    pub data_dir: PathBuf,
}

/// Where a run ends though the model would go on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunLimits {
    /// Questions to the model. Default 50.
    pub turns: u32,
    /// Default none.
    #[serde(serialize_with = "units::serialize_optional_duration")]
    pub wall_time: Option<Duration>,
    /// Over all turns of a run. Default none.
    pub output_tokens: Option<u64>,
    /// Tool calls side by side. Default 10.
    pub tools_at_once: u32,
    /// For one tool call. Default 2 minutes.
    #[serde(serialize_with = "units::serialize_duration")]
    pub tool_timeout: Duration,
    /// A run ends when the same call failed so many times in a row; at least 2. Default 5.
    pub repeated_failures: u32,
}

/// A model that may answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PoolMember {
    /// A key of [`Config::providers`].
    pub provider: String,
    /// The provider's id of a model; the first that the provider lists if absent.
    pub model: Option<String>,
    /// Members are tried in this order, lowest first. Default 1.
    pub priority: u32,
    /// How often it is chosen among members of the same priority, in proportion. Default 1.
    pub weight: u32,
    /// Answers side by side; more wait, or go to another member. Default none.
    pub max_concurrent: Option<u32>,
    /// For the first token. Default 60 s: local servers load a model at the first question.
    #[serde(serialize_with = "units::serialize_duration")]
    pub first_token_timeout: Duration,
    /// Between two pieces of an answer. Default 60 s.
    #[serde(serialize_with = "units::serialize_duration")]
    pub idle_timeout: Duration,
    pub price: Option<Price>,
    /// Tokens of input and output together, where the provider does not say.
    pub context_window: Option<u64>,
}

/// How the pool deals with failures.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FailoverConfig {
    /// Attempts at one answer, over all members. Default: 6, or three for each member if that is more.
    pub attempts: Option<u32>,
    /// Ask a second member when the first token is later than the first member's own 95th
    /// percentile. Default false: it costs.
    pub hedge: bool,
}

/// What a run and all its sub-agents may use up together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BudgetConfig {
    /// Input and output. Default none.
    pub tokens: Option<u64>,
    /// Default none. Counts only models that have a price.
    pub usd: Option<Usd>,
    /// Questions to models. Default none; [`RunLimits::turns`] is for each run alone.
    pub turns: Option<u32>,
    /// Default none.
    pub tool_calls: Option<u32>,
}

/// Which tool calls may run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PermissionsConfig {
    /// What happens to calls that no rule speaks of. Default `ask`.
    pub mode: PermissionMode,
    /// Rules: `TOOL`, or `TOOL(PATTERN)`. `deny` wins over `ask`, `ask` over `allow`.
    pub allow: Vec<String>,
    pub ask: Vec<String>,
    pub deny: Vec<String>,
    /// Where answers are kept that hold for ever. Absolute; may not exist.
    pub file: PathBuf,
}

/// Sub-agents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AgentsConfig {
    /// Whether the model may start sub-agents. Default true.
    pub enabled: bool,
    /// How deep they may be nested. Default 3.
    pub depth: u32,
    /// For one sub-agent. Default 5 minutes.
    #[serde(serialize_with = "units::serialize_duration")]
    pub timeout: Duration,
    /// For one sub-agent. Default 50.
    pub turns: u32,
    /// Where definitions are looked for, in this order; the first of a name wins. They need not exist.
    pub directories: Vec<AgentDirectory>,
}

/// A directory with definitions of agents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AgentDirectory {
    /// Absolute; may not exist.
    pub path: PathBuf,
    /// False for a project that the person has not trusted: its agents are listed, not used.
    pub trusted: bool,
}

/// Hints to the model about its run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RemindersConfig {
    /// Default true.
    pub enabled: bool,
    /// Names of rules that are left out.
    pub disabled: Vec<String>,
}

/// What leaves the process about runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TelemetryConfig {
    /// Base URL of an OTLP/HTTP collector; none is sent to by default. `OTEL_EXPORTER_OTLP_ENDPOINT`
    /// sets it too.
    pub otlp_endpoint: Option<String>,
    /// Whether prompts, answers, arguments and results are in what is exported. Default false.
    pub content: bool,
}

/// Which tools the model sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ToolFilter {
    /// Patterns of names, `*` for any run of characters. Default `["*"]`.
    pub allowed: Vec<String>,
    /// Patterns too; they win over `allowed`. Default none.
    pub disallowed: Vec<String>,
    /// How many calls of a tool run side by side, by its name. Default: no limit of its own.
    pub at_once: BTreeMap<String, u32>,
    /// Whether the model has the tool `todo`. Default true.
    pub todo: bool,
}

/// A provider: a plugin that exports `llm`, with an address and a key.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProviderConfig {
    /// Name of the plugin.
    pub plugin: String,
    /// Its origin is in `grants.network`, and the API key is bound to it.
    pub base_url: Option<String>,
    /// The model to use when only the provider is named.
    pub model: Option<String>,
    /// Variable of the host's environment with the key; it is the secret `api-key` in `grants`.
    pub api_key_env: Option<String>,
    /// The plugin's own settings.
    pub config: Settings,
    pub grants: GrantsConfig,
    /// For one completion.
    pub limits: PluginLimits,
}

/// What one plugin may do, and its settings.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PluginConfig {
    pub enabled: bool,
    pub config: Settings,
    pub grants: GrantsConfig,
    /// For one call.
    pub limits: PluginLimits,
}

/// A plugin's own settings: strings reach it as they are, anything else as JSON.
pub type Settings = serde_json::Map<String, serde_json::Value>;

/// What the person grants to a plugin. The default grants nothing. It counts only as far as the
/// plugin's manifest asks for it too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct GrantsConfig {
    pub files: Vec<FileGrant>,
    /// `*`, or `scheme://host[:port]` where the host may start with `*.`.
    pub network: Vec<String>,
    /// By the name that the plugin uses.
    pub secrets: BTreeMap<String, SecretGrant>,
    /// What the plugin sees as its environment.
    pub environment: BTreeMap<String, String>,
    /// Wall-clock time.
    pub clock: bool,
    /// Vectors from the model of [`Config::embedding`].
    pub embeddings: bool,
    /// Room for files of its own, for each call or session. Default none.
    #[serde(rename = "scratch", serialize_with = "units::serialize_optional_bytes")]
    pub scratch_bytes: Option<u64>,
}

/// A directory for a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileGrant {
    /// Absolute; may not exist.
    pub path: PathBuf,
    pub access: FileAccess,
}

/// What may be done in a granted directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileAccess {
    ReadOnly,
    ReadWrite,
}

/// A secret for a plugin, which sees a placeholder only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SecretGrant {
    /// Variable of the host's environment with the value.
    pub env: String,
    /// Patterns as in [`GrantsConfig::network`]: the only places the value is sent to.
    pub hosts: Vec<String>,
}

/// What one call of a plugin may use up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PluginLimits {
    /// Linear memory. Default 256 MiB.
    #[serde(rename = "memory", serialize_with = "units::serialize_bytes")]
    pub memory_bytes: u64,
    /// Wall time. Default 60 s, for a provider 10 minutes: long answers of slow models.
    #[serde(serialize_with = "units::serialize_duration")]
    pub time: Duration,
    /// What the call returns. Default 1 MiB.
    #[serde(rename = "output", serialize_with = "units::serialize_bytes")]
    pub output_bytes: u64,
    /// Calls from the plugin into the host. Default 1,000,000.
    pub host_calls: u64,
    /// Body of one HTTP response. Default 16 MiB.
    #[serde(rename = "http_response", serialize_with = "units::serialize_bytes")]
    pub http_response_bytes: u64,
}

/// A directory with plugins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PluginDirectory {
    /// Absolute; may not exist.
    pub path: PathBuf,
    /// Whether its plugins get what the configuration grants to their names. False for a project
    /// that the person has not trusted: such plugins run, and are granted nothing.
    pub trusted: bool,
}

/// Where sessions are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemoryConfig {
    /// Name of a plugin that exports `memory`.
    pub plugin: String,
    /// `$memory`: absolute; may not exist yet.
    pub directory: PathBuf,
    /// How many are kept of each session; none are made if 0. Default 5.
    pub backups: u32,
}

/// Directories and instances that plugins have without a grant of files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SandboxConfig {
    /// Where scratch directories are. Absolute; may not exist yet.
    pub directory: PathBuf,
    /// Instances of sessions that are kept at once. Default 16.
    pub kept: u32,
    /// How long one is kept that nobody uses. Default 10 minutes.
    #[serde(serialize_with = "units::serialize_duration")]
    pub idle: Duration,
}

/// A configuration with what is to be said of it.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub config: Config,
    pub warnings: Vec<Warning>,
    pub layers: Layers,
}

/// Reads all layers: files, environment and overrides.
///
/// # Errors
/// Every problem of every layer.
pub fn load(overrides: &Overrides) -> Result<Loaded, ConfigError> {
    layers::load(process::sources(overrides)?)
}

/// The file with the user's configuration, which may not exist.
#[must_use]
pub fn user_file() -> PathBuf {
    process::user_file()
}

/// The directory for what Loom remembers between runs, such as the history of the chat; may not
/// exist.
#[must_use]
pub fn state_dir() -> PathBuf {
    process::state_dir()
}

/// Loom's own cache directory, for what needs no configuration; may not exist.
pub(crate) fn cache_dir() -> PathBuf {
    process::cache_dir()
}

/// The list of trusted projects.
#[must_use]
pub fn trust() -> Trust {
    process::trust()
}

impl Config {
    /// The configuration that applies here, as for the command line.
    ///
    /// # Errors
    /// Every problem of every layer.
    pub fn load(overrides: &Overrides) -> Result<(Self, Vec<Warning>), ConfigError> {
        let loaded = load(overrides)?;
        Ok((loaded.config, loaded.warnings))
    }

    /// The built-in defaults with a TOML text over them, which is trusted. No other file is read,
    /// and the environment chooses neither model nor addresses.
    ///
    /// # Errors
    /// Every problem of the text, or a current directory that is gone.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        process::from_text(None, text)
    }

    /// As [`from_toml`](Self::from_toml), for work in another directory than the current one.
    ///
    /// # Errors
    /// Every problem of the text, or a directory that is not there.
    pub fn in_directory(directory: impl AsRef<Path>, text: &str) -> Result<Self, ConfigError> {
        process::from_text(Some(directory.as_ref()), text)
    }
}

impl Default for Config {
    /// The built-in defaults in the current directory, with the offline provider.
    ///
    /// # Panics
    /// If the current directory is gone.
    fn default() -> Self {
        Self::from_toml("")
            .expect("the built-in defaults are valid and there is a current directory")
    }
}

impl ToolFilter {
    /// Whether the model may see a tool.
    #[must_use]
    pub fn allows(&self, tool: &str) -> bool {
        let any = |patterns: &[String]| patterns.iter().any(|it| Self::matches(it, tool));
        any(&self.allowed) && !any(&self.disallowed)
    }

    /// Whether a pattern matches a whole name; `*` stands for any run of characters.
    #[must_use]
    pub fn matches(pattern: &str, name: &str) -> bool {
        loom_core::pattern::matches(pattern, name)
    }
}

impl ProviderConfig {
    /// What the plugin gets as its settings: its own, and `base_url` and `model` where they are set.
    #[must_use]
    pub fn settings(&self) -> Settings {
        let mut settings = self.config.clone();
        for (key, value) in [("base_url", &self.base_url), ("model", &self.model)] {
            if let Some(value) = value {
                settings.insert(key.to_owned(), value.as_str().into());
            }
        }
        settings
    }
}
