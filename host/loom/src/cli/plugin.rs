//! `loom plugin`: what is installed, and what a file is.

use std::path::{Path, PathBuf};

use crate::Loom;
use crate::host::{PluginSource, PluginSummary};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Global;
use crate::fault::Exit;
use crate::output::{self, Table};
use crate::render::text::bytes;

/// List, inspect and check plugins
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  loom plugin list
  loom plugin inspect my_tool.wasm
  loom plugin check my_tool.wasm       does it keep the contract, do its examples work

Plugins are found in ~/.config/loom/plugins, in the project's .loom/plugins and in --plugin-dir.")]
pub(super) struct PluginArguments {
    #[command(subcommand)]
    verb: PluginVerb,
}

#[derive(Debug, Subcommand)]
enum PluginVerb {
    /// List the plugins, and those that were skipped with the reason
    List {
        #[arg(long, help = "Print JSON")]
        json: bool,
    },
    /// Show what a component exports, imports and asks for, without running it
    Inspect {
        file: PathBuf,
        #[arg(long, help = "Print JSON")]
        json: bool,
    },
    /// Check a component against the contract, its schemas and its own examples
    Check {
        file: PathBuf,
        #[arg(long, help = "Print JSON")]
        json: bool,
    },
}

pub(super) async fn run(arguments: PluginArguments, global: Global) -> anyhow::Result<Exit> {
    match arguments.verb {
        PluginVerb::List { json } => list(&global, json).await,
        PluginVerb::Inspect { file, json } => inspect(&file, json).await,
        PluginVerb::Check { file, json } => check(&file, json).await,
    }
}

async fn list(global: &Global, json: bool) -> anyhow::Result<Exit> {
    let (_, loom) = global.open_plain().await?;
    let plugins = loom.plugins().await;
    if json {
        let all = json!({ "plugins": plugins, "problems": loom.problems() });
        output::print_json(&all)?;
        return Ok(Exit::Done);
    }
    let mut table = Table::new(&["name", "version", "exports", "source", "description"]);
    for plugin in &plugins {
        table.row([
            &plugin.name,
            &plugin.version,
            &plugin.exports.join(","),
            &source(&plugin.source),
            &plugin.description,
        ]);
    }
    output::print(&table.to_text())?;
    Ok(Exit::Done)
}

async fn inspect(file: &Path, json: bool) -> anyhow::Result<Exit> {
    let summary = Loom::inspect(file).await?;
    if json {
        output::print_json(&summary)?;
    } else {
        output::print(&describe(&summary))?;
    }
    Ok(Exit::Done)
}

fn describe(plugin: &PluginSummary) -> String {
    let mut text = format!("{} {}\n", plugin.name, plugin.version);
    let mut line = |name: &str, value: &str| {
        let value = if value.is_empty() { "-" } else { value };
        text.push_str(&format!("{name:<12} {value}\n"));
    };
    line("description", &plugin.description);
    line("source", &source(&plugin.source));
    line("size", &bytes(plugin.size_bytes));
    line("sha256", &plugin.digest);
    line("exports", &plugin.exports.join(", "));
    line("tools", &plugin.tools.join(", "));
    line("asks for", &capabilities(&plugin.asks));
    line("granted", &capabilities(&plugin.granted));
    line("imports", &plugin.imports.join("\n             "));
    text
}

/// A table of capabilities as `name=value`, without those that are empty.
fn capabilities(value: &Value) -> String {
    let Value::Object(fields) = value else {
        return if value.is_null() {
            String::new()
        } else {
            value.to_string()
        };
    };
    let given = fields.iter().filter(|(_, value)| !is_empty(value));
    let pairs = given.map(|(name, value)| match value {
        Value::String(text) => format!("{name}={text}"),
        other => format!("{name}={other}"),
    });
    pairs.collect::<Vec<_>>().join(", ")
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::String(text) => text.is_empty() || text == "none",
        _ => false,
    }
}

async fn check(file: &Path, json: bool) -> anyhow::Result<Exit> {
    let lines = Loom::check(file).await?;
    if json {
        output::print_json(&lines)?;
    } else {
        let mark = |ok| if ok { "✓" } else { "✗" };
        let lines = lines
            .iter()
            .map(|line| format!("{} {}\n", mark(line.ok), line.text));
        output::print(&lines.collect::<String>())?;
    }
    Ok(match lines.iter().all(|line| line.ok) {
        true => Exit::Done,
        false => Exit::Failed,
    })
}

fn source(source: &PluginSource) -> String {
    match source {
        PluginSource::Builtin => "built in".to_owned(),
        PluginSource::File(path) => path.display().to_string(),
    }
}
