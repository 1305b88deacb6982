//! Reading a session's entries in order.

use loom_sdk::Error;
use loom_sdk::error::Result;
use loom_sdk::memory::Entry;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::Client;
use crate::live::{self, Found, has};
use crate::point::field;
use crate::{Log, QdrantMemory};

/// How many entries are looked for at once. Few requests for a long session, and a small answer.
const WINDOW: u64 = 1000;

impl QdrantMemory {
    pub(crate) fn read_entries(
        &mut self,
        session: &str,
        from_seq: u64,
        limit: u32,
    ) -> Result<Vec<Entry>> {
        let client = self.client()?;
        let log = live::log(&client, session)?.ok_or_else(|| unknown(session))?;
        let end = log.next_seq.min(from_seq.saturating_add(limit.into()));
        let mut found = Vec::new();
        let mut from = from_seq;
        while from < end {
            let to = end.min(from + WINDOW);
            found.extend(window(&client, session, log, from, to)?);
            from = to;
        }
        let expected = found.len();
        let entries = live::entries(&client, &found)?;
        if entries.len() < expected {
            // Only a deletion takes entries away.
            return Err(unknown(session));
        }
        Ok(entries.into_iter().map(|(_, entry)| entry).collect())
    }
}

/// The points of the entries from `from` up to `to`, which the log says are there.
fn window(client: &Client, session: &str, log: Log, from: u64, to: u64) -> Result<Vec<Found>> {
    let found = scroll(client, log.generation, from, to)?;
    let mut found = live::only_live(client, found)?;
    found.sort_by_key(|found| found.about.seq);
    if found.iter().map(|found| found.about.seq).eq(from..to) {
        return Ok(found);
    }
    match live::log(client, session)? {
        Some(now) if now.generation == log.generation => Err(Error::internal(format!(
            "the session {session:?} lacks some of its entries from {from} to {}; restore the \
             collection from a snapshot",
            to - 1
        ))),
        // It was deleted meanwhile.
        _ => Err(unknown(session)),
    }
}

fn scroll(client: &Client, generation: Uuid, from: u64, to: u64) -> Result<Vec<Found>> {
    let mut body = json!({
        "filter": { "must": [
            has(field::GENERATION, json!(generation)),
            { "key": field::SEQ, "range": { "gte": from, "lt": to } },
        ] },
        "limit": WINDOW,
        "with_payload": field::ABOUT,
    });
    let mut found = Vec::new();
    loop {
        let Some(answer) = client.read("/points/scroll", &body)? else {
            return Ok(found);
        };
        found.extend(live::points(client, &answer["points"])?);
        match &answer["next_page_offset"] {
            Value::Null => return Ok(found),
            offset => body["offset"] = offset.clone(),
        }
    }
}

pub(crate) fn unknown(session: &str) -> Error {
    Error::not_found(format!(
        "there is no session {session:?}; the list of sessions shows which there are"
    ))
}
