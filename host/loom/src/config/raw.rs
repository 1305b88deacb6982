//! The keys that exist, and what a layer says about them. Every layer is read with this on its own,
//! so that a wrong value is found even where another layer hides it.

mod context;
mod control;
mod plugins;
mod pool;

use std::collections::BTreeMap;
use std::time::Duration;

use loom_types::Price;

use super::BudgetConfig;
use super::problem::Problems;
use super::section::{Located, Section};
use super::tree::Node;

pub(super) use context::{RawCompression, RawContext, RawRecall, RawRetrieval};
pub(crate) use control::parse_mode;
pub(super) use control::{RawAgents, RawPermissions, RawReminders, RawTelemetry};
pub(super) use plugins::{RawGrants, RawPlugin, RawPluginLimits, RawProvider, RawSandbox};
pub(super) use pool::{RawFailover, RawMember};

/// What a layer, or all of them together, say.
#[derive(Debug, Default)]
pub(super) struct Raw {
    pub(super) model: Option<Located<String>>,
    pub(super) instructions: Option<String>,
    pub(super) plugin_dirs: Vec<Located<String>>,
    pub(super) limits: RawLimits,
    pub(super) pool: Vec<RawMember>,
    pub(super) failover: RawFailover,
    pub(super) prices: Vec<(String, Price)>,
    pub(super) budget: BudgetConfig,
    pub(super) permissions: RawPermissions,
    pub(super) agents: RawAgents,
    pub(super) reminders: RawReminders,
    pub(super) telemetry: RawTelemetry,
    pub(super) tools: RawTools,
    pub(super) additional_directories: Vec<Located<String>>,
    pub(super) providers: BTreeMap<String, RawProvider>,
    pub(super) plugins: BTreeMap<String, RawPlugin>,
    pub(super) memory_plugin: Option<String>,
    pub(super) memory_directory: Option<Located<String>>,
    pub(super) memory_backups: Option<u32>,
    pub(super) sandbox: RawSandbox,
    pub(super) context: RawContext,
}

#[derive(Debug, Default)]
pub(super) struct RawLimits {
    pub(super) turns: Option<u32>,
    pub(super) wall_time: Option<Duration>,
    pub(super) output_tokens: Option<u64>,
    pub(super) tools_at_once: Option<u32>,
    pub(super) tool_timeout: Option<Duration>,
    pub(super) repeated_failures: Option<u32>,
}

#[derive(Debug, Default)]
pub(super) struct RawTools {
    pub(super) allowed: Option<Vec<String>>,
    pub(super) disallowed: Option<Vec<String>>,
    pub(super) at_once: Vec<(String, u32)>,
    pub(super) todo: Option<bool>,
}

/// Reads a tree. Problems are added; what is wrong is left out of the result.
pub(super) fn read(tree: &Node, problems: &Problems) -> Raw {
    let Some(mut root) = Section::root(tree, "", problems) else {
        return Raw::default();
    };
    let raw = read_keys(&mut root);
    for (_, mut profile) in root.sections("profiles") {
        read_keys(&mut profile);
        profile.finish();
    }
    root.finish();
    raw
}

/// The keys of the root, which are those of a profile too.
fn read_keys(root: &mut Section<'_>) -> Raw {
    let mut raw = Raw {
        model: root.located_string("model"),
        instructions: root.string("instructions"),
        plugin_dirs: root.strings("plugin_dirs", any).unwrap_or_default(),
        ..Raw::default()
    };
    if let Some(section) = root.section("limits") {
        raw.limits = read_limits(section);
    }
    if let Some(section) = root.section("tools") {
        raw.tools = read_tools(section);
    }
    read_answering(root, &mut raw);
    read_control(root, &mut raw);
    raw.context = context::read(root);
    if let Some(mut section) = root.section("workspace") {
        let directories = section.strings("additional_directories", any);
        raw.additional_directories = directories.unwrap_or_default();
        section.finish();
    }
    if let Some(mut section) = root.section("memory") {
        raw.memory_plugin = section.string("plugin");
        raw.memory_directory = section.located_string("directory");
        raw.memory_backups = section.count_from("backups", 0);
        section.finish();
    }
    if let Some(section) = root.section("sandbox") {
        raw.sandbox = plugins::read_sandbox(section);
    }
    for (name, section) in root.sections("providers") {
        let provider = plugins::read_provider(section);
        raw.providers.insert(name.to_owned(), provider);
    }
    for (name, section) in root.sections("plugins") {
        let plugin = plugins::read_plugin(section);
        raw.plugins.insert(name.to_owned(), plugin);
    }
    raw
}

fn read_answering(root: &mut Section<'_>, raw: &mut Raw) {
    raw.pool = pool::read_members(root);
    raw.prices = pool::read_prices(root);
    if let Some(section) = root.section("failover") {
        raw.failover = pool::read_failover(section);
    }
}

fn read_control(root: &mut Section<'_>, raw: &mut Raw) {
    if let Some(section) = root.section("budget") {
        raw.budget = control::read_budget(section);
    }
    if let Some(section) = root.section("permissions") {
        raw.permissions = control::read_permissions(section);
    }
    if let Some(section) = root.section("agents") {
        raw.agents = control::read_agents(section);
    }
    if let Some(section) = root.section("reminders") {
        raw.reminders = control::read_reminders(section);
    }
    if let Some(section) = root.section("telemetry") {
        raw.telemetry = control::read_telemetry(section);
    }
}

fn read_tools(mut section: Section<'_>) -> RawTools {
    let tools = RawTools {
        allowed: texts(section.strings("allowed", check_tool_pattern)),
        disallowed: texts(section.strings("disallowed", check_tool_pattern)),
        at_once: section.counts("at_once", any),
        todo: section.boolean("todo"),
    };
    section.finish();
    tools
}

fn read_limits(mut section: Section<'_>) -> RawLimits {
    let limits = RawLimits {
        turns: section.count("turns"),
        wall_time: section.duration("wall_time"),
        output_tokens: section.count("output_tokens"),
        tools_at_once: section.count("tools_at_once"),
        tool_timeout: section.duration("tool_timeout"),
        repeated_failures: section.count_from("repeated_failures", 2),
    };
    section.finish();
    limits
}

/// Tool names are ASCII; anything else would match nothing.
pub(crate) fn check_tool_pattern(pattern: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '*');
    if !pattern.is_empty() && pattern.chars().all(allowed) {
        return Ok(());
    }
    Err(format!(
        "`{pattern}` can't match a tool; write a name such as \"read_file\" or a pattern such as \"read_*\""
    ))
}

fn any(_: &str) -> Result<(), String> {
    Ok(())
}

fn texts(located: Option<Vec<Located<String>>>) -> Option<Vec<String>> {
    let items = located?.into_iter();
    Some(items.map(|item| item.value).collect())
}
