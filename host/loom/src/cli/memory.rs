//! `loom memory`: the facts that are remembered from one run to the next.

use std::sync::Arc;

use clap::{Args, Subcommand};
use loom_core::recall::{Fact, FactScope, Facts, NewFact};
use loom_types::{ErrorKind, Memory};

use super::{Global, fact};
use crate::config::Config;
use crate::fault::{Exit, Fault};
use crate::output::{self, Table};
use crate::render::text::{date, one_line};

/// List, search, add and forget what is remembered
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  loom memory add \"The tests need Postgres on port 5433\"
  loom memory add --everywhere \"I write British English\"
  loom memory list
  loom memory search which port does the database have
  loom memory forget m1f2e3d4

The model has the tools `remember` and `recall` for the same facts. `loom help memory` tells more.")]
pub(super) struct MemoryArguments {
    #[command(subcommand)]
    verb: MemoryVerb,
}

#[derive(Debug, Subcommand)]
enum MemoryVerb {
    /// List the facts for this directory and for everywhere, newest first
    List {
        #[arg(long, help = "Print JSON")]
        json: bool,
    },
    /// Find facts, best first
    Search {
        #[arg(required = true, value_name = "WORDS")]
        words: Vec<String>,
        /// How many
        #[arg(long, short = 'n', default_value_t = 10, value_name = "N")]
        limit: usize,
        #[arg(long, help = "Print JSON")]
        json: bool,
    },
    /// Remember a fact for this directory
    Add {
        #[arg(value_name = "FACT", value_parser = fact)]
        fact: String,
        /// Not only for this directory
        #[arg(long)]
        everywhere: bool,
        /// Put it before every run, whatever the run is about
        #[arg(long)]
        pin: bool,
    },
    /// Forget facts
    Forget {
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
}

pub(super) async fn run(arguments: MemoryArguments, global: Global) -> anyhow::Result<Exit> {
    let (config, loom) = global.open_plain().await?;
    let facts = facts(loom.memory().await?, &config);
    match arguments.verb {
        MemoryVerb::List { json } => show(&facts.list(None).await?, json)?,
        MemoryVerb::Search { words, limit, json } => {
            let found = facts.search(&words.join(" "), limit).await?;
            let found: Vec<_> = found.into_iter().map(|found| found.fact).collect();
            show(&found, json)?;
        }
        MemoryVerb::Add {
            fact,
            everywhere,
            pin,
        } => {
            let scope = match everywhere {
                true => FactScope::Everywhere,
                false => FactScope::Directory,
            };
            let new = NewFact {
                scope,
                pinned: pin,
                ..NewFact::new(fact)
            };
            add(&facts, new).await?;
        }
        MemoryVerb::Forget { ids } => forget(&facts, &ids).await?,
    }
    loom.shutdown().await;
    Ok(Exit::Done)
}

/// The facts of the working directory.
pub(super) fn facts(memory: Arc<dyn Memory>, config: &Config) -> Facts {
    Facts::new(memory, config.working_directory.to_string_lossy())
}

/// Remembers a fact, and says so.
pub(super) async fn add(facts: &Facts, new: NewFact) -> anyhow::Result<()> {
    let added = facts.add(new).await.map_err(|error| match error.kind {
        ErrorKind::InvalidInput => Fault::usage(error.message).into(),
        _ => anyhow::Error::from(error),
    })?;
    let how = match added.is_new {
        true => "remembered",
        false => "already remembered",
    };
    let Fact { id, scope, .. } = &added.fact;
    let place = match scope {
        FactScope::Directory => "this directory",
        FactScope::Everywhere => "everywhere",
    };
    output::note(&format!("{how} for {place}: {id}"));
    Ok(())
}

async fn forget(facts: &Facts, ids: &[String]) -> anyhow::Result<()> {
    let known = facts.list(None).await?;
    // All of them are found before the first is gone.
    for id in ids {
        if !known.iter().any(|fact| fact.id == *id) {
            let fault = Fault::failed(format!("there is no fact {id}"));
            return Err(fault.hint("`loom memory list` shows what there is").into());
        }
    }
    for id in ids {
        let forgotten = facts.forget(id).await?;
        let text = one_line(&forgotten.text, 60);
        output::note(&format!("forgot {id}: {text}"));
    }
    Ok(())
}

fn show(facts: &[Fact], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        output::print_json(&facts)?;
    } else if facts.is_empty() {
        output::note("nothing is remembered");
    } else {
        output::print(&table(facts).to_text())?;
    }
    Ok(())
}

fn table(facts: &[Fact]) -> Table {
    let mut table = Table::new(&["id", "remembered (UTC)", "for", "fact"]);
    for fact in facts {
        let pin = match fact.pinned {
            true => ", always",
            false => "",
        };
        let place = format!("{}{pin}", fact.scope.as_str());
        table.row([
            &fact.id,
            &date(fact.time_ms),
            &place,
            &one_line(&fact.text, 100),
        ]);
    }
    table
}
