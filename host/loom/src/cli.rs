//! The command line: what can be typed, and which verb does it.

mod agent;
mod ask;
mod chat;
mod completions;
mod config;
mod doctor;
mod drive;
mod help;
mod kb;
mod lists;
mod memory;
mod model;
mod permission;
mod plugin;
mod prompt;
mod run;
mod sandbox;
mod session;
mod sessions;
mod steer;
mod tool;

pub(crate) use lists::gathered;

use std::path::PathBuf;
use std::time::Duration;

use crate::config::{Loaded, Overrides, parse_permission_mode, units};
use clap::{Args, Parser, Subcommand};
use loom_types::{PermissionMode, Usd};

use crate::fault::{Exit, Fault};
use crate::output;
use crate::telemetry;
use crate::telemetry::log::{LogFormat, LogOptions};

/// An agent whose tools, memory and models are sandboxed WebAssembly components.
#[derive(Debug, Parser)]
#[command(
    name = "loom",
    version,
    arg_required_else_help = true,
    subcommand_required = true,
    disable_help_subcommand = true,
    max_term_width = 100,
    after_help = "\
Examples:
  loom run \"Which files here mention TODO?\"        offline, no key needed
  loom run -m openai/gpt-5-mini \"Explain src/main.rs\"
  git diff | loom run \"Write a commit message\"
  loom chat -m ollama/qwen3:8b

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 a limit ended the run, 130 cancelled.
`loom config show` tells what applies here and why.
`loom help` lists topics such as pool and budgets."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    verb: Verb,
}

/// What every verb understands.
#[derive(Clone, Debug, Args)]
struct Global {
    /// Work in this directory instead of the current one
    #[arg(
        short = 'C',
        long = "cd",
        value_name = "DIR",
        global = true,
        help_heading = "Configuration"
    )]
    directory: Option<PathBuf>,
    /// Grant this directory wherever the workspace is granted (may be repeated)
    #[arg(
        long = "add-dir",
        value_name = "DIR",
        global = true,
        help_heading = "Configuration"
    )]
    add_dir: Vec<PathBuf>,
    /// Set a key of the configuration, for example -c limits.turns=5 (may be repeated)
    #[arg(
        short = 'c',
        long = "config",
        value_name = "KEY=VALUE",
        global = true,
        help_heading = "Configuration"
    )]
    set: Vec<String>,
    /// Use [profiles.NAME] of the configuration
    #[arg(
        long,
        value_name = "NAME",
        global = true,
        help_heading = "Configuration"
    )]
    profile: Option<String>,
    /// Load plugins from this directory too (may be repeated)
    #[arg(
        long = "plugin-dir",
        value_name = "DIR",
        global = true,
        help_heading = "Configuration"
    )]
    plugin_dir: Vec<PathBuf>,
    /// Nothing on stderr but what went wrong; `run` prints the last message only
    #[arg(
        short,
        long,
        global = true,
        conflicts_with = "verbose",
        help_heading = "Output"
    )]
    quiet: bool,
    /// Show reasoning and results of tools; twice: the log too (or set LOOM_LOG)
    #[arg(short, long, action = clap::ArgAction::Count, global = true, help_heading = "Output")]
    verbose: u8,
    /// What the log on stderr looks like; json logs at info, if LOOM_LOG does not say otherwise
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        default_value_t = LogFormat::Text,
        env = "LOOM_LOG_FORMAT",
        hide_env_values = true,
        global = true,
        help_heading = "Output"
    )]
    log_format: LogFormat,
}

