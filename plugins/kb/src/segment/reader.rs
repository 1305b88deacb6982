//! Reads a segment, and of it only what is asked for.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};

use super::terms::{Block, Posting, Term, decode_postings};
use super::{
    ENTRY_BYTES, HEADER_BYTES, MAGIC, Section, Span, TRAILER_BYTES, Table, VECTORS_PER_BLOCK,
    VERSION,
};
use crate::document::{Chunk, Document};
use crate::store::codec::{self, Reader, check, column};
use crate::store::fault::{Fault, Result};
use crate::vector;

/// What is gone through is read in pieces of about so many bytes.
const SCAN_BYTES: usize = 1 << 20;

/// No model's vectors come near; what says more is not from here.
const MAX_DIMENSIONS: u32 = 1 << 16;

/// An open segment.
#[derive(Debug)]
pub(crate) struct Segment {
    file: File,
    bytes: u64,
    pub(crate) table: Table,
}

impl Segment {
    /// Reads the table of a file that has so many bytes.
    pub(crate) fn open(mut file: File, bytes: u64) -> Result<Self> {
        let length = file.seek(SeekFrom::End(0))?;
        if length != bytes || bytes < HEADER_BYTES + TRAILER_BYTES {
            return Err(Fault::damaged(format!(
                "it has {length} bytes instead of {bytes}"
            )));
        }
        let mut segment = Self {
            file,
            bytes,
            table: Table::default(),
        };
        let header = segment.read(0, HEADER_BYTES)?;
        let trailer = segment.read(bytes - TRAILER_BYTES, TRAILER_BYTES)?;
        if &header[..8] != MAGIC || &trailer[8..] != MAGIC {
            return Err(Fault::damaged("it is no segment"));
        }
        let version = u32_at(&header, 8);
        if version != VERSION {
            let what = format!("its version is {version}, and this plugin reads {VERSION}");
            return Err(Fault::damaged(what));
        }
        let (length, sum) = (u64::from(u32_at(&trailer, 0)), u32_at(&trailer, 4));
        let end = bytes - TRAILER_BYTES;
        let start = end
            .checked_sub(length)
            .ok_or_else(|| Fault::damaged("its table is gone"))?;
        let table = segment.read(start, length)?;
        check(&table, sum, "its table")?;
        segment.table = serde_json::from_slice(&table)
            .map_err(|error| Fault::damaged(format!("its table: {error}")))?;
        if segment.table.dimensions > MAX_DIMENSIONS {
            return Err(Fault::damaged("its vectors are too long"));
        }
        Ok(segment)
    }

    /// The document of each chunk.
    pub(crate) fn chunk_documents(&self) -> Result<Vec<u32>> {
        let documents = self.column(Section::ChunkDocuments, self.table.chunks)?;
        if documents.iter().any(|it| *it >= self.table.documents) {
            return Err(Fault::damaged("a chunk has no document"));
        }
        Ok(documents)
    }

    /// How many words each chunk has.
    pub(crate) fn chunk_words(&self) -> Result<Vec<u32>> {
        self.column(Section::ChunkWords, self.table.chunks)
    }

    /// The collection of each document, by its place in the table.
    pub(crate) fn document_collections(&self) -> Result<Vec<u32>> {
        self.column(Section::DocumentCollections, self.table.documents)
    }

    /// One document.
    pub(crate) fn document(&self, number: u32) -> Result<Document> {
        let entry = self.entry(Section::DocumentTable, number, self.table.documents)?;
        let base = self.span(Section::Documents)?.offset;
        document(&self.record(entry, base)?)
    }

    /// All documents, in order.
    pub(crate) fn documents(&self) -> Result<Vec<Document>> {
        let table = self.summed(Section::DocumentTable)?;
        let records = self.read_span(self.span(Section::Documents)?)?;
        let mut documents = Vec::with_capacity(self.table.documents as usize);
        for entry in table.as_chunks::<{ ENTRY_BYTES as usize }>().0 {
            let span = entry_of(entry);
            let mut reader = Reader::new(&records);
            reader.take(span.offset)?;
            let record = reader.take(span.length)?;
            check(record, span.sum, "a document")?;
            documents.push(document(record)?);
        }
        if documents.len() != self.table.documents as usize {
            return Err(Fault::damaged("documents are missing"));
        }
        Ok(documents)
    }

    /// One chunk.
    pub(crate) fn chunk(&self, number: u32) -> Result<Chunk> {
        let entry = self.entry(Section::TextTable, number, self.table.chunks)?;
        chunk(&self.record(entry, 0)?)
    }

