//! Finds passages: by words (Okapi BM25), by vectors (cosine), or by both, joined by their ranks
//! (reciprocal rank fusion). Where the query's vector comes from is not known here.

mod filter;
mod text;
mod vectors;

use std::collections::HashMap;

use crate::base::Base;
use crate::document::{Chunk, Document};
use crate::segment::Segment;
use crate::store::Entry;
use crate::store::fault::{Fault, Result};
pub(crate) use filter::Filter;

/// The constant of reciprocal rank fusion (Cormack, Clarke and Büttcher 2009): how little the very
/// first ranks stand out.
const FUSION: f64 = 60.0;

/// How many of each ranking are fused, at least, and how many vectors are compared exactly.
const CANDIDATES: usize = 100;

/// How often a search starts again because files were tidied up under it.
const MAX_ATTEMPTS: usize = 5;

/// What to look for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query {
    /// Ranks by words, if it has any.
    pub(crate) text: Option<String>,
    /// Ranks by vectors of that model.
    pub(crate) vector: Option<(String, Vec<f32>)>,
    pub(crate) filter: Filter,
    pub(crate) limit: usize,
}

/// What was found, best first.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) hits: Vec<Hit>,
    /// What could not be looked at, for the person.
    pub(crate) problems: Vec<String>,
    /// Passages whose vectors the query's can't be compared with.
    pub(crate) without_vector: u64,
}

/// A passage.
#[derive(Clone, Debug)]
pub(crate) struct Hit {
    pub(crate) document: Document,
    /// Its place in the document, from 1.
    pub(crate) number: u32,
    pub(crate) chunk: Chunk,
    pub(crate) score: f64,
}

/// A chunk by its segment's place and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Key {
    segment: usize,
    chunk: u32,
}

/// A chunk and how well it fits.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Ranked {
    key: Key,
    score: f64,
}

/// A segment with what the filter leaves of it.
struct Scope {
    entry: Entry,
    segment: Segment,
    /// The document of each chunk.
    documents: Vec<u32>,
    /// Of each document, whether it is looked at.
    passes: Vec<bool>,
}

impl Scope {
    fn looks_at(&self, chunk: u32) -> bool {
        let document = self.documents.get(chunk as usize);
        document.is_some_and(|it| self.passes.get(*it as usize).is_some_and(|passes| *passes))
    }
}

/// Finds the best passages.
pub(crate) fn search(base: &Base, query: &Query) -> Result<Answer> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        match search_once(base, query) {
            Err(Fault::Gone) if attempt < MAX_ATTEMPTS => {}
            result => return result,
        }
    }
}

fn search_once(base: &Base, query: &Query) -> Result<Answer> {
    let opened = base.open()?;
    let mut answer = Answer {
        problems: opened.problems,
        ..Answer::default()
    };
    let mut scopes = Vec::new();
    for (entry, segment) in opened.segments {
        match query.filter.scope(base, &entry, &segment) {
            Ok((documents, passes)) if passes.contains(&true) => {
                scopes.push(Scope {
                    entry,
                    segment,
                    documents,
                    passes,
                });
            }
            Ok(_) => {}
            Err(fault) => answer.problems.push(base.problem(&entry, &fault)),
        }
    }
    let count = query.limit.max(CANDIDATES);
    let mut told = |scope: &Scope, fault: Fault| {
        answer.problems.push(base.problem(&scope.entry, &fault));
    };
    let mut rankings = Vec::new();
    if let Some(text) = &query.text {
        rankings.push(text::rank(&scopes, text, count, &mut told));
    }
    if let Some((model, vector)) = &query.vector {
        let ranking = vectors::rank(&scopes, model, vector, count, &mut told);
        rankings.push(ranking.best);
        answer.without_vector = ranking.without_vector;
    }
    for ranked in fuse(rankings) {
        if answer.hits.len() == query.limit {
            break;
        }
        let scope = &scopes[ranked.key.segment];
        match hit(scope, ranked) {
            Ok(hit) => answer.hits.push(hit),
            Err(fault) => answer
                .problems
                .push(format!("a passage is left out: {}", fault.reason())),
        }
    }
    answer.problems.sort_unstable();
    answer.problems.dedup();
    Ok(answer)
}

fn hit(scope: &Scope, ranked: Ranked) -> Result<Hit> {
    let chunk = ranked.key.chunk;
    let document = scope.documents[chunk as usize];
    let first = scope.documents.partition_point(|it| *it < document);
    Ok(Hit {
        document: scope.segment.document(document)?,
        number: chunk - first as u32 + 1,
        chunk: scope.segment.chunk(chunk)?,
        score: ranked.score,
    })
}

/// Joins rankings by their ranks; a single one stays as it is.
fn fuse(mut rankings: Vec<Vec<Ranked>>) -> Vec<Ranked> {
    if rankings.len() < 2 {
        return rankings.pop().unwrap_or_default();
    }
    let mut scores: HashMap<Key, f64> = HashMap::new();
    for ranking in &rankings {
        for (place, ranked) in ranking.iter().enumerate() {
            *scores.entry(ranked.key).or_default() += 1.0 / (FUSION + place as f64 + 1.0);
        }
    }
    let fused = scores.into_iter().map(|(key, score)| Ranked { key, score });
    best(fused.collect(), usize::MAX)
}

/// The best, in order; of equally good ones the older first.
fn best(mut ranked: Vec<Ranked>, count: usize) -> Vec<Ranked> {
    let order = |a: &Ranked, b: &Ranked| b.score.total_cmp(&a.score).then(a.key.cmp(&b.key));
    if ranked.len() > count && count > 0 {
        ranked.select_nth_unstable_by(count - 1, order);
        ranked.truncate(count);
    }
    ranked.sort_unstable_by(order);
    ranked
}

#[cfg(test)]
mod tests;
