//! The writer's side of the protocol: write a record, read back whether it counts, make it durable.

use std::fs::File;
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::time::Duration;

use loom_sdk::Error;
use loom_sdk::error::Result;
use loom_sdk::memory::Entry;
use serde::Serialize;

use crate::disk::fault;
use crate::frame;
use crate::ledger::Ledger;
use crate::name;
use crate::record::{FORMAT, Header, Mark, Record, StoredEntry};
use crate::store::{FileMemory, check_format};

/// How often a record is written before giving up on writers that keep getting in between: with the
/// pauses in between, about two seconds.
const ATTEMPTS: u32 = 12;

/// The longest pause between two attempts.
const MAX_PAUSE: Duration = Duration::from_millis(400);

/// What one append may take, encoded. Half of what a reader takes, so that another writer's bytes
/// behind the record never make its line too long.
const MAX_APPEND_BYTES: usize = frame::MAX_LINE_BYTES / 2;

/// One append.
struct Append<'a> {
    session: &'a str,
    name: String,
    record: Record<'a>,
}

/// How an attempt ended.
enum Outcome {
    /// The entries are on disk.
    Stored,
    /// The session has another number of entries than was expected.
    Beaten { next_seq: u64 },
    /// Another writer is in the middle of a record, or got in between.
    Disturbed,
}

/// Makes the marks of a store's records.
pub(crate) struct Marks {
    next: Mark,
}

impl Default for Marks {
    fn default() -> Self {
        let writer = random();
        Self {
            next: Mark { writer, count: 0 },
        }
    }
}

impl Marks {
    fn make(&mut self) -> Mark {
        self.next.count += 1;
        self.next
    }
}

impl<'a> Append<'a> {
    fn new(session: &'a str, expected_seq: u64, entries: &'a [Entry]) -> Self {
        Self {
            session,
            name: name::file_name(session),
            record: Record {
                seq: expected_seq,
                base: 0,
                writer: Mark::default(),
                entries: entries.iter().map(StoredEntry::of).collect(),
            },
        }
    }

    /// What to write behind what the ledger has seen: the header where there is none, and the
    /// record if there are entries.
    fn bytes(&mut self, ledger: &Ledger, mark: Mark, is_new: bool) -> Result<Vec<u8>> {
        // Parts the line from what another writer may have left. A new file needs none.
        let mut bytes = if is_new { Vec::new() } else { vec![b'\n'] };
        if ledger.header().is_none() {
            let header = Header {
                format: FORMAT,
                id: self.session.to_owned(),
            };
            frame::write(&json(&header)?, &mut bytes);
            bytes.push(b'\n');
        }
        self.record.base = ledger.seen();
        self.record.writer = mark;
        if !self.record.entries.is_empty() {
            frame::write(&json(&self.record)?, &mut bytes);
        }
        if bytes.len() > MAX_APPEND_BYTES {
            return Err(Error::invalid_input(format!(
                "the {} entries take {} bytes and one append may take {MAX_APPEND_BYTES}; append \
                 fewer at once, or make them smaller",
                self.record.entries.len(),
                bytes.len(),
            )));
        }
        Ok(bytes)
    }

    fn conflict(&self, next_seq: u64) -> Error {
        Error::conflict(format!(
            "the session {:?} has {next_seq} entries, not {}; read it again",
            self.session, self.record.seq
        ))
    }
}