/// What shapes an agent; for `run` and `chat`.
#[derive(Clone, Debug, Default, Args)]
struct AgentOptions {
    /// PROVIDER/MODEL, PROVIDER for its default model, or a MODEL of the default provider. It alone
    /// answers; a [[pool]] of the configuration is set aside
    #[arg(short, long, value_name = "MODEL")]
    model: Option<String>,
    /// The only tools that may be used: names or patterns such as read_*
    #[arg(long, value_name = "TOOLS", value_delimiter = ',', num_args = 1)]
    allowed_tools: Option<Vec<String>>,
    /// Tools that may not be used, whatever else is said
    #[arg(long, value_name = "TOOLS", value_delimiter = ',', num_args = 1)]
    disallowed_tools: Vec<String>,
    /// Go on with this session; it is made if there is none
    #[arg(long, value_name = "ID", conflicts_with = "resume", value_parser = session_id)]
    session: Option<String>,
    /// Go on with a session that exists, by id or the beginning of it; without ID the last of this
    /// directory. Write --resume=ID, or put the prompt first
    #[arg(long, value_name = "ID", num_args = 0..=1, default_missing_value = "")]
    resume: Option<String>,
    /// Forget the session when done
    #[arg(long)]
    ephemeral: bool,
    /// A fact that stays in the session word for word, however long it gets (may be repeated); see
    /// `loom help context`
    #[arg(long, value_name = "FACT", value_parser = fact)]
    pin: Vec<String>,
    /// How often the model may be asked
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_turns: Option<u32>,
    /// How long a run may take, for example 90s or 5m
    #[arg(long, value_name = "DURATION", value_parser = units::parse_duration)]
    timeout: Option<Duration>,
    /// How many tokens the run and its sub-agents may use, input and output
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_tokens: Option<u64>,
    /// How much the run and its sub-agents may cost, in US dollars; see `loom help budgets`
    #[arg(long, value_name = "USD", value_parser = dollars)]
    max_budget_usd: Option<Usd>,
    /// Calls that no rule speaks of: ask (about what does more than read), auto (run), read-only,
    /// or deny; see `loom help permissions`
    #[arg(long, value_name = "MODE", value_parser = parse_permission_mode)]
    permissions: Option<PermissionMode>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Run(run::RunArguments),
    Chat(chat::ChatArguments),
    Tool(tool::ToolArguments),
    Agent(agent::AgentArguments),
    Plugin(plugin::PluginArguments),
    Model(model::ModelArguments),
    Permission(permission::PermissionArguments),
    Session(session::SessionArguments),
    Kb(kb::KbArguments),
    Memory(memory::MemoryArguments),
    Sandbox(sandbox::SandboxArguments),
    Config(config::ConfigArguments),
    Doctor(doctor::DoctorArguments),
    Completions(completions::CompletionsArguments),
    Help(help::HelpArguments),
}

impl Arguments {
    /// Whether errors belong on stdout as events too.
    pub(crate) fn writes_json(&self) -> bool {
        matches!(&self.verb, Verb::Run(run) if run.json)
    }
}

/// Does what was asked.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let global = arguments.global;
    telemetry::log::start(LogOptions {
        verbose: global.verbose,
        quiet: global.quiet,
        format: global.log_format,
    });
    match arguments.verb {
        Verb::Run(arguments) => in_runtime(run::run(arguments, global)),
        Verb::Chat(arguments) => chat::run(&arguments, &global),
        Verb::Agent(arguments) => agent::run(&arguments, &global),
        Verb::Tool(arguments) => in_runtime(tool::run(arguments, global)),
        Verb::Plugin(arguments) => in_runtime(plugin::run(arguments, global)),
        Verb::Model(arguments) => in_runtime(model::run(arguments, global)),
        Verb::Permission(arguments) => in_runtime(permission::run(arguments, global)),
        Verb::Session(arguments) => in_runtime(session::run(arguments, global)),
        Verb::Kb(arguments) => in_runtime(kb::run(arguments, global)),
        Verb::Memory(arguments) => in_runtime(memory::run(arguments, global)),
        Verb::Sandbox(arguments) => in_runtime(sandbox::run(arguments, global)),
        Verb::Config(arguments) => config::run(&arguments, &global),
        Verb::Doctor(arguments) => in_runtime(doctor::run(arguments, global)),
        Verb::Completions(arguments) => completions::run(&arguments),
        Verb::Help(arguments) => help::run(&arguments),
    }
}

