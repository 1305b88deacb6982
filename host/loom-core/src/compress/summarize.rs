//! The summary by a model: the older part goes to it in pieces that fit its window, its answers are
//! checked, and one that falls short is asked for again, once, with what was missing.

use std::borrow::Cow;
use std::time::Duration;

use loom_types::{ErrorKind, Result};
use tokio::time::Instant;

use super::fallback;
use super::identifiers::{self, Needed};
use super::merge;
use super::options::share;
use super::plan::Plan;
use super::prompt::{self, Draft, Question, Quote};
use super::summary::{self, Summary};
use super::tokens::Tokenizer;
use super::{Ask, Job};
use crate::context::{Item, Origin};

/// How often the model is asked at most for one summary, retries apart. Twelve pieces are some eight
/// windows.
const MAX_PIECES: usize = 12;
/// Share of the summarising model's window that a piece may take; the rest is for the record so far,
/// the instructions, the answer, and what its vocabulary is off.
const PIECE_SHARE: f64 = 0.8;
/// Identifiers that are insisted on.
const MAX_NEEDED: u64 = 100;
/// Attempts at a piece.
const ATTEMPTS: usize = 2;

/// What a summary is made of, and how it has to be.
pub(super) struct Material<'a> {
    pub(super) before: Summary,
    pub(super) old: Vec<&'a Item>,
    /// Tokens of each.
    old_tokens: Vec<u64>,
    pub(super) needed: Vec<Needed>,
    pub(super) max_tokens: u64,
    tokenizer: Tokenizer,
}

impl<'a> Material<'a> {
    pub(super) fn new(job: &Job<'a>, plan: &Plan<'_>) -> Self {
        let items = job.items;
        let before = job.previous.and_then(|previous| previous.summary.clone());
        let before = before.unwrap_or_default();
        let (old, old_tokens): (Vec<_>, Vec<_>) = plan.old(items).unzip();
        let metadata = merge::metadata(Some(&before.metadata), old.iter().copied(), job.tools);
        let before = Summary { metadata, ..before };
        let limit = MAX_NEEDED.min(plan.summary_tokens / 8);
        Self {
            needed: needed(items, plan, &old, &before, limit),
            before,
            old,
            old_tokens,
            max_tokens: plan.summary_tokens,
            tokenizer: job.counter.tokenizer(),
        }
    }

    /// The summary by rules, of at most so many tokens.
    pub(super) fn by_rules(&self, max_tokens: u64) -> Summary {
        self.finish(fallback::extract(&self.before, &self.old), max_tokens)
    }

    /// Brings a summary to its size and adds what is missing.
    pub(super) fn finish(&self, mut summary: Summary, max_tokens: u64) -> Summary {
        merge::fit(&mut summary, &[], max_tokens, self.tokenizer);
        let missing = merge::missing(&summary, &self.needed);
        merge::repair(&mut summary, &missing, max_tokens / 4, self.tokenizer);
        summary
    }
}

/// What the newest messages and the request still name, and the older part knows.
fn needed(
    items: &[Item],
    plan: &Plan<'_>,
    old: &[&Item],
    before: &Summary,
    limit: u64,
) -> Vec<Needed> {
    let request = (0..plan.cut).filter(|index| plan.stays(items, *index));
    let using = request.chain(plan.cut..items.len());
    let using = using.filter(|index| items[*index].origin == Origin::Said);
    let using = using.flat_map(|index| identifiers::said(&items[index].message));
    let known = summary::text(Some(before), &[]);
    let messages = || old.iter().map(|item| &item.message);
    // What was said explains better than what a tool returned; the last is looked at first.
    let mut explaining = vec![Cow::from(known)];
    explaining.extend(messages().flat_map(|message| identifiers::returned(message)));
    explaining.extend(messages().flat_map(|message| identifiers::said(message).map(Cow::from)));
    identifiers::needed(
        using,
        &explaining,
        usize::try_from(limit).unwrap_or(usize::MAX),
    )
}

/// Asks the model for a summary. None if it gave no usable one. Fails only if it was cancelled.
pub(super) async fn summarize(
    job: &Job<'_>,
    material: &Material<'_>,
    ask: &mut dyn Ask,
    model_time: &mut Duration,
) -> Result<Option<Summary>> {
    let pieces = pieces(job, material);
    let skipped = pieces.len().saturating_sub(MAX_PIECES);
    let mut summary = material.before.clone();
    if skipped > 0 {
        let items = pieces[..skipped].iter().map(|piece| piece.items).sum();
        summary = fallback::extract(&summary, &material.old[..items]);
        merge::fit(&mut summary, &[], material.max_tokens, material.tokenizer);
    }
    let mut writer = Writer {
        job,
        material,
        ask,
        model_time,
    };
    for (index, piece) in pieces.iter().enumerate().skip(skipped) {
        let last = index + 1 == pieces.len();
        match writer.add(&summary, piece, last).await? {
            Some(longer) => summary = longer,
            None => return Ok(None),
        }
    }
    Ok(Some(summary))
}

