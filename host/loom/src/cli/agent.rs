//! `loom agent`: which sub-agents there are, and what each is told and may use.

use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::json;

use super::Global;
use crate::agents::{self, AgentDefinition, Discovered};
use crate::config::{AgentsConfig, nearest, units};
use crate::fault::{Exit, Fault};
use crate::output::{self, Table};
use crate::render::text::{count, one_line};

/// List the agents that a model can give work to, and show one
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  loom agent list
  loom agent show reviewer

`loom help agents` tells how to define one.")]
pub(super) struct AgentArguments {
    #[command(subcommand)]
    verb: AgentVerb,
}

#[derive(Debug, Subcommand)]
enum AgentVerb {
    /// List the agents
    List {
        #[arg(long, help = "Print JSON")]
        json: bool,
    },
    /// Show what an agent is told and may use
    Show {
        name: String,
        #[arg(long, help = "Print JSON")]
        json: bool,
    },
}

pub(super) fn run(arguments: &AgentArguments, global: &Global) -> anyhow::Result<Exit> {
    let config = global.load(&global.overrides())?.config;
    let discovered = agents::discover(&config.agents);
    for problem in &discovered.problems {
        let skipped = if problem.usable { "" } else { "skipped " };
        let source = problem.source.display();
        output::warning(&format!("{skipped}{source}: {}", problem.reason));
    }
    match &arguments.verb {
        AgentVerb::List { json } => list(&config.agents, &discovered, *json, global.quiet)?,
        AgentVerb::Show { name, json } => show(&config.agents, &discovered, name, *json)?,
    }
    Ok(Exit::Done)
}

fn list(
    config: &AgentsConfig,
    discovered: &Discovered,
    as_json: bool,
    quiet: bool,
) -> anyhow::Result<()> {
    if as_json {
        output::print_json(&json!({
            "enabled": config.enabled,
            "agents": discovered.agents,
            "problems": discovered.problems,
        }))?;
        return Ok(());
    }
    let mut table = Table::new(&["name", "tools", "model", "from", "description"]);
    for agent in &discovered.agents {
        let description = one_line(&agent.description, 60);
        let from = match (&agent.source, agent.trusted) {
            (Some(source), true) => directory(source),
            (Some(source), false) => format!("{} (not trusted)", directory(source)),
            (None, _) => "Loom".to_owned(),
        };
        let tools = match &agent.tools {
            None => "all".to_owned(),
            Some(tools) => tools.len().to_string(),
        };
        let model = agent.model.as_deref().unwrap_or("-");
        table.row([&agent.name, &tools, model, &from, &description]);
    }
    output::print(&table.to_text())?;
    if !quiet {
        notes(config, discovered);
    }
    Ok(())
}

fn directory(source: &Path) -> String {
    let directory = source.parent().unwrap_or(source);
    directory.display().to_string()
}

/// What a person should know beside the list.
fn notes(config: &AgentsConfig, discovered: &Discovered) {
    if !config.enabled {
        output::note("sub-agents are switched off: agents.enabled is false");
    }
    if discovered.agents.iter().any(|agent| !agent.trusted) {
        output::hint("agents of a project are used after `loom config trust`");
    }
    if discovered.agents.iter().all(|it| it.source.is_none()) {
        output::note(&first_agent(config));
    }
}

/// How to define an agent, for a person who has none.
fn first_agent(config: &AgentsConfig) -> String {
    let places = config.directories.iter().map(|directory| {
        let trust = match directory.trusted {
            true => "",
            false => "  (used after `loom config trust`)",
        };
        let file = directory.path.join("reviewer.md");
        format!("  {}{trust}\n", file.display())
    });
    format!(
        "\nNone of your own yet. An agent is a Markdown file in one of these places:\n\
         {}\nfor example\n\n{EXAMPLE}\n`loom help agents` explains every key.",
        places.collect::<String>()
    )
}

const EXAMPLE: &str = "  ---
  description: Reads a change and says what is wrong with it.
  tools: read_file, grep, glob
  ---
  You review changes. Name each problem with its file and line, the worst first.
";

