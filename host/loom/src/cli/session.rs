//! `loom session`: what was said before.

mod backups;
mod compact;
mod export;
mod fork;
mod import;
mod search;

use std::path::{Path, PathBuf};

use crate::Loom;
use clap::{Args, Subcommand, ValueEnum};
use loom_types::Memory;
use serde_json::json;

use super::Global;
use super::sessions::{self, Summary};
use crate::fault::Exit;
use crate::output::{self, Table};
use crate::render::text::{date, one_line};
use export::Numbers;

/// List, search, show, fork, export, import, delete and restore sessions
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  loom session list
  loom session search descale kettle
  loom session show 0198c2                           the beginning of an id is enough
  loom session fork 0198c2 --at 7                    go another way from there
  loom session export 0198c2 --format markdown > talk.md
  loom session restore 0198c2                        as it was in its last backup
  loom run --resume=0198c2 \"Go on\"

`loom help memory` tells more.")]
pub(super) struct SessionArguments {
    #[command(subcommand)]
    verb: SessionVerb,
}

#[derive(Debug, Subcommand)]
enum SessionVerb {
    #[command(flatten)]
    OfStore(StoreVerb),
    Compact(compact::CompactArguments),
}

/// What needs the store alone, and no model.
#[derive(Debug, Subcommand)]
enum StoreVerb {
    /// List the sessions, last changed first
    List {
        /// How many
        #[arg(long, short = 'n', default_value_t = 20, value_name = "N")]
        limit: usize,
        /// The sessions of sub-agents too
        #[arg(long)]
        all: bool,
        #[arg(long, help = "Print JSON")]
        json: bool,
    },
    Search(search::SearchArguments),
    /// Show what was said and done in a session, each message with its number
    Show {
        id: String,
        #[arg(long, help = "Print the entries of its log as JSON")]
        json: bool,
    },
    Fork(fork::ForkArguments),
    /// Delete sessions, with what tools kept for them; their backups stay, so that `session restore`
    /// can bring back what was said
    Delete {
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Write a session in a format for others
    Export {
        id: String,
        #[arg(long, value_enum, default_value_t = Format::Jsonl)]
        format: Format,
        /// Write to this file instead of stdout
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    Import(import::ImportArguments),
    Backups(backups::BackupsArguments),
    Restore(backups::RestoreArguments),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Each entry of the log as one line of JSON
    Jsonl,
    /// For people
    Markdown,
}

pub(super) async fn run(arguments: SessionArguments, global: Global) -> anyhow::Result<Exit> {
    match arguments.verb {
        SessionVerb::OfStore(verb) => of_store(verb, global).await,
        SessionVerb::Compact(arguments) => compact::run(arguments, &global).await,
    }
}

async fn of_store(verb: StoreVerb, global: Global) -> anyhow::Result<Exit> {
    let (config, loom) = global.open_plain().await?;
    let memory = loom.memory().await?;
    let memory = memory.as_ref();
    match verb {
        StoreVerb::List { limit, all, json } => list(memory, limit, all, json).await?,
        StoreVerb::Show { id, json } => show(memory, &id, json).await?,
        StoreVerb::Delete { ids } => delete(&loom, memory, &ids).await?,
        StoreVerb::Search(arguments) => search::run(memory, &arguments).await?,
        StoreVerb::Fork(arguments) => fork::run(memory, &arguments, global.quiet).await?,
        StoreVerb::Export { id, format, output } => {
            export(memory, &id, format, output.as_deref()).await?;
        }
        StoreVerb::Import(arguments) => {
            import::run(memory, &arguments, &config, global.quiet).await?;
        }
        StoreVerb::Backups(arguments) => backups::list(memory, &arguments).await?,
        StoreVerb::Restore(arguments) => backups::restore(memory, &arguments).await?,
    }
    Ok(Exit::Done)
}

async fn list(memory: &dyn Memory, limit: usize, all: bool, as_json: bool) -> anyhow::Result<()> {
    let found = sessions::list(memory, limit, all).await?;
    if as_json {
        output::print_json(&found.iter().map(to_json).collect::<Vec<_>>())?;
    } else if found.is_empty() {
        output::note("no sessions yet");
    } else {
        output::print(&table(&found, all).to_text())?;
    }
    Ok(())
}

fn table(found: &[Summary], with_agents: bool) -> Table {
    let fourth = if with_agents { "agent" } else { "directory" };
    let mut table = Table::new(&["id", "changed (UTC)", "entries", fourth, "begins with"]);
    for each in found {
        table.row([
            each.info.id.as_str(),
            &date(each.info.updated_ms),
            &each.info.entries.to_string(),
            each.outline.metadata(fourth).unwrap_or("-"),
            &one_line(&each.outline.title, 50),
        ]);
    }
    table
}

fn to_json(each: &Summary) -> serde_json::Value {
    let mut value = json!(each.info);
    value["title"] = one_line(&each.outline.title, 50).into();
    value["model"] = json!(each.outline.header.as_ref().map(|header| &header.model));
    for name in ["directory", "agent", "parent_session_id"] {
        value[name] = json!(each.outline.metadata(name));
    }
    value
}

async fn show(memory: &dyn Memory, id: &str, as_json: bool) -> anyhow::Result<()> {
    let id = sessions::find(memory, id).await?;
    let entries = loom_core::sessions::read(memory, &id).await?;
    if as_json {
        output::print_json(&entries)?;
    } else {
        output::print(&export::markdown(&id, entries, Numbers::Shown)?)?;
    }
    Ok(())
}

async fn export(
    memory: &dyn Memory,
    id: &str,
    format: Format,
    file: Option<&Path>,
) -> anyhow::Result<()> {
    let id = sessions::find(memory, id).await?;
    let entries = loom_core::sessions::read(memory, &id).await?;
    let text = match format {
        Format::Jsonl => export::jsonl(&id, &entries)?,
        Format::Markdown => export::markdown(&id, entries, Numbers::Hidden)?,
    };
    match file {
        Some(path) => export::write(path, &text),
        None => Ok(output::print(&text)?),
    }
}

async fn delete(loom: &Loom, memory: &dyn Memory, ids: &[String]) -> anyhow::Result<()> {
    // All of them are found before the first is gone.
    let mut found = Vec::new();
    for id in ids {
        found.push(sessions::find(memory, id).await?);
    }
    found.sort();
    found.dedup();
    for id in found {
        memory.delete(&id).await?;
        loom.forget_session(&id).await?;
        output::note(&format!("deleted {id}"));
    }
    Ok(())
}
