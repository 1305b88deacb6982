//! What counts of a project's file that the person has not trusted: what chooses the model, what
//! instructs it, and what takes away. Nothing that grants, names secrets or points elsewhere.

use std::collections::BTreeMap;

use super::ToolFilter;
use super::pool::most_exact;
use super::raw::parse_mode;
use super::tree::{Node, Value};
use super::units::parse_duration;

/// The part that counts, and the keys that don't.
pub(super) struct Filtered {
    pub(super) kept: Node,
    pub(super) ignored: Vec<String>,
}

/// Takes a project's tree apart; `below` is what it is laid over.
pub(super) fn filter(project: &Node, below: &Node) -> Filtered {
    let mut filter = Filter {
        filtered: Filtered {
            kept: Node::empty(&project.origin),
            ignored: Vec::new(),
        },
        below,
    };
    for (key, node) in project.as_table().into_iter().flatten() {
        match key.as_str() {
            "model" | "instructions" => filter.keep(&[key], node),
            "limits" | "budget" => filter.lower_all(key, node),
            "failover" | "agents" | "telemetry" | "sandbox" => filter.narrow(key, node),
            "permissions" => filter.permissions(node),
            "tools" => filter.tools(node),
            "plugins" => filter.plugins(node),
            "compression" | "recall" | "retrieval" => filter.context(key, node),
            "context_windows" => filter.windows(node),
            // An embedder is sent what is indexed and asked; the store's keys say where sessions go and
            // how many backups of them there are.
            // A pool names prices and spreads the work over several providers; a model is enough to
            // try a project.
            _ => filter.filtered.ignored.push(key.clone()),
        }
    }
    filter.filtered
}

struct Filter<'a> {
    filtered: Filtered,
    below: &'a Node,
}

