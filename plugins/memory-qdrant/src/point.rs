//! The format: what a session and its entries are as points. Nothing here talks to the server.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use loom_sdk::memory::Entry;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::collection::{WORDS, vector_name};
use crate::words;

/// Names of the payload's fields that are asked for by name.
pub(crate) mod field {
    /// What a point is: [`SESSION_ROLE`](super::SESSION_ROLE) and so on.
    pub(crate) const ROLE: &str = "role";
    pub(crate) const SESSION: &str = "session";
    pub(crate) const GENERATION: &str = "generation";
    pub(crate) const KIND: &str = "kind";
    pub(crate) const SEQ: &str = "seq";
    pub(crate) const TIME: &str = "time";

    /// What decides whether an entry counts, and how large it is.
    pub(crate) const ABOUT: [&str; 10] = [
        ROLE, SESSION, GENERATION, SEQ, TIME, "append", "first", "count", "bytes", "deleted",
    ];
}

/// The point that says that a session exists, and in which generation.
pub(crate) const SESSION_ROLE: &str = "session";
/// The first entry of an append: it is there, so the append is.
pub(crate) const FIRST_ROLE: &str = "first";
/// The other entries of an append, which count if the first one names the same append.
pub(crate) const MORE_ROLE: &str = "more";

/// Of the ids of sessions; made up for this purpose.
const NAMESPACE: Uuid = Uuid::from_u128(0x6c6f_6f6d_7365_5373_8a6f_6e73_7164_7261);

/// Numbers beyond it are not exact in the server's filters, which compare floating point.
const MAX_EXACT: u64 = 1 << 53;

/// Qdrant's limit on the length of a vector.
const MAX_VECTOR: usize = 65_536;

/// What decides whether a point counts.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct About {
    pub(crate) role: String,
    pub(crate) session: String,
    pub(crate) generation: Uuid,
    #[serde(default)]
    pub(crate) seq: u64,
    #[serde(default)]
    pub(crate) time: u64,
    #[serde(default)]
    pub(crate) append: Uuid,
    /// The seq of the first entry of the append.
    #[serde(default)]
    pub(crate) first: u64,
    /// Entries of the append; only in its first one.
    #[serde(default)]
    pub(crate) count: u64,
    /// About what the point takes in an answer.
    #[serde(default)]
    pub(crate) bytes: u64,
    /// The session is being removed.
    #[serde(default)]
    pub(crate) deleted: bool,
}

/// The id of the point that stands for a session.
pub(crate) fn session_id(session: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, session.as_bytes())
}

/// The id of the first entry of an append: one for all writers, so that only one can make it.
pub(crate) fn first_id(generation: Uuid, seq: u64) -> Uuid {
    Uuid::new_v5(&generation, format!("first/{seq}").as_bytes())
}

/// The id of another entry of an append: the writer's own.
pub(crate) fn more_id(generation: Uuid, append: Uuid, seq: u64) -> Uuid {
    Uuid::new_v5(&generation, format!("more/{append}/{seq}").as_bytes())
}

/// The point that starts a session.
pub(crate) fn session_point(session: &str, generation: Uuid) -> Value {
    let payload = json!({
        field::ROLE: SESSION_ROLE,
        field::SESSION: session,
        field::GENERATION: generation,
    });
    json!({ "id": session_id(session), "payload": payload, "vector": {} })
}

/// One append's entries on their way to the server.
pub(crate) struct Append<'a> {
    pub(crate) session: &'a str,
    pub(crate) generation: Uuid,
    pub(crate) id: Uuid,
    pub(crate) first: u64,
    pub(crate) count: u64,
    /// Of the last entry, for the list of sessions.
    pub(crate) last_time_ms: u64,
}

impl Append<'_> {
    pub(crate) fn point_id(&self, seq: u64) -> Uuid {
        if seq == self.first {
            first_id(self.generation, seq)
        } else {
            more_id(self.generation, self.id, seq)
        }
    }

    /// An entry as a point, with what Qdrant searches by.
    pub(crate) fn point(&self, seq: u64, entry: &Entry) -> Value {
        let mut vectors = Map::new();
        vectors.extend(words::document(&entry.text).map(|words| (WORDS.to_owned(), words)));
        vectors.extend(entry.vector.as_deref().and_then(unit).map(|vector| {
            let name = vector_name(vector.len());
            (name, json!(vector))
        }));
        json!({ "id": self.point_id(seq), "payload": self.payload(seq, entry), "vector": vectors })
    }

    fn payload(&self, seq: u64, entry: &Entry) -> Value {
        let is_first = seq == self.first;
        let mut payload = json!({
            field::ROLE: if is_first { FIRST_ROLE } else { MORE_ROLE },
            field::SESSION: self.session,
            field::GENERATION: self.generation,
            field::SEQ: seq,
            field::TIME: entry.time_ms.min(MAX_EXACT),
            field::KIND: entry.kind,
            "append": self.id,
            "first": self.first,
            "text": entry.text,
            "payload": entry.payload,
            "bytes": size(entry),
        });
        let mut set = |name: &str, value: Value| payload[name] = value;
        if is_first {
            set("count", json!(self.count));
            set("last_time", json!(self.last_time_ms.to_string()));
        }
        if entry.time_ms > MAX_EXACT {
            set("exact_time", json!(entry.time_ms.to_string()));
        }
        // Qdrant normalises what it compares, so the vector as it came is kept beside it.
        if let Some(vector) = &entry.vector {
            let bytes: Vec<u8> = vector.iter().flat_map(|x| x.to_le_bytes()).collect();
            set("vector", json!(BASE64.encode(bytes)));
        }
        payload
    }
}

/// What an entry takes in a request or an answer, about: every character may be escaped, but hardly
/// ever is.
pub(crate) fn size(entry: &Entry) -> usize {
    let vector = entry.vector.as_ref().map_or(0, Vec::len);
    500 + entry.kind.len() + entry.text.len() + entry.payload.len() + vector * 6
}

/// The entry in a point's payload; none if it is not one.
pub(crate) fn entry(payload: &Value) -> Option<Entry> {
    let text = |name| payload.get(name).and_then(Value::as_str);
    let time_ms = match text("exact_time") {
        Some(exact) => exact.parse().ok()?,
        None => payload.get(field::TIME)?.as_u64()?,
    };
    let vector = match text("vector") {
        Some(encoded) => Some(decode(encoded)?),
        None => None,
    };
    Some(Entry {
        seq: payload.get(field::SEQ)?.as_u64()?,
        time_ms,
        kind: text(field::KIND)?.to_owned(),
        text: text("text")?.to_owned(),
        vector,
        payload: text("payload")?.to_owned(),
    })
}

fn decode(encoded: &str) -> Option<Vec<f32>> {
    let bytes = BASE64.decode(encoded).ok()?;
    let (numbers, rest) = bytes.as_chunks::<4>();
    rest.is_empty()
        .then(|| numbers.iter().map(|x| f32::from_le_bytes(*x)).collect())
}

/// The vector in length 1; none if it has no direction or Qdrant cannot hold it.
pub(crate) fn unit(vector: &[f32]) -> Option<Vec<f32>> {
    let squares = vector.iter().map(|x| f64::from(*x).powi(2));
    let length = squares.sum::<f64>().sqrt();
    let has_direction = length.is_finite() && length > 0.0 && vector.len() <= MAX_VECTOR;
    has_direction.then(|| {
        let scaled = vector.iter().map(|x| (f64::from(*x) / length) as f32);
        scaled.collect()
    })
}

#[cfg(test)]
mod tests;
