//! How a summary grows: items are added and dropped, never reworded, and it stays within its size.

use std::collections::HashSet;
use std::sync::Arc;

use loom_types::{Role, ToolDefinition};
use serde_json::Value;

use super::identifiers::{self, Needed};
use super::prompt::Draft;
use super::summary::{self, Metadata, Segment, Summary, one_line};
use super::tiers;
use super::tokens::Tokenizer;
use crate::context::Item;

/// An item is a sentence or two, in bytes.
const MAX_ITEM_BYTES: usize = 800;
/// Resources that are remembered; the newest are.
const MAX_RESOURCES: usize = 50;
/// What is dropped first when there is too much, each oldest first.
const EXPENDABLE: [Segment; 7] = [
    Segment::Progress,
    Segment::Blockers,
    Segment::Context,
    Segment::KeyDecisions,
    Segment::NextSteps,
    Segment::OpenItems,
    Segment::TaskOverview,
];

/// The summary with what a model added and without what it dropped.
pub(super) fn merge(before: &Summary, draft: Draft) -> Summary {
    let dropped: HashSet<_> = draft.drop.into_iter().collect();
    let mut summary = Summary {
        metadata: before.metadata.clone(),
        ..Summary::default()
    };
    let mut number = 0;
    for segment in Segment::ALL {
        let old = before.items(segment).iter().filter(|_| {
            number += 1;
            !dropped.contains(&number)
        });
        let old: Vec<_> = old.cloned().collect();
        let added = draft.add.items(segment).iter();
        let mut seen = HashSet::new();
        let items = old.into_iter().chain(added.map(|item| short(item)));
        *summary.items_mut(segment) = items
            .filter(|item| !item.is_empty() && seen.insert(item.to_lowercase()))
            .collect();
    }
    summary
}

fn short(item: &str) -> String {
    let line = one_line(item);
    match line.len() > MAX_ITEM_BYTES {
        true => format!("{}…", &line[..line.floor_char_boundary(MAX_ITEM_BYTES)]),
        false => line,
    }
}

/// Brings a summary to at most so many tokens, as far as its headings allow: the oldest progress goes
/// first, and the first item of the overview stays.
pub(super) fn fit(summary: &mut Summary, pinned: &[String], max_tokens: u64, tokenizer: Tokenizer) {
    let mut tokens = tokenizer.count(&summary::text(Some(summary), pinned));
    for segment in EXPENDABLE {
        let least = usize::from(segment == Segment::TaskOverview);
        while tokens > max_tokens && summary.items(segment).len() > least {
            // The beginning of the overview is the task itself.
            let gone = summary.items_mut(segment).remove(least);
            tokens = tokens.saturating_sub(tokenizer.count(&gone) + 2);
        }
    }
    let resources = &mut summary.metadata.resources;
    while tokens > max_tokens && !resources.is_empty() {
        tokens = tokens.saturating_sub(tokenizer.count(&resources.remove(0)) + 1);
    }
    if tokens > max_tokens
        && let Some(task) = summary.task_overview.first_mut()
    {
        task.truncate(task.floor_char_boundary(MAX_ITEM_BYTES / 4));
    }
}

/// What is needed and the summary does not say.
pub(super) fn missing<'n>(summary: &Summary, needed: &'n [Needed]) -> Vec<&'n Needed> {
    let text = summary::text(Some(summary), &[]);
    let unsaid = |needed: &&Needed| !identifiers::mentions(&text, &needed.identifier);
    needed.iter().filter(unsaid).collect()
}

/// Adds what is missing, in the words of the conversation as long as there is room. Not among what the
/// model wrote: there it would crowd out what is older.
pub(super) fn repair(
    summary: &mut Summary,
    missing: &[&Needed],
    tokens: u64,
    tokenizer: Tokenizer,
) {
    let mut left = tokens;
    let mut told = String::new();
    for needed in missing {
        if identifiers::mentions(&told, &needed.identifier) {
            continue;
        }
        let cost = tokenizer.count(&needed.excerpt) + 2;
        let whole = identifiers::mentions(&needed.excerpt, &needed.identifier);
        if whole && cost <= left {
            left -= cost;
            told.push_str(&needed.excerpt);
            told.push('\n');
            summary.metadata.excerpts.push(needed.excerpt.clone());
        } else {
            summary.metadata.mentioned.push(needed.identifier.clone());
        }
    }
}

/// What the host itself knows of the items, added to what it knew.
pub(super) fn metadata<'i>(
    before: Option<&Metadata>,
    old: impl Iterator<Item = &'i Item>,
    tools: &[Arc<ToolDefinition>],
) -> Metadata {
    let mut metadata = Metadata {
        excerpts: Vec::new(),
        mentioned: Vec::new(),
        ..before.cloned().unwrap_or_default()
    };
    for item in old {
        metadata.messages += 1;
        metadata.first_seq = metadata.first_seq.min(Some(item.seq)).or(Some(item.seq));
        metadata.last_seq = metadata.last_seq.max(Some(item.seq));
        if item.message.role != Role::Assistant {
            continue;
        }
        for call in item.message.tool_calls() {
            *metadata.tools.entry(call.name.clone()).or_default() += 1;
            let Ok(Value::Object(arguments)) = serde_json::from_str(&call.arguments) else {
                continue;
            };
            for (_, resource) in tiers::resources(call, &arguments, tools) {
                let resource = short(&resource);
                metadata.resources.retain(|known| *known != resource);
                metadata.resources.push(resource);
            }
        }
    }
    let too_many = metadata.resources.len().saturating_sub(MAX_RESOURCES);
    metadata.resources.drain(..too_many);
    metadata
}
