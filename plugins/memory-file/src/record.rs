//! What a framed line says: it is the header of a session, a record of entries, or a seal. Which of them
//! count is decided elsewhere.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use loom_sdk::memory::Entry;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::name;

mod vector;

/// The format that this code writes.
pub(crate) const FORMAT: u32 = 1;

/// How the JSON of a header starts.
const HEADER_START: &[u8] = br#"{"loom-session":"#;

/// How the JSON of a seal starts.
const SEAL_START: &[u8] = br#"{"successor":"#;

/// What a line says.
pub(crate) enum Content<'a> {
    Header(Header),
    Record(Record<'a>),
    Seal(Seal),
}

/// The first line of a file.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Header {
    #[serde(rename = "loom-session")]
    pub(crate) format: u32,
    pub(crate) id: String,
}

/// The entries of one append.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Record<'a> {
    /// Of the first entry. The claim of the record: the first `base` bytes hold `seq` entries.
    pub(crate) seq: u64,
    /// How many bytes of the file the writer had seen.
    pub(crate) base: u64,
    pub(crate) writer: Mark,
    #[serde(borrow)]
    pub(crate) entries: Vec<StoredEntry<'a>>,
}

/// Ends a file: what comes behind a seal that counts is void, and another file takes the place of this
/// one.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Seal {
    /// The name of that file.
    pub(crate) successor: String,
    /// The claim of the seal, as of a record.
    pub(crate) seq: u64,
    pub(crate) base: u64,
}

/// Tells a record from all others: a random number for each writer, and the count of its records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Mark {
    pub(crate) writer: u64,
    pub(crate) count: u64,
}

/// An entry without its seq, which follows from its place.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct StoredEntry<'a> {
    pub(crate) time_ms: u64,
    #[serde(borrow)]
    pub(crate) kind: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub(crate) text: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "vector")]
    pub(crate) vector: Option<Cow<'a, [f32]>>,
    /// Absent if it is `null`, or not on one line.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    payload: Option<&'a RawValue>,
    /// The payload as it is, where it can't be part of the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payload_text: Option<Cow<'a, str>>,
}

impl<'a> Content<'a> {
    /// None if the JSON is none of these.
    pub(crate) fn parse(json: &'a [u8]) -> Option<Self> {
        if json.starts_with(HEADER_START) {
            return serde_json::from_slice(json).ok().map(Self::Header);
        }
        if json.starts_with(SEAL_START) {
            let seal: Seal = serde_json::from_slice(json).ok()?;
            return name::is_successor(&seal.successor).then_some(Self::Seal(seal));
        }
        let record: Record<'_> = serde_json::from_slice(json).ok()?;
        (!record.entries.is_empty()).then_some(Self::Record(record))
    }
}

impl<'a> StoredEntry<'a> {
    pub(crate) fn of(entry: &'a Entry) -> Self {
        let payload = one_line(&entry.payload);
        Self {
            time_ms: entry.time_ms,
            kind: Cow::Borrowed(&entry.kind),
            text: Cow::Borrowed(&entry.text),
            vector: entry.vector.as_deref().map(Cow::Borrowed),
            payload: payload.filter(|payload| payload.get() != "null"),
            payload_text: payload.is_none().then(|| Cow::Borrowed(&*entry.payload)),
        }
    }

    pub(crate) fn into_entry(self, seq: u64) -> Entry {
        let payload = match (self.payload_text, self.payload) {
            (Some(text), _) => text.into_owned(),
            (None, Some(json)) => json.get().to_owned(),
            (None, None) => "null".to_owned(),
        };
        Entry {
            seq,
            time_ms: self.time_ms,
            kind: self.kind.into_owned(),
            text: self.text.into_owned(),
            vector: self.vector.map(Cow::into_owned),
            payload,
        }
    }
}

/// The payload as a part of a line, if it is JSON that comes back letter by letter from there.
fn one_line(payload: &str) -> Option<&RawValue> {
    let json: &RawValue = serde_json::from_str(payload).ok()?;
    (json.get() == payload && !payload.contains('\n')).then_some(json)
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{}", self.writer, self.count)
    }
}

impl From<Mark> for String {
    fn from(mark: Mark) -> Self {
        mark.to_string()
    }
}

impl FromStr for Mark {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (writer, count) = text
            .split_once('-')
            .ok_or("a writer's mark has two parts")?;
        Ok(Self {
            writer: u64::from_str_radix(writer, 16).map_err(|_| "a writer is hexadecimal")?,
            count: count.parse().map_err(|_| "a writer's count is a number")?,
        })
    }
}

impl TryFrom<String> for Mark {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests;
