//! Past sessions of a directory: what was said in them, found by search.

use std::collections::HashMap;

use loom_types::{Entry, Hit, Memory, Passage, Query, Result, Role, SessionId};

use super::fact::is_recall_session;
use crate::session::{MESSAGE, Record};

/// Entries that are looked at for each passage that is wanted: those of other directories are found
/// too.
const LOOKED_AT: usize = 10;
const MAX_LOOKED_AT: u32 = 200;

/// What is shown of a message.
const EXCERPT_BYTES: usize = 1200;

/// A match that scores less than this share of the best one shares common words at most.
const LEAST_SHARE: f64 = 0.2;

/// The sessions of a directory, but for the running one and those of sub-agents.
pub(super) struct PastSessions<'a> {
    pub(super) memory: &'a dyn Memory,
    pub(super) directory: &'a str,
    pub(super) running: Option<&'a SessionId>,
}

impl PastSessions<'_> {
    /// What fits a question, best first.
    pub(super) async fn search(&self, question: &str, limit: usize) -> Result<Vec<Passage>> {
        if question.trim().is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        let query = Query {
            text: Some(question.to_owned()),
            kinds: vec![MESSAGE.to_owned()],
            ..Query::default()
        };
        let looked_at = u32::try_from(limit.saturating_mul(LOOKED_AT));
        let looked_at = looked_at.unwrap_or(MAX_LOOKED_AT).min(MAX_LOOKED_AT);
        let hits = self.memory.search(query, looked_at).await?;
        let mut known = HashMap::new();
        let mut passages: Vec<Passage> = Vec::new();
        for hit in hits {
            if passages.len() == limit {
                break;
            }
            let best = passages.first().map_or(hit.score, |first| first.score);
            if hit.score < best * LEAST_SHARE {
                break;
            }
            if !known.contains_key(&hit.session) {
                let belongs = self.belongs(&hit.session).await;
                known.insert(hit.session.clone(), belongs);
            }
            if known[&hit.session] {
                passages.extend(passage(hit));
            }
        }
        Ok(passages)
    }

    /// Whether a session is a person's own, of this directory. One that can't be read is none.
    async fn belongs(&self, session: &SessionId) -> bool {
        if self.running == Some(session) || is_recall_session(session) {
            return false;
        }
        let first = self.memory.read(session, 0, 1).await;
        let first: Option<Entry> = first.ok().and_then(|mut entries| entries.pop());
        let record = first.and_then(|entry| Record::decode(session, entry).ok());
        let Some(Record::Header(header)) = record else {
            return false;
        };
        let text = |key: &str| header.metadata.get(key).and_then(|value| value.as_str());
        text("directory") == Some(self.directory) && text("parent_session_id").is_none()
    }
}

fn passage(hit: Hit) -> Option<Passage> {
    let (session, score, seq) = (hit.session, hit.score, hit.entry.seq);
    let Ok(Record::Message(message)) = Record::decode(&session, hit.entry) else {
        return None;
    };
    let who = match message.role {
        Role::User => "the person said",
        Role::Assistant => "the assistant said",
        Role::System | Role::Tool => return None,
    };
    let text = message.text();
    let excerpt = &text[..text.floor_char_boundary(EXCERPT_BYTES)];
    let more = if excerpt.len() < text.len() {
        " […]"
    } else {
        ""
    };
    // The end of an id is its random part.
    let id = session.as_str();
    let tail = id
        .char_indices()
        .rev()
        .nth(7)
        .map_or(id, |(at, _)| &id[at..]);
    Some(Passage {
        id: format!("s{tail}-{seq}"),
        source: format!("session {session}"),
        title: Some(who.to_owned()),
        text: format!("{excerpt}{more}"),
        score,
    })
}
