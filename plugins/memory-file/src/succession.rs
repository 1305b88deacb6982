//! How another file takes the place of a session's, while other processes append to it. The crate's
//! documentation says why nothing that was acknowledged gets lost on the way.

use std::fs::File;
use std::io;

use loom_sdk::error::Result;

use crate::append::{json, random};
use crate::disk::fault;
use crate::frame;
use crate::log::Log;
use crate::name;
use crate::record::{Mark, Seal};
use crate::rewrite::{self, Written};
use crate::store::FileMemory;

/// What a session's file was when a successor was made for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// The claim of the seal.
    seq: u64,
    base: u64,
    /// Tells apart files that happen to be of the same length.
    last: Option<Mark>,
}

impl Snapshot {
    pub(crate) fn of(log: &Log) -> Self {
        let seq = log.ledger().next_seq();
        Self {
            seq,
            base: log.ledger().seen(),
            last: seq.checked_sub(1).and_then(|last| log.owner(last)),
        }
    }

    /// Whether a log begins with what the file was.
    pub(crate) fn is_continued_by(self, log: &Log) -> bool {
        let last = self.seq.checked_sub(1).and_then(|last| log.owner(last));
        self.seq <= log.ledger().next_seq() && self.last == last
    }
}

impl FileMemory {
    /// Writes a file that is to take the place of a session's, and syncs it; its name. Without a log
    /// to write anew it is empty, and no session.
    pub(crate) fn make_successor(
        &mut self,
        name: &str,
        session: &str,
        source: Option<(&Log, &mut File)>,
    ) -> Result<Option<(String, Written)>> {
        let new = name::successor(name, random());
        let path = self.disk.path(&new);
        let Some(mut file) = self.disk.create(&new)? else {
            return Ok(None);
        };
        let calls = self.disk.calls;
        let mut sink = |bytes: &[u8]| (calls.write)(&mut file, bytes);
        let written = match source {
            Some(source) => rewrite::rewrite(source, session, random(), &mut sink),
            None => Ok(Some(Written::nothing())),
        };
        let made = written.and_then(|written| {
            (calls.sync)(&file)?;
            // Before the seal: a seal must never name a file that a power cut may still undo.
            self.disk.sync_names()?;
            Ok(written)
        });
        match made {
            Ok(Some(written)) => Ok(Some((new, written))),
            Ok(None) => {
                self.disk.remove(&new)?;
                Ok(None)
            }
            Err(error) => {
                let _ = self.disk.remove(&new);
                Err(fault(&error, format!("writing {}", path.display())))
            }
        }
    }

    /// Puts a successor in the place of a session's file. False, and the successor is gone, if the
    /// session is no longer what it was in the snapshot.
    pub(crate) fn succeed(&mut self, name: &str, new: &str, snapshot: Snapshot) -> Result<bool> {
        let path = self.disk.path(name);
        let Some(mut file) = self.disk.open_to_append(name)? else {
            self.logs.forget(name);
            self.disk.remove(new)?;
            return Ok(false);
        };
        let is_sealed = self
            .seal(name, &mut file, new, snapshot)
            .map_err(|error| fault(&error, format!("appending to {}", path.display())))?;
        self.logs.forget(name);
        if !is_sealed {
            self.disk.remove(new)?;
            return Ok(false);
        }
        self.move_into_place(name, new)?;
        Ok(true)
    }

    /// Finishes what whoever sealed the file has begun, or has finished meanwhile.
    pub(crate) fn move_into_place(&mut self, name: &str, successor: &str) -> Result<()> {
        self.disk.rename(successor, name)?;
        self.logs.forget(name);
        let path = self.disk.path(name);
        self.disk
            .sync_names()
            .map_err(|error| fault(&error, format!("renaming to {}", path.display())))
    }

    /// Writes the seal, and finds out whether it counts.
    fn seal(
        &mut self,
        name: &str,
        file: &mut File,
        new: &str,
        snapshot: Snapshot,
    ) -> io::Result<bool> {
        let calls = self.disk.calls;
        let log = self.logs.get(name);
        log.refresh(file)?;
        if log.ledger().successor().is_some() || Snapshot::of(log) != snapshot {
            return Ok(false);
        }
        let seal = Seal {
            successor: new.to_owned(),
            seq: snapshot.seq,
            base: snapshot.base,
        };
        let mut line = vec![b'\n'];
        frame::write(
            &json(&seal).map_err(|error| io::Error::other(error.message))?,
            &mut line,
        );
        (calls.write)(file, &line)?;
        log.refresh(file)?;
        if log.ledger().successor() != Some(new) {
            return Ok(false);
        }
        (calls.sync)(file)?;
        Ok(true)
    }
}
