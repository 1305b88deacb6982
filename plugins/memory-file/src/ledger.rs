//! Which records of a file count, decided line by line as the crate's documentation says. Knows no
//! file: it is fed lines, and says what they add up to.

use crate::frame;
use crate::lines::Line;
use crate::record::{Content, Header, Mark, Record, Seal};

/// What the lines of a file add up to so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    slots: Vec<Slot>,
    next_seq: u64,
    header: Option<Header>,
    has_records: bool,
    created_ms: u64,
    updated_ms: u64,
    /// Where the first line started; what is before it was taken on trust.
    start: u64,
    /// Where the next line starts.
    resume: u64,
    /// Whether that is in the middle of a line.
    mid_line: bool,
    /// How many bytes of the file were seen.
    seen: u64,
    /// Where the last junk ends.
    junk_end: u64,
    loss: Loss,
    strays: u64,
    /// What the seal says that counts.
    successor: Option<String>,
}

/// A record that counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    /// Of its first entry.
    pub(crate) seq: u64,
    /// Where its line starts in the file.
    pub(crate) start: u64,
    /// Where the record ends.
    pub(crate) end: u64,
    pub(crate) mark: Mark,
}

/// What can't be used behind the last record that counts. What is before it, the writer of that
/// record has seen and reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Loss {
    /// Where in the file it starts.
    pub(crate) from: u64,
    /// Bytes that are no whole record, without the tail.
    pub(crate) junk: u64,
    /// Bytes at the end that may still become a record.
    pub(crate) tail: u64,
    /// Whole records that do not follow on from the last one that counts.
    pub(crate) stray_records: u64,
    /// Where their entries end, by their own account.
    pub(crate) stray_seq: u64,
}

impl Ledger {
    /// A ledger that takes it on trust that the first `base` bytes hold `seq` entries.
    pub(crate) fn from(base: u64, seq: u64) -> Self {
        Self {
            next_seq: seq,
            start: base,
            resume: base,
            mid_line: base > 0,
            seen: base,
            ..Self::default()
        }
    }

    /// Where the next line to be fed starts.
    pub(crate) fn resume(&self) -> u64 {
        self.resume
    }

    /// How many bytes of the file were seen.
    pub(crate) fn seen(&self) -> u64 {
        self.seen
    }

    /// The number of entries.
    pub(crate) fn next_seq(&self) -> u64 {
        self.next_seq
    }

    pub(crate) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The place in [`slots`](Self::slots) of the record that holds an entry.
    pub(crate) fn slot_of(&self, seq: u64) -> Option<usize> {
        let slots = self.slots.partition_point(|slot| slot.seq <= seq);
        slots.checked_sub(1).filter(|_| seq < self.next_seq)
    }

    pub(crate) fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// Whether the file holds a session at all, be it empty.
    pub(crate) fn is_session(&self) -> bool {
        self.header.is_some() || self.has_records
    }

    /// When the first entry was made, and the last one.
    pub(crate) fn times_ms(&self) -> (u64, u64) {
        (self.created_ms, self.updated_ms)
    }

    /// The file that has taken the place of this one, or is about to. What is in this file no longer
    /// counts, nor what is added to it.
    pub(crate) fn successor(&self) -> Option<&str> {
        self.successor.as_deref()
    }

    /// Whether the file ends in what may still become a record.
    pub(crate) fn has_tail(&self) -> bool {
        self.loss.tail > 0
    }

    /// None if nothing is lost.
    pub(crate) fn loss(&self) -> Option<Loss> {
        let loss = self.loss;
        (loss.junk > 0 || loss.tail > 0 || loss.stray_records > 0).then_some(loss)
    }

    /// How many records were seen whose writer saw another history than this ledger. If that
    /// happens after the start was read, the file was damaged since.
    pub(crate) fn strays(&self) -> u64 {
        self.strays
    }

    /// Takes in the line that starts at [`resume`](Self::resume).
    pub(crate) fn take(&mut self, line: &Line<'_>) {
        self.seen = line.end + u64::from(line.closed);
        self.loss.tail = 0;
        if self.successor.is_some() {
            // Behind a seal everything is void.
        } else if self.mid_line {
            self.junk(line.start, line.end);
        } else if let Some((json, used)) = frame::read(line.bytes) {
            let end = line.start + used as u64;
            match Content::parse(json) {
                Some(Content::Header(header)) => {
                    self.header.get_or_insert(header);
                }
                Some(Content::Record(record)) => self.record(&record, line.start, end),
                Some(Content::Seal(seal)) => self.seal(seal, line.start),
                None => self.junk(line.start, end),
            }
            self.junk(end, line.end);
        } else if line.closed {
            self.junk(line.start, line.end);
        } else {
            self.lose_from(line.start);
            self.loss.tail = line.end - line.start;
            return;
        }
        self.resume = self.seen;
        self.mid_line = !line.closed;
    }

    fn record(&mut self, record: &Record<'_>, start: u64, end: u64) {
        self.has_records = true;
        let entries = record.entries.len() as u64;
        if self.judge(record.seq, record.base, start, entries) {
            self.accept(record, start, end);
        }
    }

    fn seal(&mut self, seal: Seal, start: u64) {
        if self.judge(seal.seq, seal.base, start, 0) {
            self.successor = Some(seal.successor);
            self.loss = Loss::default();
        }
    }

    /// Whether a line that starts at `start` counts. It claims that the first `base` bytes hold `seq`
    /// entries, and brings so many more.
    fn judge(&mut self, seq: u64, base: u64, start: u64, entries: u64) -> bool {
        let left_out = base < self.start;
        let agrees = base <= start && self.entries_before(base) == seq;
        if !agrees && !left_out {
            self.lose_from(start);
            self.loss.stray_records += 1;
            self.loss.stray_seq = self.loss.stray_seq.max(seq.saturating_add(entries));
            self.strays += 1;
        }
        agrees && seq == self.next_seq && self.junk_end <= base
    }

    fn accept(&mut self, record: &Record<'_>, start: u64, end: u64) {
        if let (true, Some(entry)) = (self.slots.is_empty(), record.entries.first()) {
            self.created_ms = entry.time_ms;
        }
        if let Some(entry) = record.entries.last() {
            self.updated_ms = entry.time_ms;
        }
        self.slots.push(Slot {
            seq: record.seq,
            start,
            end,
            mark: record.writer,
        });
        self.next_seq += record.entries.len() as u64;
        self.loss = Loss::default();
    }

    /// How many entries the first `base` bytes of the file hold.
    fn entries_before(&self, base: u64) -> u64 {
        let slots = self.slots.partition_point(|slot| slot.end <= base);
        self.slots.get(slots).map_or(self.next_seq, |slot| slot.seq)
    }

    fn junk(&mut self, start: u64, end: u64) {
        if start < end {
            self.lose_from(start);
            self.loss.junk += end - start;
            self.junk_end = end;
        }
    }

    fn lose_from(&mut self, start: u64) {
        if self.loss().is_none() {
            self.loss.from = start;
        }
    }
}

#[cfg(test)]
mod tests;
