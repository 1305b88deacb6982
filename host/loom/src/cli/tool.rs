//! `loom tool`: the tools, and calls of them without a model.

use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::time::Duration;

use crate::config::{nearest, units};
use crate::{Config, Loom};
use clap::{Args, Subcommand};
use loom_core::call_tool;
use loom_types::{Content, Error, Progress, Safety, SessionId, Tool, ToolContext, ToolDefinition};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{Global, drive, prompt};
use crate::fault::{Exit, Fault};
use crate::output::{self, Table};
use crate::render::text::one_line;
use crate::render::value::readable;

/// List, describe and call tools
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  loom tool list
  loom tool show read_file
  loom tool call read_file '{\"path\": \"Cargo.toml\"}'
  echo '{\"expression\": \"2^100\"}' | loom tool call calculate -
  loom tool call run_python '{\"code\": \"x = 20\", \"session\": \"a\"}'
  loom tool call run_python '{\"code\": \"x + 1\", \"session\": \"a\"}'

A tool that keeps sessions finds them again in the next call from the same directory.")]
pub(super) struct ToolArguments {
    #[command(subcommand)]
    verb: ToolVerb,
}

#[derive(Debug, Subcommand)]
enum ToolVerb {
    /// List the tools that the model sees
    List {
        #[arg(long, help = "Print JSON")]
        json: bool,
    },
    /// Show a tool's arguments and examples
    Show {
        name: String,
        #[arg(long, help = "Print JSON")]
        json: bool,
    },
    /// Call a tool as a model would, with the same grants and limits
    Call {
        name: String,
        /// The arguments as a JSON object; - reads them from stdin
        #[arg(default_value = "{}")]
        arguments: String,
        #[arg(long, help = "Print the result as JSON")]
        json: bool,
        /// How long the call may take, for example 90s or 5m
        #[arg(long, value_name = "DURATION", value_parser = units::parse_duration)]
        timeout: Option<Duration>,
        /// The conversation that the call belongs to. Tools with sessions, such as run_python, keep
        /// theirs from call to call of it. Default: one for each working directory
        #[arg(long, value_name = "ID", value_parser = super::session_id)]
        session: Option<String>,
    },
}

pub(super) async fn run(arguments: ToolArguments, global: Global) -> anyhow::Result<Exit> {
    let (config, loom) = global.open_plain().await?;
    match arguments.verb {
        ToolVerb::List { json } => list(&loom, json).await,
        ToolVerb::Show { name, json } => show(&loom, &name, json).await,
        ToolVerb::Call {
            name,
            arguments,
            json,
            timeout,
            session,
        } => {
            let tool = find(&loom, &name).await?;
            let arguments = match arguments.as_str() {
                "-" => prompt::read_stdin(global.quiet).await?,
                _ => arguments,
            };
            let context = ToolContext {
                session_id: session.map_or_else(|| session_of(&config), SessionId::from),
                ..ToolContext::standalone(timeout.unwrap_or(config.limits.tool_timeout))
            };
            let result = call(&tool, &arguments, context, json, &global).await;
            loom.shutdown().await;
            result
        }
    }
}

async fn list(loom: &Loom, json: bool) -> anyhow::Result<Exit> {
    let tools = loom.tools().await?;
    let mut table = Table::new(&["name", "plugin", "safety", "description"]);
    let mut values = Vec::new();
    for tool in &tools {
        let definition = tool.definition();
        let plugin = loom.tool_plugin(&definition.name).await;
        let plugin = plugin.as_deref().unwrap_or("-");
        let description = one_line(definition.description.lines().next().unwrap_or(""), 80);
        table.row([&definition.name, plugin, safety(definition), &description]);
        values.push(to_json(definition, plugin));
    }
    if json {
        output::print_json(&values)?;
    } else if table.is_empty() {
        output::note(
            "no tools; `loom plugin list` shows the plugins, `loom config show` what is allowed",
        );
    } else {
        output::print(&table.to_text())?;
    }
    Ok(Exit::Done)
}

async fn show(loom: &Loom, name: &str, json: bool) -> anyhow::Result<Exit> {
    let tool = find(loom, name).await?;
    let definition = tool.definition();
    let plugin = loom.tool_plugin(name).await;
    let plugin = plugin.as_deref().unwrap_or("-");
    if json {
        output::print_json(&to_json(definition, plugin))?;
    } else {
        output::print(&describe(definition, plugin)?)?;
    }
    Ok(Exit::Done)
}

