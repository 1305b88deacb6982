//! Compression of the working context: what is done when a conversation no longer fits its window, so
//! that it goes on without forgetting. Pure: the model is asked through [`Ask`], the log is written by
//! whoever calls.
//!
//! Tiers, cheapest first, until the target is reached: retrieved passages of earlier questions, old
//! images and reasoning; old results of tools; superseded reads; long outputs; at last a summary of the
//! older part. What is always kept, word for word: system messages, the current request, pinned facts
//! and the newest messages.
//!
//! What must not be here: the log, the events, the pool, the budget.

mod compaction;
mod fallback;
mod identifiers;
mod merge;
mod options;
mod plan;
mod prompt;
mod shorten;
mod summarize;
mod summary;
mod tiers;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use loom_types::{
    Compressed, CompressionMethod, CompressionReason, Message, ModelRequest, Result, ToolDefinition,
};
use tokio::time::Instant;

pub use compaction::Compaction;
pub(crate) use compaction::apply;
pub use options::{CompressionOptions, CompressionOptionsError};
pub(crate) use shorten::READ_RESULT;
pub use shorten::{Shortened, Shortening};
pub use summary::{Metadata, Summary};
pub use tokens::Tokenizer;
pub(crate) use tokens::{Calibration, Counter};

use crate::context::{Item, Origin};
use options::share;
use plan::Plan;
use summarize::{Material, summarize};
use tiers::Trim;

/// Share of the window that a compression has to gain, if it could be put off: one that runs at every turn
/// costs more than it saves.
const WORTH: f64 = 0.02;

/// Whoever asks the summarising model: meters it, charges the budget, and stops it.
#[async_trait]
pub(crate) trait Ask: Send {
    /// The whole text of the answer.
    async fn ask(&mut self, request: ModelRequest) -> Result<String>;
}

/// What there is to compress.
pub(crate) struct Job<'a> {
    /// The working context, without instructions that come before it in every question. No open calls.
    pub(crate) items: &'a [Item],
    /// The compaction that was applied last to these items.
    pub(crate) previous: Option<&'a Compaction>,
    pub(crate) options: &'a CompressionOptions,
    pub(crate) counter: &'a mut Counter,
    pub(crate) calibration: Calibration,
    /// Counted tokens, not calibrated, of the instructions and of the tools' definitions.
    pub(crate) fixed_tokens: u64,
    /// Tokens of the context window.
    pub(crate) window: u64,
    pub(crate) reason: CompressionReason,
    /// The tools that the calls in the items are of, as far as they still exist.
    pub(crate) tools: &'a [Arc<ToolDefinition>],
    /// The model that summarises, and its window in tokens.
    pub(crate) summarizer: Summarizer<'a>,
}

/// The model that summarises.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Summarizer<'a> {
    /// What [`ModelRequest::model`] names.
    pub(crate) model: &'a str,
    /// Tokens of its context window.
    pub(crate) window: u64,
}

/// Compresses a working context. None if there is nothing to do: the threshold is not reached, or
/// nothing can be made smaller. What comes back is to be written down and then applied, with
/// [`apply`].
///
/// # Errors
/// [`InvalidInput`](loom_types::ErrorKind::InvalidInput), a context overflow, if what always stays does
/// not fit the window by itself; [`Cancelled`](loom_types::ErrorKind::Cancelled) if `ask` was. When `ask`
/// fails otherwise, the host summarises by rules.
pub(crate) async fn compress(
    mut job: Job<'_>,
    ask: &mut dyn Ask,
) -> Result<Option<(Compaction, Compressed)>> {
    let started = Instant::now();
    let mut model_time = Duration::ZERO;
    let plan = Plan::new(&mut job)?;
    let before_tokens = job.calibration.apply(plan.total);
    let due = job.options.is_due(before_tokens, job.window);
    let wanted = match job.reason {
        CompressionReason::Threshold => due,
        CompressionReason::Overflow => true,
        CompressionReason::Request => has_grown(job.previous, before_tokens),
    };
    if !wanted {
        return Ok(None);
    }
    let mut trim = Trim::new(job.items, &plan, job.counter.tokenizer());
    trim.run(&plan, job.tools);
    let mut done = None;
    if !trim.is_enough() && is_worth_a_summary(&job, &plan, before_tokens) {
        done = summarized(&mut job, &plan, &trim, ask, &mut model_time).await?;
    }
    if done.is_none() {
        if !trim.is_enough() {
            trim.squeeze(&plan.squeezed);
        }
        if is_worth_a_trim(&job, &plan, &trim) {
            let compaction = trimmed(&job, &trim);
            done = check(&mut job, &plan, compaction);
        }
    }
    Ok(done.map(|(compaction, mut compressed)| {
        compressed.model_time = model_time;
        compressed.host_time = started.elapsed().saturating_sub(model_time);
        (compaction, compressed)
    }))
}

/// Whether enough was said since the last compression that another is of use: a quarter more. What is
/// compressed over and over has no newest messages left.
fn has_grown(previous: Option<&Compaction>, tokens: u64) -> bool {
    let after = previous.map_or(0, |previous| previous.after_tokens);
    tokens > after.saturating_add(after / 4)
}

/// Whether the older part is long enough to be summarised.
fn is_worth_a_summary(job: &Job<'_>, plan: &Plan<'_>, before_tokens: u64) -> bool {
    let old = plan.old_tokens(job.items);
    let least = match job.reason {
        _ if before_tokens >= job.window => 1,
        CompressionReason::Request => plan::MIN_SUMMARY_TOKENS.min(job.window / 50),
        _ => share(job.window, WORTH) + plan::MIN_SUMMARY_TOKENS,
    };
    old >= least.max(1)
}

