//! What counts of a project's file that the person has not trusted: what chooses the model, what
//! instructs it, and what takes away. Nothing that grants, names secrets or points elsewhere.

use super::ToolFilter;
use super::tree::{Node, Value};
use super::units::parse_duration;

/// The part that counts, and the keys that don't.
pub(super) struct Filtered {
    pub(super) kept: Node,
    pub(super) ignored: Vec<String>,
}

/// Takes a project's tree apart; `below` is what it is laid over.
pub(super) fn filter(project: &Node, below: &Node) -> Filtered {
    let mut filtered = Filtered {
        kept: Node::empty(&project.origin),
        ignored: Vec::new(),
    };
    for (key, node) in project.as_table().into_iter().flatten() {
        match key.as_str() {
            "model" | "instructions" => filtered.keep(&[key], node.clone()),
            "limits" => filtered.limits(node, below),
            "tools" => filtered.tools(node, below),
            "plugins" => filtered.plugins(node),
            _ => filtered.ignored.push(key.clone()),
        }
    }
    filtered
}

impl Filtered {
    fn keep(&mut self, path: &[&str], node: Node) {
        self.kept.put(path, node);
    }

    fn limits(&mut self, limits: &Node, below: &Node) {
        for (key, node) in limits.as_table().into_iter().flatten() {
            let current = below.get(&["limits", key]).and_then(amount);
            match (amount(node), current) {
                (Some(wanted), Some(current)) if wanted > current => self
                    .ignored
                    .push(format!("limits.{key} (it may only lower the limit)")),
                _ => self.keep(&["limits", key], node.clone()),
            }
        }
    }

    fn tools(&mut self, tools: &Node, below: &Node) {
        if let Some(node) = tools.get(&["disallowed"]) {
            let mut node = node.clone();
            if let (Value::Array(patterns), Some(Value::Array(more))) = (
                &mut node.value,
                below.get(&["tools", "disallowed"]).map(|it| &it.value),
            ) {
                patterns.extend(more.iter().cloned());
            }
            self.keep(&["tools", "disallowed"], node);
        }
        if let Some(node) = tools.get(&["allowed"]) {
            let mut node = node.clone();
            let outer = strings(below.get(&["tools", "allowed"]));
            if let Value::Array(patterns) = &mut node.value {
                let written = patterns.len();
                patterns.retain(|it| it.as_str().is_none_or(|text| is_within(text, &outer)));
                if patterns.len() < written {
                    let what = "tools.allowed (it may only take tools away)";
                    self.ignored.push(what.to_owned());
                }
            }
            self.keep(&["tools", "allowed"], node);
        }
    }

    fn plugins(&mut self, plugins: &Node) {
        for (name, plugin) in plugins.as_table().into_iter().flatten() {
            for (key, node) in plugin.as_table().into_iter().flatten() {
                if key == "enabled" && matches!(node.value, Value::Boolean(false)) {
                    self.keep(&["plugins", name, key], node.clone());
                } else {
                    self.ignored.push(format!("plugins.{name}.{key}"));
                }
            }
        }
    }
}

/// A limit as a number that can be compared with another value of the same key.
fn amount(node: &Node) -> Option<u128> {
    match &node.value {
        Value::Integer(number) => u128::try_from(*number).ok(),
        Value::String(text) => parse_duration(text).ok().map(|time| time.as_millis()),
        _ => None,
    }
}

fn strings(node: Option<&Node>) -> Vec<String> {
    let Some(Value::Array(nodes)) = node.map(|node| &node.value) else {
        return vec!["*".to_owned()];
    };
    let texts = nodes.iter().filter_map(Node::as_str);
    texts.map(ToOwned::to_owned).collect()
}

/// Whether everything that a pattern matches is matched by one of the others. A pattern read as a
/// name answers this: its own `*` can only be matched by a `*`.
fn is_within(pattern: &str, outer: &[String]) -> bool {
    outer
        .iter()
        .any(|outer| ToolFilter::matches(outer, pattern))
}
