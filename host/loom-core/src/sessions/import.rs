//! Sessions from text: the lines of an export, or messages as other tools write them.

use loom_types::{Entry, Error, ErrorKind, Memory, Result, SessionId};
use serde_json::Value;

use super::create;
use super::foreign::Conversation;
use crate::session::{self, Record};

/// Where messages are from that bring no session of their own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Origin {
    /// `provider/model` for the header.
    pub model: String,
    /// The header's metadata.
    pub metadata: Value,
}

/// A session that was read and is not in a store yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// The id that the session had where it was exported, if the export says it. Whoever wrote the
    /// file chose it.
    pub session: Option<SessionId>,
    pub entries: Vec<Entry>,
    /// Parts of messages that Loom has nothing for, such as audio; a note stands in their places.
    pub left_out: usize,
}

impl Import {
    /// Reads lines of JSON: the entries of an export, or messages with `role` and `content` in the
    /// ways of OpenAI and Anthropic. Empty lines are skipped.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] that names the first line that is wrong.
    pub fn parse(bytes: &[u8], origin: &Origin) -> Result<Self> {
        let text = decode(bytes)?;
        let mut lines = text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line.trim()))
            .filter(|(_, line)| !line.is_empty())
            .peekable();
        let Some((number, first)) = lines.peek() else {
            return Err(Error::invalid_input("there is nothing in it"));
        };
        let first = value(text, *number, first)?;
        if first.get("kind").is_some() && first.get("seq").is_some() {
            let session = first.get("session").and_then(Value::as_str);
            let session = session.map(SessionId::from);
            entries(text, lines, session)
        } else if first.get("role").is_some() {
            messages(text, lines, origin)
        } else {
            Err(at(
                *number,
                "it is neither an entry of an exported session nor a message with `role` and `content`",
            ))
        }
    }
}

/// Puts a session into a store, under an id that is free: the one that is given, else its own, else a
/// new one.
///
/// # Errors
/// [`ErrorKind::Conflict`] if the id that is given is taken. Nothing is imported then, nor if the
/// store refuses an entry.
pub async fn import(
    memory: &dyn Memory,
    import: Import,
    id: Option<SessionId>,
) -> Result<SessionId> {
    let session = match id {
        Some(id) if is_taken(memory, &id).await? => {
            let message = format!("there is a session {id} already; choose another id");
            return Err(Error::new(ErrorKind::Conflict, message));
        }
        Some(id) => id,
        None => match import.session {
            Some(id) if !is_taken(memory, &id).await? => id,
            _ => SessionId::generate(),
        },
    };
    create(memory, &session, import.entries).await?;
    Ok(session)
}

async fn is_taken(memory: &dyn Memory, session: &SessionId) -> Result<bool> {
    match memory.read(session, 0, 1).await {
        Ok(_) => Ok(true),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn decode(bytes: &[u8]) -> Result<&str> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let number = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        at(number, "it is not UTF-8 text")
    })?;
    // Editors on Windows put a mark at the beginning.
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn value(text: &str, number: usize, line: &str) -> Result<Value> {
    serde_json::from_str(line).map_err(|error| {
        let is_last = text.lines().count() == number;
        if is_last && error.is_eof() {
            let what = "it ends in the middle, so the file was not written whole; export it again, or \
                        delete this line to import what stands before it";
            return at(number, what);
        }
        at(number, format_args!("it is not JSON ({error})"))
    })
}

fn entries<'a>(
    text: &str,
    lines: impl Iterator<Item = (usize, &'a str)>,
    session: Option<SessionId>,
) -> Result<Import> {
    let mut entries = Vec::new();
    let name = SessionId::from("to import");
    for (number, line) in lines {
        let value = value(text, number, line)?;
        let entry: Entry = serde_json::from_value(value).map_err(|error| {
            at(
                number,
                format_args!("it is no entry of a session ({error})"),
            )
        })?;
        let expected = entries.len() as u64;
        if entry.seq != expected {
            let what = format!(
                "entry {} stands where entry {expected} should be; lines are missing or out of order",
                entry.seq
            );
            return Err(at(number, what));
        }
        Record::decode(&name, entry.clone()).map_err(|error| at(number, error.message))?;
        entries.push(entry);
    }
    Ok(Import {
        session,
        entries,
        left_out: 0,
    })
}

fn messages<'a>(
    text: &str,
    lines: impl Iterator<Item = (usize, &'a str)>,
    origin: &Origin,
) -> Result<Import> {
    let mut conversation = Conversation::default();
    for (number, line) in lines {
        let value = value(text, number, line)?;
        conversation.push(&value).map_err(|what| at(number, what))?;
    }
    let header = session::header_entry(origin.model.clone(), origin.metadata.clone());
    let mut entries = vec![header];
    entries.extend(conversation.entries);
    for (seq, entry) in (0..).zip(&mut entries) {
        entry.seq = seq;
    }
    Ok(Import {
        session: None,
        entries,
        left_out: conversation.left_out,
    })
}

fn at(line: usize, what: impl std::fmt::Display) -> Error {
    Error::invalid_input(format!("line {line}: {what}"))
}
