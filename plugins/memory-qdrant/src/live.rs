//! Which points count: those of a session's present generation whose append was completed. And
//! fetching them. What they are wanted for is not decided here.

use std::collections::HashMap;

use loom_sdk::Error;
use loom_sdk::error::Result;
use loom_sdk::memory::Entry;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Log;
use crate::client::Client;
use crate::point::{self, About, FIRST_ROLE, field};

/// How many points are asked for by id at once.
const POINTS_AT_ONCE: usize = 1000;

/// How large an answer may get, about. A quarter of what the host lets through by default.
const ANSWER_BYTES: u64 = 4 << 20;

/// A point as answers give it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Point {
    pub(crate) id: Uuid,
    #[serde(default)]
    pub(crate) score: f64,
    pub(crate) payload: Value,
}

/// A point of which is known whether it counts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found {
    pub(crate) id: Uuid,
    pub(crate) score: f64,
    pub(crate) about: About,
}

/// The points of an answer, without their entries.
///
/// # Errors
///
/// If the answer holds anything else.
pub(crate) fn points(client: &Client, answer: &Value) -> Result<Vec<Found>> {
    let points = Vec::<Point>::deserialize(answer).map_err(|why| client.not_understood(&why))?;
    let found = points.into_iter().map(|point| {
        let about = About::deserialize(&point.payload);
        Ok(Found {
            id: point.id,
            score: point.score,
            about: about.map_err(|why| client.not_understood(&why))?,
        })
    });
    found.collect()
}

/// What is known of points, by their ids; those that do not exist are missing.
pub(crate) fn about(
    client: &Client,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<HashMap<Uuid, About>> {
    let mut ids: Vec<_> = ids.into_iter().collect();
    ids.sort_unstable();
    ids.dedup();
    let mut all = HashMap::with_capacity(ids.len());
    for ids in ids.chunks(POINTS_AT_ONCE) {
        let body = json!({ "ids": ids, "with_payload": field::ABOUT });
        if let Some(answer) = client.read("/points", &body)? {
            let found = points(client, &answer)?.into_iter();
            all.extend(found.map(|found| (found.id, found.about)));
        }
    }
    Ok(all)
}

/// The session's log as it is; none if there is no such session.
pub(crate) fn log(client: &Client, session: &str) -> Result<Option<Log>> {
    let id = point::session_id(session);
    let Some(about) = about(client, [id])?.remove(&id) else {
        return Ok(None);
    };
    if about.deleted {
        return Ok(None);
    }
    let generation = about.generation;
    let last = client.read("/points/query", &last_append(generation))?;
    let last = match last {
        Some(answer) => points(client, &answer["points"])?,
        None => return Ok(None),
    };
    let next_seq = last
        .first()
        .map_or(0, |last| last.about.seq + last.about.count);
    Ok(Some(Log {
        generation,
        next_seq,
    }))
}

/// The query for the last append of a generation.
pub(crate) fn last_append(generation: Uuid) -> Value {
    let mut fields = field::ABOUT.to_vec();
    fields.push("last_time");
    json!({
        "query": { "order_by": { "key": field::SEQ, "direction": "desc" } },
        "filter": { "must": [
            has(field::GENERATION, json!(generation)),
            has(field::ROLE, json!(FIRST_ROLE)),
        ] },
        "limit": 1,
        "with_payload": fields,
    })
}

/// A condition: the field has this value.
pub(crate) fn has(name: &str, value: Value) -> Value {
    json!({ "key": name, "match": { "value": value } })
}

/// Drops entries of sessions that were deleted and of appends that were not completed.
pub(crate) fn only_live(client: &Client, found: Vec<Found>) -> Result<Vec<Found>> {
    let sessions = found
        .iter()
        .map(|found| point::session_id(&found.about.session));
    let firsts = found.iter().filter(|found| !is_first(found)).map(first_of);
    let others = about(client, sessions.chain(firsts).collect::<Vec<_>>())?;
    let is_live = |found: &Found| {
        let session = others.get(&point::session_id(&found.about.session));
        let is_present = session.is_some_and(|session| {
            session.generation == found.about.generation && !session.deleted
        });
        let first = others.get(&first_of(found));
        is_present
            && (is_first(found) || first.is_some_and(|first| first.append == found.about.append))
    };
    Ok(found.into_iter().filter(is_live).collect())
}

fn is_first(found: &Found) -> bool {
    found.about.role == FIRST_ROLE
}

fn first_of(found: &Found) -> Uuid {
    point::first_id(found.about.generation, found.about.first)
}

/// The entries of points, in the points' order. Those that were deleted meanwhile are missing.
pub(crate) fn entries(client: &Client, found: &[Found]) -> Result<Vec<(Found, Entry)>> {
    let mut all = Vec::with_capacity(found.len());
    let mut rest = found;
    while !rest.is_empty() {
        let (batch, others) = rest.split_at(batch_length(rest));
        rest = others;
        let ids: Vec<Uuid> = batch.iter().map(|found| found.id).collect();
        let body = json!({ "ids": ids, "with_payload": true });
        let Some(answer) = client.read("/points", &body)? else {
            break;
        };
        let points =
            Vec::<Point>::deserialize(&answer).map_err(|why| client.not_understood(&why))?;
        let mut points: HashMap<Uuid, Point> =
            points.into_iter().map(|point| (point.id, point)).collect();
        for found in batch {
            if let Some(point) = points.remove(&found.id) {
                let entry = point::entry(&point.payload).ok_or_else(|| damaged(found))?;
                all.push((found.clone(), entry));
            }
        }
    }
    Ok(all)
}

/// How many of the points fit into one answer; at least one.
fn batch_length(found: &[Found]) -> usize {
    let mut bytes = 0;
    let fit = found.iter().take(POINTS_AT_ONCE).take_while(|found| {
        bytes += found.about.bytes;
        bytes <= ANSWER_BYTES
    });
    fit.count().max(1)
}

fn damaged(found: &Found) -> Error {
    Error::internal(format!(
        "entry {} of the session {:?} is not what Loom wrote; restore the collection from a snapshot",
        found.about.seq, found.about.session
    ))
}
