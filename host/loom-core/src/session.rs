//! The format of a session's log: what kinds of entries there are, and what their payloads say. Who
//! writes them and when is the executor's.
//!
//! A log starts with one `session` entry. `message` entries are the messages of the person and of the
//! model; each `tool_result` answers one call of the last assistant message before it. Results stand
//! in the order in which the calls ended. A `retrieved` entry is what was found for the input that
//! follows it, a `pin` is a fact to keep, and a `compaction` says how the conversation before it goes to
//! models from there on; what it stands for stays in the log. Entries of other kinds belong to newer
//! versions and mean nothing here.

use std::time::{SystemTime, UNIX_EPOCH};

use loom_types::{Entry, Error, Message, Result, SessionId, Source, ToolResult};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::compress::Compaction;

/// Kind of the first entry, a [`Header`].
pub const SESSION: &str = "session";
/// Kind of an entry that is a [`Message`].
pub const MESSAGE: &str = "message";
/// Kind of an entry that is a [`ToolResult`].
pub const TOOL_RESULT: &str = "tool_result";
/// Kind of an entry that is [`Retrieved`].
pub const RETRIEVED: &str = "retrieved";
/// Kind of an entry that is a [`Pin`].
pub const PIN: &str = "pin";
/// Kind of an entry that is a [`Compaction`].
pub const COMPACTION: &str = "compaction";

/// How much of a tool result a search looks at, in bytes. The payload has all of it; a second copy of
/// whole files would double the log for little.
const SEARCHED_RESULT_BYTES: usize = 4096;

/// What a session says about itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// Milliseconds since the Unix epoch.
    pub created_ms: u64,
    /// `provider/model` of the first run.
    pub model: String,
    /// What [`AgentBuilder::metadata`](crate::AgentBuilder::metadata) was given.
    #[serde(default)]
    pub metadata: Value,
}

/// What was found for the input that follows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Retrieved {
    /// Who found it.
    pub retriever: String,
    /// As the model sees it.
    pub text: String,
    pub sources: Vec<Source>,
}

/// A fact that every compaction keeps word for word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    pub fact: String,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Record {
    Header(Header),
    Message(Message),
    ToolResult(ToolResult),
    Retrieved(Retrieved),
    Pin(Pin),
    Compaction(Box<Compaction>),
    /// An entry of a kind that this version does not know.
    Unknown,
}

impl Record {
    /// What an entry says.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`](loom_types::ErrorKind::Internal) naming the session and the entry if
    /// the payload is not what its kind promises.
    pub fn decode(session: &SessionId, entry: Entry) -> Result<Self> {
        let Entry {
            seq, kind, payload, ..
        } = entry;
        let record = match kind.as_str() {
            SESSION => parse(payload).map(Self::Header),
            MESSAGE => parse(payload).map(Self::Message),
            TOOL_RESULT => parse(payload).map(Self::ToolResult),
            RETRIEVED => parse(payload).map(Self::Retrieved),
            PIN => parse(payload).map(Self::Pin),
            COMPACTION => parse(payload).map(|it| Self::Compaction(Box::new(it))),
            _ => Ok(Self::Unknown),
        };
        record.map_err(|error| {
            Error::internal(format!(
                "entry {seq} of session {session} is not a readable `{kind}`: {error}; the session \
                 was damaged or written by another version, export it or start a new one"
            ))
        })
    }
}

fn parse<T: DeserializeOwned>(payload: Value) -> serde_json::Result<T> {
    serde_json::from_value(payload)
}

pub(crate) fn header_entry(model: String, metadata: Value) -> Entry {
    let header = Header {
        created_ms: now_ms(),
        model,
        metadata,
    };
    entry(SESSION, String::new(), &header)
}

pub(crate) fn message_entry(message: &Message) -> Entry {
    entry(MESSAGE, message.text(), message)
}

pub(crate) fn result_entry(result: &ToolResult) -> Entry {
    let mut text = result.text();
    text.truncate(text.floor_char_boundary(SEARCHED_RESULT_BYTES));
    entry(TOOL_RESULT, text, result)
}

pub(crate) fn retrieved_entry(retrieved: &Retrieved) -> Entry {
    // Searches find it where it is from, not here.
    entry(RETRIEVED, String::new(), retrieved)
}

pub(crate) fn pin_entry(pin: &Pin) -> Entry {
    entry(PIN, pin.fact.clone(), pin)
}

pub(crate) fn compaction_entry(compaction: &Compaction) -> Entry {
    entry(COMPACTION, String::new(), compaction)
}

fn entry(kind: &str, text: String, payload: &impl Serialize) -> Entry {
    Entry {
        seq: 0,
        time_ms: now_ms(),
        kind: kind.to_owned(),
        text,
        vector: None,
        payload: serde_json::to_value(payload)
            .expect("messages, results and headers have string keys only"),
    }
}

/// Milliseconds since the Unix epoch; 0 on a clock before it.
pub(crate) fn now_ms() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
    since_epoch.map_or(0, |time| time.as_millis().try_into().unwrap_or(u64::MAX))
}
