//! The words of a segment and the chunks they occur in, as bytes.

use crate::store::codec::{Reader, put_number, put_text};
use crate::store::fault::{Fault, Result};

/// Words in a block: what is read to find one.
pub(super) const BLOCK_TERMS: usize = 64;

/// An occurrence of a word: in which chunk, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Posting {
    pub(crate) chunk: u32,
    pub(crate) count: u32,
}

/// A word, and where its postings are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term {
    pub(super) word: String,
    pub(super) chunks: u32,
    pub(super) offset: u64,
    pub(super) length: u64,
    pub(super) sum: u32,
}

/// A block of words, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) first: String,
    pub(super) offset: u64,
    pub(super) length: u64,
    pub(super) sum: u32,
}

/// Postings in the order of their chunks.
pub(super) fn encode_postings(postings: &[Posting]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(postings.len() * 2);
    let mut before = 0;
    for posting in postings {
        put_number(&mut bytes, u64::from(posting.chunk - before));
        put_number(&mut bytes, u64::from(posting.count));
        before = posting.chunk;
    }
    bytes
}

/// Refuses a chunk that the segment does not have.
pub(super) fn decode_postings(bytes: &[u8], count: u32, chunks: u32) -> Result<Vec<Posting>> {
    let mut reader = Reader::new(bytes);
    let mut postings = Vec::with_capacity((count as usize).min(bytes.len()));
    let mut chunk = 0_u32;
    for _ in 0..count {
        let step = reader.small()?;
        chunk = chunk
            .checked_add(step)
            .filter(|chunk| *chunk < chunks)
            .ok_or_else(|| Fault::damaged("a word occurs in a chunk that is not there"))?;
        let count = reader.small()?;
        postings.push(Posting { chunk, count });
    }
    Ok(postings)
}

impl Term {
    pub(super) fn encode(&self, bytes: &mut Vec<u8>) {
        put_text(bytes, &self.word);
        put_number(bytes, u64::from(self.chunks));
        put_number(bytes, self.offset);
        put_number(bytes, self.length);
        put_number(bytes, u64::from(self.sum));
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self> {
        Ok(Self {
            word: reader.text()?.to_owned(),
            chunks: reader.small()?,
            offset: reader.number()?,
            length: reader.number()?,
            sum: reader.small()?,
        })
    }
}

impl Block {
    pub(super) fn encode(&self, bytes: &mut Vec<u8>) {
        put_text(bytes, &self.first);
        put_number(bytes, self.offset);
        put_number(bytes, self.length);
        put_number(bytes, u64::from(self.sum));
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self> {
        Ok(Self {
            first: reader.text()?.to_owned(),
            offset: reader.number()?,
            length: reader.number()?,
            sum: reader.small()?,
        })
    }
}
