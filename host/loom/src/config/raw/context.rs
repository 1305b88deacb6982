//! The keys of a run's context: `[compression]`, `[context_windows]`, `[recall]`, `[embedding]` and
//! `[retrieval]`.

use super::pool::check_model_pattern;
use super::{any, texts};
use crate::config::section::{Located, Section};
use crate::config::tree::Origin;

#[derive(Debug, Default)]
pub(in crate::config) struct RawContext {
    pub(in crate::config) compression: RawCompression,
    pub(in crate::config) windows: Vec<(String, u64)>,
    pub(in crate::config) recall: RawRecall,
    pub(in crate::config) embedding: Option<Located<String>>,
    pub(in crate::config) retrieval: RawRetrieval,
}

#[derive(Debug, Default)]
pub(in crate::config) struct RawCompression {
    pub(in crate::config) origin: Option<Origin>,
    pub(in crate::config) enabled: Option<bool>,
    pub(in crate::config) threshold: Option<f64>,
    pub(in crate::config) target: Option<f64>,
    pub(in crate::config) recent: Option<f64>,
    pub(in crate::config) model: Option<Located<String>>,
    pub(in crate::config) pinned: Option<Vec<String>>,
}

#[derive(Debug, Default)]
pub(in crate::config) struct RawRecall {
    pub(in crate::config) enabled: Option<bool>,
    pub(in crate::config) tokens: Option<u64>,
    pub(in crate::config) results: Option<usize>,
    pub(in crate::config) sessions: Option<bool>,
    pub(in crate::config) extract: Option<bool>,
}

#[derive(Debug, Default)]
pub(in crate::config) struct RawRetrieval {
    pub(in crate::config) automatic: Option<bool>,
    pub(in crate::config) collections: Option<Vec<String>>,
    pub(in crate::config) results: Option<usize>,
    pub(in crate::config) threshold: Option<f64>,
    pub(in crate::config) tokens: Option<u64>,
    pub(in crate::config) queries: Option<u32>,
    pub(in crate::config) rerank: Option<bool>,
}

pub(super) fn read(root: &mut Section<'_>) -> RawContext {
    let mut context = RawContext {
        windows: root.counts("context_windows", check_model_pattern),
        ..RawContext::default()
    };
    if let Some(section) = root.section("compression") {
        context.compression = read_compression(section);
    }
    if let Some(section) = root.section("recall") {
        context.recall = read_recall(section);
    }
    if let Some(mut section) = root.section("embedding") {
        context.embedding = section.located_string("model");
        section.finish();
    }
    if let Some(section) = root.section("retrieval") {
        context.retrieval = read_retrieval(section);
    }
    context
}

fn read_compression(mut section: Section<'_>) -> RawCompression {
    let compression = RawCompression {
        origin: Some(section.origin().clone()),
        enabled: section.boolean("enabled"),
        threshold: section.parsed_amount("threshold", |share| match share {
            share if share > 0.0 && share <= 1.0 => Ok(share),
            share => Err(format!("{share} is no share of the window; write 0.92")),
        }),
        target: section.parsed_amount("target", |share| part(share, 0.25)),
        recent: section.parsed_amount("recent", |share| match share {
            0.0 => Ok(share),
            share => part(share, 0.1),
        }),
        model: section.located_string("model"),
        pinned: texts(section.strings("pinned", check_pinned)),
    };
    section.finish();
    compression
}

fn read_recall(mut section: Section<'_>) -> RawRecall {
    let recall = RawRecall {
        enabled: section.boolean("enabled"),
        tokens: section.count("tokens"),
        results: section.count("results"),
        sessions: section.boolean("sessions"),
        extract: section.boolean("extract"),
    };
    section.finish();
    recall
}

fn read_retrieval(mut section: Section<'_>) -> RawRetrieval {
    let retrieval = RawRetrieval {
        automatic: section.boolean("automatic"),
        collections: texts(section.strings("collections", any)),
        results: section.count("results"),
        threshold: section.parsed_amount("threshold", |share| match share {
            share if (0.0..=1.0).contains(&share) => Ok(share),
            share => Err(format!("{share} is no share of the best score; write 0.5")),
        }),
        tokens: section.count("tokens"),
        queries: section.count("queries"),
        rerank: section.boolean("rerank"),
    };
    section.finish();
    retrieval
}

/// More than nothing, and less than all.
fn part(share: f64, example: f64) -> Result<f64, String> {
    if share > 0.0 && share < 1.0 {
        return Ok(share);
    }
    Err(format!("{share} is not between 0 and 1; write {example}"))
}

fn check_pinned(fact: &str) -> Result<(), String> {
    match fact.trim() {
        "" => Err("it is empty; write what is to be kept, or leave it out".to_owned()),
        _ => Ok(()),
    }
}
