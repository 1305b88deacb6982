//! The list of sessions, and removing one.

use loom_memory_query::page;
use loom_sdk::error::Result;
use loom_sdk::memory::{Page, SessionInfo};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::Client;
use crate::live::{self, Found, Point, has};
use crate::point::{self, About, SESSION_ROLE, field};
use crate::{QdrantMemory, read};

/// How many sessions are listed, and how many asked for their last append, at once.
const LIST_AT_ONCE: usize = 1000;
const ASK_AT_ONCE: usize = 200;

impl QdrantMemory {
    /// Looks at every session for every page: what was changed last is known only from their logs.
    pub(crate) fn list(&mut self, limit: u32, cursor: Option<&str>) -> Result<Page> {
        let client = self.client()?;
        let sessions = all(&client)?;
        let mut infos = Vec::with_capacity(sessions.len());
        for sessions in sessions.chunks(ASK_AT_ONCE) {
            infos.extend(describe(&client, sessions)?);
        }
        page::page(infos, limit, cursor)
    }

    pub(crate) fn remove(&mut self, session: &str) -> Result<()> {
        self.known.remove(session);
        let client = self.client()?;
        let id = point::session_id(session);
        let Some(about) = live::about(&client, [id])?.remove(&id) else {
            return Err(read::unknown(session));
        };
        if !about.deleted {
            // One write: from here on nobody sees the session, and a removal that breaks off goes on
            // when it is asked for again.
            let mark = json!({ "payload": { "deleted": true }, "filter": own(about.generation) });
            client.write("POST", "/points/payload", &mark)?;
        }
        purge(&client, about.generation)
    }
}

/// Removes what an interrupted removal has left of a session.
pub(crate) fn finish_removal(client: &Client, session: &str) -> Result<()> {
    let id = point::session_id(session);
    match live::about(client, [id])?.remove(&id) {
        Some(about) if about.deleted => purge(client, about.generation),
        _ => Ok(()),
    }
}

/// Removes a generation's entries, and then the point that stands for it.
fn purge(client: &Client, generation: Uuid) -> Result<()> {
    let entries = json!({
        "must": [has(field::GENERATION, json!(generation))],
        "must_not": [has(field::ROLE, json!(SESSION_ROLE))],
    });
    for filter in [entries, own(generation)] {
        client.write("POST", "/points/delete", &json!({ "filter": filter }))?;
    }
    Ok(())
}

/// The point that stands for a generation.
fn own(generation: Uuid) -> Value {
    json!({ "must": [
        has(field::GENERATION, json!(generation)),
        has(field::ROLE, json!(SESSION_ROLE)),
    ] })
}

fn all(client: &Client) -> Result<Vec<Found>> {
    let mut body = json!({
        "filter": { "must": [has(field::ROLE, json!(SESSION_ROLE))] },
        "limit": LIST_AT_ONCE,
        "with_payload": field::ABOUT,
    });
    let mut found = Vec::new();
    loop {
        let Some(answer) = client.read("/points/scroll", &body)? else {
            return Ok(found);
        };
        let sessions = live::points(client, &answer["points"])?.into_iter();
        found.extend(sessions.filter(|found| !found.about.deleted));
        match &answer["next_page_offset"] {
            Value::Null => return Ok(found),
            offset => body["offset"] = offset.clone(),
        }
    }
}

fn describe(client: &Client, sessions: &[Found]) -> Result<Vec<SessionInfo>> {
    let generations = sessions.iter().map(|session| session.about.generation);
    let firsts = generations.clone().map(|g| point::first_id(g, 0));
    let firsts = live::about(client, firsts)?;
    let searches: Vec<Value> = generations.map(live::last_append).collect();
    let answer = client.read("/points/query/batch", &json!({ "searches": searches }))?;
    let Some(Value::Array(answers)) = answer else {
        return Ok(Vec::new());
    };
    if answers.len() != sessions.len() {
        return Err(client.not_understood(&"answers are missing"));
    }
    let infos = sessions.iter().zip(&answers).map(|(session, answer)| {
        let first = firsts.get(&point::first_id(session.about.generation, 0));
        info(client, session, first, &answer["points"])
    });
    infos.collect()
}

fn info(
    client: &Client,
    session: &Found,
    first: Option<&About>,
    last: &Value,
) -> Result<SessionInfo> {
    let last = Vec::<Point>::deserialize(last).map_err(|why| client.not_understood(&why))?;
    let (entries, updated_ms) = match last.first() {
        Some(last) => {
            let about =
                About::deserialize(&last.payload).map_err(|why| client.not_understood(&why))?;
            let time = last.payload["last_time"].as_str();
            let time = time.and_then(|time| time.parse().ok());
            (about.seq + about.count, time.unwrap_or(about.time))
        }
        None => (0, 0),
    };
    Ok(SessionInfo {
        id: session.about.session.clone(),
        entries,
        created_ms: first.map_or(0, |first| first.time),
        updated_ms,
    })
}
