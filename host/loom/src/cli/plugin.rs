//! `loom plugin`: what is installed, what a file is, and new projects.

use std::path::{Path, PathBuf};

use crate::Loom;
use crate::host::{PluginSource, PluginSummary};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Global;
use crate::fault::{Exit, Fault};
use crate::output::{self, Table};
use crate::render::text::bytes;
use crate::scaffold::{self, EXAMPLE_ARGUMENTS, EXAMPLE_TOOL, Scaffold, ScaffoldError};

/// List, inspect, check and begin plugins
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  loom plugin list
  loom plugin new my-tool              a Rust project that builds with cargo alone
  loom plugin inspect my_tool.wasm
  loom plugin check my_tool.wasm       does it keep the contract, do its examples work

Plugins are found in ~/.config/loom/plugins, in the project's .loom/plugins and in --plugin-dir.")]
pub(super) struct PluginArguments {
    #[command(subcommand)]
    verb: PluginVerb,
}

#[derive(Debug, Subcommand)]
enum PluginVerb {
    /// Begin a plugin with tools: a Rust project that brings Loom's SDK along
    New {
        /// Lower-case letters, digits, - and _; the name of the crate and of the plugin
        name: String,
        /// Where to put the project, NAME in the current directory if absent
        #[arg(long, value_name = "DIR")]
        path: Option<PathBuf>,
    },
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
        PluginVerb::New { name, path } => new(name, path, &global),
        PluginVerb::List { json } => list(&global, json).await,
        PluginVerb::Inspect { file, json } => inspect(&file, json).await,
        PluginVerb::Check { file, json } => check(&file, json).await,
    }
}

fn new(name: String, path: Option<PathBuf>, global: &Global) -> anyhow::Result<Exit> {
    let shown = path.unwrap_or_else(|| PathBuf::from(&name));
    let directory = match &global.directory {
        Some(base) => base.join(shown),
        None => shown,
    };
    let scaffold = Scaffold { name, directory };
    scaffold::create(&scaffold).map_err(refusal)?;
    output::print(&next_steps(&scaffold))?;
    Ok(Exit::Done)
}

fn refusal(error: ScaffoldError) -> anyhow::Error {
    let message = error.to_string();
    let fault = match error {
        ScaffoldError::Name { .. } => Fault::usage(message),
        ScaffoldError::Occupied(_) => {
            Fault::usage(message).hint("`--path DIR` puts the project somewhere else")
        }
        ScaffoldError::Write { .. } => return error.into(),
    };
    fault.into()
}

/// What was made, and the commands that come next, to be copied as they are.
fn next_steps(scaffold: &Scaffold) -> String {
    let directory = &scaffold.directory;
    let enter = match directory.as_os_str() == "." {
        true => String::new(),
        false => format!("  cd {}\n", shell_word(&directory.display().to_string())),
    };
    let component = scaffold.component();
    let (plugins, _) = component.rsplit_once('/').unwrap_or((".", ""));
    format!(
        "Made the plugin {name}. Next:\n\n{enter}  \
         cargo test\n  \
         cargo build --release --target wasm32-wasip2\n  \
         loom plugin check {component}\n  \
         loom --plugin-dir {plugins} tool call {EXAMPLE_TOOL} {arguments}\n",
        name = scaffold.name,
        arguments = shell_word(EXAMPLE_ARGUMENTS),
    )
}

/// A text as one word of a POSIX shell.
fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '+' | ':');
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

async fn list(global: &Global, json: bool) -> anyhow::Result<Exit> {
    let (_, loom) = global.open_plain().await?;
    let plugins = loom.plugins().await;
    if json {
        let all = json!({
            "plugins": plugins,
            "problems": loom.problems(),
            "missing": loom.missing(),
        });
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
    for missing in loom.missing() {
        output::warning(&missing.reason);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_commands_can_be_copied() {
        let scaffold = |directory: &str| Scaffold {
            name: "my-tool".to_owned(),
            directory: directory.into(),
        };
        insta::assert_snapshot!(next_steps(&scaffold("my plugins/it's")), @r#"
        Made the plugin my-tool. Next:

          cd 'my plugins/it'\''s'
          cargo test
          cargo build --release --target wasm32-wasip2
          loom plugin check target/wasm32-wasip2/release/my_tool.wasm
          loom --plugin-dir target/wasm32-wasip2/release tool call shorten '{"text": "to be or not to be", "words": 2}'
        "#);
        assert!(!next_steps(&scaffold(".")).contains("cd "));
    }
}
