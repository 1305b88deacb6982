//! Which messages are old, which are the newest, and which always stay; and how much room there is for
//! what. Changes nothing.

use std::collections::HashMap;
use std::ops::Range;

use loom_types::{CallId, Error, ErrorKind, Result, Role};

use super::compaction::Edits;
use super::options::share;
use super::shorten::Shortening;
use super::{Job, summary};
use crate::context::{Item, Origin};

/// A summary is never given less; its headings alone are about a hundred.
pub(super) const MIN_SUMMARY_TOKENS: u64 = 150;
/// Headings have some 150 tokens; so many are left for a dozen facts.
const SUFFICIENT_SUMMARY_TOKENS: u64 = 500;
/// A longer one is no summary: people who compared found a few pages enough for a day's work.
const MAX_SUMMARY_TOKENS: u64 = 6_000;
/// Sizes in bytes that long results are cut to, one after the other, until they fit.
pub(super) const CLAMPS: [usize; 8] = [65_536, 32_768, 16_384, 8_192, 4_096, 2_048, 1_024, 512];

/// How the items are divided. All tokens are counted, not calibrated.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    /// Tokens of each item.
    pub(super) tokens: Vec<u64>,
    /// Of the whole question.
    pub(super) total: u64,
    /// What is aimed at.
    pub(super) goal: u64,
    /// Items from here on are the newest and stay.
    pub(super) cut: usize,
    /// Items before this are old enough for their results to be cleared first.
    pub(super) far: usize,
    /// Where the current request, or what was found for it, begins.
    pub(super) request: usize,
    /// How long the summary may be.
    pub(super) summary_tokens: u64,
    /// How the newest results have to be cut, if they don't fit otherwise.
    pub(super) squeezed: HashMap<&'a CallId, Shortening>,
}

impl<'a> Plan<'a> {
    /// Fails if what always stays does not fit the window by itself.
    pub(super) fn new(job: &mut Job<'a>) -> Result<Self> {
        let items = job.items;
        let tokens: Vec<_> = items
            .iter()
            .map(|item| job.counter.message(&item.message))
            .collect();
        let total = job.fixed_tokens + tokens.iter().sum::<u64>();
        let request = request_start(items);
        let room = Room::new(job, &tokens, total, request)?;
        let mut plan = Self {
            tokens,
            total,
            goal: room.goal,
            cut: items.len(),
            far: 0,
            request,
            summary_tokens: room.summary,
            squeezed: HashMap::new(),
        };
        plan.divide(job, &room);
        Ok(plan)
    }

    /// Whether an item stays although it is old.
    pub(super) fn stays(&self, items: &[Item], index: usize) -> bool {
        items[index].message.role == Role::System || self.is_request(items, index)
    }

    fn is_request(&self, items: &[Item], index: usize) -> bool {
        let item = &items[index];
        index >= self.request && item.message.role == Role::User && item.origin == Origin::Said
    }

    /// The old items that a summary would stand for, without the summary before, and their tokens.
    pub(super) fn old<'i>(&self, items: &'i [Item]) -> impl Iterator<Item = (&'i Item, u64)> {
        let old = (0..self.cut)
            .filter(|index| items[*index].origin == Origin::Said && !self.stays(items, *index));
        old.map(|index| (&items[index], self.tokens[index]))
    }

    /// Tokens of what a summary would replace, but for the summary before.
    pub(super) fn old_tokens(&self, items: &[Item]) -> u64 {
        let old = (0..self.cut)
            .filter(|index| items[*index].origin != Origin::Summary && !self.stays(items, *index));
        old.map(|index| self.tokens[index]).sum()
    }

    fn divide(&mut self, job: &mut Job<'a>, room: &Room) {
        let units = units(job.items);
        let mut left = room.recent;
        let mut far_left = room.recent;
        for (age, unit) in units.into_iter().rev().enumerate() {
            let tokens = self.unit_tokens(job.items, &unit);
            let waiting = age == 0 && job.items[unit.end - 1].message.role == Role::Tool;
            if self.cut == unit.end && tokens <= left {
                left -= tokens;
            } else if waiting && self.squeeze(job, &unit, room.newest.max(left)) {
                left = 0;
            } else if tokens <= far_left {
                far_left -= tokens;
                self.far = unit.start;
                continue;
            } else {
                self.far = unit.end;
                break;
            }
            self.cut = unit.start;
        }
        self.far = self.far.min(self.cut);
    }

    /// Tokens of a unit without what stays anyway.
    fn unit_tokens(&self, items: &[Item], unit: &Range<usize>) -> u64 {
        let others = unit.clone().filter(|index| !self.stays(items, *index));
        others.map(|index| self.tokens[index]).sum()
    }

    /// Makes the newest results fit, which no model has seen yet.
    fn squeeze(&mut self, job: &Job<'a>, unit: &Range<usize>, room: u64) -> bool {
        let items = &job.items[unit.clone()];
        if self.unit_tokens(job.items, unit) <= room {
            return true;
        }
        let tokenizer = job.counter.tokenizer();
        for bytes in CLAMPS {
            let mut edits = Edits::default();
            for item in items {
                edits.clamp(&item.message, bytes);
            }
            let tokens = items.iter().zip(&self.tokens[unit.clone()]);
            let tokens = tokens.map(|(item, before)| match edits.message(item) {
                Some(message) => tokenizer.message(&message),
                None => *before,
            });
            if tokens.sum::<u64>() <= room {
                self.squeezed = edits.shortened;
                return true;
            }
        }
        false
    }
}

