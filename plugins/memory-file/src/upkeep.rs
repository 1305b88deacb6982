//! Backups of sessions, and what they are for: a session that is brought back, because a person wants
//! it or because its file is damaged. Logs are compacted here too.

use std::fs::File;
use std::io;

use loom_sdk::Error;
use loom_sdk::error::Result;
use loom_sdk::memory::{Backup, Backups, Upkeep};

use crate::append::random;
use crate::disk::fault;
use crate::log::Log;
use crate::name::{self, Named};
use crate::rewrite::{self, Written};
use crate::shelf::{BACKUPS, Shelf, Stored};
use crate::store::{FileMemory, unknown};
use crate::succession::Snapshot;

/// How often something is tried on a session that others append to.
const ATTEMPTS: u32 = 8;

/// A log is written anew when that saves so many bytes, the least that most file systems give back, …
const MIN_RECLAIMED_BYTES: u64 = 4 * 1024;
/// … and one in so many of its bytes.
const MIN_RECLAIMED_SHARE: u64 = 4;

/// How often writing a log anew is tried while others append to it.
const COMPACTIONS: u32 = 3;

/// A session as a backup has it.
struct BackedUp {
    stored: Stored,
    is_new: bool,
    snapshot: Snapshot,
}

impl Backups for FileMemory {
    fn maintain(&mut self, session: &str, keep: u32) -> Result<Upkeep> {
        let name = name::file_name(session);
        self.mend_cut_file(&name, session)?;
        let mut upkeep = Upkeep {
            made: None,
            removed: 0,
            reclaimed_bytes: 0,
        };
        let mut least_bytes = 0;
        if keep > 0 {
            let backed_up = self.back_up(&name, session)?;
            if backed_up.is_new && !self.is_continued(&name, backed_up.snapshot)? {
                Shelf::of(&self.disk, &name).mark_last(&backed_up.stored)?;
            }
            least_bytes = backed_up.stored.backup.size_bytes;
            upkeep.made = backed_up.is_new.then_some(backed_up.stored.backup);
            let mut shelf = Shelf::of(&self.disk, &name);
            let stored = shelf.list(session)?;
            for old in stored
                .iter()
                .skip(usize::try_from(keep).unwrap_or(usize::MAX))
            {
                upkeep.removed += u32::from(shelf.remove(old)?);
            }
            shelf.tidy()?;
        }
        if self.is_worth_it(&name, session, least_bytes)? {
            upkeep.reclaimed_bytes = self.compact(&name, session)?;
        }
        self.disk.remove_abandoned(&name::successors(&name))?;
        Ok(upkeep)
    }

    fn backups(&mut self, session: Option<&str>) -> Result<Vec<Backup>> {
        let mut stored = match session {
            Some(session) => Shelf::of(&self.disk, &name::file_name(session)).list(session)?,
            None => self.all_stored()?,
        };
        stored.sort_by_key(|stored| std::cmp::Reverse(stored.backup.created_ms));
        Ok(stored.into_iter().map(|stored| stored.backup).collect())
    }

    fn restore(&mut self, session: &str, id: &str) -> Result<Backup> {
        let name = name::file_name(session);
        let shelf = Shelf::of(&self.disk, &name);
        let stored = shelf.list(session)?.into_iter();
        let stored = stored
            .into_iter()
            .find(|stored| stored.backup.id == id)
            .ok_or_else(|| no_backup(session, id))?;
        let Some((mut file, log)) = shelf.open(&stored)? else {
            return Err(Error::unavailable(format!(
                "the backup {id:?} of the session {session:?} is damaged; choose another one"
            )));
        };
        for _ in 0..ATTEMPTS {
            let snapshot = self.make_room(&name, session)?;
            let new = self.make_successor(&name, session, Some((&log, &mut file)))?;
            if let (Some((new, _)), Some(snapshot)) = (new, snapshot)
                && self.succeed(&name, &new, snapshot)?
            {
                self.part_from_backups(&name, session)?;
                return Ok(stored.backup);
            }
        }
        Err(busy(session))
    }
}

impl FileMemory {
    /// Removes a session; its last backup is made first.
    pub(crate) fn delete_session(&mut self, session: &str) -> Result<()> {
        let name = name::file_name(session);
        for _ in 0..ATTEMPTS {
            let snapshot = self.back_up_last(&name, session)?;
            let new = self.make_successor(&name, session, None)?;
            if let Some((new, _)) = new
                && self.succeed(&name, &new, snapshot)?
            {
                self.part_from_backups(&name, session)?;
                return self.remove_empty(&name);
            }
        }
        Err(busy(session))
    }

    /// Says of a backup that another process made meanwhile that the session is not continued from
    /// there. One that is made later finds out by itself.
    fn part_from_backups(&self, name: &str, session: &str) -> Result<()> {
        let mut shelf = Shelf::of(&self.disk, name);
        match shelf.list(session)?.first() {
            Some(newest) => shelf.mark_last(newest),
            None => Ok(()),
        }
    }

    /// Whether a session's file is still the one that it was, or a continuation of it.
    fn is_continued(&mut self, name: &str, was: Snapshot) -> Result<bool> {
        let opened = self.open(name)?;
        Ok(opened.is_some_and(|(_, log)| was.is_continued_by(log)))
    }