/// Whether trimming gains something: a request that nearly fills the window by itself would have an entry
/// written for every turn.
fn is_worth_a_trim(job: &Job<'_>, plan: &Plan<'_>, trim: &Trim<'_>) -> bool {
    let gained = plan.total - trim.total.min(plan.total);
    let optional = job.reason == CompressionReason::Threshold && plan.total < job.window;
    trim.is_enough() || !optional || gained >= share(job.window, WORTH)
}

/// The compaction that trims only.
fn trimmed(job: &Job<'_>, trim: &Trim<'_>) -> Compaction {
    Compaction {
        forgotten: trim.forgotten.clone(),
        lightened: trim.lightened(),
        shortened: trim.shortened(),
        summary: job.previous.and_then(|previous| previous.summary.clone()),
        ..draft(job, CompressionMethod::Trimmed)
    }
}

/// The compaction with a summary: by a model if it gives one that holds, else by rules.
async fn summarized(
    job: &mut Job<'_>,
    plan: &Plan<'_>,
    trim: &Trim<'_>,
    ask: &mut dyn Ask,
    model_time: &mut Duration,
) -> Result<Option<(Compaction, Compressed)>> {
    let material = Material::new(job, plan);
    if job.options.ask_model
        && let Some(summary) = summarize(job, &material, ask, model_time).await?
    {
        let summary = material.finish(summary, plan.summary_tokens);
        let compaction = with_summary(job, plan, trim, summary, CompressionMethod::Summarized);
        if let Some(done) = check(job, plan, compaction) {
            return Ok(Some(done));
        }
    }
    for max_tokens in [plan.summary_tokens, plan::MIN_SUMMARY_TOKENS] {
        let summary = material.by_rules(max_tokens);
        let compaction = with_summary(job, plan, trim, summary, CompressionMethod::Fallback);
        if let Some(done) = check(job, plan, compaction) {
            return Ok(Some(done));
        }
    }
    Ok(None)
}

fn with_summary(
    job: &Job<'_>,
    plan: &Plan<'_>,
    trim: &Trim<'_>,
    summary: Summary,
    method: CompressionMethod,
) -> Compaction {
    let items = job.items;
    let first = items[plan.cut..]
        .iter()
        .find(|item| item.origin != Origin::Summary);
    let after_all = || {
        items
            .iter()
            .map(|item| item.seq)
            .max()
            .map_or(0, |seq| seq + 1)
    };
    let kept = (0..plan.cut).filter(|index| plan.stays(items, *index));
    let squeezed = plan.squeezed.iter().map(|(call_id, shortening)| Shortened {
        call_id: (*call_id).clone(),
        shortening: *shortening,
    });
    let mut shortened: Vec<_> = squeezed.collect();
    shortened.sort_by(|a, b| a.call_id.cmp(&b.call_id));
    Compaction {
        from_seq: first.map_or_else(after_all, |item| item.seq),
        kept: kept.map(|index| items[index].seq).collect(),
        forgotten: trim.forgotten.clone(),
        shortened,
        summary: Some(summary),
        ..draft(job, method)
    }
}

fn draft(job: &Job<'_>, method: CompressionMethod) -> Compaction {
    Compaction {
        generation: job.previous.map_or(0, |previous| previous.generation) + 1,
        pinned: job.options.pinned.clone(),
        method,
        reason: job.reason,
        ..Compaction::default()
    }
}

/// Applies a compaction to see whether it holds: the question is smaller, and every pinned fact is in
/// it, word for word.
fn check(
    job: &mut Job<'_>,
    plan: &Plan<'_>,
    mut compaction: Compaction,
) -> Option<(Compaction, Compressed)> {
    let mut items = apply(&compaction, 0, job.items.to_vec());
    if compaction.summary.is_none() && !compaction.pinned.is_empty() {
        // Facts that the messages still say need not be said again.
        let pins = std::mem::take(&mut compaction.pinned);
        let bare = apply(&compaction, 0, job.items.to_vec());
        if has_all(&bare, &pins) {
            items = bare;
        } else {
            compaction.pinned = pins;
        }
    }
    let tokens = items.iter().map(|item| job.counter.message(&item.message));
    let total = job.fixed_tokens + tokens.sum::<u64>();
    if total >= plan.total || !has_all(&items, &job.options.pinned) {
        return None;
    }
    compaction.before_tokens = job.calibration.apply(plan.total);
    compaction.after_tokens = job.calibration.apply(total);
    let compressed = told(job, plan, &compaction, &items);
    Some((compaction, compressed))
}

fn has_all(items: &[Item], facts: &[String]) -> bool {
    let says = |message: &Message, fact: &str| {
        identifiers::all_text(message).any(|text| text.contains(fact))
    };
    facts
        .iter()
        .all(|fact| items.iter().any(|item| says(&item.message, fact)))
}

fn told(job: &Job<'_>, plan: &Plan<'_>, compaction: &Compaction, after: &[Item]) -> Compressed {
    let places: std::collections::HashSet<_> = job
        .items
        .iter()
        .map(|item| Arc::as_ptr(&item.message))
        .collect();
    let as_before = after
        .iter()
        .filter(|item| places.contains(&Arc::as_ptr(&item.message)));
    Compressed {
        reason: compaction.reason,
        method: compaction.method,
        before_tokens: compaction.before_tokens,
        after_tokens: compaction.after_tokens,
        kept_messages: as_before.count(),
        summarized_messages: match compaction.method {
            CompressionMethod::Trimmed => 0,
            _ => plan.old(job.items).count(),
        },
        shortened_results: compaction.shortened.len(),
        pinned: compaction.pinned.len(),
        generation: compaction.generation,
        host_time: Duration::ZERO,
        model_time: Duration::ZERO,
    }
}

#[cfg(test)]
pub(crate) mod tests;