impl Filter<'_> {
    fn keep(&mut self, path: &[&str], node: &Node) {
        self.filtered.kept.put(path, node.clone());
    }

    fn ignore(&mut self, path: &[&str], why: &str) {
        let path = path.join(".");
        let why = if why.is_empty() {
            String::new()
        } else {
            format!(" ({why})")
        };
        self.filtered.ignored.push(format!("{path}{why}"));
    }

    /// Keeps a number or a duration that is not above the current one.
    fn lower(&mut self, path: &[&str], node: &Node) {
        let current = self.below.get(path).and_then(amount);
        match (amount(node), current) {
            (Some(wanted), Some(current)) if wanted > current => {
                self.ignore(path, "it may only lower the limit");
            }
            _ => self.keep(path, node),
        }
    }

    fn lower_all(&mut self, section: &str, table: &Node) {
        for (key, node) in table.as_table().into_iter().flatten() {
            self.lower(&[section, key], node);
        }
    }

    /// Keeps what switches off and what lowers.
    fn narrow(&mut self, section: &str, table: &Node) {
        for (key, node) in table.as_table().into_iter().flatten() {
            let path = [section, key];
            match (key.as_str(), &node.value) {
                ("depth" | "timeout" | "turns" | "kept" | "idle", _) => self.lower(&path, node),
                // Without a value below it is the pool's own, which is not known here.
                ("attempts", _) if self.below.get(&path).is_some() => self.lower(&path, node),
                ("enabled" | "hedge" | "content", Value::Boolean(false)) => self.keep(&path, node),
                _ => self.ignore(&path, ""),
            }
        }
    }

    fn permissions(&mut self, permissions: &Node) {
        for (key, node) in permissions.as_table().into_iter().flatten() {
            let path = ["permissions", key];
            match key.as_str() {
                "mode" => self.mode(node),
                "ask" | "deny" => self.extend(&path, node),
                _ => self.ignore(&path, ""),
            }
        }
    }

    fn mode(&mut self, node: &Node) {
        let path = ["permissions", "mode"];
        let mode = |node: &Node| parse_mode(node.as_str()?).ok();
        let current = self.below.get(&path).and_then(mode).unwrap_or_default();
        match mode(node) {
            Some(wanted) if wanted > current => {
                self.ignore(&path, "it may only be stricter");
            }
            _ => self.keep(&path, node),
        }
    }

    fn tools(&mut self, tools: &Node) {
        for (key, node) in tools.as_table().into_iter().flatten() {
            let path = ["tools", key];
            match (key.as_str(), &node.value) {
                ("disallowed", _) => self.extend(&path, node),
                ("allowed", _) => self.allowed(node),
                ("todo", Value::Boolean(false)) => self.keep(&path, node),
                ("at_once", _) => {
                    for (tool, node) in node.as_table().into_iter().flatten() {
                        self.lower(&["tools", "at_once", tool], node);
                    }
                }
                _ => self.ignore(&path, ""),
            }
        }
    }

    /// Keeps what makes the context smaller and what is to stay in it. Who summarises is not the
    /// project's to say: it is sent the conversation.
    fn context(&mut self, section: &str, table: &Node) {
        for (key, node) in table.as_table().into_iter().flatten() {
            let path = [section, key];
            match (key.as_str(), &node.value) {
                ("enabled" | "sessions" | "extract" | "automatic" | "rerank", value) => match value
                {
                    Value::Boolean(true) => self.ignore(&path, ""),
                    _ => self.keep(&path, node),
                },
                ("threshold", _) if section == "retrieval" => self.raise(&path, node),
                ("threshold" | "target" | "recent", _) => self.lower(&path, node),
                ("tokens" | "results" | "queries", _) => self.lower(&path, node),
                ("pinned", _) => self.extend(&path, node),
                ("collections", _) => self.collections(node),
                _ => self.ignore(&path, ""),
            }
        }
    }

    fn raise(&mut self, path: &[&str], node: &Node) {
        let current = self.below.get(path).and_then(amount);
        match (amount(node), current) {
            (Some(wanted), Some(current)) if wanted < current => {
                self.ignore(path, "it may only raise the threshold");
            }
            _ => self.keep(path, node),
        }
    }

    /// Keeps a list of collections that has none which is not looked into anyway. An empty list means
    /// all of them.
    fn collections(&mut self, node: &Node) {
        let path = ["retrieval", "collections"];
        let below = self.below.get(&path).and_then(Node::as_list).unwrap_or(&[]);
        let known: Vec<_> = below.iter().filter_map(Node::as_str).collect();
        let wanted = node.as_list().unwrap_or(&[]);
        let is_known = |it: &Node| it.as_str().is_none_or(|name| known.contains(&name));
        if known.is_empty() || (!wanted.is_empty() && wanted.iter().all(is_known)) {
            self.keep(&path, node);
        } else {
            self.ignore(&path, "it may only take collections away");
        }
    }

    /// Keeps windows that are not larger than what their models have below.
    fn windows(&mut self, windows: &Node) {
        let below = self.below.get(&["context_windows"]);
        let below = below.and_then(Node::as_table).into_iter().flatten();
        let below = below.filter_map(|(pattern, node)| Some((pattern.clone(), amount(node)?)));
        let below: BTreeMap<_, _> = below.collect();
        for (pattern, node) in windows.as_table().into_iter().flatten() {
            let path = ["context_windows", pattern];
            let current = most_exact(&below, pattern);
            match (amount(node), current) {
                (Some(wanted), Some(current)) if wanted <= *current => self.keep(&path, node),
                _ => self.ignore(&path, "it may only lower the window"),
            }
        }
    }

    /// Keeps a list, with what is in the one below.
    fn extend(&mut self, path: &[&str], node: &Node) {
        let mut node = node.clone();
        let below = self.below.get(path).and_then(Node::as_list);
        if let (Value::Array(items), Some(more)) = (&mut node.value, below) {
            items.extend(more.iter().cloned());
        }
        self.keep(path, &node);
    }

    fn allowed(&mut self, node: &Node) {
        let path = ["tools", "allowed"];
        let mut node = node.clone();
        let outer = strings(self.below.get(&path));
        if let Value::Array(patterns) = &mut node.value {
            let written = patterns.len();
            patterns.retain(|it| it.as_str().is_none_or(|text| is_within(text, &outer)));
            if patterns.len() < written {
                self.ignore(&path, "it may only take tools away");
            }
        }
        self.keep(&path, &node);
    }

    fn plugins(&mut self, plugins: &Node) {
        for (name, plugin) in plugins.as_table().into_iter().flatten() {
            for (key, node) in plugin.as_table().into_iter().flatten() {
                let path = ["plugins", name, key];
                if key == "enabled" && matches!(node.value, Value::Boolean(false)) {
                    self.keep(&path, node);
                } else {
                    self.ignore(&path, "");
                }
            }
        }
    }
}

/// A limit as a number that can be compared with another value of the same key.
fn amount(node: &Node) -> Option<f64> {
    let time = |text: &str| parse_duration(text).ok().map(|time| time.as_secs_f64());
    node.as_number().or_else(|| node.as_str().and_then(time))
}

fn strings(node: Option<&Node>) -> Vec<String> {
    let Some(nodes) = node.and_then(Node::as_list) else {
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
