//! A new session that begins as another one did.

use std::collections::BTreeSet;

use loom_types::{CallId, Entry, Error, Memory, Message, Result, Role, SessionId};
use serde_json::{Map, Value, json};

use super::{PARENT, create, read};
use crate::session::{self, Record, SESSION};

/// How a session is forked. The default takes all of it, under a new id.
#[derive(Clone, Debug, Default)]
pub struct ForkOptions {
    /// The last entry to take, by its `seq`; all if absent.
    pub at: Option<u64>,
    /// The id of the new session; a new one if absent.
    pub id: Option<SessionId>,
}

/// What was forked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fork {
    pub session: SessionId,
    /// The last entry that was taken. Not the one that was asked for if that would have parted a tool
    /// call from its results.
    pub at: u64,
}

/// Copies the beginning of a session into a new one, whose header says `forked_from` and `forked_at`.
/// Entries keep their `seq`, so that those that speak of others still do. Tool calls are never parted
/// from their results: the fork takes all results of the last calls, or, if some never came, ends
/// before these calls.
///
/// # Errors
/// [`ErrorKind::NotFound`](loom_types::ErrorKind::NotFound) without such a session,
/// [`ErrorKind::InvalidInput`](loom_types::ErrorKind::InvalidInput) without such an entry,
/// [`ErrorKind::Conflict`](loom_types::ErrorKind::Conflict) if the new id is taken.
pub async fn fork(memory: &dyn Memory, source: &SessionId, options: ForkOptions) -> Result<Fork> {
    let mut entries = read(memory, source).await?;
    let last = (entries.len() as u64).checked_sub(1);
    let last = last.ok_or_else(|| Error::not_found(format!("session {source} is empty")))?;
    let at = match options.at {
        None => last,
        Some(at) if at > last => {
            return Err(Error::invalid_input(format!(
                "session {source} has no entry {at}; its last one is {last}"
            )));
        }
        Some(at) => whole(source, &entries, at),
    };
    entries.retain(|entry| entry.seq <= at);
    if let Some(first) = entries.first_mut().filter(|first| first.kind == SESSION) {
        *first = header(first, source, at);
    }
    let session = options.id.unwrap_or_else(SessionId::generate);
    create(memory, &session, entries).await?;
    Ok(Fork { session, at })
}

/// The last entry of a beginning that parts no call from its results, at `at` or near it.
fn whole(session: &SessionId, entries: &[Entry], at: u64) -> u64 {
    let mut open = Open::default();
    for entry in entries {
        if entry.seq > at && open.calls.is_empty() {
            break;
        }
        match Record::decode(session, entry.clone()) {
            Ok(Record::Message(message)) => {
                // Another answer of the model: the results before it never came.
                if entry.seq > at && message.role == Role::Assistant {
                    break;
                }
                open.message(entry.seq, &message);
            }
            Ok(Record::ToolResult(result)) => open.result(entry.seq, &result.call_id),
            _ => {}
        }
    }
    match open {
        // What stands before may be calls that never got results either.
        Open { calls, since, .. } if !calls.is_empty() && since > 0 => {
            whole(session, entries, since - 1)
        }
        Open { closed, .. } => closed.max(at),
    }
}

/// Calls that wait for results.
#[derive(Default)]
struct Open {
    calls: BTreeSet<CallId>,
    /// The message of the calls.
    since: u64,
    /// The last result.
    closed: u64,
}

impl Open {
    fn message(&mut self, seq: u64, message: &Message) {
        if message.role == Role::Assistant {
            self.calls = message.tool_calls().map(|call| call.id.clone()).collect();
            self.since = seq;
        }
        for result in message.tool_results() {
            self.result(seq, &result.call_id);
        }
    }

    fn result(&mut self, seq: u64, call: &CallId) {
        if self.calls.remove(call) {
            self.closed = seq;
        }
    }
}

/// The header of the fork: the source's, with its own time and origin. A fork belongs to the person
/// who made it, not to the run whose sub-agent the source was.
fn header(source: &Entry, session: &SessionId, at: u64) -> Entry {
    let mut entry = session::header_entry(String::new(), Value::Null);
    let mut payload = match &source.payload {
        Value::Object(fields) => fields.clone(),
        _ => Map::new(),
    };
    let mut metadata = match payload.remove("metadata") {
        Some(Value::Object(metadata)) => metadata,
        _ => Map::new(),
    };
    metadata.remove(PARENT);
    metadata.insert("forked_from".to_owned(), json!(session));
    metadata.insert("forked_at".to_owned(), json!(at));
    payload.insert("metadata".to_owned(), Value::Object(metadata));
    payload.insert("created_ms".to_owned(), json!(entry.time_ms));
    payload.entry("model").or_insert_with(|| "".into());
    entry.payload = Value::Object(payload);
    entry
}
