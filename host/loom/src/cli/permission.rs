//! `loom permission`: which calls may run, and why.

mod explain;
#[cfg(test)]
mod tests;

use clap::{Args, Subcommand};
use loom_core::{Effect, Rule};
use serde_json::json;

use super::Global;
use crate::config::Config;
use crate::fault::{Exit, Fault};
use crate::output::{self, Table};
use crate::permission::{self, Place, Store, StoredRule};
use crate::render::text::plural;

/// List, remove and explain permissions
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  loom permission list
  loom permission explain write_file '{\"path\": \"src/main.rs\", \"content\": \"\"}'
  loom permission remove 2
  loom permission remove 'write_file(src/main.rs)'

A rule is TOOL, TOOL(FILE), TOOL(https://HOST) or TOOL(ARGUMENT=TEXT), each with * as wildcard.
Rules stand in [permissions] of the configuration; answers given with \"always\" are stored in a file
of their own, which may be edited.")]
pub(super) struct PermissionArguments {
    #[command(subcommand)]
    verb: PermissionVerb,
}

#[derive(Debug, Subcommand)]
enum PermissionVerb {
    /// List the mode and the rules that hold here, strongest first
    List {
        #[arg(long, help = "Print JSON")]
        json: bool,
    },
    /// Take back a stored rule: all of that text that hold here, or one by its number in the list
    Remove {
        /// A rule as `list` shows it, or its number
        rule: String,
    },
    /// Tell what would happen to a call, and which rule or mode decides
    Explain {
        tool: String,
        /// The arguments as a JSON object
        #[arg(default_value = "{}")]
        arguments: String,
        #[arg(long, help = "Print JSON")]
        json: bool,
    },
}

pub(super) async fn run(arguments: PermissionArguments, global: Global) -> anyhow::Result<Exit> {
    match arguments.verb {
        PermissionVerb::List { json } => {
            let config = global.load(&global.overrides())?.config;
            list(&config, json)
        }
        PermissionVerb::Remove { rule } => {
            let config = global.load(&global.overrides())?.config;
            remove(&config, &rule, global.quiet)
        }
        PermissionVerb::Explain {
            tool,
            arguments,
            json,
        } => {
            let (config, loom) = global.open_plain().await?;
            explain::run(&config, &loom, &tool, &arguments, json).await
        }
    }
}

/// A rule as it is listed.
struct Listed {
    /// Stored ones can be removed by it.
    number: Option<usize>,
    effect: Effect,
    rule: String,
    source: String,
}

fn list(config: &Config, json: bool) -> anyhow::Result<Exit> {
    let listed = listed(config)?;
    let mode = config.permissions.mode;
    if json {
        let rules: Vec<_> = listed.iter().map(to_json).collect();
        let file = &config.permissions.file;
        output::print_json(&json!({ "mode": mode, "file": file, "rules": rules }))?;
        return Ok(Exit::Done);
    }
    output::print(&format!("mode: {}\n", mode.as_str()))?;
    let mut table = Table::new(&["n", "effect", "rule", "from"]);
    for each in &listed {
        let number = each.number.map_or("-".to_owned(), |it| it.to_string());
        table.row([&number, word(each.effect), &each.rule, &each.source]);
    }
    if !table.is_empty() {
        output::print(&table.to_text())?;
    }
    Ok(Exit::Done)
}

fn listed(config: &Config) -> anyhow::Result<Vec<Listed>> {
    let permissions = &config.permissions;
    let mut listed = Vec::new();
    for (effect, rules) in [
        (Effect::Deny, &permissions.deny),
        (Effect::Ask, &permissions.ask),
        (Effect::Allow, &permissions.allow),
    ] {
        listed.extend(rules.iter().map(|rule| Listed {
            number: None,
            effect,
            rule: match rule.parse::<Rule>() {
                Ok(rule) => rule.to_string(),
                Err(_) => format!("{rule} (not a rule: everything is denied)"),
            },
            source: "configuration".to_owned(),
        }));
    }
    for (number, stored) in here(config)? {
        let since = stored.added.map(|day| format!(" {day}"));
        let everywhere = match stored.place {
            Place::Everywhere => ", everywhere",
            Place::Directory(_) => "",
        };
        listed.push(Listed {
            number: Some(number),
            effect: stored.effect,
            rule: stored.rule.to_string(),
            source: format!("stored{}{everywhere}", since.unwrap_or_default()),
        });
    }
    listed.sort_by_key(|it| it.effect);
    Ok(listed)
}

/// The stored rules that hold here, with their place in the file, counted from 1.
fn here(config: &Config) -> anyhow::Result<Vec<(usize, StoredRule)>> {
    let workspace = permission::workspace(config)?;
    let stored = Store::new(&config.permissions.file).read()?;
    let numbered = stored.into_iter().enumerate();
    let here = numbered.filter(|(_, it)| it.place.holds_in(&workspace));
    Ok(here.map(|(index, it)| (index + 1, it)).collect())
}

fn remove(config: &Config, wanted: &str, quiet: bool) -> anyhow::Result<Exit> {
    let workspace = permission::workspace(config)?;
    let store = Store::new(&config.permissions.file);
    let number: Option<usize> = wanted.parse().ok();
    let removed = store.remove(|index, stored| {
        let is_meant = match number {
            Some(number) => index + 1 == number,
            None => stored.rule.as_str() == wanted.trim(),
        };
        is_meant && stored.place.holds_in(&workspace)
    })?;
    if removed.is_empty() {
        let fault = Fault::usage(format!("no stored rule `{wanted}` holds here"));
        let hint =
            "`loom permission list` shows them; those of the configuration are changed there";
        return Err(fault.hint(hint).into());
    }
    if !quiet {
        for stored in &removed {
            output::note(&format!("removed {} {}", word(stored.effect), stored.rule));
        }
        let count = plural(removed.len() as u64, "rule");
        output::note(&format!("{count} taken out of {}", store.file().display()));
    }
    Ok(Exit::Done)
}

fn to_json(listed: &Listed) -> serde_json::Value {
    json!({
        "number": listed.number,
        "effect": word(listed.effect),
        "rule": listed.rule,
        "source": listed.source,
    })
}

fn word(effect: Effect) -> &'static str {
    match effect {
        Effect::Deny => "deny",
        Effect::Answered => "answered",
        Effect::Ask => "ask",
        Effect::Allow => "allow",
    }
}
