//! Picks a range of lines out of a stream of bytes. Keeps those lines alone, and of long ones only
//! the start; no files and no messages here.

use std::ops::Range;

use encoding_rs::Decoder;

use crate::page;
use crate::text::{self, Encoding};

/// Bytes kept of a line: room for the characters shown of it, at four bytes each, and its ending.
const MAX_LINE_BYTES: usize = 4 * super::MAX_LINE_CHARS + 2;

/// A range of lines in the making.
pub(super) struct Window {
    wanted: Range<u64>,
    encoding: Encoding,
    /// For encodings whose line ends are not plain bytes.
    decoder: Option<Decoder>,
    mark_bytes_left: usize,
    /// The kept lines, one after the other; UTF-8 unless the file is in no known encoding.
    bytes: Vec<u8>,
    /// Where each kept line ends in `bytes`, and how long the line is.
    ends: Vec<(usize, u64)>,
    /// Complete lines that were seen.
    lines: u64,
    /// Bytes of the line that is not complete yet.
    partial: u64,
    is_full: bool,
}

/// A line that was kept.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    /// With its line ending, or the start of a long line.
    pub(super) bytes: &'a [u8],
    /// Bytes of the whole line.
    pub(super) length: u64,
}

impl Line<'_> {
    pub(super) fn is_cut(self) -> bool {
        self.length > self.bytes.len() as u64
    }
}

impl Window {
    /// A window of these lines, counted from 1, on a file that starts with `head`.
    pub(super) fn new(wanted: Range<u64>, head: &[u8]) -> Self {
        let (encoding, mark_bytes_left) =
            text::byte_order_mark(head).unwrap_or((Encoding::Utf8, 0));
        let decoder = match encoding {
            Encoding::Utf8 | Encoding::Windows1252 => None,
            other => Some(other.codec().new_decoder_without_bom_handling()),
        };
        Self {
            wanted,
            encoding,
            decoder,
            mark_bytes_left,
            bytes: Vec::new(),
            ends: Vec::new(),
            lines: 0,
            partial: 0,
            is_full: false,
        }
    }

    /// Takes the next bytes of the file.
    pub(super) fn feed(&mut self, chunk: &[u8]) {
        let mark = self.mark_bytes_left.min(chunk.len());
        self.mark_bytes_left -= mark;
        self.transcode(&chunk[mark..], false);
    }

    /// The file has ended.
    pub(super) fn finish(&mut self) {
        self.transcode(&[], true);
        if self.partial > 0 {
            self.end_line();
        }
    }

    /// Whether all that is to be shown was seen.
    pub(super) fn is_complete(&self) -> bool {
        self.is_full || self.lines + 1 >= self.wanted.end
    }

    /// Whether lines were left out because the result is large enough.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    pub(super) fn encoding(&self) -> Encoding {
        self.encoding
    }

    pub(super) fn lines_seen(&self) -> u64 {
        self.lines
    }

    pub(super) fn first_line(&self) -> u64 {
        self.wanted.start
    }

    /// The number of the last kept line, if any was kept.
    pub(super) fn last_line(&self) -> Option<u64> {
        let kept = self.ends.len() as u64;
        (kept > 0).then(|| self.wanted.start + kept - 1)
    }

    /// All kept lines together.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.kept_end()]
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let mut start = 0;
        self.ends.iter().map(move |(end, length)| {
            let bytes = &self.bytes[std::mem::replace(&mut start, *end)..*end];
            Line {
                bytes,
                length: *length,
            }
        })
    }

    fn transcode(&mut self, mut chunk: &[u8], is_last: bool) {
        let Some(mut decoder) = self.decoder.take() else {
            self.split(chunk);
            return;
        };
        let mut decoded = [0; 8 * 1024];
        loop {
            let (result, read, written, _) = decoder.decode_to_utf8(chunk, &mut decoded, is_last);
            self.split(&decoded[..written]);
            chunk = &chunk[read..];
            if result == encoding_rs::CoderResult::InputEmpty {
                break;
            }
        }
        if !is_last {
            self.decoder = Some(decoder);
        }
    }

    fn split(&mut self, mut chunk: &[u8]) {
        while let Some(at) = memchr::memchr(b'\n', chunk) {
            if self.is_complete() {
                self.skip(chunk);
                return;
            }
            self.extend(&chunk[..=at]);
            self.end_line();
            chunk = &chunk[at + 1..];
        }
        self.extend(chunk);
    }

    /// Counts the line ends, of which there is at least one.
    fn skip(&mut self, chunk: &[u8]) {
        self.lines += memchr::memchr_iter(b'\n', chunk).count() as u64;
        let after_last = memchr::memrchr(b'\n', chunk).map_or(0, |at| at + 1);
        self.partial = (chunk.len() - after_last) as u64;
    }

    fn extend(&mut self, piece: &[u8]) {
        if self.is_wanted() {
            let kept = self.bytes.len() - self.kept_end();
            let room = MAX_LINE_BYTES - kept;
            self.bytes
                .extend_from_slice(&piece[..piece.len().min(room)]);
        }
        self.partial += piece.len() as u64;
    }

    fn end_line(&mut self) {
        if self.is_wanted() {
            let start = self.kept_end();
            if self.bytes.len() > page::MAX_BYTES {
                self.is_full = true;
                self.bytes.truncate(start);
            } else {
                let kept = &self.bytes[start..];
                if (kept.len() as u64) < self.partial {
                    let whole = text::whole_characters(kept);
                    self.bytes.truncate(start + whole);
                }
                self.ends.push((self.bytes.len(), self.partial));
            }
        }
        self.lines += 1;
        self.partial = 0;
    }

    fn kept_end(&self) -> usize {
        self.ends.last().map_or(0, |(end, _)| *end)
    }

    fn is_wanted(&self) -> bool {
        !self.is_full && self.wanted.contains(&(self.lines + 1))
    }
}
