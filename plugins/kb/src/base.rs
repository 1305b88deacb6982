//! A knowledge base: documents come and go, segments are merged. Finding passages is the search's
//! business, reading files the tools'.

mod merge;

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::rc::Rc;

use loom_memory_query::words::words;

use crate::document::{Addition, Document};
use crate::segment::{Posting, Segment, Writer};
use crate::store::fault::{Fault, Result};
use crate::store::{Entry, Manifest, Snapshot, Store};
use crate::vector;

/// How often a reader starts again because files were tidied up under it.
const MAX_ATTEMPTS: usize = 5;

/// A base, with what is known of its segments.
#[derive(Debug)]
pub(crate) struct Base {
    store: Store,
    /// By the name of the segment: segments never change.
    documents: RefCell<HashMap<String, Rc<Vec<Document>>>>,
}

/// Vectors for all chunks of additions, in order.
#[derive(Clone, Debug)]
pub(crate) struct Vectors {
    pub(crate) model: String,
    pub(crate) vectors: Vec<Vec<f32>>,
}

/// The segments of a snapshot that can be read.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) segments: Vec<(Entry, Segment)>,
    /// What can't be read, for the person.
    pub(crate) problems: Vec<String>,
}

impl Base {
    pub(crate) fn new(directory: &Path) -> Self {
        Self {
            store: Store::new(directory),
            documents: RefCell::default(),
        }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// Opens all segments. One that can't be read is left out and told.
    pub(crate) fn open(&self) -> Result<Opened> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let snapshot = self.store.snapshot()?;
            let (opened, is_gone) = self.open_snapshot(snapshot);
            if !is_gone || attempt == MAX_ATTEMPTS {
                return Ok(opened);
            }
        }
    }

    /// All documents, with the segment that each is in, and what can't be read.
    pub(crate) fn documents(&self) -> Result<(Vec<Document>, Vec<String>)> {
        let mut opened = self.open()?;
        let mut documents = Vec::new();
        for (entry, segment) in &opened.segments {
            match self.documents_of(&entry.name, segment) {
                Ok(all) => {
                    let live = entry.live();
                    let there = all.iter().zip(live).filter(|(_, live)| *live);
                    documents.extend(there.map(|(document, _)| document.clone()));
                }
                Err(fault) => opened.problems.push(self.problem(entry, &fault)),
            }
        }
        Ok((documents, opened.problems))
    }

    /// Adds documents, in place of those that have their ids. Returns when they are on disk.
    pub(crate) fn add(&self, additions: &[Addition], vectors: Option<&Vectors>) -> Result<()> {
        if additions.is_empty() {
            return Ok(());
        }
        let entry = self.write(additions, vectors)?;
        let added = additions
            .iter()
            .map(|it| (&*it.document.collection, &*it.document.id));
        let added: HashSet<(&str, &str)> = added.collect();
        let is_replaced =
            |document: &Document| added.contains(&(&*document.collection, &*document.id));
        self.store.commit(|manifest| {
            self.bury(manifest, &is_replaced)?;
            manifest.segments.push(entry.clone());
            Ok(true)
        })?;
        self.merge_where_due();
        Ok(())
    }

    /// Puts documents in the place of themselves, with other vectors. One that has changed meanwhile
    /// stays as it is.
    pub(crate) fn replace_unchanged(
        &self,
        additions: &[Addition],
        vectors: Option<&Vectors>,
    ) -> Result<()> {
        let entry = self.write(additions, vectors)?;
        let hashes = additions.iter().map(|it| {
            let document = &it.document;
            ((&*document.collection, &*document.id), &*document.hash)
        });
        let hashes: HashMap<(&str, &str), &str> = hashes.collect();
        let is_unchanged = |document: &Document| {
            hashes.get(&(&*document.collection, &*document.id)) == Some(&&*document.hash)
        };
        self.store.commit(|manifest| {
            let buried = self.bury(manifest, &is_unchanged)?;
            let buried: HashSet<(&str, &str)> =
                buried.iter().map(|it| (&*it.collection, &*it.id)).collect();
            let mut entry = entry.clone();
            let mut live = entry.live();
            for (addition, live) in additions.iter().zip(&mut live) {
                let document = &addition.document;
                if !buried.contains(&(&*document.collection, &*document.id)) {
                    *live = false;
                    entry.deleted_chunks += document.chunks;
                }
            }
            entry.set_live(&live);
            manifest.segments.push(entry);
            Ok(true)
        })?;
        self.merge_where_due();
        Ok(())
    }

    /// Deletes the documents that are chosen and returns them.
    pub(crate) fn delete(&self, chosen: impl Fn(&Document) -> bool) -> Result<Vec<Document>> {
        let mut deleted = Vec::new();
        self.store.commit(|manifest| {
            deleted = self.bury(manifest, &chosen)?;
            Ok(!deleted.is_empty())
        })?;
        if !deleted.is_empty() {
            self.merge_where_due();
        }
        Ok(deleted)
    }

    /// Marks documents as deleted, and drops segments of which nothing is left. A segment that can't
    /// be read keeps its documents.
    fn bury(
        &self,
        manifest: &mut Manifest,
        chosen: &dyn Fn(&Document) -> bool,
    ) -> Result<Vec<Document>> {
        let mut buried = Vec::new();
        for entry in &mut manifest.segments {
            let documents = match self.documents_in(entry) {
                Ok(documents) => documents,
                Err(Fault::Io(error)) => return Err(Fault::Io(error)),
                Err(_) => continue,
            };
            let mut live = entry.live();
            for (document, live) in documents.iter().zip(&mut live) {
                if *live && chosen(document) {
                    *live = false;
                    entry.deleted_chunks = entry.deleted_chunks.saturating_add(document.chunks);
                    buried.push(document.clone());
                }
            }
            entry.set_live(&live);
        }
        manifest
            .segments
            .retain(|entry| entry.live().contains(&true));
        Ok(buried)
    }

    /// Writes a segment that no manifest names yet.
    fn write(&self, additions: &[Addition], vectors: Option<&Vectors>) -> Result<Entry> {
        let (name, file) = self.store.create_segment()?;
        let mut writer = Writer::new(file)?;
        let mut terms: HashMap<String, Vec<Posting>> = HashMap::new();
        for addition in additions {
            writer.document(&addition.document)?;
            for chunk in &addition.chunks {
                let (counts, length) = count(&addition.document.title, &chunk.heading, &chunk.text);
                let number = writer.chunk(chunk, length)?;
                for (word, count) in counts {
                    let posting = Posting {
                        chunk: number,
                        count,
                    };
                    terms.entry(word).or_default().push(posting);
                }
            }
        }
        let dimensions = vectors
            .and_then(|it| it.vectors.first())
            .map_or(0, Vec::len);
        writer.begin_vectors(vectors.map(|it| &*it.model), dimensions);
        for vector in vectors.iter().flat_map(|it| &it.vectors) {
            let zero = || vec![0.0; dimensions];
            writer.vector(&vector::normalised(vector).unwrap_or_else(zero))?;
        }
        writer.begin_terms()?;
        let terms: BTreeMap<String, Vec<Posting>> = terms.into_iter().collect();
        for (word, postings) in &terms {
            writer.term(word, postings)?;
        }
        self.finish(name, writer)
    }

    fn finish(&self, name: String, writer: Writer) -> Result<Entry> {
        let (bytes, table) = writer.finish()?;
        self.store.disk().sync_names()?;
        Ok(Entry {
            name,
            bytes,
            documents: table.documents,
            chunks: table.chunks,
            model: table.model,
            dimensions: table.dimensions,
            ..Entry::default()
        })
    }

    fn open_snapshot(&self, snapshot: Snapshot) -> (Opened, bool) {
        let mut problems = snapshot.problems;
        let mut segments = Vec::new();
        let mut is_gone = false;
        for entry in snapshot.manifest.segments {
            match self.open_entry(&entry) {
                Ok(segment) => segments.push((entry, segment)),
                Err(fault) => {
                    is_gone |= matches!(fault, Fault::Gone);
                    problems.push(self.problem(&entry, &fault));
                }
            }
        }
        (Opened { segments, problems }, is_gone)
    }

    fn open_entry(&self, entry: &Entry) -> Result<Segment> {
        let segment = Segment::open(self.store.open_segment(entry)?, entry.bytes)?;
        let table = &segment.table;
        if (table.documents, table.chunks) != (entry.documents, entry.chunks) {
            return Err(Fault::damaged("it is another segment"));
        }
        Ok(segment)
    }

    fn documents_in(&self, entry: &Entry) -> Result<Rc<Vec<Document>>> {
        if let Some(known) = self.documents.borrow().get(&entry.name) {
            return Ok(Rc::clone(known));
        }
        self.documents_of(&entry.name, &self.open_entry(entry)?)
    }

    pub(crate) fn documents_of(&self, name: &str, segment: &Segment) -> Result<Rc<Vec<Document>>> {
        if let Some(known) = self.documents.borrow().get(name) {
            return Ok(Rc::clone(known));
        }
        let documents = Rc::new(segment.documents()?);
        let mut known = self.documents.borrow_mut();
        known.insert(name.to_owned(), Rc::clone(&documents));
        Ok(documents)
    }

    pub(crate) fn problem(&self, entry: &Entry, fault: &Fault) -> String {
        format!(
            "{}: {}; its {} passages are left out",
            self.store.disk().path(&entry.name).display(),
            fault.reason(),
            entry.live_chunks()
        )
    }
}

/// How often each word occurs in a chunk with its headings, and how many there are.
fn count(title: &str, heading: &str, text: &str) -> (HashMap<String, u32>, u32) {
    let mut counts = HashMap::new();
    let mut length = 0;
    for word in [title, heading, text].into_iter().flat_map(words) {
        // Longer ones are no words: encoded data, which nobody searches for.
        if word.len() <= MAX_WORD_BYTES {
            *counts.entry(word).or_default() += 1;
            length += 1;
        }
    }
    (counts, length)
}

/// Longer runs of letters are not indexed.
const MAX_WORD_BYTES: usize = 128;

#[cfg(test)]
mod tests;
