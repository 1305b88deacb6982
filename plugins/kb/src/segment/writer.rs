//! Writes a segment from front to back, so that it may be larger than the memory.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use super::terms::{BLOCK_TERMS, Block, Posting, Term, encode_postings};
use super::{HEADER_BYTES, MAGIC, Section, Span, Table, VECTORS_PER_BLOCK, VERSION};
use crate::document::{Chunk, Document};
use crate::store::codec::{column_bytes, put_number, put_text};
use crate::store::fault::{Fault, Result};
use crate::vector;

/// A segment that is being written: all documents with their chunks, then all vectors, then all words
/// in their order.
pub(crate) struct Writer {
    out: BufWriter<File>,
    position: u64,
    table: Table,
    texts: Vec<u8>,
    chunk_documents: Vec<u32>,
    chunk_words: Vec<u32>,
    documents: Vec<u8>,
    document_table: Vec<u8>,
    document_collections: Vec<u32>,
    quantised: Vec<u8>,
    terms: Vec<u8>,
    block: Vec<u8>,
    block_terms: usize,
    blocks: Vec<Block>,
}

impl Writer {
    pub(crate) fn new(file: File) -> Result<Self> {
        let mut writer = Self {
            out: BufWriter::with_capacity(256 * 1024, file),
            position: 0,
            table: Table::default(),
            texts: Vec::new(),
            chunk_documents: Vec::new(),
            chunk_words: Vec::new(),
            documents: Vec::new(),
            document_table: Vec::new(),
            document_collections: Vec::new(),
            quantised: Vec::new(),
            terms: Vec::new(),
            block: Vec::new(),
            block_terms: 0,
            blocks: Vec::new(),
        };
        writer.put(MAGIC)?;
        writer.put(&VERSION.to_le_bytes())?;
        writer.begin(Section::Texts);
        Ok(writer)
    }

    /// Adds a document; its chunks follow.
    pub(crate) fn document(&mut self, document: &Document) -> Result<()> {
        let json = serde_json::to_vec(document).map_err(|error| Fault::Io(error.into()))?;
        entry(&mut self.document_table, self.documents.len() as u64, &json);
        self.documents.extend_from_slice(&json);
        let names = &mut self.table.collections;
        let known = names.iter().position(|name| *name == document.collection);
        let number = known.unwrap_or_else(|| {
            names.push(document.collection.clone());
            names.len() - 1
        });
        self.document_collections.push(number as u32);
        self.table.documents += 1;
        Ok(())
    }

    /// Adds a chunk of the last document, of so many words; returns its number in the segment.
    pub(crate) fn chunk(&mut self, chunk: &Chunk, words: u32) -> Result<u32> {
        let mut bytes = Vec::with_capacity(chunk.heading.len() + chunk.text.len() + 4);
        put_text(&mut bytes, &chunk.heading);
        bytes.extend_from_slice(chunk.text.as_bytes());
        entry(&mut self.texts, self.position, &bytes);
        self.put(&bytes)?;
        self.chunk_documents.push(self.table.documents - 1);
        self.chunk_words.push(words);
        self.table.chunks += 1;
        Ok(self.table.chunks - 1)
    }

    /// Ends the texts. With a model there follows a vector of so many numbers for each chunk.
    pub(crate) fn begin_vectors(&mut self, model: Option<&str>, dimensions: usize) {
        self.end(Section::Texts, 0);
        self.table.model = model.map(str::to_owned);
        self.table.dimensions = dimensions as u32;
        self.begin(Section::Vectors);
    }

    /// Adds the vector of the next chunk; it has length 1.
    pub(crate) fn vector(&mut self, vector: &[f32]) -> Result<()> {
        let mut bytes: Vec<u8> = vector.iter().flat_map(|it| it.to_le_bytes()).collect();
        let sum = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        self.put(&bytes)?;
        vector::quantise(vector, &mut self.quantised);
        Ok(())
    }

    /// Ends the vectors.
    pub(crate) fn begin_terms(&mut self) -> Result<()> {
        self.end(Section::Vectors, 0);
        if self.table.model.is_some() {
            let quantised = std::mem::take(&mut self.quantised);
            let block = VECTORS_PER_BLOCK * vector::quantised_bytes(self.table.dimensions as usize);
            let sums: Vec<u32> = quantised
                .chunks(block.max(1))
                .map(crc32fast::hash)
                .collect();
            self.section(Section::Quantised, &quantised, 0)?;
            self.summed(Section::QuantisedSums, &column_bytes(&sums))?;
        }
        self.begin(Section::Postings);
        Ok(())
    }

