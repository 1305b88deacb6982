//! The lines of a part of a file, read block by block. What a line says is not known here.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};

use crate::frame::MAX_LINE_BYTES;

/// What one read asks for: the most that WASI gives at once (wasmtime 48).
const BLOCK_BYTES: usize = 64 * 1024;

/// Reads lines from one place in a file to another.
pub(crate) struct Lines<'f> {
    file: &'f mut File,
    /// Not read yet.
    left: u64,
    buffer: Vec<u8>,
    /// Where in the buffer the next line starts.
    next: usize,
    /// Where in the file that is.
    offset: u64,
}

/// A line without its newline.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line<'b> {
    /// Where in the file it starts.
    pub(crate) start: u64,
    /// Where it ends, before its newline.
    pub(crate) end: u64,
    /// Whether a newline follows.
    pub(crate) closed: bool,
    /// Empty if the line is longer than a line may be.
    pub(crate) bytes: &'b [u8],
}

impl<'f> Lines<'f> {
    pub(crate) fn new(file: &'f mut File, from: u64, to: u64) -> io::Result<Self> {
        file.seek(SeekFrom::Start(from))?;
        Ok(Self {
            file,
            left: to.saturating_sub(from),
            buffer: Vec::new(),
            next: 0,
            offset: from,
        })
    }

    /// The next line; none at the end. A file that ends early just ends.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        let start = self.offset;
        let mut dropped = 0;
        let mut searched = 0;
        let (length, closed) = loop {
            let rest = &self.buffer[self.next..];
            if let Some(place) = rest[searched..].iter().position(|&byte| byte == b'\n') {
                break (searched + place, true);
            }
            searched = rest.len();
            if searched > MAX_LINE_BYTES {
                dropped += searched;
                searched = 0;
                self.next = self.buffer.len();
            }
            if !self.fill()? {
                break (searched, false);
            }
        };
        let end = start + (dropped + length) as u64;
        self.offset = end + u64::from(closed);
        let from = self.next;
        self.next += length + usize::from(closed);
        if end == start && !closed {
            return Ok(None);
        }
        let bytes = &self.buffer[from..from + length];
        Ok(Some(Line {
            start,
            end,
            closed,
            bytes: if dropped > 0 { &[] } else { bytes },
        }))
    }

    /// Reads a block behind what is left in the buffer; false at the end.
    fn fill(&mut self) -> io::Result<bool> {
        self.buffer.drain(..self.next);
        self.next = 0;
        let wanted = self.left.min(BLOCK_BYTES as u64) as usize;
        let filled = self.buffer.len();
        self.buffer.resize(filled + wanted, 0);
        let result = read(self.file, &mut self.buffer[filled..]);
        let got = *result.as_ref().unwrap_or(&0);
        self.buffer.truncate(filled + got);
        self.left = if got == 0 { 0 } else { self.left - got as u64 };
        result.map(|got| got > 0)
    }
}

fn read(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match file.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests;
