//! What is done with whole sessions, beside running them: reading, forking, importing and searching.
//! Works with any [`Memory`]. The format of a log is `session`'s; files and terminals are the caller's.

mod foreign;
mod fork;
mod import;
mod search;

use loom_types::{Entry, Error, Memory, Result, Role, SessionId};
use serde_json::Value;

use crate::session::{Header, Record};

pub use fork::{Fork, ForkOptions, fork};
pub use import::{Import, Origin, import};
pub use search::{Found, SearchOptions, search, snippet};

/// How many entries are asked for at once. A thousand small entries are about a megabyte.
const PAGE: u32 = 1000;

/// How far into a session the person's first message is sought.
const BEGINNING: u32 = 8;

/// How much is written at once. A store may refuse appends of any size (`memory-file`: 32 MiB), and
/// this much passes through a sandbox with room to spare.
const PIECE_BYTES: usize = 8 << 20;

/// All entries of a session.
///
/// # Errors
/// [`ErrorKind::NotFound`](loom_types::ErrorKind::NotFound) if there is no such session,
/// [`ErrorKind::Internal`](loom_types::ErrorKind::Internal) if its log has a gap.
pub async fn read(memory: &dyn Memory, session: &SessionId) -> Result<Vec<Entry>> {
    let mut entries: Vec<Entry> = Vec::new();
    loop {
        let from = entries.len() as u64;
        let page = memory.read(session, from, PAGE).await?;
        if page.is_empty() {
            return Ok(entries);
        }
        for (expected, entry) in (from..).zip(&page) {
            if entry.seq != expected {
                return Err(Error::internal(format!(
                    "session {session} has entry {} where entry {expected} should be; its log is \
                     damaged, restore a backup",
                    entry.seq
                )));
            }
        }
        entries.extend(page);
    }
}

/// What a session is about, from its first entries.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outline {
    /// None if it can't be read.
    pub header: Option<Header>,
    /// The first thing that the person asked; empty if nothing was.
    pub title: String,
}

impl Outline {
    /// Reads the beginning of a session. What can't be read is left out.
    pub async fn of(memory: &dyn Memory, session: &SessionId) -> Self {
        let entries = memory.read(session, 0, BEGINNING).await;
        let mut outline = Self::default();
        for entry in entries.unwrap_or_default() {
            match Record::decode(session, entry) {
                Ok(Record::Header(header)) => outline.header = Some(header),
                Ok(Record::Message(message))
                    if message.role == Role::User && outline.title.is_empty() =>
                {
                    outline.title = message.text();
                }
                _ => {}
            }
        }
        outline
    }

    /// A text that the session says of itself.
    #[must_use]
    pub fn metadata(&self, name: &str) -> Option<&str> {
        self.header.as_ref()?.metadata.get(name)?.as_str()
    }

    /// Whether it is no conversation with a person: the session of a sub-agent, or one in which facts
    /// are kept.
    #[must_use]
    pub fn is_internal(&self) -> bool {
        self.metadata(PARENT).is_some() || self.metadata(FACTS).is_some()
    }
}

/// What the session of a sub-agent says of itself.
const PARENT: &str = "parent_session_id";

/// What a session of facts says of itself.
const FACTS: &str = "recall";

/// Writes a new session: whole, or not at all if the store refuses any of it. A session of more than
/// 8 MiB is written in pieces, of which a process that is killed can leave the first.
async fn create(memory: &dyn Memory, session: &SessionId, entries: Vec<Entry>) -> Result<()> {
    let mut written = 0;
    for piece in pieces(entries) {
        match memory.append(session, written, piece).await {
            Ok(next) => written = next,
            Err(error) => {
                if written > 0 {
                    // The error tells what happened; a second one would hide it.
                    let _ = memory.delete(session).await;
                }
                return Err(error);
            }
        }
    }
    Ok(())
}

fn pieces(entries: Vec<Entry>) -> Vec<Vec<Entry>> {
    let mut pieces = Vec::new();
    let mut piece = Vec::new();
    let mut bytes = 0;
    for entry in entries {
        bytes += size(&entry);
        piece.push(entry);
        if bytes >= PIECE_BYTES {
            pieces.push(std::mem::take(&mut piece));
            bytes = 0;
        }
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}

/// About how many bytes an entry takes in a log.
fn size(entry: &Entry) -> usize {
    let vector = entry.vector.as_ref().map_or(0, |vector| vector.len() * 12);
    entry.text.len() + vector + value_size(&entry.payload)
}

fn value_size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(|item| value_size(item) + 1).sum(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| name.len() + 4 + value_size(value))
            .sum(),
        _ => 8,
    }
}

#[cfg(test)]
mod tests;