    /// Adds a word; they come in the order of their bytes.
    pub(crate) fn term(&mut self, word: &str, postings: &[Posting]) -> Result<()> {
        let bytes = encode_postings(postings);
        let term = Term {
            word: word.to_owned(),
            chunks: postings.len() as u32,
            offset: self.position,
            length: bytes.len() as u64,
            sum: crc32fast::hash(&bytes),
        };
        self.put(&bytes)?;
        if self.block_terms == 0 {
            self.blocks.push(Block {
                first: term.word.clone(),
                offset: self.terms.len() as u64,
                length: 0,
                sum: 0,
            });
        }
        term.encode(&mut self.block);
        self.block_terms += 1;
        if self.block_terms == BLOCK_TERMS {
            self.end_block();
        }
        Ok(())
    }

    /// Writes the rest and returns when all is on disk: the size of the file, and what is in it.
    pub(crate) fn finish(mut self) -> Result<(u64, Table)> {
        self.end(Section::Postings, 0);
        self.end_block();
        let mut index = Vec::new();
        put_number(&mut index, self.blocks.len() as u64);
        for block in &self.blocks {
            block.encode(&mut index);
        }
        let terms = std::mem::take(&mut self.terms);
        self.section(Section::Terms, &terms, 0)?;
        self.summed(Section::TermIndex, &index)?;
        let documents = std::mem::take(&mut self.documents);
        self.section(Section::Documents, &documents, 0)?;
        let columns = [
            (
                Section::DocumentTable,
                std::mem::take(&mut self.document_table),
            ),
            (
                Section::DocumentCollections,
                column_bytes(&self.document_collections),
            ),
            (Section::TextTable, std::mem::take(&mut self.texts)),
            (Section::ChunkDocuments, column_bytes(&self.chunk_documents)),
            (Section::ChunkWords, column_bytes(&self.chunk_words)),
        ];
        for (section, bytes) in columns {
            self.summed(section, &bytes)?;
        }
        let table = serde_json::to_vec(&self.table).map_err(|error| Fault::Io(error.into()))?;
        self.put(&table)?;
        self.put(&(table.len() as u32).to_le_bytes())?;
        self.put(&crc32fast::hash(&table).to_le_bytes())?;
        self.put(MAGIC)?;
        let file = self
            .out
            .into_inner()
            .map_err(io::IntoInnerError::into_error);
        file.and_then(|file| file.sync_all()).map_err(Fault::Io)?;
        Ok((self.position, self.table))
    }

    fn end_block(&mut self) {
        let Some(last) = self.blocks.last_mut().filter(|_| self.block_terms > 0) else {
            return;
        };
        last.length = self.block.len() as u64;
        last.sum = crc32fast::hash(&self.block);
        self.terms.append(&mut self.block);
        self.block_terms = 0;
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.out.write_all(bytes).map_err(Fault::Io)?;
        self.position += bytes.len() as u64;
        debug_assert!(self.position >= HEADER_BYTES || self.position == 8);
        Ok(())
    }

    fn begin(&mut self, section: Section) {
        let offset = self.position;
        let sections = &mut self.table.sections;
        sections.insert(
            section,
            Span {
                offset,
                ..Span::default()
            },
        );
    }

    fn end(&mut self, section: Section, sum: u32) {
        if let Some(span) = self.table.sections.get_mut(&section) {
            span.length = self.position - span.offset;
            span.sum = sum;
        }
    }

    fn section(&mut self, section: Section, bytes: &[u8], sum: u32) -> Result<()> {
        self.begin(section);
        self.put(bytes)?;
        self.end(section, sum);
        Ok(())
    }

    fn summed(&mut self, section: Section, bytes: &[u8]) -> Result<()> {
        self.section(section, bytes, crc32fast::hash(bytes))
    }
}

/// Adds where a record is.
fn entry(table: &mut Vec<u8>, offset: u64, record: &[u8]) {
    table.extend_from_slice(&offset.to_le_bytes());
    table.extend_from_slice(&(record.len() as u32).to_le_bytes());
    table.extend_from_slice(&crc32fast::hash(record).to_le_bytes());
}