/// The runtime is built here and not earlier: `--version` and `config` need none.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    Ok(builder.enable_all().build()?)
}

fn in_runtime(verb: impl Future<Output = anyhow::Result<Exit>>) -> anyhow::Result<Exit> {
    let runtime = runtime()?;
    let result = runtime.block_on(verb);
    // A thread that still waits for stdin must not hold up the end.
    runtime.shutdown_background();
    result
}

impl Global {
    fn overrides(&self) -> Overrides {
        Overrides {
            working_directory: self.directory.clone(),
            additional_directories: self.add_dir.clone(),
            plugin_dirs: self.plugin_dir.clone(),
            set: self.set.clone(),
            profile: self.profile.clone(),
            ..Overrides::default()
        }
    }

    /// Reads the configuration and tells its warnings.
    fn load(&self, overrides: &Overrides) -> anyhow::Result<Loaded> {
        if let Some(missing) = self.plugin_dir.iter().find(|path| !path.is_dir()) {
            let missing = format!("--plugin-dir: there is no directory {}", missing.display());
            return Err(Fault::usage(missing).into());
        }
        let loaded = crate::config::load(overrides)?;
        if loaded.config.telemetry.content {
            telemetry::log::allow_content();
        }
        for warning in &loaded.warnings {
            output::warning(&warning.to_string());
        }
        Ok(loaded)
    }

    /// Assembles what is configured and tells which plugins were skipped.
    async fn open(&self, config: &crate::Config) -> anyhow::Result<crate::Loom> {
        let loom = crate::Loom::open(config).await?;
        for problem in loom.problems() {
            let line = format!("skipped {}: {}", problem.source, problem.reason);
            output::warning(&line);
        }
        Ok(loom)
    }

    /// The same for an agent, which would have had the tools of plugins that are not part of this build.
    async fn open_for_agent(&self, config: &crate::Config) -> anyhow::Result<crate::Loom> {
        let loom = self.open(config).await?;
        if !self.quiet {
            for missing in loom.missing() {
                output::warning(&missing.reason);
            }
        }
        Ok(loom)
    }

    /// Both, where no agent is needed.
    async fn open_plain(&self) -> anyhow::Result<(crate::Config, crate::Loom)> {
        let config = self.load(&self.overrides())?.config;
        let loom = self.open(&config).await?;
        Ok((config, loom))
    }
}

impl AgentOptions {
    fn overrides(&self, global: &Global) -> Overrides {
        Overrides {
            model: self.model.clone(),
            allowed_tools: self.allowed_tools.clone(),
            disallowed_tools: self.disallowed_tools.clone(),
            max_turns: self.max_turns,
            wall_time: self.timeout,
            max_tokens: self.max_tokens,
            max_budget: self.max_budget_usd,
            permission_mode: self.permissions,
            ephemeral: self.ephemeral,
            ..global.overrides()
        }
    }
}

/// An amount to spend: more than nothing.
fn dollars(text: &str) -> Result<Usd, String> {
    let number = text.strip_prefix('$').unwrap_or(text).parse::<f64>();
    let usd = number.ok().filter(|it| it.is_finite());
    let usd = usd.and_then(Usd::from_dollars);
    usd.filter(|usd| *usd > Usd::ZERO)
        .ok_or_else(|| "an amount is more than zero, for example 1.50".to_owned())
}

/// A fact to keep: something must be in it.
fn fact(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("write the fact".to_owned()),
        fact => Ok(fact.to_owned()),
    }
}

/// What can name a session in every store: short, and nothing that a path or a terminal minds.
fn session_id(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let fits = (1..=128).contains(&text.len()) && text.chars().all(allowed);
    if fits && !text.starts_with(['.', '-']) {
        return Ok(text.to_owned());
    }
    Err("an id has letters, digits, `-`, `_` and `.`, at most 128 of them".to_owned())
}

#[cfg(test)]
mod tests;
