//! `loom doctor`: looks at everything that a run needs and says what is wrong.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::config::{self, Project, Standing};
use crate::{Config, Loom, agents};
use clap::Args;
use serde::Serialize;
use serde_json::json;
use tokio::time::timeout;

use super::Global;
use crate::fault::Exit;
use crate::output;
use crate::render::text::plural;

/// A server that is there answers sooner.
const PATIENCE: Duration = Duration::from_secs(10);

/// Check configuration, plugins, sessions and the model's provider
#[derive(Debug, Args)]
pub(super) struct DoctorArguments {
    #[arg(long, help = "Print JSON")]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Good,
    /// It works, though perhaps not as meant.
    Notice,
    Bad,
}

#[derive(Debug, Serialize)]
struct Finding {
    state: State,
    subject: &'static str,
    text: String,
}

pub(super) async fn run(arguments: DoctorArguments, global: Global) -> anyhow::Result<Exit> {
    let mut findings = Findings::default();
    findings.good("version", format!("loom {}", env!("CARGO_PKG_VERSION")));
    examine(&mut findings, &global).await;
    let bad = findings.0.iter().any(|finding| finding.state == State::Bad);
    if arguments.json {
        output::print_json(&json!({ "ok": !bad, "findings": findings.0 }))?;
    } else {
        output::print(&findings.to_text())?;
    }
    Ok(if bad { Exit::Failed } else { Exit::Done })
}

async fn examine(findings: &mut Findings, global: &Global) {
    let loaded = match config::load(&global.overrides()) {
        Ok(loaded) => loaded,
        Err(error) => {
            findings.bad("configuration", error.to_string());
            return;
        }
    };
    for warning in &loaded.warnings {
        findings.notice("configuration", warning.to_string());
    }
    let files = loaded.layers.files().iter();
    let files: Vec<_> = files.map(|path| path.display().to_string()).collect();
    let files = if files.is_empty() {
        "built-in defaults".to_owned()
    } else {
        files.join(", ")
    };
    findings.good("configuration", files);
    let config = loaded.config;
    project(findings, &config);
    directories(findings, &config);
    agents(findings, &config);
    budget(findings, &config);
    let loom = match Loom::open(&config).await {
        Ok(loom) => loom,
        Err(error) => {
            findings.bad("plugins", format!("{error:#}"));
            return;
        }
    };
    plugins(findings, &config, &loom).await;
    sessions(findings, &loom).await;
    providers(findings, &config, &loom).await;
}

fn project(findings: &mut Findings, config: &Config) {
    let project = Project::of(&config.working_directory);
    if !project.has_anything() {
        return;
    }
    let name = project.directory.display();
    match config::trust().standing(&project) {
        Standing::Trusted => findings.good("project", format!("{name} is trusted")),
        Standing::Changed => {
            findings.notice(
                "project",
                format!("{name} has changed since it was trusted"),
            );
        }
        Standing::Unknown => findings.notice("project", format!("{name} is not trusted")),
    }
}

fn directories(findings: &mut Findings, config: &Config) {
    for (subject, path) in [
        ("cache", &config.cache_dir),
        ("sessions", &config.memory.directory),
        ("state", &config::state_dir()),
    ] {
        match writable(path) {
            Ok(()) => findings.good(subject, format!("{} can be written", path.display())),
            Err(error) => {
                let text = format!("{} can't be written: {error}", path.display());
                findings.bad(subject, text);
            }
        }
    }
}

/// Tries the nearest directory that exists, without making the others.
fn writable(path: &Path) -> std::io::Result<()> {
    let existing = path.ancestors().find(|path| path.exists());
    tempfile::tempfile_in(existing.unwrap_or(path)).map(drop)
}

