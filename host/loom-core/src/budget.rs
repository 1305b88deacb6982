//! Budgets: what a run and all its sub-agents may use up together. Whoever spends something charges
//! it here; the executor looks before each step.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use loom_types::{Limit, Usage, Usd};

/// What a run may use up, sub-agents included. No limit by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BudgetLimits {
    /// Input and output tokens by the provider's count, or an estimate where it does not count.
    pub tokens: Option<u64>,
    /// Money. Counts only models whose price is known.
    pub cost: Option<Usd>,
    /// Questions to models.
    pub turns: Option<u32>,
    /// Tool calls that were started.
    pub tool_calls: Option<u32>,
}

/// A node in the tree of budgets. What is charged to it is charged to all above it.
#[derive(Clone, Debug)]
pub(crate) struct Budget(Arc<Node>);

#[derive(Debug)]
struct Node {
    limits: BudgetLimits,
    parent: Option<Budget>,
    tokens: AtomicU64,
    nanos: AtomicU64,
    turns: AtomicU32,
    tool_calls: AtomicU32,
}

impl Budget {
    /// The budget of an outermost run.
    pub(crate) fn root(limits: BudgetLimits) -> Self {
        Self::node(limits, None)
    }

    /// A share of this budget: it holds to its own limits and to those above.
    pub(crate) fn child(&self, limits: BudgetLimits) -> Self {
        Self::node(limits, Some(self.clone()))
    }

    fn node(limits: BudgetLimits, parent: Option<Self>) -> Self {
        Self(Arc::new(Node {
            limits,
            parent,
            tokens: AtomicU64::new(0),
            nanos: AtomicU64::new(0),
            turns: AtomicU32::new(0),
            tool_calls: AtomicU32::new(0),
        }))
    }

    /// This budget and those above it, nearest first.
    fn chain(&self) -> impl Iterator<Item = &Node> {
        std::iter::successors(Some(&*self.0), |node| {
            node.parent.as_ref().map(|parent| &*parent.0)
        })
    }

    pub(crate) fn charge_answer(&self, tokens: u64, cost: Option<Usd>) {
        let nanos = cost.map_or(0, Usd::nanos);
        for node in self.chain() {
            node.tokens.fetch_add(tokens, Ordering::Relaxed);
            node.nanos.fetch_add(nanos, Ordering::Relaxed);
        }
    }

    pub(crate) fn charge_turn(&self) {
        for node in self.chain() {
            node.turns.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Takes a tool call out of the budget, or says which limit leaves none.
    pub(crate) fn take_tool_call(&self) -> Result<(), Limit> {
        let taken = |node: &&Node| {
            let limit = node.limits.tool_calls.unwrap_or(u32::MAX);
            let take = |calls: u32| (calls < limit).then(|| calls + 1);
            let order = Ordering::Relaxed;
            node.tool_calls.fetch_update(order, order, take).is_ok()
        };
        // Other runs of the tree take calls at the same time, so each level decides for itself; what
        // was taken below a level that refuses is given back.
        for (level, node) in self.chain().enumerate() {
            if taken(&node) {
                continue;
            }
            for below in self.chain().take(level) {
                below.tool_calls.fetch_sub(1, Ordering::Relaxed);
            }
            let limit = node.limits.tool_calls.unwrap_or(u32::MAX);
            return Err(Limit::ToolCalls(limit));
        }
        Ok(())
    }

    /// The limit that leaves nothing for another question to a model.
    pub(crate) fn reached(&self) -> Option<Limit> {
        self.chain().find_map(Node::reached)
    }

    /// What was spent so far, sub-agents included.
    pub(crate) fn cost_spent(&self) -> Usd {
        Usd::from_nanos(self.0.nanos.load(Ordering::Relaxed))
    }

    /// How many tokens are left, if they are limited.
    pub(crate) fn tokens_left(&self) -> Option<(u64, Limit)> {
        let left = self.chain().filter_map(|node| {
            let limit = node.limits.tokens?;
            let spent = node.tokens.load(Ordering::Relaxed);
            Some((limit.saturating_sub(spent), Limit::Tokens(limit)))
        });
        left.min_by_key(|(tokens, _)| *tokens)
    }

    /// How much money is left, if it is limited.
    pub(crate) fn cost_left(&self) -> Option<Usd> {
        let left = self.chain().filter_map(|node| {
            let spent = node.nanos.load(Ordering::Relaxed);
            Some(node.limits.cost?.nanos().saturating_sub(spent))
        });
        left.min().map(Usd::from_nanos)
    }

    /// The strictest limit on money.
    pub(crate) fn cost_limit(&self) -> Option<Usd> {
        self.chain().filter_map(|node| node.limits.cost).min()
    }

    /// How much of the scarcest thing is used up, from 0.0, and what it is a limit of.
    pub(crate) fn used(&self) -> Option<(f64, Limit)> {
        let shares = self.chain().flat_map(Node::shares);
        shares.max_by(|(a, _), (b, _)| a.total_cmp(b))
    }
}

impl Node {
    fn reached(&self) -> Option<Limit> {
        let at_end = |(share, limit): (f64, Limit)| {
            // A run that used its last tool call may still answer.
            let ends = !matches!(limit, Limit::ToolCalls(_));
            (ends && share >= 1.0).then_some(limit)
        };
        self.shares().into_iter().find_map(at_end)
    }

    fn shares(&self) -> Vec<(f64, Limit)> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a share of a budget needs no more than 15 digits"
        )]
        let share = |spent: u64, limit: u64| {
            if limit == 0 {
                1.0
            } else {
                spent as f64 / limit as f64
            }
        };
        let limits = &self.limits;
        let order = Ordering::Relaxed;
        let all = [
            limits
                .tokens
                .map(|limit| (share(self.tokens.load(order), limit), Limit::Tokens(limit))),
            limits.cost.map(|limit| {
                (
                    share(self.nanos.load(order), limit.nanos()),
                    Limit::Cost(limit),
                )
            }),
            limits.turns.map(|limit| {
                (
                    share(self.turns.load(order).into(), limit.into()),
                    Limit::Turns(limit),
                )
            }),
            limits.tool_calls.map(|limit| {
                let share = share(self.tool_calls.load(order).into(), limit.into());
                (share, Limit::ToolCalls(limit))
            }),
        ];
        all.into_iter().flatten().collect()
    }
}

/// Tokens that a text may have where nobody counts: four bytes each, as is usual for English and code.
pub(crate) fn estimated_tokens(bytes: u64) -> u64 {
    bytes.div_ceil(4)
}

/// The tokens of an answer for the budget: as counted, else the estimate.
pub(crate) fn counted_or(usage: &Usage, estimate: impl FnOnce() -> u64) -> u64 {
    match usage.total_tokens() {
        0 => estimate(),
        tokens => tokens,
    }
}

#[cfg(test)]
mod tests;
