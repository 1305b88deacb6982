//! Which tool calls of one answer may run now. Pure: it starts nothing and waits for nothing.
//!
//! Readers of a resource run together, a writer runs alone on it, and a call that touches everything
//! runs alone altogether. Among calls that conflict the order of the calls decides; calls that do not
//! conflict never wait for each other, unless there are more than may run at once.

use std::collections::BTreeMap;

use loom_types::{AccessMode, Footprint, Touch};

use crate::dispatch::Planned;

/// Whether two calls must not run side by side.
pub(crate) fn conflict(a: &Footprint, b: &Footprint) -> bool {
    match (a, b) {
        (Footprint::Resources(a), Footprint::Resources(b)) => {
            a.iter().any(|a| b.iter().any(|b| collide(a, b)))
        }
        (Footprint::Everything, _) | (_, Footprint::Everything) => true,
    }
}

fn collide(a: &Touch, b: &Touch) -> bool {
    let writes = a.mode == AccessMode::Write || b.mode == AccessMode::Write;
    writes && a.resource.overlaps(&b.resource)
}

/// A call as the schedule sees it.
#[derive(Clone, Copy)]
pub(crate) struct Slot<'a> {
    pub(crate) tool: &'a str,
    /// None: the call is refused, so it conflicts with nothing, not even with what runs alone.
    pub(crate) footprint: Option<&'a Footprint>,
}

impl<'a> From<&'a Planned> for Slot<'a> {
    fn from(planned: &'a Planned) -> Self {
        Self {
            tool: &planned.call.name,
            footprint: planned.footprint(),
        }
    }
}

impl Slot<'_> {
    fn conflicts(&self, other: &Self) -> bool {
        match (self.footprint, other.footprint) {
            (Some(a), Some(b)) => conflict(a, b),
            _ => false,
        }
    }
}

/// The calls of one answer and how far they are. A call is ready once all earlier calls that it
/// conflicts with are done.
pub(crate) struct Schedule {
    calls: Vec<Waiting>,
    running: usize,
    at_once: usize,
    /// How many more calls may start, of each tool with a limit of its own.
    left: Vec<usize>,
}

struct Waiting {
    /// Earlier calls that are not done and conflict with this one.
    blockers: usize,
    /// Later calls that this one blocks.
    blocks: Vec<usize>,
    started: bool,
    /// Where its tool's limit is in `left`, if it has one.
    limit: Option<usize>,
}

impl Schedule {
    /// A schedule that runs at most `at_once` calls side by side, and of the tools that `per_tool` names
    /// no more than it says; in either 0 counts as 1. Compares each call with each: a thousand are
    /// fine, models ask for dozens.
    pub(crate) fn new(
        slots: &[Slot<'_>],
        at_once: usize,
        per_tool: &BTreeMap<String, usize>,
    ) -> Self {
        let limits: Vec<_> = per_tool.keys().map(String::as_str).collect();
        let limit = |slot: &Slot<'_>| match slot.footprint {
            Some(_) => limits.binary_search(&slot.tool).ok(),
            None => None,
        };
        let blocks = |earlier: usize| {
            let later = earlier + 1..slots.len();
            let later = later.filter(move |&later| slots[earlier].conflicts(&slots[later]));
            later.collect::<Vec<_>>()
        };
        let mut calls: Vec<_> = (0..slots.len())
            .map(|index| Waiting {
                blockers: 0,
                blocks: blocks(index),
                started: false,
                limit: limit(&slots[index]),
            })
            .collect();
        for earlier in 0..calls.len() {
            for place in 0..calls[earlier].blocks.len() {
                let later = calls[earlier].blocks[place];
                calls[later].blockers += 1;
            }
        }
        Self {
            calls,
            running: 0,
            at_once: at_once.max(1),
            left: per_tool.values().map(|&most| most.max(1)).collect(),
        }
    }

    /// Takes the next call that may start now, in call order.
    pub(crate) fn start(&mut self) -> Option<usize> {
        if self.running == self.at_once {
            return None;
        }
        let has_room = |call: &Waiting| call.limit.is_none_or(|limit| self.left[limit] > 0);
        let ready = |call: &Waiting| !call.started && call.blockers == 0 && has_room(call);
        let index = self.calls.iter().position(ready)?;
        self.calls[index].started = true;
        self.running += 1;
        if let Some(limit) = self.calls[index].limit {
            self.left[limit] -= 1;
        }
        Some(index)
    }

    /// Says that a call which was started has ended.
    pub(crate) fn done(&mut self, index: usize) {
        self.running -= 1;
        if let Some(limit) = self.calls[index].limit {
            self.left[limit] += 1;
        }
        for later in std::mem::take(&mut self.calls[index].blocks) {
            self.calls[later].blockers -= 1;
        }
    }
}

#[cfg(test)]
mod tests;
