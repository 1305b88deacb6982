//! Which tool calls of one answer may run now. Pure: it starts nothing and waits for nothing.

use loom_types::Safety;

use crate::dispatch::Planned;

/// Whether two calls must not run side by side. Until calls say what they touch, only readers are known
/// to be harmless; a call that is refused touches nothing.
pub(crate) fn conflict(a: &Planned, b: &Planned) -> bool {
    match (a.safety(), b.safety()) {
        (None, _) | (_, None) | (Some(Safety::Safe), Some(Safety::Safe)) => false,
        (Some(_), Some(_)) => true,
    }
}

/// The calls of one answer and how far they are. A call is ready once all earlier calls that it
/// conflicts with are done.
pub(crate) struct Schedule {
    calls: Vec<Waiting>,
    running: usize,
    at_once: usize,
}

struct Waiting {
    /// Earlier calls that are not done and conflict with this one.
    blockers: usize,
    /// Later calls that this one blocks.
    blocks: Vec<usize>,
    started: bool,
}

impl Schedule {
    /// A schedule that runs at most `at_once` calls side by side, and at least one.
    pub(crate) fn new(planned: &[Planned], at_once: usize) -> Self {
        let blocks = |earlier: usize| {
            let later = (earlier + 1..planned.len())
                .filter(move |&later| conflict(&planned[earlier], &planned[later]));
            later.collect::<Vec<_>>()
        };
        let mut calls: Vec<_> = (0..planned.len())
            .map(|index| Waiting {
                blockers: 0,
                blocks: blocks(index),
                started: false,
            })
            .collect();
        for earlier in 0..calls.len() {
            for later in calls[earlier].blocks.clone() {
                calls[later].blockers += 1;
            }
        }
        Self {
            calls,
            running: 0,
            at_once: at_once.max(1),
        }
    }

    /// Takes the next call that may start now, in call order.
    pub(crate) fn start(&mut self) -> Option<usize> {
        if self.running == self.at_once {
            return None;
        }
        let ready = |call: &Waiting| !call.started && call.blockers == 0;
        let index = self.calls.iter().position(ready)?;
        self.calls[index].started = true;
        self.running += 1;
        Some(index)
    }

    /// Says that a call which was started has ended.
    pub(crate) fn done(&mut self, index: usize) {
        self.running -= 1;
        for later in std::mem::take(&mut self.calls[index].blocks) {
            self.calls[later].blockers -= 1;
        }
    }
}

#[cfg(test)]
mod tests;
