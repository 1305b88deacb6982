//! Server-sent events for plugins: a decoder that takes bytes as they come off the wire (WHATWG
//! HTML, "Server-sent events"). Reconnecting, and what the events mean, are the caller's.

use crate::error::{Error, Result};

/// How long a line, and the data of an event, may be unless the plugin says otherwise: ten times
/// the largest event seen from a model server (a whole image as a data URL).
const DEFAULT_LIMIT_BYTES: usize = 32 * 1024 * 1024;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The `event` field; `message` if the server sent none.
    pub name: String,
    /// The `data` fields, joined by line feeds.
    pub data: String,
    /// The last `id` seen so far, in this event or an earlier one; empty if there was none.
    pub id: String,
}

/// Takes the bytes of an event stream, cut anywhere, and returns its events.
///
/// ```
/// let mut decoder = loom_sdk::sse::Decoder::new();
/// assert!(decoder.push(b"data: Hel").unwrap().is_empty());
/// let events = decoder.push(b"lo\n\n").unwrap();
/// assert_eq!(events[0].data, "Hello");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoder {
    limit_bytes: usize,
    /// The line so far, without its end.
    line: Vec<u8>,
    /// The last byte was a carriage return: a line feed now belongs to it.
    after_carriage_return: bool,
    /// Nothing was read yet, so a byte order mark may come.
    at_start: bool,
    name: String,
    /// `None` until the event has a `data` field.
    data: Option<String>,
    id: String,
    failed: bool,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder with the default limit of 32 MiB for a line and for an event.
    pub fn new() -> Self {
        Self::with_limit(DEFAULT_LIMIT_BYTES)
    }

    /// A decoder that refuses lines, and events, of more than `limit_bytes`.
    pub fn with_limit(limit_bytes: usize) -> Self {
        Self {
            limit_bytes,
            line: Vec::new(),
            after_carriage_return: false,
            at_start: true,
            name: String::new(),
            data: None,
            id: String::new(),
            failed: false,
        }
    }

    /// The events that these bytes complete. Bytes that are not UTF-8 become U+FFFD.
    ///
    /// # Errors
    ///
    /// `unavailable` if a line or an event is longer than the limit. Events before it in the same
    /// bytes are returned first; the error comes from the next call, and from every one after it.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Event>> {
        self.check()?;
        let mut events = Vec::new();
        let mut rest = bytes;
        while !self.failed && !rest.is_empty() {
            if std::mem::take(&mut self.after_carriage_return) && rest[0] == b'\n' {
                rest = &rest[1..];
                continue;
            }
            let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
                self.extend_line(rest);
                break;
            };
            self.extend_line(&rest[..end]);
            self.after_carriage_return = rest[end] == b'\r';
            rest = &rest[end + 1..];
            events.extend(self.end_line());
        }
        if events.is_empty() {
            self.check()?;
        }
        Ok(events)
    }

    /// What was pending when the stream ended. The standard drops it, because it may be cut short;
    /// but some servers leave out the empty line after their last event.
    ///
    /// # Errors
    ///
    /// As for [`push`](Self::push).
    pub fn finish(&mut self) -> Result<Option<Event>> {
        self.check()?;
        if !self.line.is_empty() {
            self.end_line();
        }
        self.check()?;
        Ok(self.dispatch())
    }

    fn check(&self) -> Result<()> {
        if !self.failed {
            return Ok(());
        }
        Err(Error::unavailable(format!(
            "the server sent an event of more than {} bytes, which is taken for a fault; try again",
            self.limit_bytes
        )))
    }

    fn extend_line(&mut self, bytes: &[u8]) {
        if bytes.len() > self.limit_bytes.saturating_sub(self.line.len()) {
            self.failed = true;
            return;
        }
        self.line.extend_from_slice(bytes);
    }

    /// Reads the line; an empty one ends the event.
    fn end_line(&mut self) -> Option<Event> {
        if self.failed {
            return None;
        }
        let bytes = std::mem::take(&mut self.line);
        let mut bytes = bytes.as_slice();
        if std::mem::take(&mut self.at_start) {
            bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        }
        if bytes.is_empty() {
            return self.dispatch();
        }
        let line = String::from_utf8_lossy(bytes);
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        self.field(field, value.strip_prefix(' ').unwrap_or(value));
        None
    }

    /// A line that starts with a colon is a comment: its field name is empty.
    fn field(&mut self, field: &str, value: &str) {
        match field {
            "event" => value.clone_into(&mut self.name),
            "data" => self.extend_data(value),
            "id" if !value.contains('\0') => value.clone_into(&mut self.id),
            _ => {}
        }
    }

    fn extend_data(&mut self, value: &str) {
        let Some(data) = &mut self.data else {
            self.data = Some(value.to_owned());
            return;
        };
        if data.len() + value.len() >= self.limit_bytes {
            self.failed = true;
            return;
        }
        data.push('\n');
        data.push_str(value);
    }

    fn dispatch(&mut self) -> Option<Event> {
        let name = std::mem::take(&mut self.name);
        let data = self.data.take()?;
        let name = if name.is_empty() {
            "message".to_owned()
        } else {
            name
        };
        Some(Event {
            name,
            data,
            id: self.id.clone(),
        })
    }
}

#[cfg(test)]
mod tests;
