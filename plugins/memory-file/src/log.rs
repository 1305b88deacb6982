//! One session file together with what is known of it, brought up to date when the file changes.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::ops::ControlFlow;
use std::time::Duration;

use crate::frame;
use crate::ledger::{Ledger, Slot};
use crate::lines::Lines;
use crate::record::{Content, Mark, Record, StoredEntry};

/// How much of the last record's line is kept to recognise the file by. Enough for the checksum and
/// the writer's mark, which no other record has.
const ANCHOR_BYTES: usize = 96;

/// How often and how far apart a tail is looked at before it is taken for what a crashed writer left.
/// A live one is through in microseconds unless the system keeps it waiting.
const LOOKS: u32 = 6;
const LOOK_PAUSE: Duration = Duration::from_millis(5);

/// What is known of a session file. Holds no file open: a file that another process removed must
/// not be written to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    ledger: Ledger,
    /// The start of the line of the last record that counts.
    anchor: Vec<u8>,
    /// Whether the file's name is known to be on disk.
    pub(crate) is_name_durable: bool,
    /// How long the file was when its tail had not grown for a while.
    dead_end: Option<u64>,
}

impl Log {
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Reads what was added to the file; all of it if it is another file than before, or was damaged
    /// since.
    pub(crate) fn refresh(&mut self, file: &mut File) -> io::Result<()> {
        let length = file.metadata()?.len();
        if !self.is_of(file, length)? {
            self.forget();
        }
        let strays = self.ledger.strays();
        let is_known = self.ledger.seen() > 0;
        self.scan(file, length)?;
        if is_known && self.ledger.strays() > strays {
            self.forget();
            self.scan(file, length)?;
        }
        Ok(())
    }

    /// Waits for a writer that seems to be in the middle of a record, or about to start the file;
    /// false if it still is.
    pub(crate) fn settle(&mut self, file: &mut File, wait: fn(Duration)) -> io::Result<bool> {
        let seen = self.ledger.seen();
        for _ in 0..LOOKS {
            if self.is_settled() {
                return Ok(true);
            }
            wait(LOOK_PAUSE);
            self.refresh(file)?;
        }
        if self.ledger.seen() == seen {
            self.dead_end = Some(seen);
        }
        Ok(self.is_settled())
    }

    fn is_settled(&self) -> bool {
        let may_grow = self.ledger.has_tail() || self.ledger.seen() == 0;
        !may_grow || self.ledger.successor().is_some() || self.dead_end == Some(self.ledger.seen())
    }

    /// Whose record holds an entry.
    pub(crate) fn owner(&self, seq: u64) -> Option<Mark> {
        let slot = self.ledger.slot_of(seq)?;
        Some(self.ledger.slots()[slot].mark)
    }

    /// Shows the entries from a seq on, until told to stop; false if the file is not as it was.
    pub(crate) fn visit(
        &self,
        file: &mut File,
        from_seq: u64,
        mut visit: impl FnMut(u64, StoredEntry<'_>) -> ControlFlow<()>,
    ) -> io::Result<bool> {
        let Some(first) = self.ledger.slot_of(from_seq) else {
            return Ok(true);
        };
        let mut slots = self.ledger.slots()[first..].iter().peekable();
        let start = slots.peek().map_or(0, |slot| slot.start);
        let mut lines = Lines::new(file, start, self.ledger.seen())?;
        while let (Some(slot), Some(line)) = (slots.peek(), lines.next()?) {
            if line.start < slot.start {
                continue;
            }
            let Some(record) = record_of(slot, line.bytes) else {
                return Ok(false);
            };
            for (seq, entry) in (record.seq..).zip(record.entries) {
                if seq >= from_seq && visit(seq, entry).is_break() {
                    return Ok(true);
                }
            }
            slots.next();
        }
        Ok(slots.peek().is_none())
    }

    fn forget(&mut self) {
        *self = Self {
            dead_end: self.dead_end,
            ..Self::default()
        };
    }

    fn scan(&mut self, file: &mut File, length: u64) -> io::Result<()> {
        let mut lines = Lines::new(file, self.ledger.resume(), length)?;
        while let Some(line) = lines.next()? {
            self.ledger.take(&line);
            let last = self.ledger.slots().last();
            if last.is_some_and(|slot| slot.start == line.start) {
                self.anchor.clear();
                let bytes = line.bytes.len().min(ANCHOR_BYTES);
                self.anchor.extend_from_slice(&line.bytes[..bytes]);
            }
        }
        Ok(())
    }

    /// Whether a file of this length is the one that this log is of.
    fn is_of(&self, file: &mut File, length: u64) -> io::Result<bool> {
        let Some(slot) = self.ledger.slots().last() else {
            return Ok(false);
        };
        if length < self.ledger.seen() {
            return Ok(false);
        }
        file.seek(SeekFrom::Start(slot.start))?;
        let mut start = vec![0; self.anchor.len()];
        match file.read_exact(&mut start) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            result => result.map(|()| start == self.anchor),
        }
    }
}

/// The record in a line, if it is the one that is expected there.
fn record_of<'a>(slot: &Slot, line: &'a [u8]) -> Option<Record<'a>> {
    let (json, _) = frame::read(line)?;
    match Content::parse(json)? {
        Content::Record(record) if record.writer == slot.mark => Some(record),
        _ => None,
    }
}
