//! What is searched for, checked. How an engine says it is the engine's.

use loom_sdk::Error;
use loom_sdk::error::Result;
use schemars::JsonSchema;
use serde::Deserialize;
use url::Host;

/// What engines take; Brave refuses more than 400 characters.
const MAX_QUERY_CHARS: usize = 400;
/// What Brave and Tavily give at once.
const MAX_COUNT: u32 = 20;

/// How old a page may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
// The argument has a description of its own.
#[schemars(description = "")]
pub enum Freshness {
    Day,
    Week,
    Month,
    Year,
}

/// A query that is known to be well-formed.
#[derive(Debug)]
pub(crate) struct Query {
    pub(crate) text: String,
    pub(crate) count: usize,
    pub(crate) freshness: Option<Freshness>,
    /// A host name.
    pub(crate) site: Option<String>,
}

impl Freshness {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// Brave and DuckDuckGo write it as one letter.
    pub(crate) fn letter(self) -> &'static str {
        &self.word()[..1]
    }
}

impl Query {
    pub(crate) fn new(
        text: &str,
        count: u32,
        freshness: Option<Freshness>,
        site: Option<&str>,
    ) -> Result<Self> {
        let words: Vec<&str> = text.split_whitespace().collect();
        if words.is_empty() {
            return Err(Error::invalid_input(
                "the query is empty; say what to search for",
            ));
        }
        let text = words.join(" ");
        let length = text.chars().count();
        if length > MAX_QUERY_CHARS {
            return Err(Error::invalid_input(format!(
                "the query has {length} characters, more than the {MAX_QUERY_CHARS} that engines take; search for its key words"
            )));
        }
        if !(1..=MAX_COUNT).contains(&count) {
            return Err(Error::invalid_input(format!(
                "count is {count}; it can be 1 to {MAX_COUNT}"
            )));
        }
        Ok(Self {
            text,
            count: count as usize,
            freshness,
            site: site.map(parse_site).transpose()?,
        })
    }

    /// The query with its site, for engines that know no other way to say it.
    pub(crate) fn with_site(&self) -> String {
        match &self.site {
            Some(site) => format!("{} site:{site}", self.text),
            None => self.text.clone(),
        }
    }
}

/// Models write sites as names, as URLs and with `site:` before them.
fn parse_site(text: &str) -> Result<String> {
    let name = text.trim();
    let name = name.strip_prefix("site:").unwrap_or(name);
    let name = name.split_once("://").map_or(name, |(_, rest)| rest);
    let name = name.split(['/', '?', '#']).next().unwrap_or_default();
    let name = name.strip_prefix("*.").unwrap_or(name);
    match Host::parse(name) {
        Ok(Host::Domain(domain)) => Ok(domain),
        _ => Err(Error::invalid_input(format!(
            "`{text}` is not the name of a site; write it as docs.rs or www.example.org"
        ))),
    }
}

#[cfg(test)]
mod tests;