    /// Calls `visit` with each chunk, in order.
    pub(crate) fn chunks(&self, mut visit: impl FnMut(u32, Chunk) -> Result<()>) -> Result<()> {
        let table = self.summed(Section::TextTable)?;
        let entries: Vec<Span> = table.as_chunks().0.iter().map(entry_of).collect();
        let mut number = 0;
        while let Some(first) = entries.get(number) {
            let near = |entry: &&Span| {
                let end = entry.offset.saturating_add(entry.length);
                entry.offset >= first.offset && end - first.offset.min(end) <= SCAN_BYTES as u64
            };
            let together = entries[number..].iter().take_while(near).count().max(1);
            let last = entries[number + together - 1];
            let end = last.offset.saturating_add(last.length);
            let bytes = self.read(first.offset, end.saturating_sub(first.offset))?;
            for entry in &entries[number..number + together] {
                let mut reader = Reader::new(&bytes);
                reader.take(entry.offset - first.offset)?;
                let record = reader.take(entry.length)?;
                check(record, entry.sum, "a text")?;
                visit(number as u32, chunk(record)?)?;
                number += 1;
            }
        }
        Ok(())
    }

    /// Calls `visit` with the number and the vector of each chunk, in order.
    pub(crate) fn vectors(&self, mut visit: impl FnMut(u32, &[f32]) -> Result<()>) -> Result<()> {
        let span = self.span(Section::Vectors)?;
        let stride = self.table.dimensions as usize * 4 + 4;
        let at_once = (SCAN_BYTES / stride).max(1);
        let mut number = 0;
        while number < self.table.chunks {
            let count = at_once.min((self.table.chunks - number) as usize);
            let start = u64::from(number) * stride as u64;
            let bytes = self.read_within(span, start, (count * stride) as u64)?;
            for record in bytes.chunks_exact(stride) {
                let (vector, sum) = record.split_at(stride - 4);
                check(vector, u32_at(sum, 0), "a vector")?;
                visit(number, &vector::floats(vector))?;
                number += 1;
            }
        }
        Ok(())
    }

    /// The chunks that a word occurs in.
    pub(crate) fn postings(&self, word: &str) -> Result<Vec<Posting>> {
        let blocks = self.blocks()?;
        let after = blocks.partition_point(|block| block.first.as_str() <= word);
        let Some(block) = after.checked_sub(1).and_then(|at| blocks.get(at)) else {
            return Ok(Vec::new());
        };
        let terms = self.terms(block)?;
        match terms.binary_search_by(|term| term.word.as_str().cmp(word)) {
            Ok(at) => self.postings_of(&terms[at]),
            Err(_) => Ok(Vec::new()),
        }
    }

    /// Goes through all words, in their order.
    pub(crate) fn cursor(&self) -> Result<Cursor<'_>> {
        let mut cursor = Cursor {
            segment: self,
            blocks: self.blocks()?.into_iter(),
            terms: Vec::new().into_iter(),
            current: None,
            window: Vec::new(),
            window_offset: 0,
        };
        cursor.advance()?;
        Ok(cursor)
    }

    /// The vector of a chunk; it has length 1.
    pub(crate) fn vector(&self, number: u32) -> Result<Vec<f32>> {
        let span = self.span(Section::Vectors)?;
        let stride = u64::from(self.table.dimensions) * 4 + 4;
        let bytes = self.read_within(span, u64::from(number) * stride, stride)?;
        let (vector, sum) = bytes.split_at(bytes.len() - 4);
        check(vector, u32_at(sum, 0), "a vector")?;
        Ok(vector::floats(vector))
    }

    /// Calls `visit` with the number of each chunk and its quantised vector.
    pub(crate) fn scan(&self, mut visit: impl FnMut(u32, f32, &[u8])) -> Result<()> {
        let span = self.span(Section::Quantised)?;
        let sums = column(&self.summed(Section::QuantisedSums)?);
        let stride = vector::quantised_bytes(self.table.dimensions as usize);
        let block = VECTORS_PER_BLOCK * stride;
        if span.length != u64::from(self.table.chunks) * stride as u64 {
            return Err(Fault::damaged("vectors are missing"));
        }
        let blocks_at_once = (SCAN_BYTES / block).max(1);
        let mut number = 0;
        for (index, sums) in sums.chunks(blocks_at_once).enumerate() {
            let start = (index * blocks_at_once * block) as u64;
            let length = ((blocks_at_once * block) as u64).min(span.length.saturating_sub(start));
            let bytes = self.read_within(span, start, length)?;
            for (block, sum) in bytes.chunks(block).zip(sums) {
                check(block, *sum, "a block of vectors")?;
            }
            for record in bytes.chunks_exact(stride) {
                let (scale, vector) = vector::quantised(record);
                visit(number, scale, vector);
                number += 1;
            }
        }
        Ok(())
    }

    fn blocks(&self) -> Result<Vec<Block>> {
        let index = self.summed(Section::TermIndex)?;
        let mut reader = Reader::new(&index);
        let count = reader.small()?;
        (0..count).map(|_| Block::decode(&mut reader)).collect()
    }

    fn terms(&self, block: &Block) -> Result<Vec<Term>> {
        let bytes = self.read_within(self.span(Section::Terms)?, block.offset, block.length)?;
        check(&bytes, block.sum, "a block of words")?;
        let mut reader = Reader::new(&bytes);
        let mut terms = Vec::new();
        while !reader.is_empty() {
            terms.push(Term::decode(&mut reader)?);
        }
        Ok(terms)
    }

    fn postings_of(&self, term: &Term) -> Result<Vec<Posting>> {
        let bytes = self.read(term.offset, term.length)?;
        check(&bytes, term.sum, "the postings of a word")?;
        decode_postings(&bytes, term.chunks, self.table.chunks)
    }

    fn column(&self, section: Section, length: u32) -> Result<Vec<u32>> {
        let numbers = column(&self.summed(section)?);
        if numbers.len() == length as usize {
            return Ok(numbers);
        }
        Err(Fault::damaged("a column has the wrong length"))
    }

    fn entry(&self, section: Section, number: u32, count: u32) -> Result<Span> {
        if number >= count {
            return Err(Fault::damaged("there is no such record"));
        }
        let at = u64::from(number) * ENTRY_BYTES;
        let bytes = self.read_within(self.span(section)?, at, ENTRY_BYTES)?;
        let bytes = bytes
            .as_chunks()
            .0
            .first()
            .ok_or_else(|| Fault::damaged("it ends too early"))?;
        Ok(entry_of(bytes))
    }

    fn record(&self, entry: Span, base: u64) -> Result<Vec<u8>> {
        let offset = entry
            .offset
            .checked_add(base)
            .ok_or_else(|| Fault::damaged("an offset"))?;
        let record = self.read(offset, entry.length)?;
        check(&record, entry.sum, "a record")?;
        Ok(record)
    }

    fn span(&self, section: Section) -> Result<Span> {
        let span = self.table.sections.get(&section).copied();
        span.ok_or_else(|| Fault::damaged("a section is missing"))
    }

    fn summed(&self, section: Section) -> Result<Vec<u8>> {
        let span = self.span(section)?;
        let bytes = self.read_span(span)?;
        check(&bytes, span.sum, "a section")?;
        Ok(bytes)
    }

    fn read_span(&self, span: Span) -> Result<Vec<u8>> {
        self.read(span.offset, span.length)
    }

    fn read_within(&self, span: Span, offset: u64, length: u64) -> Result<Vec<u8>> {
        let fits = offset
            .checked_add(length)
            .is_some_and(|end| end <= span.length);
        if !fits {
            return Err(Fault::damaged("it points past its end"));
        }
        self.read(span.offset.saturating_add(offset), length)
    }

    fn read(&self, offset: u64, length: u64) -> Result<Vec<u8>> {
        let fits = offset
            .checked_add(length)
            .is_some_and(|end| end <= self.bytes);
        if !fits {
            return Err(Fault::damaged("it points past its end"));
        }
        let mut bytes = vec![0; length as usize];
        let mut file = &self.file;
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

/// A place in the words of a segment.
pub(crate) struct Cursor<'a> {
    segment: &'a Segment,
    blocks: std::vec::IntoIter<Block>,
    terms: std::vec::IntoIter<Term>,
    current: Option<Term>,
    /// Postings lie in the order of their words: the next ones come with these.
    window: Vec<u8>,
    window_offset: u64,
}