/// How many tokens there are for what.
#[derive(Debug)]
struct Room {
    goal: u64,
    summary: u64,
    /// For the newest messages.
    recent: u64,
    /// For results that no model has seen yet.
    newest: u64,
}

impl Room {
    fn new(job: &Job<'_>, tokens: &[u64], total: u64, request: usize) -> Result<Self> {
        let window = job.calibration.counted(job.window);
        let limit = job.options.limit(job.window).saturating_sub(1);
        let limit = job.calibration.counted(limit);
        let stays = job.fixed_tokens + staying(job, tokens, request);
        if stays > window {
            return Err(too_large(job, stays));
        }
        let whole = total.min(window);
        let goal = share(whole, job.options.target);
        let most = limit
            .saturating_sub(stays)
            .max(window.saturating_sub(stays) / 2);
        let room = goal.saturating_sub(stays).max(most.min(whole / 20));
        // A long request must not leave the summary its headings only: the goal is aimed at, no more.
        let least = MIN_SUMMARY_TOKENS.max(SUFFICIENT_SUMMARY_TOKENS.min(window / 8));
        let summary = (room * 2 / 5).clamp(least, MAX_SUMMARY_TOKENS);
        let recent = share(window, job.options.recent).min(room.saturating_sub(summary));
        Ok(Self {
            goal,
            summary,
            recent,
            newest: most / 2,
        })
    }
}

/// Tokens of the items that always stay, and of the pinned facts.
fn staying(job: &Job<'_>, tokens: &[u64], request: usize) -> u64 {
    let stays = |(index, item): (usize, &Item)| match item.message.role {
        Role::System => true,
        Role::User => index >= request && item.origin == Origin::Said,
        Role::Assistant | Role::Tool => false,
    };
    let items = job.items.iter().enumerate().zip(tokens);
    let items: u64 = items
        .filter(|(item, _)| stays(*item))
        .map(|(_, tokens)| tokens)
        .sum();
    if job.options.pinned.is_empty() {
        return items;
    }
    let pins = summary::text(None, &job.options.pinned);
    items + job.counter.tokenizer().count(&pins)
}

fn too_large(job: &Job<'_>, stays: u64) -> Error {
    let message = format!(
        "the current request, the instructions, the pinned facts and the tools alone have about {} tokens, and \
         the model's window has {}; no compression helps, make the request shorter or use a model with a \
         larger window",
        job.calibration.apply(stays),
        job.window
    );
    Error::new(ErrorKind::InvalidInput, message).with_detail(Error::CONTEXT_OVERFLOW, true)
}

/// Where the current request begins: after the last answer that called no tool.
fn request_start(items: &[Item]) -> usize {
    let answered = items.iter().rposition(|item| {
        item.message.role == Role::Assistant && item.message.tool_calls().next().is_none()
    });
    answered.map_or(0, |index| index + 1)
}

/// What can't be parted: calls and their results, and items of one entry.
fn units(items: &[Item]) -> Vec<Range<usize>> {
    let mut units: Vec<Range<usize>> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let belongs = |last: &Range<usize>| {
            item.message.role == Role::Tool || items[last.end - 1].seq == item.seq
        };
        match units.last_mut() {
            Some(last) if belongs(last) => last.end = index + 1,
            _ => units.push(index..index + 1),
        }
    }
    units
}
