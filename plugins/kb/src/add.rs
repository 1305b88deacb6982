//! Adds texts and files to a base, in parts that are each on disk before the next begins; so that a
//! call that is ended early, whatever ends it, loses only what it has not told.

mod paths;
mod reembed;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Instant;

use loom_sdk::{Error, host};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::base::Base;
use crate::chunking::chunks;
use crate::document::{Addition, Document};
use crate::embed::Embedder;
use crate::extract::Extracted;
use crate::places::Places;

/// What is added is written when there are so many chunks: few enough to hold in memory.
const CHUNKS_AT_ONCE: usize = 2_048;
/// With vectors it is written sooner: they take long to make.
const EMBEDDED_AT_ONCE: usize = 64;

/// Problems that are told one by one.
const MAX_TOLD: usize = 50;

/// What is wanted of an addition.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) collection: String,
    /// None: what the documents have already.
    pub(crate) metadata: Option<BTreeMap<String, Value>>,
}

/// What was done.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    pub(crate) collection: String,
    /// False if the time was over: the same call goes on where this one ended.
    pub(crate) done: bool,
    pub(crate) added: usize,
    pub(crate) updated: usize,
    pub(crate) unchanged: usize,
    /// Documents whose files are gone.
    pub(crate) removed: usize,
    /// In what was added and updated.
    pub(crate) passages: usize,
    /// Files that wait for the next call.
    pub(crate) remaining: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) skipped: Vec<Skipped>,
    /// Files that were skipped and are not listed.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) more_skipped: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) notes: Vec<String>,
}

/// A file that was not added.
#[derive(Debug, Serialize)]
pub(crate) struct Skipped {
    pub(crate) source: String,
    pub(crate) reason: String,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// An addition under way.
pub(crate) struct Adding<'a> {
    base: &'a Base,
    embedder: Embedder,
    /// When to end early.
    until: Instant,
    request: Request,
    /// The documents of the collection, by id.
    known: HashMap<String, Document>,
    pending: Vec<Addition>,
    pending_chunks: usize,
    pub(crate) report: Report,
}

impl<'a> Adding<'a> {
    pub(crate) fn new(
        base: &'a Base,
        embedder: Embedder,
        until: Instant,
        request: Request,
    ) -> Result<Self, Error> {
        let (documents, notes) = base
            .documents()
            .map_err(|it| it.told("reading the knowledge base"))?;
        let own = documents
            .into_iter()
            .filter(|it| it.collection == request.collection);
        let known = own
            .map(|document| (document.id.clone(), document))
            .collect();
        let collection = request.collection.clone();
        Ok(Self {
            base,
            embedder,
            until,
            request,
            known,
            pending: Vec::new(),
            pending_chunks: 0,
            report: Report {
                collection,
                notes,
                ..Report::default()
            },
        })
    }

    /// Adds a text in place of the one that had its title or source.
    pub(crate) fn text(
        &mut self,
        title: &str,
        source: Option<&str>,
        extracted: &Extracted,
    ) -> Result<(), Error> {
        let source = source.unwrap_or(title);
        let document = Document {
            id: document_id(title, source),
            title: title.to_owned(),
            source: source.to_owned(),
            hash: hash(extracted.text.as_bytes()),
            bytes: extracted.text.len() as u64,
            ..Document::default()
        };
        if chunks(&extracted.text, extracted.structure).is_empty() {
            return Err(Error::invalid_input(
                "the text is blank; give one with words in it",
            ));
        }
        let known = self.known.get(&document.id);
        if known.is_some_and(|known| known.hash == document.hash && self.has_metadata(known)) {
            self.report.unchanged += 1;
        } else {
            self.take(document, extracted)?;
            self.flush()?;
        }
        self.report.done = true;
        Ok(())
    }

    /// Adds files and the files in directories; those that are gone go from the base too.
    pub(crate) fn paths(
        &mut self,
        places: &Places,
        paths: &[String],
        glob: Option<&str>,
    ) -> Result<(), Error> {
        paths::add(self, places, paths, glob)
    }

    fn is_over(&self) -> bool {
        Instant::now() >= self.until || host::is_cancelled()
    }

    /// Whether a known document has the metadata that is wanted.
    fn has_metadata(&self, known: &Document) -> bool {
        let wanted = self.request.metadata.as_ref();
        wanted.is_none_or(|wanted| *wanted == known.metadata)
    }

    fn skip(&mut self, source: &str, reason: impl Into<String>) {
        if self.report.skipped.len() == MAX_TOLD {
            self.report.more_skipped += 1;
            return;
        }
        let (source, reason) = (source.to_owned(), reason.into());
        self.report.skipped.push(Skipped { source, reason });
    }

    /// Cuts a document and puts it with those that are to be written.
    fn take(&mut self, mut document: Document, extracted: &Extracted) -> Result<(), Error> {
        let chunks = chunks(&extracted.text, extracted.structure);
        let known = self.known.get(&document.id);
        let metadata = self.request.metadata.clone();
        document.metadata = metadata
            .or_else(|| known.map(|known| known.metadata.clone()))
            .unwrap_or_default();
        document.collection.clone_from(&self.request.collection);
        document.chunks = chunks.len() as u32;
        self.pending_chunks += chunks.len();
        self.pending.push(Addition { document, chunks });
        let is_embedding = (self.embedder.model)().is_some();
        let most = if is_embedding {
            EMBEDDED_AT_ONCE
        } else {
            CHUNKS_AT_ONCE
        };
        if self.pending_chunks >= most {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes what is pending, and counts it.
    fn flush(&mut self) -> Result<(), Error> {
        let pending = std::mem::take(&mut self.pending);
        self.pending_chunks = 0;
        let vectors = self.embedder.vectors(&pending).unwrap_or_else(|error| {
            let message = error.message;
            let note = format!(
                "stored without vectors, found by words only ({message}); \
                 add with reembed when the model answers again"
            );
            if !self.report.notes.contains(&note) {
                self.report.notes.push(note);
            }
            None
        });
        let added = self.base.add(&pending, vectors.as_ref());
        added.map_err(|fault| fault.told("writing the knowledge base"))?;
        for Addition { document, .. } in pending {
            self.report.passages += document.chunks as usize;
            match self.known.insert(document.id.clone(), document) {
                Some(_) => self.report.updated += 1,
                None => self.report.added += 1,
            }
        }
        Ok(())
    }

    /// Deletes these documents of the collection.
    fn remove(&mut self, ids: &HashSet<String>) -> Result<(), Error> {
        if ids.is_empty() {
            return Ok(());
        }
        let collection = &self.request.collection;
        let is_chosen =
            |document: &Document| document.collection == *collection && ids.contains(&document.id);
        let removed = self.base.delete(is_chosen);
        self.report.removed += removed
            .map_err(|it| it.told("writing the knowledge base"))?
            .len();
        Ok(())
    }
}

/// SHA-256 in hexadecimal.
fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// What a source is called: readable, and the same whenever it is added.
fn document_id(name: &str, source: &str) -> String {
    const MAX_NAME: usize = 32;
    let mut id = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        if id.len() >= MAX_NAME {
            break;
        }
        if c.is_ascii_alphanumeric() {
            id.push(c);
        } else if !id.is_empty() && !id.ends_with('-') {
            id.push('-');
        }
    }
    let id = id.trim_end_matches('-');
    let mark = &hash(source.as_bytes())[..8];
    if id.is_empty() {
        mark.to_owned()
    } else {
        format!("{id}-{mark}")
    }
}

pub(crate) use paths::compile as compile_glob;
pub(crate) use reembed::reembed;

#[cfg(test)]
mod tests;