impl Cursor<'_> {
    /// The word it stands at; none at the end.
    pub(crate) fn word(&self) -> Option<&str> {
        self.current.as_ref().map(|term| term.word.as_str())
    }

    /// The postings of that word; moves on to the next.
    pub(crate) fn take(&mut self) -> Result<Vec<Posting>> {
        let Some(term) = self.current.take() else {
            return Ok(Vec::new());
        };
        let end = term.offset.saturating_add(term.length);
        let window_end = self.window_offset + self.window.len() as u64;
        if term.offset < self.window_offset || end > window_end {
            let most = self.segment.bytes.saturating_sub(term.offset);
            let length = term.length.max(SCAN_BYTES as u64).min(most);
            self.window = self.segment.read(term.offset, length)?;
            self.window_offset = term.offset;
        }
        let mut reader = Reader::new(&self.window);
        reader.take(term.offset - self.window_offset)?;
        let bytes = reader.take(term.length)?;
        check(bytes, term.sum, "the postings of a word")?;
        let postings = decode_postings(bytes, term.chunks, self.segment.table.chunks)?;
        self.advance()?;
        Ok(postings)
    }

    fn advance(&mut self) -> Result<()> {
        self.current = self.terms.next();
        while self.current.is_none() {
            let Some(block) = self.blocks.next() else {
                return Ok(());
            };
            self.terms = self.segment.terms(&block)?.into_iter();
            self.current = self.terms.next();
        }
        Ok(())
    }
}

fn chunk(record: &[u8]) -> Result<Chunk> {
    let mut reader = Reader::new(record);
    let heading = reader.text()?.to_owned();
    let text = codec::text(reader.rest())?.to_owned();
    Ok(Chunk { heading, text })
}

fn document(record: &[u8]) -> Result<Document> {
    serde_json::from_slice(record).map_err(|error| Fault::damaged(format!("a document: {error}")))
}

fn entry_of(bytes: &[u8; ENTRY_BYTES as usize]) -> Span {
    let (offset, rest) = bytes.split_at(8);
    Span {
        offset: u64::from(u32_at(offset, 0)) | u64::from(u32_at(offset, 4)) << 32,
        length: u64::from(u32_at(rest, 0)),
        sum: u32_at(rest, 4),
    }
}

/// Four bytes of what has them.
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
