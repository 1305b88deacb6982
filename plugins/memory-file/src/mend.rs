//! Damaged session files: what is lost is taken from the newest good backup, where there is one.

use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::thread;
use std::time::Duration;

use loom_sdk::error::Result;

use crate::append::random;
use crate::disk::fault;
use crate::ledger::Loss;
use crate::log::Log;
use crate::shelf::{Shelf, Stored};
use crate::store::FileMemory;
use crate::succession::Snapshot;

/// Longer than a restoration takes from the rename to its mark.
const SECOND_LOOK: Duration = Duration::from_millis(100);

impl FileMemory {
    /// Puts the newest good backup in the place of a damaged file, if it has what the file lost. False
    /// if the file stays as it is.
    pub(crate) fn mend(&mut self, name: &str, file: &mut File, log: &Log) -> Result<bool> {
        let path = self.disk.path(name);
        let unread = |error: io::Error| fault(&error, format!("reading {}", path.display()));
        let mut shelf = Shelf::of(&self.disk, name);
        let Some((session, stored, mut backup)) = self.newest_good(&shelf, name, log)? else {
            return Ok(false);
        };
        let next_seq = log.ledger().next_seq();
        let left = fingerprints(log, file, next_seq).map_err(unread)?;
        let saved = fingerprints(&backup.1, &mut backup.0, next_seq).map_err(unread)?;
        if left != saved {
            self.reports.warn(format!(
                "{}: its file is damaged and was continued since, so that its backups do not fit; \
                 restore one by hand if you miss something",
                path.display()
            ));
            return Ok(false);
        }
        let kept = shelf.keep_damaged(file, random())?;
        let new = self.make_successor(name, &session, Some((&backup.1, &mut backup.0)))?;
        let Some((new, _)) = new else {
            return Ok(false);
        };
        let loss = log.ledger().loss().unwrap_or_default();
        if self.succeed(name, &new, Snapshot::of(log))? {
            let stored = (&stored, next_seq);
            self.reports
                .warn(describe(&path.display().to_string(), stored, &loss, &kept));
        }
        Ok(true)
    }

    /// Mends a file that was cut at the end of a record: only the backups show that. A session that is
    /// just being restored looks the same until that is marked, so it is looked at twice.
    pub(crate) fn mend_cut_file(&mut self, name: &str, session: &str) -> Result<()> {
        if !self.is_behind_its_backup(name, session)? {
            return Ok(());
        }
        thread::sleep(SECOND_LOOK);
        if !self.is_behind_its_backup(name, session)? {
            return Ok(());
        }
        let Some((mut file, log)) = self.open(name)? else {
            return Ok(());
        };
        let log = log.clone();
        self.mend(name, &mut file, &log).map(drop)
    }

    /// Whether the newest backup has more entries than the file, and is one that the session was
    /// continued from.
    fn is_behind_its_backup(&mut self, name: &str, session: &str) -> Result<bool> {
        let Some((_, log)) = self.open(name)? else {
            return Ok(false);
        };
        let next_seq = log.ledger().next_seq();
        let stored = Shelf::of(&self.disk, name).list(session)?;
        let newest = stored.first().filter(|newest| !newest.is_last);
        Ok(newest.is_some_and(|newest| newest.backup.entries > next_seq))
    }

    /// The newest backup that is whole and has more than the file. One of before the session was
    /// deleted or restored does not count.
    #[expect(
        clippy::type_complexity,
        reason = "three things that belong to one backup"
    )]
    fn newest_good(
        &mut self,
        shelf: &Shelf,
        name: &str,
        log: &Log,
    ) -> Result<Option<(String, Stored, (File, Log))>> {
        let next_seq = log.ledger().next_seq();
        for stored in shelf.list("")? {
            if stored.is_last || stored.backup.entries <= next_seq {
                break;
            }
            let Some((file, backup)) = shelf.open(&stored)? else {
                let id = &stored.backup.id;
                let path = self.disk.path(name);
                self.reports.warn(format!(
                    "{}: its backup {id} is damaged too and is passed over",
                    path.display()
                ));
                continue;
            };
            let session = backup.ledger().header().map(|header| header.id.clone());
            if let Some(session) = session {
                return Ok(Some((session, stored, (file, backup))));
            }
        }
        Ok(None)
    }
}

/// The checksums of the first `count` entries.
fn fingerprints(log: &Log, file: &mut File, count: u64) -> io::Result<Vec<u32>> {
    let mut fingerprints = Vec::new();
    if count == 0 {
        return Ok(fingerprints);
    }
    log.visit(file, 0, |seq, entry| {
        let json = serde_json::to_string(&entry).unwrap_or_default();
        fingerprints.push(crc32fast::hash(json.as_bytes()));
        if seq + 1 < count {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    })?;
    Ok(fingerprints)
}

fn describe(path: &str, (stored, next_seq): (&Stored, u64), loss: &Loss, kept: &str) -> String {
    let entries = stored.backup.entries;
    let id = &stored.backup.id;
    let lost = if loss.stray_seq > entries {
        let last = loss.stray_seq - 1;
        format!("; entries {entries} to {last}, which were added later, are lost")
    } else {
        format!("; what was added after the first {entries} entries, if anything, is lost")
    };
    format!(
        "{path} was damaged behind its first {next_seq} entries: the session was restored from its \
         backup {id} with {entries} entries{lost}. The damaged file is kept as {kept}"
    )
}