fn describe(definition: &ToolDefinition, plugin: &str) -> anyhow::Result<String> {
    let mut text = format!(
        "{} (plugin {plugin}, {}{})\n\n{}\n\nArguments:\n{}\n",
        definition.name,
        safety(definition),
        if definition.idempotent {
            ", idempotent"
        } else {
            ""
        },
        definition.description.trim(),
        serde_json::to_string_pretty(&definition.input_schema)?,
    );
    if !definition.examples.is_empty() {
        text.push_str("\nExamples:\n");
    }
    for example in &definition.examples {
        text.push_str(&format!("  # {}\n", example.title));
        let quoted = example.arguments.to_string().replace('\'', r"'\''");
        text.push_str(&format!(
            "  loom tool call {} '{quoted}'\n",
            definition.name
        ));
    }
    Ok(text)
}

async fn call(
    tool: &Arc<dyn Tool>,
    arguments: &str,
    mut context: ToolContext,
    json: bool,
    global: &Global,
) -> anyhow::Result<Exit> {
    if !global.quiet {
        context.progress = Progress::new(|message, _| output::note(&format!("· {message}")));
    }
    let result = tokio::select! {
        result = call_tool(tool, arguments, &context) => result,
        signal = drive::interrupted() => {
            signal?;
            context.cancel.cancel();
            return Ok(Exit::Cancelled);
        }
    };
    match result {
        Ok(content) if json => output::print_json(&content)?,
        Ok(content) => print_content(&content)?,
        Err(error) => return Err(failed(&error, tool.definition()).into()),
    }
    Ok(Exit::Done)
}

/// Calls outside a run are a conversation of their own in each directory: what a tool keeps under a name
/// is there again in the next process.
fn session_of(config: &Config) -> SessionId {
    let digest = Sha256::digest(config.working_directory.as_os_str().as_encoded_bytes());
    let digest: String = digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    SessionId::from(format!("tool-call-{digest}"))
}

/// Text as text; JSON as JSON, unless a person reads it; a blob as it is, unless it would land on a terminal.
fn print_content(content: &[Content]) -> anyhow::Result<()> {
    for piece in content {
        match piece {
            Content::Blob(blob) if !io::stdout().is_terminal() => output::print_bytes(&blob.data)?,
            Content::Json(value) if io::stdout().is_terminal() => output::print(&readable(value))?,
            Content::Json(value) => output::print_json(value)?,
            other => {
                let text = other.to_text();
                let end = if text.ends_with('\n') { "" } else { "\n" };
                output::print(&format!("{text}{end}"))?;
            }
        }
    }
    Ok(())
}

fn failed(error: &Error, definition: &ToolDefinition) -> Fault {
    let kind = json!(error.kind);
    let message = format!("({}) {error}", kind.as_str().unwrap_or("internal"));
    let hint = match error.kind {
        loom_types::ErrorKind::InvalidInput => {
            format!(
                "`loom tool show {}` describes the arguments",
                definition.name
            )
        }
        _ => error.advice().to_owned(),
    };
    Fault::failed(message).hint(hint)
}

async fn find(loom: &Loom, name: &str) -> anyhow::Result<Arc<dyn Tool>> {
    let tools = loom.tools().await?;
    let named = |tool: &&Arc<dyn Tool>| tool.definition().name == name;
    if let Some(tool) = tools.iter().find(named) {
        return Ok(Arc::clone(tool));
    }
    let names = tools.iter().map(|tool| tool.definition().name.as_str());
    let hint = match nearest(name, names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`loom tool list` shows the tools that are there and allowed".to_owned(),
    };
    // Which tools they would have is not known.
    let missing: String = loom
        .missing()
        .iter()
        .map(|missing| format!("; {}", missing.reason))
        .collect();
    Err(Fault::usage(format!("there is no tool `{name}`{missing}"))
        .hint(hint)
        .into())
}

fn to_json(definition: &ToolDefinition, plugin: &str) -> serde_json::Value {
    let mut value = json!(definition);
    value["plugin"] = plugin.into();
    value
}

fn safety(definition: &ToolDefinition) -> &'static str {
    match definition.safety {
        Safety::Safe => "safe",
        Safety::Cautious => "cautious",
        Safety::Exclusive => "exclusive",
    }
}