    /// Removes the file that a deletion leaves, unless a session was started in it meanwhile.
    fn remove_empty(&mut self, name: &str) -> Result<()> {
        let path = self.disk.path(name);
        let Some(file) = self.disk.open(name)? else {
            return Ok(());
        };
        let metadata = file.metadata();
        let metadata =
            metadata.map_err(|error| fault(&error, format!("reading {}", path.display())))?;
        if metadata.len() == 0 {
            self.disk.remove(name)?;
        }
        Ok(())
    }

    /// Backs up what a session is, if it is one, and makes sure that it has a file; what that is. None
    /// if others are in the way.
    fn make_room(&mut self, name: &str, session: &str) -> Result<Option<Snapshot>> {
        if self.open(name)?.is_some() {
            return self.back_up_last(name, session).map(Some);
        }
        let Some(mut file) = (match self.disk.open_to_append(name)? {
            Some(file) => Some(file),
            None => self.disk.create(name)?,
        }) else {
            return Ok(None);
        };
        let log = self.logs.get(name);
        let path = self.disk.path(name);
        log.refresh(&mut file)
            .map_err(|error| fault(&error, format!("reading {}", path.display())))?;
        Ok((!log.ledger().is_session()).then(|| Snapshot::of(log)))
    }

    /// Backs a session up, and says that it is not continued from there.
    fn back_up_last(&mut self, name: &str, session: &str) -> Result<Snapshot> {
        let backed_up = self.back_up(name, session)?;
        Shelf::of(&self.disk, name).mark_last(&backed_up.stored)?;
        Ok(backed_up.snapshot)
    }

    /// Backs a session up, unless its newest backup is the same.
    fn back_up(&mut self, name: &str, session: &str) -> Result<BackedUp> {
        let (mut file, log) = self.opened(name, session)?;
        let written = self.written(name, session, (&log, &mut file), &mut |_| Ok(()))?;
        let mut shelf = Shelf::of(&self.disk, name);
        let newest = shelf.list(session)?.into_iter().next();
        let snapshot = Snapshot::of(&log);
        if let Some(stored) = newest
            && stored.digest == written.digest
            && stored.backup.entries == written.entries
        {
            return Ok(BackedUp {
                stored,
                is_new: false,
                snapshot,
            });
        }
        let calls = self.disk.calls;
        let stored = shelf.make(session, random(), |new| {
            let mut sink = |bytes: &[u8]| (calls.write)(new, bytes);
            self.written(name, session, (&log, &mut file), &mut sink)
        })?;
        Ok(BackedUp {
            stored,
            is_new: true,
            snapshot,
        })
    }

    /// Writes a session's log anew if that saves enough; how many bytes. Not if anything in it does
    /// not fit: somebody may want to rescue that.
    fn compact(&mut self, name: &str, session: &str) -> Result<u64> {
        for _ in 0..COMPACTIONS {
            let (mut file, log) = self.opened(name, session)?;
            let bytes = log.ledger().seen();
            let is_whole = log.ledger().strays() == 0 && log.ledger().loss().is_none();
            if !is_whole || bytes < MIN_RECLAIMED_BYTES {
                return Ok(0);
            }
            let snapshot = Snapshot::of(&log);
            let new = self.make_successor(name, session, Some((&log, &mut file)))?;
            let Some((new, written)) = new else {
                return Ok(0);
            };
            let saved = bytes.saturating_sub(written.bytes);
            if saved < MIN_RECLAIMED_BYTES.max(bytes / MIN_RECLAIMED_SHARE) {
                self.disk.remove(&new)?;
                return Ok(0);
            }
            if self.succeed(name, &new, snapshot)? {
                return Ok(saved);
            }
        }
        // Somebody appends to it all the time: then it is not the time.
        Ok(0)
    }

    /// Whether the log is so much longer than its backup, which has the same entries, that it is worth
    /// writing anew.
    fn is_worth_it(&mut self, name: &str, session: &str, least_bytes: u64) -> Result<bool> {
        let (_, log) = self.opened(name, session)?;
        let bytes = log.ledger().seen();
        let saved = bytes.saturating_sub(least_bytes);
        Ok(saved >= MIN_RECLAIMED_BYTES.max(bytes / MIN_RECLAIMED_SHARE))
    }

    fn opened(&mut self, name: &str, session: &str) -> Result<(File, Log)> {
        let opened = self.open(name)?;
        opened
            .map(|(file, log)| (file, log.clone()))
            .ok_or_else(|| unknown(session))
    }

    fn written(
        &self,
        name: &str,
        session: &str,
        source: (&Log, &mut File),
        sink: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<Written> {
        let path = self.disk.path(name);
        rewrite::rewrite(source, session, 0, sink)
            .map_err(|error| fault(&error, format!("copying {}", path.display())))?
            .ok_or_else(|| {
                Error::unavailable(format!(
                    "{} changed while it was read; try again",
                    path.display()
                ))
            })
    }

    fn all_stored(&self) -> Result<Vec<Stored>> {
        let mut all = Vec::new();
        for name in self.disk.subdirectory(BACKUPS).subdirectories()? {
            let shelf = Shelf::of(&self.disk, &name);
            match name::read(&name) {
                Named::Session(session) => all.extend(shelf.list(&session)?),
                Named::Hashed => all.extend(shelf.list_of_hashed()?),
                Named::Foreign => {}
            }
        }
        Ok(all)
    }
}

fn no_backup(session: &str, id: &str) -> Error {
    Error::not_found(format!(
        "the session {session:?} has no backup {id:?}; the list of backups shows which there are"
    ))
}

fn busy(session: &str) -> Error {
    Error::unavailable(format!(
        "others kept writing to the session {session:?}; try again when they are done"
    ))
}