async fn plugins(findings: &mut Findings, config: &Config, loom: &Loom) {
    for problem in loom.problems() {
        findings.bad("plugins", format!("{}: {}", problem.source, problem.reason));
    }
    let plugins = loom.plugins().await;
    let missing = loom.missing();
    for missing in &missing {
        findings.notice("plugins", missing.reason.clone());
    }
    for name in config.plugins.keys() {
        let known = plugins.iter().map(|plugin| &plugin.name);
        let mut known = known.chain(missing.iter().map(|missing| &missing.source));
        if !known.any(|each| each == name) && config.plugins[name].enabled {
            let text = format!("[plugins.{name}] is configured, but there is no such plugin");
            findings.notice("plugins", text);
        }
    }
    match loom.tools().await {
        Ok(tools) => {
            let plugins = plural(plugins.len() as u64, "plugin");
            let tools = plural(tools.len() as u64, "tool");
            findings.good("plugins", format!("{plugins} with {tools}"));
        }
        Err(error) => findings.bad("tools", format!("{error:#}")),
    }
}

async fn sessions(findings: &mut Findings, loom: &Loom) {
    let listed = async { anyhow::Ok(loom.memory().await?.sessions(1, None).await?) };
    match listed.await {
        Ok(_) => findings.good("sessions", "the store answers".to_owned()),
        Err(error) => findings.bad("sessions", format!("{error:#}")),
    }
}

fn agents(findings: &mut Findings, config: &Config) {
    let discovered = agents::discover(&config.agents);
    for problem in &discovered.problems {
        let source = problem.source.display();
        let text = format!("{source}: {}", problem.reason);
        findings.notice("agents", text);
    }
    let usable = discovered.agents.iter().filter(|agent| agent.trusted);
    let count = plural(usable.count() as u64, "agent");
    match config.agents.enabled {
        true => findings.good("agents", count),
        false => findings.notice("agents", format!("{count}, switched off by agents.enabled")),
    }
}

/// A budget in money that can't be counted is none.
fn budget(findings: &mut Findings, config: &Config) {
    if config.budget.usd.is_none() {
        return;
    }
    for member in &config.pool {
        let model = member.model.as_deref().unwrap_or_default();
        if config.price(&member.provider, model).is_none() {
            let text = format!(
                "{} has no price, so budget.usd does not count it; add one to [prices]",
                member.name()
            );
            findings.notice("budget", text);
        }
    }
}

/// Each provider once, with the models that it is asked for.
async fn providers(findings: &mut Findings, config: &Config, loom: &Loom) {
    let mut models: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for member in &config.pool {
        let wanted = models.entry(&member.provider).or_default();
        wanted.extend(member.model.as_deref());
    }
    for (name, models) in models {
        provider(findings, config, loom, name, &models).await;
    }
}

async fn provider(
    findings: &mut Findings,
    config: &Config,
    loom: &Loom,
    name: &str,
    models: &[&str],
) {
    if let Some(variable) = &config.providers[name].api_key_env {
        match std::env::var_os(variable).filter(|value| !value.is_empty()) {
            Some(_) => findings.good("key", format!("{variable} is set")),
            None => findings.notice("key", format!("{variable} is not set")),
        }
    }
    let asked = async { anyhow::Ok(loom.provider(name).await?.models().await?) };
    match timeout(PATIENCE, asked).await {
        Ok(Ok(listed)) => {
            let count = plural(listed.len() as u64, "model");
            findings.good("provider", format!("{name} answers and lists {count}"));
            for model in models {
                if !listed.iter().any(|known| known.id == *model) {
                    findings.notice("model", format!("{name} does not list {model}"));
                }
            }
        }
        Ok(Err(error)) => findings.bad("provider", format!("{name}: {error:#}")),
        Err(_) => findings.bad("provider", format!("{name} does not answer")),
    }
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn good(&mut self, subject: &'static str, text: String) {
        self.add(State::Good, subject, text);
    }

    fn notice(&mut self, subject: &'static str, text: String) {
        self.add(State::Notice, subject, text);
    }

    fn bad(&mut self, subject: &'static str, text: String) {
        self.add(State::Bad, subject, text);
    }

    fn add(&mut self, state: State, subject: &'static str, text: String) {
        self.0.push(Finding {
            state,
            subject,
            text,
        });
    }

    fn to_text(&self) -> String {
        let line = |finding: &Finding| {
            let mark = match finding.state {
                State::Good => "✓",
                State::Notice => "!",
                State::Bad => "✗",
            };
            format!("{mark} {:<14} {}\n", finding.subject, finding.text)
        };
        self.0.iter().map(line).collect()
    }
}
