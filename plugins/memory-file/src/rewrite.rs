//! A session written anew: the shortest log that holds its entries, in the format of every log. Where
//! the bytes go is decided elsewhere.

use std::fmt::Write as _;
use std::fs::File;
use std::io;
use std::ops::ControlFlow;

use sha2::{Digest as _, Sha256};

use crate::frame;
use crate::log::Log;
use crate::record::{FORMAT, Header, Mark, StoredEntry};

/// How much of the entries goes into one record, unless one entry is larger: reading an entry means to
/// read its record.
const RECORD_BYTES: usize = 32 * 1024;

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) bytes: u64,
    pub(crate) entries: u64,
    /// The start of their SHA-256, in hexadecimal.
    pub(crate) digest: String,
}

impl Written {
    /// An empty file.
    pub(crate) fn nothing() -> Self {
        Self {
            bytes: 0,
            entries: 0,
            digest: digest(Sha256::new()),
        }
    }
}

/// Writes all entries of a log, all records by one writer. The same entries give the same bytes. None
/// if the file is not as it was.
pub(crate) fn rewrite(
    (log, file): (&Log, &mut File),
    session: &str,
    writer: u64,
    sink: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<Option<Written>> {
    let mut rewrite = Rewrite::new(writer, sink);
    rewrite.header(session)?;
    let mut result = Ok(());
    let is_whole = log.visit(file, 0, |_, entry| {
        result = rewrite.push(&entry);
        match result {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    })?;
    result?;
    rewrite.end_record()?;
    Ok(is_whole.then(|| rewrite.written()))
}

/// The start of the SHA-256 of bytes, as in [`Written`].
pub(crate) fn digest(hash: Sha256) -> String {
    let hash = hash.finalize();
    hash[..4].iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

struct Rewrite<'s> {
    sink: &'s mut dyn FnMut(&[u8]) -> io::Result<()>,
    mark: Mark,
    bytes: u64,
    hash: Sha256,
    /// Of the first entry that is not written yet.
    seq: u64,
    /// Those entries in JSON, and how many they are.
    pending: String,
    count: u64,
}

impl<'s> Rewrite<'s> {
    fn new(writer: u64, sink: &'s mut dyn FnMut(&[u8]) -> io::Result<()>) -> Self {
        Self {
            sink,
            mark: Mark { writer, count: 0 },
            bytes: 0,
            hash: Sha256::new(),
            seq: 0,
            pending: String::new(),
            count: 0,
        }
    }

    fn header(&mut self, session: &str) -> io::Result<()> {
        let header = Header {
            format: FORMAT,
            id: session.to_owned(),
        };
        let mut line = Vec::new();
        frame::write(&serde_json::to_string(&header)?, &mut line);
        line.push(b'\n');
        self.write(&line)
    }

    fn push(&mut self, entry: &StoredEntry<'_>) -> io::Result<()> {
        let json = serde_json::to_string(entry)?;
        if self.count > 0 && self.pending.len() + json.len() > RECORD_BYTES {
            self.end_record()?;
        }
        if self.count > 0 {
            self.pending.push(',');
        }
        self.pending.push_str(&json);
        self.count += 1;
        Ok(())
    }

    fn end_record(&mut self) -> io::Result<()> {
        if self.count == 0 {
            return Ok(());
        }
        self.mark.count += 1;
        let (seq, mark, entries) = (self.seq, self.mark, &self.pending);
        // As in a log that was appended to: the first record is written with the header.
        let base = if seq == 0 { 0 } else { self.bytes };
        let json =
            format!(r#"{{"seq":{seq},"base":{base},"writer":"{mark}","entries":[{entries}]}}"#);
        let mut line = if seq == 0 { Vec::new() } else { vec![b'\n'] };
        frame::write(&json, &mut line);
        self.seq += self.count;
        self.count = 0;
        self.pending.clear();
        self.write(&line)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        (self.sink)(bytes)
    }

    fn written(self) -> Written {
        Written {
            bytes: self.bytes,
            entries: self.seq,
            digest: digest(self.hash),
        }
    }
}
