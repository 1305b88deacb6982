//! What the command line, or an embedder, lays over all files and the environment.

use std::path::PathBuf;
use std::time::Duration;

use loom_types::{PermissionMode, Usd};

use super::problem::{Problem, Problems};
use super::tree::{Node, Origin, Value, parse};
use super::units;

/// Settings that win over everything else.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Where to work, instead of the current directory.
    pub working_directory: Option<PathBuf>,
    /// Added to those of the configuration; relative to the current directory.
    pub additional_directories: Vec<PathBuf>,
    /// Added to those of the configuration; relative to the current directory.
    pub plugin_dirs: Vec<PathBuf>,
    /// `dotted.key=value`, the value in TOML, or any other text as a string.
    pub set: Vec<String>,
    pub profile: Option<String>,
    /// PROVIDER/MODEL, PROVIDER, or a model of the provider that would be used otherwise. It alone
    /// answers: the pool of the configuration is set aside.
    pub model: Option<String>,
    /// Replaces that of the configuration.
    pub allowed_tools: Option<Vec<String>>,
    /// Added to those of the configuration.
    pub disallowed_tools: Vec<String>,
    pub max_turns: Option<u32>,
    pub wall_time: Option<Duration>,
    /// [`BudgetConfig::tokens`](super::BudgetConfig::tokens).
    pub max_tokens: Option<u64>,
    /// [`BudgetConfig::usd`](super::BudgetConfig::usd).
    pub max_budget: Option<Usd>,
    pub permission_mode: Option<PermissionMode>,
    /// Keep sessions in this process only.
    pub ephemeral: bool,
}

/// The overrides as a tree; lists that are added to are taken from what is below.
pub(super) fn tree(overrides: &Overrides, below: &Node, problems: &Problems) -> Node {
    let mut layer = Node::empty(&Origin::named("the command line"));
    for text in &overrides.set {
        if let Some(setting) = parse_setting(text, problems) {
            layer.overlay(setting);
        }
    }
    let mut below = below.clone();
    below.overlay(layer.clone());
    add_options(&mut layer, overrides);
    for (path, option, texts) in [
        ("plugin_dirs", "--plugin-dir", paths(&overrides.plugin_dirs)),
        (
            "workspace.additional_directories",
            "--add-dir",
            paths(&overrides.additional_directories),
        ),
        (
            "tools.disallowed",
            "--disallowed-tools",
            overrides.disallowed_tools.clone(),
        ),
    ] {
        let path: Vec<_> = path.split('.').collect();
        extend(&mut layer, &below, &path, &Origin::named(option), &texts);
    }
    layer
}

fn add_options(layer: &mut Node, overrides: &Overrides) {
    if let Some(model) = &overrides.model {
        layer.remove("pool");
        put(layer, "model", "--model", Value::String(model.clone()));
    }
    if let Some(turns) = overrides.max_turns {
        let turns = Value::Integer(turns.into());
        put(layer, "limits.turns", "--max-turns", turns);
    }
    if let Some(time) = overrides.wall_time {
        let time = Value::String(units::format_duration(time));
        put(layer, "limits.wall_time", "--timeout", time);
    }
    if let Some(tokens) = overrides.max_tokens {
        let tokens = Value::Integer(i64::try_from(tokens).unwrap_or(i64::MAX));
        put(layer, "budget.tokens", "--max-tokens", tokens);
    }
    if let Some(usd) = overrides.max_budget {
        let usd = Value::Float(usd.dollars());
        put(layer, "budget.usd", "--max-budget-usd", usd);
    }
    if let Some(mode) = overrides.permission_mode {
        let mode = Value::String(mode.as_str().to_owned());
        put(layer, "permissions.mode", "--permissions", mode);
    }
    if let Some(patterns) = &overrides.allowed_tools {
        let origin = Origin::named("--allowed-tools");
        layer.put(&["tools", "allowed"], list(&[], patterns, &origin));
    }
}

fn put(layer: &mut Node, key: &str, option: &str, value: Value) {
    let path: Vec<_> = key.split('.').collect();
    let origin = Origin::named(option);
    layer.put(&path, Node { value, origin });
}

fn extend(layer: &mut Node, below: &Node, path: &[&str], origin: &Origin, more: &[String]) {
    if more.is_empty() {
        return;
    }
    let known = match below.get(path).map(|node| &node.value) {
        Some(Value::Array(nodes)) => nodes.as_slice(),
        _ => &[],
    };
    layer.put(path, list(known, more, origin));
}

fn list(known: &[Node], more: &[String], origin: &Origin) -> Node {
    let more = more.iter().map(|text| Node::string(text, origin));
    Node {
        value: Value::Array(known.iter().cloned().chain(more).collect()),
        origin: origin.clone(),
    }
}

fn paths(paths: &[PathBuf]) -> Vec<String> {
    // Relative to where the command is given, whatever the working directory of the run.
    let absolute = |path: &PathBuf| {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
        path.to_string_lossy().into_owned()
    };
    paths.iter().map(absolute).collect()
}

/// Reads `key=value`. A value that is not TOML is a string, so that quotes can be left out.
fn parse_setting(text: &str, problems: &Problems) -> Option<Node> {
    let origin = Origin::named(&format!("-c {text}"));
    let Some((key, value)) = text.split_once('=') else {
        let message = "write it as key=value, for example -c limits.turns=5";
        problems.add(Problem::new(&origin, "", message));
        return None;
    };
    let as_toml = Problems::default();
    let mut tree = parse(&format!("{key} = {value}"), &origin, &as_toml);
    if as_toml.into_error().is_none() && !text.contains('\n') {
        tree.relocate(&origin);
        return Some(tree);
    }
    let quoted = toml::Value::String(value.trim().to_owned());
    let as_string = Problems::default();
    let mut tree = parse(&format!("{key} = {quoted}"), &origin, &as_string);
    if as_string.into_error().is_some() {
        let message = format!("`{key}` is not a dotted key such as limits.turns");
        problems.add(Problem::new(&origin, "", message));
        return None;
    }
    tree.relocate(&origin);
    Some(tree)
}
