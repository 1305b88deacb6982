//! The tiers that need no model: what is cleared, dropped or clamped in the older part, cheapest loss
//! first, until the target is reached.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use loom_types::{AccessMode, CallId, Message, Part, Safety, ToolCall, ToolDefinition, ToolResult};
use serde_json::{Map, Value};

use super::compaction::Edits;
use super::plan::Plan;
use super::shorten::{self, Shortened, Shortening};
use super::tokens::Tokenizer;
use crate::context::{Item, Origin};

/// Results above are long, in bytes, and this is what stays of them: about 500 tokens.
const LONG_RESULT_BYTES: usize = 2_048;

/// What is trimmed of the items, and what that leaves.
#[derive(Debug)]
pub(super) struct Trim<'a> {
    items: &'a [Item],
    tokenizer: Tokenizer,
    tokens: Vec<u64>,
    /// Of the whole question.
    pub(super) total: u64,
    goal: u64,
    pub(super) forgotten: Vec<u64>,
    edits: Edits<'a>,
}

impl<'a> Trim<'a> {
    /// Nothing trimmed yet.
    pub(super) fn new(items: &'a [Item], plan: &Plan<'_>, tokenizer: Tokenizer) -> Self {
        Self {
            items,
            tokenizer,
            tokens: plan.tokens.clone(),
            total: plan.total,
            goal: plan.goal,
            forgotten: Vec::new(),
            edits: Edits::default(),
        }
    }

    /// Goes through the tiers until the target is reached.
    pub(super) fn run(&mut self, plan: &Plan<'_>, tools: &[Arc<ToolDefinition>]) {
        self.forget(plan);
        self.lighten(plan);
        self.clear(plan.far);
        self.drop_superseded(plan.cut, tools);
        self.clamp(plan.cut);
        self.clear(plan.cut);
    }

    pub(super) fn is_enough(&self) -> bool {
        self.total <= self.goal
    }

    /// Cuts results to what was planned, whether the target is reached or not.
    pub(super) fn squeeze(&mut self, squeezed: &HashMap<&'a CallId, Shortening>) {
        self.edits.shortened.extend(squeezed);
        for index in 0..self.items.len() {
            self.recount(index);
        }
    }

    /// The messages that lost images or reasoning.
    pub(super) fn lightened(&self) -> Vec<u64> {
        let seqs = self.items.iter().map(|item| item.seq);
        let mut seqs: Vec<_> = seqs
            .filter(|seq| self.edits.lightened.contains(seq))
            .collect();
        seqs.dedup();
        seqs
    }

    /// The results that are no longer whole, in the order of the items.
    pub(super) fn shortened(&self) -> Vec<Shortened> {
        let results = self
            .items
            .iter()
            .flat_map(|item| item.message.tool_results());
        let shortened = results.filter_map(|result| {
            let shortening = self.edits.shortened.get(&result.call_id)?;
            Some(Shortened {
                call_id: result.call_id.clone(),
                shortening: *shortening,
            })
        });
        shortened.collect()
    }

    /// What was found for earlier requests: it can be found again.
    fn forget(&mut self, plan: &Plan<'_>) {
        for index in 0..plan.request {
            if self.items[index].origin == Origin::Retrieved {
                self.forgotten.push(self.items[index].seq);
                self.total -= std::mem::take(&mut self.tokens[index]);
            }
        }
    }

    fn lighten(&mut self, plan: &Plan<'_>) {
        for index in 0..plan.cut {
            if self.is_enough() {
                return;
            }
            let item = &self.items[index];
            if item.origin == Origin::Said
                && !plan.stays(self.items, index)
                && is_heavy(&item.message)
            {
                self.edits.lightened.insert(item.seq);
                self.recount(index);
            }
        }
    }

    /// Clears the results of the items before one, oldest first.
    fn clear(&mut self, far: usize) {
        let items = self.items;
        for (index, item) in items.iter().enumerate().take(far) {
            if self.is_enough() {
                return;
            }
            let clearable = item
                .message
                .tool_results()
                .filter(|r| shorten::can_clear(r));
            for result in clearable {
                let shortening = self.edits.shortened.entry(&result.call_id);
                let shortening = shortening.or_insert(Shortening::Cleared);
                if matches!(shortening, Shortening::Clamped { .. }) {
                    *shortening = Shortening::Cleared;
                }
            }
            self.recount(index);
        }
    }

