//! A segment: one file with documents, their chunks, the words of these and perhaps their vectors.
//! It is written once and never changed. Which segments make up a base is the manifest's business.
//!
//! ```text
//! header    magic and version
//! sections  in any order, told by the table
//! table     JSON: what is in the file and where each section is, with its checksum
//! trailer   length and checksum of the table, magic
//! ```
//!
//! Everything that is read on its own (a section, a block of words, a list of postings, a text) has
//! its own checksum, so that a search reads and checks only what it needs.

mod reader;
mod terms;
mod writer;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(crate) use reader::Segment;
pub(crate) use terms::Posting;
pub(crate) use writer::Writer;

const MAGIC: &[u8; 8] = b"LOOMKBSG";
const VERSION: u32 = 1;
const HEADER_BYTES: u64 = 12;
/// Length, checksum, magic.
const TRAILER_BYTES: u64 = 16;
/// Offset, length and checksum of a record.
const ENTRY_BYTES: u64 = 16;
/// Quantised vectors that share a checksum.
const VECTORS_PER_BLOCK: usize = 512;

/// What is in a segment, and where.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Table {
    pub(crate) chunks: u32,
    pub(crate) documents: u32,
    /// The names that documents' collections are numbered by.
    pub(crate) collections: Vec<String>,
    /// The model of the vectors; none if there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
    /// Numbers in a vector.
    #[serde(default)]
    pub(crate) dimensions: u32,
    sections: BTreeMap<Section, Span>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Section {
    /// Heading and text of each chunk.
    Texts,
    /// Where each chunk's text is.
    TextTable,
    /// The document of each chunk.
    ChunkDocuments,
    /// How many words each chunk has.
    ChunkWords,
    Documents,
    DocumentTable,
    /// The number of each document's collection.
    DocumentCollections,
    Postings,
    /// The words, in blocks.
    Terms,
    /// The first word of each block.
    TermIndex,
    /// f32 vectors of length 1, each with its checksum.
    Vectors,
    /// The same in 8 bits, each after its scale.
    Quantised,
    /// The checksum of each block of those.
    QuantisedSums,
}

/// A part of a file.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Span {
    offset: u64,
    length: u64,
    /// 0 for a section whose parts have their own.
    #[serde(default)]
    sum: u32,
}