fn show(
    config: &AgentsConfig,
    discovered: &Discovered,
    name: &str,
    as_json: bool,
) -> anyhow::Result<()> {
    let Some(agent) = discovered.get(name) else {
        return Err(unknown(discovered, name).into());
    };
    if as_json {
        output::print_json(agent)?;
    } else {
        output::print(&describe(config, agent))?;
    }
    Ok(())
}

fn unknown(discovered: &Discovered, name: &str) -> Fault {
    let names: Vec<_> = discovered.agents.iter().map(|it| &*it.name).collect();
    let hint = match nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", names.join(", ")),
    };
    Fault::usage(format!("there is no agent `{name}`")).hint(hint)
}

fn describe(config: &AgentsConfig, agent: &AgentDefinition) -> String {
    let above = "that of the agent above it".to_owned();
    let own = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let tools = match agent.tools.as_deref() {
        None => "all of the agent above it".to_owned(),
        Some([]) => "none".to_owned(),
        Some(tools) => tools.join(", "),
    };
    let source = agent.source.as_ref();
    let source = source.map_or("Loom".to_owned(), |it| it.display().to_string());
    let turns = agent.turns.unwrap_or(config.turns);
    let timeout = agent.timeout.unwrap_or(config.timeout);
    let trusted = if agent.trusted {
        "yes"
    } else {
        "no, so it is not used; see `loom config trust`"
    };
    let mut text = format!("{}: {}\n\n", agent.name, agent.description.trim());
    for (what, value) in [
        ("tools", tools),
        ("model", agent.model.clone().unwrap_or(above)),
        ("turns", turns.to_string()),
        ("timeout", units::format_duration(timeout)),
        ("tokens", own(agent.tokens.map(count))),
        ("usd", own(agent.usd.map(|usd| usd.to_string()))),
        ("from", source),
        ("trusted", trusted.to_owned()),
    ] {
        text.push_str(&format!("{what:<8} {value}\n"));
    }
    if let Some(instructions) = &agent.instructions {
        text.push_str(&format!("\n{instructions}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop here")]

    use crate::config::AgentDirectory;

    use super::*;

    fn in_directory(path: &Path) -> AgentsConfig {
        AgentsConfig {
            directories: vec![AgentDirectory {
                path: path.to_owned(),
                trusted: true,
            }],
            ..AgentsConfig::default()
        }
    }

    #[test]
    fn the_example_for_a_first_agent_can_be_used() {
        let directory = tempfile::tempdir().unwrap();
        let config = in_directory(directory.path());
        assert!(first_agent(&config).contains(directory.path().to_str().unwrap()));
        let lines = EXAMPLE.lines().map(|line| format!("{}\n", &line[2..]));
        let text: String = lines.collect();
        std::fs::write(directory.path().join("reviewer.md"), text).unwrap();
        let discovered = agents::discover(&config);
        assert_eq!(discovered.problems, []);
        let shown = describe(&config, discovered.get("reviewer").unwrap());
        let shown = shown.replace(directory.path().to_str().unwrap(), "ROOT");
        insta::assert_snapshot!(shown, @r"
        reviewer: Reads a change and says what is wrong with it.

        tools    read_file, grep, glob
        model    that of the agent above it
        turns    50
        timeout  5m
        tokens   -
        usd      -
        from     ROOT/reviewer.md
        trusted  yes

        You review changes. Name each problem with its file and line, the worst first.
        ");
    }

    #[test]
    fn general_is_described_too() {
        let config = AgentsConfig::default();
        let discovered = agents::discover(&config);
        let shown = describe(&config, discovered.get(agents::GENERAL).unwrap());
        insta::assert_snapshot!(shown, @r"
        general: For any piece of work that takes several steps: it has all tools, and reports its result.

        tools    all of the agent above it
        model    that of the agent above it
        turns    50
        timeout  5m
        tokens   -
        usd      -
        from     Loom
        trusted  yes
        ");
    }

    #[test]
    fn a_slip_in_a_name_is_told() {
        let discovered = agents::discover(&AgentsConfig::default());
        let fault = unknown(&discovered, "genral");
        assert_eq!(fault.to_string(), "there is no agent `genral`");
    }
}