/// A part of the conversation that fits the summarising model's window.
#[derive(Debug, Default)]
struct Piece {
    lines: Vec<String>,
    items: usize,
}

fn pieces(job: &Job<'_>, material: &Material<'_>) -> Vec<Piece> {
    let room = share(job.summarizer.window, PIECE_SHARE);
    let room = room.saturating_sub(material.max_tokens).max(500);
    let full = cut_in_pieces(material, Quote::FULL, room);
    match full.len() > MAX_PIECES {
        true => cut_in_pieces(material, Quote::BRIEF, room),
        false => full,
    }
}

fn cut_in_pieces(material: &Material<'_>, quote: Quote, room: u64) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut left = 0;
    for (item, tokens) in material.old.iter().zip(&material.old_tokens) {
        let line = prompt::quoted(item, quote);
        // What quoting adds, or, of a part of a message, more than it has: counting it all would take
        // longer than everything else.
        let tokens = (tokens * 6 / 5 + 20).min(line.len() as u64 / 2);
        match pieces.last_mut().filter(|_| tokens <= left) {
            Some(piece) => {
                left -= tokens;
                piece.lines.push(line);
                piece.items += 1;
            }
            None => {
                left = room.saturating_sub(tokens);
                pieces.push(Piece {
                    lines: vec![line],
                    items: 1,
                });
            }
        }
    }
    pieces
}

struct Writer<'w, 'a> {
    job: &'w Job<'a>,
    material: &'w Material<'a>,
    ask: &'w mut dyn Ask,
    model_time: &'w mut Duration,
}

impl Writer<'_, '_> {
    /// The summary with what a piece adds. The last has to have everything that is needed.
    async fn add(
        &mut self,
        before: &Summary,
        piece: &Piece,
        last: bool,
    ) -> Result<Option<Summary>> {
        let material = self.material;
        let needed = material.needed.iter().filter(|_| last);
        let needed: Vec<_> = needed.map(|n| n.identifier.as_str()).collect();
        let mut usable = None;
        let mut complaint: Option<String> = None;
        for _ in 0..ATTEMPTS {
            let question = Question {
                model: self.job.summarizer.model,
                lines: &piece.lines,
                before,
                needed: &needed,
                max_tokens: material.max_tokens,
                complaint: complaint.as_deref(),
            };
            let Some(answer) = self.answer(&question).await? else {
                break;
            };
            let summary = match read(&answer, before) {
                Ok(summary) => summary,
                Err(wrong) => {
                    complaint = Some(wrong);
                    continue;
                }
            };
            complaint = self.shortcoming(&summary, last);
            usable = Some(summary);
            if complaint.is_none() {
                break;
            }
        }
        if let Some(complaint) = complaint {
            tracing::debug!(
                usable = usable.is_some(),
                complaint,
                "the summary fell short"
            );
        }
        Ok(usable)
    }

    /// The model's answer; none if it gave none.
    async fn answer(&mut self, question: &Question<'_>) -> Result<Option<String>> {
        let asked = Instant::now();
        let answer = self.ask.ask(question.request()).await;
        *self.model_time += asked.elapsed();
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.kind == ErrorKind::Cancelled => Err(error),
            Err(error) => {
                tracing::warn!(kind = ?error.kind, "no model could summarise, the host does");
                Ok(None)
            }
        }
    }

    /// What the host can mend, but the model better.
    fn shortcoming(&self, summary: &Summary, last: bool) -> Option<String> {
        let material = self.material;
        let text = summary::text(Some(summary), &[]);
        let tokens = material.tokenizer.count(&text);
        if tokens > material.max_tokens * 2 {
            return Some("it was far too long".to_owned());
        }
        let missing = merge::missing(summary, &material.needed);
        if !last || missing.is_empty() {
            return None;
        }
        let missing: Vec<_> = missing.iter().map(|n| n.identifier.as_str()).collect();
        let missing = serde_json::Value::from(missing);
        Some(format!("it did not mention {missing}"))
    }
}

/// The summary with what an answer adds. Fails with what is wrong, for the model.
fn read(answer: &str, before: &Summary) -> Result<Summary, String> {
    let summary = merge::merge(before, Draft::parse(answer)?);
    match summary.task_overview.is_empty() {
        true => Err("task_overview was empty".to_owned()),
        false => Ok(summary),
    }
}