    fn drop_superseded(&mut self, cut: usize, tools: &[Arc<ToolDefinition>]) {
        if self.is_enough() {
            return;
        }
        let superseded = superseded(self.items, tools);
        let items = self.items;
        for (index, item) in items.iter().enumerate().take(cut) {
            if self.is_enough() {
                return;
            }
            let out_of_date = item.message.tool_results().filter(|result| {
                superseded.contains(&result.call_id)
                    && shorten::can_clear(result)
                    && !self.edits.shortened.contains_key(&result.call_id)
            });
            let out_of_date: Vec<_> = out_of_date.map(|result| &result.call_id).collect();
            for call_id in out_of_date {
                self.edits.shortened.insert(call_id, Shortening::Superseded);
            }
            self.recount(index);
        }
    }

    fn clamp(&mut self, cut: usize) {
        for index in 0..cut {
            if self.is_enough() {
                return;
            }
            self.edits
                .clamp(&self.items[index].message, LONG_RESULT_BYTES);
            self.recount(index);
        }
    }

    fn recount(&mut self, index: usize) {
        let Some(message) = self.edits.message(&self.items[index]) else {
            return;
        };
        let tokens = match message.parts.is_empty() {
            true => 0,
            false => self.tokenizer.message(&message),
        };
        self.total = self.total - self.tokens[index] + tokens;
        self.tokens[index] = tokens;
    }
}

fn is_heavy(message: &Message) -> bool {
    let blob = |result: &ToolResult| {
        let mut content = result.content.iter();
        content.any(|content| matches!(content, loom_types::Content::Blob(_)))
    };
    message.parts.iter().any(|part| match part {
        Part::Image { .. } | Part::Reasoning(_) => true,
        Part::ToolResult(result) => blob(result),
        Part::Text { .. } | Part::ToolCall(_) => false,
    })
}

/// What later calls are known to have made out of date.
#[derive(Debug, Default)]
struct Later {
    /// Arguments of later calls by tool and resource.
    reads: HashMap<(String, String), Vec<Map<String, Value>>>,
    written: HashSet<String>,
    /// Tool and arguments, as they were written.
    same: HashSet<(String, String)>,
}

/// The calls whose results a later call of the same tool repeats, or whose resource was read whole or
/// written later.
pub(super) fn superseded<'a>(
    items: &'a [Item],
    tools: &[Arc<ToolDefinition>],
) -> HashSet<&'a CallId> {
    let mut later = Later::default();
    let mut superseded = HashSet::new();
    for item in items.iter().rev() {
        let calls: Vec<_> = item.message.tool_calls().collect();
        for call in calls.into_iter().rev() {
            if later.replaces(call, tools) {
                superseded.insert(&call.id);
            }
        }
    }
    superseded
}

impl Later {
    /// Whether a later call made this one out of date. Takes the call up.
    fn replaces(&mut self, call: &ToolCall, tools: &[Arc<ToolDefinition>]) -> bool {
        let same = !self
            .same
            .insert((call.name.clone(), call.arguments.clone()));
        let Ok(Value::Object(arguments)) = serde_json::from_str(&call.arguments) else {
            return same;
        };
        let resources = resources(call, &arguments, tools);
        let mut replaced = same;
        for (mode, resource) in resources {
            if mode == AccessMode::Write {
                self.written.insert(resource);
                continue;
            }
            replaced |= self.written.contains(&resource);
            let reads = self.reads.entry((call.name.clone(), resource)).or_default();
            replaced |= reads.iter().any(|later| is_within(later, &arguments));
            if !same {
                reads.push(arguments.clone());
            }
        }
        replaced
    }
}

/// Whether a call asked for nothing more special than another: a whole file is more than lines of it.
fn is_within(arguments: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    arguments
        .iter()
        .all(|(name, value)| other.get(name) == Some(value))
}

/// What a call reads and writes: as its tool declares, or by the usual names of arguments.
pub(super) fn resources(
    call: &ToolCall,
    arguments: &Map<String, Value>,
    tools: &[Arc<ToolDefinition>],
) -> Vec<(AccessMode, String)> {
    const USUAL: [&str; 7] = [
        "path",
        "file_path",
        "filepath",
        "file",
        "filename",
        "url",
        "uri",
    ];
    let tool = tools.iter().find(|tool| tool.name == call.name);
    if let Some(tool) = tool.filter(|tool| !tool.accesses.is_empty()) {
        let value = Value::Object(arguments.clone());
        let accesses = tool.accesses.iter();
        let named = accesses.flat_map(|access| {
            let names = access.names(&value).unwrap_or_default();
            names.into_iter().map(|name| (access.mode, name))
        });
        return named.collect();
    }
    let mode = match tool {
        Some(tool) if tool.safety != Safety::Safe => AccessMode::Write,
        _ => AccessMode::Read,
    };
    let usual = USUAL.iter().find_map(|name| arguments.get(*name)?.as_str());
    usual
        .map(|name| (mode, name.to_owned()))
        .into_iter()
        .collect()
}
