//! Search: Qdrant ranks by words (BM25 over sparse vectors) or by vector (cosine); a search by both
//! is put together here.

use std::collections::HashMap;

use loom_sdk::error::Result;
use loom_sdk::memory::{Hit, Query};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::QdrantMemory;
use crate::client::Client;
use crate::collection::{WORDS, vector_name};
use crate::live::{self, Found, has};
use crate::point::{self, FIRST_ROLE, MORE_ROLE, field};
use crate::words;

/// How many points one question gives.
const PAGE: u64 = 500;

/// Of how many of the best entries by words a search by both looks at the vectors.
const CANDIDATES: u64 = 2000;

impl QdrantMemory {
    pub(crate) fn find(&mut self, query: &Query, limit: u32) -> Result<Vec<Hit>> {
        let client = self.client()?;
        let Some(search) = self.plan(&client, query)? else {
            return Ok(Vec::new());
        };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let found = match search {
            Plan::One(body) => ranked(&client, &body, limit)?,
            Plan::Both { words, vector } => both(&client, &words, &vector, limit)?,
        };
        let entries = live::entries(&client, &found)?;
        let hits = entries.into_iter().map(|(found, entry)| Hit {
            session: found.about.session,
            entry,
            score: found.score,
        });
        Ok(hits.collect())
    }

    /// None if nothing can be found.
    fn plan(&mut self, client: &Client, query: &Query) -> Result<Option<Plan>> {
        let filter = filter(query);
        let words = query.text.as_deref().and_then(words::question);
        let by_words =
            words.map(|words| json!({ "query": words, "using": WORDS, "filter": filter }));
        let Some(vector) = &query.vector else {
            return Ok(Some(Plan::One(by_words.unwrap_or_else(|| newest(&filter)))));
        };
        let Some(unit) = point::unit(vector) else {
            return Ok(None);
        };
        if !self.collection.has_vectors(client, unit.len())? {
            return Ok(None);
        }
        let vector = json!({ "query": unit, "using": vector_name(unit.len()), "filter": filter });
        Ok(Some(match by_words {
            Some(words) => Plan::Both { words, vector },
            None => Plan::One(vector),
        }))
    }
}

/// What to ask the server.
enum Plan {
    One(Value),
    Both { words: Value, vector: Value },
}

fn filter(query: &Query) -> Value {
    let any = |name: &str, values: Value| json!({ "key": name, "match": { "any": values } });
    let mut must = vec![any(field::ROLE, json!([FIRST_ROLE, MORE_ROLE]))];
    if let Some(session) = &query.session {
        must.push(has(field::SESSION, json!(session)));
    }
    if !query.kinds.is_empty() {
        must.push(any(field::KIND, json!(query.kinds)));
    }
    let mut range = serde_json::Map::new();
    range.extend(query.since_ms.map(|ms| ("gte".to_owned(), json!(ms))));
    range.extend(query.until_ms.map(|ms| ("lte".to_owned(), json!(ms))));
    if !range.is_empty() {
        must.push(json!({ "key": field::TIME, "range": range }));
    }
    json!({ "must": must })
}

fn newest(filter: &Value) -> Value {
    let order = json!({ "order_by": { "key": field::TIME, "direction": "desc" } });
    json!({ "query": order, "filter": filter })
}

/// The best `limit` entries that count, in the server's order.
fn ranked(client: &Client, body: &Value, limit: usize) -> Result<Vec<Found>> {
    let mut best = Vec::new();
    let mut offset = 0;
    while best.len() < limit {
        let page = page(client, body, offset, PAGE)?;
        let is_last = (page.len() as u64) < PAGE;
        best.extend(live::only_live(client, page)?);
        if is_last {
            break;
        }
        offset += PAGE;
    }
    best.truncate(limit);
    // A server in several parts may give equals in any order, but never a worse one first.
    best.sort_by(|a, b| b.score.total_cmp(&a.score));
    Ok(best)
}

fn page(client: &Client, body: &Value, offset: u64, limit: u64) -> Result<Vec<Found>> {
    let mut body = body.clone();
    body["offset"] = json!(offset);
    body["limit"] = json!(limit);
    body["with_payload"] = json!(field::ABOUT);
    match client.query("/points/query", &body)? {
        Some(answer) => live::points(client, &answer["points"]),
        None => Ok(Vec::new()),
    }
}

/// Entries that have some of the words and a vector, half by words and half by vector. BM25 has no
/// upper bound, so it is scaled to its best value.
fn both(client: &Client, words: &Value, vector: &Value, limit: usize) -> Result<Vec<Found>> {
    let mut prefetch = words.clone();
    prefetch["limit"] = json!(CANDIDATES);
    let mut rescored = vector.clone();
    rescored["prefetch"] = prefetch;
    let by_words = page(client, words, 0, CANDIDATES)?;
    let by_vector = page(client, &rescored, 0, CANDIDATES)?;
    let best = by_words.first().map_or(0.0, |best| best.score);
    let scale = if best > 0.0 { best.recip() } else { 0.0 };
    let by_words: HashMap<Uuid, f64> = by_words
        .into_iter()
        .map(|found| (found.id, found.score))
        .collect();
    let scored = by_vector.into_iter().filter_map(|found| {
        let words = by_words.get(&found.id)? * scale;
        let score = 0.5 * found.score + 0.5 * words;
        Some(Found { score, ..found })
    });
    let mut found = live::only_live(client, scored.collect())?;
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    found.truncate(limit);
    Ok(found)
}
