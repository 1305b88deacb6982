//! Server-sent events for plugins: decoders that take bytes as they come off the wire (WHATWG HTML,
//! "Server-sent events"). Reconnecting, and what the events mean, are the caller's.

use crate::error::{Error, Result};

/// How long a line, the data of an event, or a document may be unless the plugin says otherwise:
/// room for an image in a data URL, within what a plugin's memory holds twice.
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
            bytes = without_mark(bytes);
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

/// The body of a response that should be an event stream. Servers that cannot stream, or that
/// failed, answer with a document instead (JSON, a web page), whatever its media type says.
///
/// ```
/// use loom_sdk::sse::{Body, Ending};
///
/// let mut body = Body::new();
/// assert!(body.push(b"{\"answer\":").unwrap().is_empty());
/// body.push(b" 42}").unwrap();
/// assert_eq!(body.finish().unwrap(), Ending::Document(b"{\"answer\": 42}".to_vec()));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    kind: Kind,
    /// Of a document; before that the white space that came first.
    bytes: Vec<u8>,
    events: Decoder,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Unknown,
    Events,
    Document,
}

/// How a body ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It was an event stream, or empty; with what [`Decoder::finish`] found pending.
    Events(Option<Event>),
    /// It was this, without a byte order mark and white space before it.
    Document(Vec<u8>),
}

impl Body {
    /// A body of which nothing came yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The events that these bytes complete; none of a document.
    ///
    /// # Errors
    ///
    /// As for [`Decoder::push`]; `unavailable` for a document of more than 32 MiB.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Event>> {
        match self.kind {
            Kind::Events => self.events.push(bytes),
            Kind::Document if bytes.len() > DEFAULT_LIMIT_BYTES - self.bytes.len() => {
                Err(Error::unavailable(format!(
                    "the server sent an answer of more than {DEFAULT_LIMIT_BYTES} bytes, which is \
                     taken for a fault; try again"
                )))
            }
            Kind::Document => {
                self.bytes.extend_from_slice(bytes);
                Ok(Vec::new())
            }
            Kind::Unknown => {
                self.bytes.extend_from_slice(bytes);
                self.kind = kind(&self.bytes);
                match self.kind {
                    Kind::Unknown => Ok(Vec::new()),
                    Kind::Events => self.events.push(&std::mem::take(&mut self.bytes)),
                    Kind::Document => {
                        let bytes = std::mem::take(&mut self.bytes);
                        self.push(without_mark(&bytes).trim_ascii_start())
                    }
                }
            }
        }
    }

    /// The body ended, or broke off.
    ///
    /// # Errors
    ///
    /// As for [`Decoder::push`].
    pub fn finish(&mut self) -> Result<Ending> {
        match self.kind {
            Kind::Document => Ok(Ending::Document(std::mem::take(&mut self.bytes))),
            Kind::Events | Kind::Unknown => Ok(Ending::Events(self.events.finish()?)),
        }
    }
}

/// No line of an event stream begins as JSON and HTML do.
fn kind(bytes: &[u8]) -> Kind {
    if BYTE_ORDER_MARK.starts_with(bytes) {
        return Kind::Unknown;
    }
    match without_mark(bytes).trim_ascii_start().first() {
        None => Kind::Unknown,
        Some(b'{' | b'[' | b'<') => Kind::Document,
        Some(_) => Kind::Events,
    }
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)
}

#[cfg(test)]
mod tests;
