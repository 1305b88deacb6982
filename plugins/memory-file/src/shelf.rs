//! The backups of one session as files: how they are named, made, checked and removed. When one is made
//! or used is decided elsewhere.
//!
//! They lie in `backups/`, in a directory of the same name as the session's file. A backup is a log of
//! its own, named `TIME-ENTRIES-DIGEST.log`: milliseconds since the Unix epoch, the number of entries,
//! and the start of the SHA-256 of the file. `.last.log` at the end says that the session was not
//! continued from there: it was deleted or restored.

use std::fs::File;
use std::io::{self, Read as _};
use std::time::UNIX_EPOCH;

use loom_sdk::Error;
use loom_sdk::error::Result;
use loom_sdk::memory::Backup;
use sha2::{Digest as _, Sha256};

use crate::disk::{Disk, fault};
use crate::log::Log;
use crate::name;
use crate::rewrite::{self, Written};

/// Where all backups are.
pub(crate) const BACKUPS: &str = "backups";

const SUFFIX: &str = ".log";
const LAST_SUFFIX: &str = ".last.log";
const DAMAGED_SUFFIX: &str = ".damaged";

pub(crate) struct Shelf {
    disk: Disk,
    /// The name of the session's file.
    session_file: String,
}

/// A backup on the shelf.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) backup: Backup,
    pub(crate) digest: String,
    /// Whether the session was not continued from there.
    pub(crate) is_last: bool,
    name: String,
}

impl Shelf {
    /// The shelf of a session, among the backups of a store's directory.
    pub(crate) fn of(store: &Disk, session_file: &str) -> Self {
        Self {
            disk: store.subdirectory(BACKUPS).subdirectory(session_file),
            session_file: session_file.to_owned(),
        }
    }

    /// The backups, newest first.
    pub(crate) fn list(&self, session: &str) -> Result<Vec<Stored>> {
        let files = self.disk.list()?.into_iter();
        let mut stored: Vec<_> = files
            .filter_map(|file| parse(&file.name, session, file.bytes))
            .collect();
        stored.sort_by_key(|stored| {
            let backup = &stored.backup;
            std::cmp::Reverse((backup.created_ms, backup.entries))
        });
        Ok(stored)
    }

    /// The same for a session whose id is not in the name of its file, but in each backup.
    pub(crate) fn list_of_hashed(&self) -> Result<Vec<Stored>> {
        let mut all = self.list("")?;
        for stored in &mut all {
            if let Some((_, log)) = self.open(stored)?
                && let Some(header) = log.ledger().header()
            {
                stored.backup.session.clone_from(&header.id);
            }
        }
        all.retain(|stored| name::file_name(&stored.backup.session) == self.session_file);
        Ok(all)
    }

    /// Makes a backup of what `write` writes, and returns when it is on disk and was read back.
    pub(crate) fn make(
        &mut self,
        session: &str,
        random: u64,
        write: impl FnOnce(&mut File) -> Result<Written>,
    ) -> Result<Stored> {
        let newest_ms = self
            .list(session)?
            .first()
            .map_or(0, |newest| newest.backup.created_ms);
        let (new, mut file) = self.create(random)?;
        let path = self.disk.path(&new);
        let written = write(&mut file)?;
        let made = (self.disk.calls.sync)(&file).and_then(|()| modified_ms(&file));
        let modified_ms =
            made.map_err(|error| fault(&error, format!("writing {}", path.display())))?;
        // The order of the backups must not depend on a clock that goes backwards.
        let created_ms = modified_ms.max(newest_ms + 1);
        let id = format!("{created_ms}-{}-{}", written.entries, written.digest);
        let name = format!("{id}{SUFFIX}");
        let stored = parse(&name, session, written.bytes).expect("it was just named");
        if self.digest(&new)?.as_ref() != Some(&written.digest) {
            self.disk.remove(&new)?;
            return Err(Error::unavailable(format!(
                "{} is not what was written to it; see whether the disk is failing",
                path.display()
            )));
        }
        self.disk.rename(&new, &name)?;
        self.sync(&name)?;
        Ok(stored)
    }

