//! What a compression did, as it is kept in the session's log, and what it makes of a working context.
//! Who decides it must not be here.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use loom_types::{
    CallId, CompressionMethod, CompressionReason, Content, Message, Part, Role, ToolResult,
};
use serde::{Deserialize, Deserializer, Serialize};

use super::shorten::{self, Shortened, Shortening};
use super::summary::{self, Summary};
use crate::context::{Item, Origin};

/// A compression of the working context, in full: with the messages of the log it gives the same
/// context again, years later. What a newer version adds is ignored, what an older one lacks is empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Compaction {
    /// Counts the compressions of the session, from 1.
    pub generation: u32,
    /// The message that is the first of those that stay; what stands before it in the context is gone.
    /// 0: everything stays.
    pub from_seq: u64,
    /// Older messages that stay, word for word.
    pub kept: Vec<u64>,
    /// Retrieved passages that are gone.
    pub forgotten: Vec<u64>,
    /// Messages whose images are only mentioned, and whose reasoning is gone.
    pub lightened: Vec<u64>,
    /// What stands for the messages that are gone, now and before.
    pub summary: Option<Summary>,
    /// Facts that the summary message shows, word for word.
    pub pinned: Vec<String>,
    /// Results of tools that are shown in part or no more.
    pub shortened: Vec<Shortened>,
    #[serde(deserialize_with = "known_or_default_method")]
    pub method: CompressionMethod,
    #[serde(deserialize_with = "known_or_default_reason")]
    pub reason: CompressionReason,
    /// Tokens of the whole question, counted and calibrated.
    pub before_tokens: u64,
    pub after_tokens: u64,
}

impl Default for Compaction {
    fn default() -> Self {
        Self {
            generation: 1,
            from_seq: 0,
            kept: Vec::new(),
            forgotten: Vec::new(),
            lightened: Vec::new(),
            summary: None,
            pinned: Vec::new(),
            shortened: Vec::new(),
            method: CompressionMethod::Trimmed,
            reason: CompressionReason::Threshold,
            before_tokens: 0,
            after_tokens: 0,
        }
    }
}

fn known_or_default_method<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<CompressionMethod, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or(CompressionMethod::Fallback))
}

fn known_or_default_reason<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<CompressionReason, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or(CompressionReason::Threshold))
}

/// What a compaction makes of the context before it. `seq` is the compaction's own entry. The same for
/// the same input, whether during a run or when a session is read again; several are applied in the
/// order of the log.
pub(crate) fn apply(compaction: &Compaction, seq: u64, items: Vec<Item>) -> Vec<Item> {
    let cut = cut(compaction.from_seq, &items);
    let kept: HashSet<_> = compaction.kept.iter().copied().collect();
    let forgotten: HashSet<_> = compaction.forgotten.iter().copied().collect();
    let edits = Edits::of(compaction);
    let (mut system, mut older, mut recent) = (Vec::new(), Vec::new(), Vec::new());
    for (index, item) in items.into_iter().enumerate() {
        let gone = match item.origin {
            Origin::Summary => true,
            Origin::Retrieved => index < cut || forgotten.contains(&item.seq),
            Origin::Said => index < cut && !(can_stay(&item) && kept.contains(&item.seq)),
        };
        let Some(item) = Some(item)
            .filter(|_| !gone)
            .and_then(|item| edits.edit(item))
        else {
            continue;
        };
        match item.message.role {
            Role::System if index < cut || (older.is_empty() && recent.is_empty()) => {
                system.push(item);
            }
            // Only a damaged entry cuts a result from its call.
            Role::Tool if recent.is_empty() && cut > 0 => {}
            _ if index < cut => older.push(item),
            _ => recent.push(item),
        }
    }
    let summary = summary_item(compaction, seq);
    let items = system.into_iter().chain(summary).chain(older);
    items.chain(recent).collect()
}

/// Where the part begins that stays.
pub(super) fn cut(from_seq: u64, items: &[Item]) -> usize {
    let said = |item: &Item| item.origin != Origin::Summary;
    let exactly = items
        .iter()
        .position(|item| said(item) && item.seq == from_seq);
    let after = || {
        items
            .iter()
            .position(|item| said(item) && item.seq >= from_seq)
    };
    exactly.or_else(after).unwrap_or(items.len())
}

/// Calls and results stay only together, so they don't stay by themselves.
fn can_stay(item: &Item) -> bool {
    matches!(item.message.role, Role::System | Role::User)
}

fn summary_item(compaction: &Compaction, seq: u64) -> Option<Item> {
    let summary = compaction.summary.as_ref();
    if summary.is_none() && compaction.pinned.is_empty() {
        return None;
    }
    let text = summary::text(summary, &compaction.pinned);
    Some(Item {
        seq,
        origin: Origin::Summary,
        message: Arc::new(Message::user(text)),
    })
}

/// What changes within messages that stay.
#[derive(Debug, Default)]
pub(super) struct Edits<'a> {
    pub(super) lightened: HashSet<u64>,
    pub(super) shortened: HashMap<&'a CallId, Shortening>,
}

impl<'a> Edits<'a> {
    fn of(compaction: &'a Compaction) -> Self {
        let shortened = compaction.shortened.iter();
        Self {
            lightened: compaction.lightened.iter().copied().collect(),
            shortened: shortened.map(|s| (&s.call_id, s.shortening)).collect(),
        }
    }

    /// The item as it stays; none if nothing is left of it.
    fn edit(&self, item: Item) -> Option<Item> {
        match self.message(&item) {
            None => Some(item),
            Some(message) if message.parts.is_empty() => None,
            Some(message) => Some(Item {
                message: Arc::new(message),
                ..item
            }),
        }
    }

    /// The message with its changes; none if there are none.
    pub(super) fn message(&self, item: &Item) -> Option<Message> {
        let light = item.origin == Origin::Said && self.lightened.contains(&item.seq);
        let shorter = |result: &ToolResult| self.shortened.contains_key(&result.call_id);
        if !light && !item.message.tool_results().any(shorter) {
            return None;
        }
        let parts = item.message.parts.iter();
        Some(Message {
            role: item.message.role,
            parts: parts.filter_map(|part| self.part(part, light)).collect(),
        })
    }

    /// Clamps the results of a message that are longer than so many bytes.
    pub(super) fn clamp(&mut self, message: &'a Message, bytes: usize) {
        let long = message.tool_results().filter(|result| {
            let size: usize = result.content.iter().map(Content::size_bytes).sum();
            size > bytes + bytes / 4 && shorten::can_clear(result)
        });
        for result in long {
            let shortening = self.shortened.entry(&result.call_id);
            shortening.or_insert(Shortening::Clamped {
                head_bytes: bytes / 3 * 2,
                tail_bytes: bytes / 3,
            });
        }
    }

    fn part(&self, part: &Part, light: bool) -> Option<Part> {
        match part {
            Part::Reasoning(_) if light => None,
            Part::Image { image } if light => Some(Part::Text {
                text: shorten::image_mention(image),
            }),
            Part::ToolResult(result) => Some(Part::ToolResult(self.result(result, light))),
            other => Some(other.clone()),
        }
    }

    fn result(&self, result: &ToolResult, light: bool) -> ToolResult {
        match self.shortened.get(&result.call_id) {
            Some(shortening) => shorten::result(result, *shortening),
            None if light => shorten::without_images(result),
            None => result.clone(),
        }
    }
}
