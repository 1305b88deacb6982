//! Makes one segment of many, so that a search opens few files, and forgets what was deleted.

use std::collections::BTreeMap;

use super::Base;
use crate::segment::{Posting, Segment, Writer};
use crate::store::fault::Result;
use crate::store::{Entry, Manifest};

/// So many segments of one size make one of the next.
const MERGED_AT_ONCE: usize = 8;

/// A tier has segments of up to eight times as many chunks as the one before; the first of so many.
const FIRST_TIER_CHUNKS: u32 = 512;

/// A segment does not get more chunks by merging: rewriting it would take longer than a call may.
const MAX_CHUNKS: u32 = 32_768;

/// A chunk that was deleted.
const GONE: u32 = u32::MAX;

impl Base {
    /// Merges segments as long as there are too many. A merge that fails costs nothing but its time,
    /// and is tried again after the next change.
    pub(super) fn merge_where_due(&self) {
        // Each merge makes fewer segments or fewer deleted chunks; the bound is for what nobody
        // thought of.
        for _ in 0..8 {
            let Ok(snapshot) = self.store.snapshot() else {
                return;
            };
            let due = due(&snapshot.manifest);
            if due.is_empty() || !matches!(self.merge(&due), Ok(true)) {
                return;
            }
        }
    }

    /// Puts one segment in the place of these; false if one of them has changed meanwhile.
    fn merge(&self, entries: &[Entry]) -> Result<bool> {
        let merged = self.write_merged(entries)?;
        let mut is_merged = false;
        let committed = self.store.commit(|manifest| {
            is_merged = entries
                .iter()
                .all(|entry| manifest.segments.contains(entry));
            if !is_merged {
                return Ok(false);
            }
            let first = manifest.segments.iter().position(|it| entries.contains(it));
            manifest.segments.retain(|entry| !entries.contains(entry));
            let place = first.unwrap_or(0).min(manifest.segments.len());
            manifest.segments.insert(place, merged.clone());
            Ok(true)
        });
        if committed.is_err() || !is_merged {
            self.store.disk().remove(&merged.name);
        }
        committed.map(|_| is_merged)
    }

    fn write_merged(&self, entries: &[Entry]) -> Result<Entry> {
        let segments = entries.iter().map(|entry| self.open_entry(entry));
        let segments = segments.collect::<Result<Vec<Segment>>>()?;
        let (name, file) = self.store.create_segment()?;
        let written = self.write_segments(entries, &segments, Writer::new(file)?);
        let finished = written.and_then(|writer| self.finish(name.clone(), writer));
        if finished.is_err() {
            self.store.disk().remove(&name);
        }
        finished
    }

    fn write_segments(
        &self,
        entries: &[Entry],
        segments: &[Segment],
        mut writer: Writer,
    ) -> Result<Writer> {
        let mut numbers = Vec::with_capacity(segments.len());
        for (entry, segment) in entries.iter().zip(segments) {
            numbers.push(self.copy_texts(entry, segment, &mut writer)?);
        }
        let model = entries.first().and_then(|entry| entry.model.as_deref());
        let dimensions = entries.first().map_or(0, |entry| entry.dimensions);
        writer.begin_vectors(model, dimensions as usize);
        if model.is_some() {
            for (segment, numbers) in segments.iter().zip(&numbers) {
                segment.vectors(|number, vector| match numbers.get(number as usize) {
                    Some(&GONE) | None => Ok(()),
                    Some(_) => writer.vector(vector),
                })?;
            }
        }
        writer.begin_terms()?;
        merge_terms(segments, &numbers, &mut writer)?;
        Ok(writer)
    }

    /// Copies what is left of a segment; returns the new number of each chunk.
    fn copy_texts(
        &self,
        entry: &Entry,
        segment: &Segment,
        writer: &mut Writer,
    ) -> Result<Vec<u32>> {
        let documents = self.documents_of(&entry.name, segment)?;
        let live = entry.live();
        let document_of = segment.chunk_documents()?;
        let words = segment.chunk_words()?;
        let mut numbers = vec![GONE; document_of.len()];
        let mut next = 0;
        segment.chunks(|number, chunk| {
            let (number, document) = (number as usize, document_of[number as usize]);
            if !live[document as usize] {
                return Ok(());
            }
            // A document without chunks is written when its turn comes.
            while next <= document as usize {
                if live[next] {
                    writer.document(&documents[next])?;
                }
                next += 1;
            }
            numbers[number] = writer.chunk(&chunk, words[number])?;
            Ok(())
        })?;
        for (document, live) in documents.iter().zip(live).skip(next) {
            if live {
                writer.document(document)?;
            }
        }
        Ok(numbers)
    }
}

fn merge_terms(segments: &[Segment], numbers: &[Vec<u32>], writer: &mut Writer) -> Result<()> {
    let cursors = segments.iter().map(Segment::cursor);
    let mut cursors = cursors.collect::<Result<Vec<_>>>()?;
    loop {
        let words = cursors.iter().filter_map(|cursor| cursor.word());
        let Some(word) = words.min().map(str::to_owned) else {
            return Ok(());
        };
        let mut postings = Vec::new();
        for (cursor, numbers) in cursors.iter_mut().zip(numbers) {
            if cursor.word() != Some(&word) {
                continue;
            }
            let kept = cursor.take()?.into_iter().filter_map(|posting| {
                let chunk = *numbers.get(posting.chunk as usize)?;
                (chunk != GONE).then_some(Posting { chunk, ..posting })
            });
            postings.extend(kept);
        }
        if !postings.is_empty() {
            writer.term(&word, &postings)?;
        }
    }
}

/// The segments that are to be merged next; none if there are not too many.
fn due(manifest: &Manifest) -> Vec<Entry> {
    let wasteful = |entry: &&Entry| {
        entry.chunks > FIRST_TIER_CHUNKS && entry.deleted_chunks > entry.live_chunks()
    };
    if let Some(entry) = manifest.segments.iter().find(wasteful) {
        return vec![entry.clone()];
    }
    let mut tiers: BTreeMap<_, Vec<&Entry>> = BTreeMap::new();
    for entry in &manifest.segments {
        let tier = tier(entry.live_chunks());
        let kind = (tier, entry.model.as_deref(), entry.dimensions);
        tiers.entry(kind).or_default().push(entry);
    }
    let full = tiers
        .into_values()
        .filter(|entries| entries.len() >= MERGED_AT_ONCE);
    let due = full
        .map(|entries| fitting(&entries))
        .find(|entries| entries.len() > 1);
    due.unwrap_or_default()
}

/// As many of the segments as one may replace.
fn fitting(entries: &[&Entry]) -> Vec<Entry> {
    let mut chunks = 0;
    let fits = |entry: &&&Entry| {
        chunks += entry.live_chunks();
        chunks <= MAX_CHUNKS
    };
    let fitting = entries.iter().take_while(fits);
    fitting.map(|entry| (*entry).clone()).collect()
}

fn tier(chunks: u32) -> u32 {
    let mut tier = 0;
    let mut most = FIRST_TIER_CHUNKS;
    while chunks > most && most < MAX_CHUNKS {
        most = most.saturating_mul(8);
        tier += 1;
    }
    tier
}
