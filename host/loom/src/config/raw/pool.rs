//! The keys of `[[pool]]`, `[failover]` and `[prices]`: which models answer, and what they cost.

use std::time::Duration;

use loom_types::Price;

use crate::config::section::{Located, Section};

/// A member as it was written.
#[derive(Clone, Debug)]
pub(in crate::config) struct RawMember {
    pub(in crate::config) model: Located<String>,
    pub(in crate::config) priority: Option<u32>,
    pub(in crate::config) weight: Option<u32>,
    pub(in crate::config) max_concurrent: Option<u32>,
    pub(in crate::config) first_token_timeout: Option<Duration>,
    pub(in crate::config) idle_timeout: Option<Duration>,
    pub(in crate::config) price: Option<Price>,
    pub(in crate::config) context_window: Option<u64>,
}

#[derive(Clone, Debug, Default)]
pub(in crate::config) struct RawFailover {
    pub(in crate::config) attempts: Option<u32>,
    pub(in crate::config) hedge: Option<bool>,
}

pub(super) fn read_members(root: &mut Section<'_>) -> Vec<RawMember> {
    let sections = root.list("pool").unwrap_or_default();
    sections.into_iter().filter_map(read_member).collect()
}

fn read_member(mut section: Section<'_>) -> Option<RawMember> {
    let model = section.located_string("model");
    section.require("model");
    let member = RawMember {
        priority: section.count("priority"),
        weight: section.count("weight"),
        max_concurrent: section.count("max_concurrent"),
        first_token_timeout: section.duration("first_token_timeout"),
        idle_timeout: section.duration("idle_timeout"),
        price: section.section("price").and_then(read_price),
        context_window: section.count("context_window"),
        model: model?,
    };
    section.finish();
    Some(member)
}

pub(super) fn read_failover(mut section: Section<'_>) -> RawFailover {
    let failover = RawFailover {
        attempts: section.count("attempts"),
        hedge: section.boolean("hedge"),
    };
    section.finish();
    failover
}

pub(super) fn read_prices(root: &mut Section<'_>) -> Vec<(String, Price)> {
    let sections = root.sections("prices").into_iter();
    let priced = sections.filter_map(|(pattern, section)| {
        if let Err(message) = check_model_pattern(pattern) {
            section.complain_of_itself(message);
        }
        Some((pattern.to_owned(), read_price(section)?))
    });
    priced.collect()
}

/// A pattern of `provider/model`.
pub(super) fn check_model_pattern(pattern: &str) -> Result<(), String> {
    if pattern.contains(['/', '*']) {
        return Ok(());
    }
    Err(format!(
        "`{pattern}` names no model; write \"provider/{pattern}\" or \"*/{pattern}\""
    ))
}

fn read_price(mut section: Section<'_>) -> Option<Price> {
    let input = section.amount("input");
    let output = section.amount("output");
    section.require("input");
    section.require("output");
    let cache_read = section.amount("cache_read");
    let cache_write = section.amount("cache_write");
    section.finish();
    Some(Price {
        input: input?,
        output: output?,
        cache_read,
        cache_write,
    })
}