    /// Says that the session is not continued from a backup.
    pub(crate) fn mark_last(&mut self, stored: &Stored) -> Result<()> {
        if stored.is_last {
            return Ok(());
        }
        let name = format!("{}{LAST_SUFFIX}", stored.backup.id);
        self.disk.rename(&stored.name, &name)?;
        self.sync(&name)
    }

    /// Opens a backup if it is whole.
    pub(crate) fn open(&self, stored: &Stored) -> Result<Option<(File, Log)>> {
        let path = self.disk.path(&stored.name);
        let Some(mut file) = self.disk.open(&stored.name)? else {
            return Ok(None);
        };
        if self.digest(&stored.name)?.as_ref() != Some(&stored.digest) {
            return Ok(None);
        }
        let mut log = Log::default();
        log.refresh(&mut file)
            .map_err(|error| fault(&error, format!("reading {}", path.display())))?;
        let is_whole = log.ledger().next_seq() == stored.backup.entries;
        Ok(is_whole.then_some((file, log)))
    }

    /// Removes a backup.
    pub(crate) fn remove(&mut self, stored: &Stored) -> Result<bool> {
        self.disk.remove(&stored.name)
    }

    /// Keeps a damaged file as it is, for whoever wants to rescue more of it; where.
    pub(crate) fn keep_damaged(&mut self, damaged: &mut File, random: u64) -> Result<String> {
        let (new, mut file) = self.create(random)?;
        let path = self.disk.path(&new);
        let copied = io::Seek::rewind(damaged)
            .and_then(|()| io::copy(damaged, &mut file))
            .and_then(|_| (self.disk.calls.sync)(&file))
            .and_then(|()| modified_ms(&file));
        let at_ms = copied.map_err(|error| fault(&error, format!("writing {}", path.display())))?;
        let name = format!("{at_ms}-{random:016x}{DAMAGED_SUFFIX}");
        self.disk.rename(&new, &name)?;
        self.sync(&name)?;
        Ok(self.disk.path(&name).display().to_string())
    }

    /// Removes what crashed writers left half written.
    pub(crate) fn tidy(&mut self) -> Result<()> {
        self.disk
            .remove_abandoned(&name::successors(&self.session_file))
    }

    fn create(&mut self, random: u64) -> Result<(String, File)> {
        let new = name::successor(&self.session_file, random);
        let file = self.disk.create(&new)?;
        let file = file.ok_or_else(|| Error::internal("a random number came twice"))?;
        Ok((new, file))
    }

    fn sync(&mut self, name: &str) -> Result<()> {
        let path = self.disk.path(name);
        self.disk
            .sync_names()
            .map_err(|error| fault(&error, format!("writing {}", path.display())))
    }

    /// The digest of a file as it is on disk; none if it is gone, which others may have done.
    fn digest(&self, name: &str) -> Result<Option<String>> {
        let Some(mut file) = self.disk.open(name)? else {
            return Ok(None);
        };
        let path = self.disk.path(name);
        let mut hash = Sha256::new();
        let mut buffer = vec![0; 64 * 1024];
        let mut read = || {
            loop {
                match file.read(&mut buffer) {
                    Ok(0) => return Ok(()),
                    Ok(bytes) => hash.update(&buffer[..bytes]),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
        };
        read().map_err(|error| fault(&error, format!("reading {}", path.display())))?;
        Ok(Some(rewrite::digest(hash)))
    }
}

fn modified_ms(file: &File) -> io::Result<u64> {
    // The file system's clock: the store has no other, unless it is granted one.
    let since = file.metadata()?.modified()?.duration_since(UNIX_EPOCH);
    Ok(since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }))
}

fn parse(name: &str, session: &str, size_bytes: u64) -> Option<Stored> {
    let is_last = name.ends_with(LAST_SUFFIX);
    let id = name.strip_suffix(if is_last { LAST_SUFFIX } else { SUFFIX })?;
    let mut parts = id.split('-');
    let (created_ms, entries, digest) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    Some(Stored {
        backup: Backup {
            id: id.to_owned(),
            session: session.to_owned(),
            entries: entries.parse().ok()?,
            created_ms: created_ms.parse().ok()?,
            size_bytes,
        },
        digest: digest.to_owned(),
        is_last,
        name: name.to_owned(),
    })
}
