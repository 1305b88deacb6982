//! `loom model`: which models there are, and whether they work.

mod check;
mod embed;
mod health;

use std::time::Duration;

use crate::config::Overrides;
use crate::{Config, Loom};
use clap::{Args, Subcommand};
use futures::future::join_all;
use loom_types::{Error, ModelInfo};
use serde_json::json;
use tokio::time::timeout;

use super::Global;
use crate::fault::{Exit, Fault};
use crate::output::{self, Table};
use crate::render::text::{count, plural};

/// A server that is there answers sooner; one that is not should not be waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// List models and check them
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  loom model list                    of every provider that can be asked
  loom model list ollama
  loom model list --health           how each member of the pool does now
  loom model check                   each model that may answer here
  loom model check -m openai/gpt-5-mini
  loom model embed -m ollama/nomic-embed-text \"a text\"")]
pub(super) struct ModelArguments {
    #[command(subcommand)]
    verb: ModelVerb,
}

#[derive(Debug, Subcommand)]
enum ModelVerb {
    /// List the models that can be asked now
    List {
        /// Only this provider
        provider: Option<String>,
        /// Ask each member of the pool for a word and say how it does, instead of listing models.
        /// Whether one answers costs a few tokens
        #[arg(long, conflicts_with = "provider")]
        health: bool,
        #[arg(long, help = "Print JSON")]
        json: bool,
    },
    /// Ask for a word and for a tool call, and say what works and how fast: the model that is named,
    /// or each that may answer here
    Check {
        /// PROVIDER/MODEL, PROVIDER for its default model, or a MODEL of the default provider
        #[arg(short, long, value_name = "MODEL")]
        model: Option<String>,
        #[arg(long, help = "Print JSON")]
        json: bool,
    },
    /// Turn texts into vectors with the embedding model, and print them as JSON
    Embed {
        /// PROVIDER/MODEL instead of embedding.model
        #[arg(short, long, value_name = "MODEL")]
        model: Option<String>,
        /// One vector is printed for each
        #[arg(required = true, value_name = "TEXT")]
        texts: Vec<String>,
    },
}

pub(super) async fn run(arguments: ModelArguments, global: Global) -> anyhow::Result<Exit> {
    match arguments.verb {
        ModelVerb::List {
            health: true, json, ..
        } => {
            let (_, loom) = global.open_plain().await?;
            health::run(&loom, json).await
        }
        ModelVerb::List { provider, json, .. } => list(&global, provider.as_deref(), json).await,
        ModelVerb::Check { model, json } => {
            let overrides = Overrides {
                model,
                ..global.overrides()
            };
            let config = global.load(&overrides)?.config;
            let loom = global.open(&config).await?;
            check::run(&config, &loom, json).await
        }
        ModelVerb::Embed { model, texts } => embed::run(&global, model, texts).await,
    }
}

async fn list(global: &Global, only: Option<&str>, json: bool) -> anyhow::Result<Exit> {
    let (config, loom) = global.open_plain().await?;
    let providers = match only {
        Some(name) => {
            known(&config, name)?;
            vec![name.to_owned()]
        }
        None => askable(&config),
    };
    let loom = &loom;
    let answers = providers.iter().map(|name| async move {
        let models = models(loom, name).await;
        (name.as_str(), models)
    });
    let mut found = Vec::new();
    let mut failures = Vec::new();
    for (provider, models) in join_all(answers).await {
        match models {
            Ok(models) => found.extend(models.into_iter().map(|model| (provider, model))),
            Err(error) if only.is_some() => return Err(error),
            Err(error) => failures.push(format!("{provider}: {error:#}")),
        }
    }
    print(&config, &found, json)?;
    if global.verbose > 0 {
        failures.iter().for_each(|line| output::warning(line));
    } else if !failures.is_empty() && !global.quiet {
        let count = plural(failures.len() as u64, "provider");
        output::note(&format!("{count} did not answer; -v says why"));
    }
    Ok(Exit::Done)
}

fn print(config: &Config, found: &[(&str, ModelInfo)], json: bool) -> anyhow::Result<()> {
    let mut table = Table::new(&["model", "context", "tools", ""]);
    let mut values = Vec::new();
    for (provider, model) in found {
        row(&mut table, config, provider, model);
        let mut value = json!(model);
        value["provider"] = (*provider).into();
        values.push(value);
    }
    if json {
        output::print_json(&values)?;
    } else if !table.is_empty() {
        output::print(&table.to_text())?;
    }
    Ok(())
}

fn known(config: &Config, name: &str) -> anyhow::Result<()> {
    if config.providers.contains_key(name) {
        return Ok(());
    }
    let names: Vec<_> = config.providers.keys().map(String::as_str).collect();
    let fault = Fault::usage(format!("there is no provider `{name}`"));
    Err(fault.hint(format!("there are {}", names.join(", "))).into())
}

/// The providers for which nothing is missing: those with an address and a key, or that need none.
fn askable(config: &Config) -> Vec<String> {
    let has_value = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let ready = config.providers.iter().filter(|(name, provider)| {
        let offline = provider.plugin == "rules";
        let has_key = provider.api_key_env.as_deref().is_none_or(has_value);
        let has_address = offline || provider.base_url.is_some();
        let used = config.pool.iter().any(|it| it.provider == **name);
        used || (has_key && has_address)
    });
    ready.map(|(name, _)| name.clone()).collect()
}

async fn models(loom: &Loom, name: &str) -> anyhow::Result<Vec<ModelInfo>> {
    let provider = loom.provider(name).await?;
    match timeout(PATIENCE, provider.models()).await {
        Ok(models) => Ok(models?),
        Err(_) => {
            let message = format!("{name} did not answer within {} s", PATIENCE.as_secs());
            Err(Error::timeout(message).into())
        }
    }
}

fn row(table: &mut Table, config: &Config, provider: &str, model: &ModelInfo) {
    let context = model.context_window.map_or("-".to_owned(), count);
    let tools = if model.tools { "yes" } else { "no" };
    let chosen = config
        .pool
        .iter()
        .any(|member| member.provider == provider && member.model.as_ref() == Some(&model.id));
    let mark = if chosen { "(used here)" } else { "" };
    let name = format!("{provider}/{}", model.id);
    table.row([&name, &context, tools, mark]);
}