impl FileMemory {
    /// Appends entries, and returns when they are on disk.
    pub(crate) fn append_entries(
        &mut self,
        session: &str,
        expected_seq: u64,
        entries: &[Entry],
    ) -> Result<u64> {
        let mut append = Append::new(session, expected_seq, entries);
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                (self.disk.calls.wait)(pause(attempt));
            }
            match self.attempt(&mut append)? {
                Outcome::Stored => return Ok(expected_seq + entries.len() as u64),
                Outcome::Beaten { next_seq } => return Err(append.conflict(next_seq)),
                Outcome::Disturbed => {}
            }
        }
        Err(Error::unavailable(format!(
            "other writers kept interrupting the append to the session {session:?}; try again"
        )))
    }

    fn attempt(&mut self, append: &mut Append<'_>) -> Result<Outcome> {
        let Some((mut file, is_new)) = self.file_for(append)? else {
            return Ok(Outcome::Disturbed);
        };
        let is_settled = self.catch_up(append, &mut file, is_new)?;
        let path = self.disk.path(&append.name);
        let successor = self.logs.get(&append.name).ledger().successor();
        if let Some(successor) = successor.map(str::to_owned) {
            self.move_into_place(&append.name, &successor)?;
            return Ok(Outcome::Disturbed);
        }
        let ledger = self.logs.get(&append.name).ledger();
        let next_seq = ledger.next_seq();
        if next_seq != append.record.seq {
            return Ok(Outcome::Beaten { next_seq });
        }
        if append.record.entries.is_empty() && ledger.is_session() {
            return Ok(Outcome::Stored);
        }
        if !is_settled {
            return Ok(Outcome::Disturbed);
        }
        self.reports.loss(&path, ledger);
        let bytes = append.bytes(ledger, self.marks.make(), is_new)?;
        self.write(append, &mut file, &bytes).map_err(|error| {
            let mut error = fault(&error, format!("appending to {}", path.display()));
            error.message += "; nothing was acknowledged, so read the session before trying again";
            error
        })
    }

    /// Reads what is new; false if another writer seems to be in the middle of a record that matters.
    fn catch_up(&mut self, append: &Append<'_>, file: &mut File, is_new: bool) -> Result<bool> {
        let path = self.disk.path(&append.name);
        let wait = self.disk.calls.wait;
        let log = self.logs.get(&append.name);
        let is_settled = log.refresh(file).and_then(|()| {
            let is_beaten = log.ledger().next_seq() != append.record.seq;
            Ok(is_new || is_beaten || log.settle(file, wait)?)
        });
        let is_settled =
            is_settled.map_err(|error| fault(&error, format!("reading {}", path.display())))?;
        check_format(&path, log.ledger())?;
        Ok(is_settled)
    }

    /// Opens the session's file, or makes it if the append may start a session; none if another
    /// process made or removed it just now.
    fn file_for(&mut self, append: &Append<'_>) -> Result<Option<(File, bool)>> {
        if let Some(file) = self.disk.open_to_append(&append.name)? {
            return Ok(Some((file, false)));
        }
        self.logs.forget(&append.name);
        if append.record.seq > 0 {
            return Err(append.conflict(0));
        }
        let file = self.disk.create(&append.name)?;
        Ok(file.map(|file| (file, true)))
    }

    /// Writes, finds out what came of it, and makes it durable.
    fn write(&mut self, append: &Append<'_>, file: &mut File, bytes: &[u8]) -> io::Result<Outcome> {
        let log = self.logs.get(&append.name);
        (self.disk.calls.write)(file, bytes)?;
        log.refresh(file)?;
        let ledger = log.ledger();
        match log.owner(append.record.seq) {
            Some(owner) if owner == append.record.writer => {}
            None if append.record.entries.is_empty() && ledger.is_session() => {}
            None => return Ok(Outcome::Disturbed),
            Some(_) => {
                let next_seq = ledger.next_seq();
                return Ok(Outcome::Beaten { next_seq });
            }
        }
        (self.disk.calls.sync)(file)?;
        if !log.is_name_durable {
            self.disk.sync_names()?;
            log.is_name_durable = true;
        }
        Ok(Outcome::Stored)
    }
}

/// How long to wait before an attempt: up to twice as long each time, and differently long for each
/// writer.
fn pause(attempt: u32) -> Duration {
    let longest = Duration::from_millis(1 << attempt.min(16)).min(MAX_PAUSE);
    Duration::from_nanos(random() % longest.as_nanos() as u64)
}

/// The standard library's one source of randomness.
pub(crate) fn random() -> u64 {
    RandomState::new().hash_one(0)
}

pub(crate) fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| Error::internal(format!("an entry can't be written as JSON: {error}")))
}
