//! A base on disk: which segments it is made of, and how that changes.
//!
//! There are no locks, for WASI has none, and any process may be killed at any moment. So nothing is
//! ever changed in place: a writer writes a segment, and then a manifest with the next number, which
//! appears whole or not at all. Of two writers one loses, rereads and tries again. Readers take the
//! newest manifest. Files that no recent manifest names are removed when nobody can need them.
//!
//! What must not be here: what is in a segment, files to be added, the tools.

pub(crate) mod codec;
mod disk;
pub(crate) mod fault;
mod manifest;

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::time::Duration;

pub(crate) use disk::Disk;
pub(crate) use manifest::{Entry, Manifest};

use fault::{Fault, Result};

/// A file that no manifest names is removed when it is so much older than the newest manifest: far
/// longer than any call may take.
const UNNEEDED_AFTER: Duration = Duration::from_secs(3600);

/// So many manifests are kept whatever their age, should the newest be damaged.
const KEPT_MANIFESTS: usize = 2;

/// How often a writer loses to others before it gives up.
const MAX_ATTEMPTS: usize = 200;

/// The files of a base.
#[derive(Debug)]
pub(crate) struct Store {
    disk: Disk,
}

/// The base as one manifest has it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    pub(crate) manifest: Manifest,
    /// What is wrong with newer manifests.
    pub(crate) problems: Vec<String>,
    /// The highest number that a manifest has, damaged or not.
    highest: u64,
}

impl Store {
    pub(crate) fn new(directory: &Path) -> Self {
        Self {
            disk: Disk::new(directory),
        }
    }

    pub(crate) fn disk(&self) -> &Disk {
        &self.disk
    }

    /// The base as it is now; empty if nothing was ever written.
    pub(crate) fn snapshot(&self) -> Result<Snapshot> {
        loop {
            match self.newest() {
                // Tidied up between the listing and the reading: there are newer ones.
                Err(Fault::Gone) => {}
                result => return result,
            }
        }
    }

    /// A file for a new segment.
    pub(crate) fn create_segment(&self) -> Result<(String, File)> {
        let next = self.snapshot()?.highest + 1;
        self.disk.create(&format!("segment-{next:010}"))
    }

    pub(crate) fn open_segment(&self, entry: &Entry) -> Result<File> {
        self.disk.open(&entry.name)
    }

    /// Changes the base: `change` makes the next manifest of the newest, and is called again when
    /// another writer was first. False from it leaves everything as it is.
    pub(crate) fn commit(
        &self,
        mut change: impl FnMut(&mut Manifest) -> Result<bool>,
    ) -> Result<Manifest> {
        for _ in 0..MAX_ATTEMPTS {
            let snapshot = self.snapshot()?;
            let mut manifest = snapshot.manifest.clone();
            if !change(&mut manifest)? {
                return Ok(snapshot.manifest);
            }
            manifest.generation = snapshot.highest + 1;
            let name = manifest::name(manifest.generation);
            if self.disk.publish(&manifest.encode()?, &name)? {
                self.tidy(&manifest);
                return Ok(manifest);
            }
        }
        Err(Fault::Told(loom_sdk::Error::conflict(
            "other processes keep changing the knowledge base; try again when they are done",
        )))
    }

    fn newest(&self) -> Result<Snapshot> {
        let mut snapshot = Snapshot::default();
        let files = self.disk.list()?;
        let generations = files
            .iter()
            .rev()
            .filter_map(|file| manifest::generation(file));
        let mut found = false;
        for generation in generations {
            found = true;
            snapshot.highest = snapshot.highest.max(generation);
            let name = manifest::name(generation);
            match Manifest::decode(&self.disk.read(&name)?) {
                Ok(manifest) => {
                    snapshot.manifest = manifest;
                    return Ok(snapshot);
                }
                Err(fault) => snapshot.problems.push(format!(
                    "{}: {}; the state before it is used",
                    self.disk.path(&name).display(),
                    fault.reason()
                )),
            }
        }
        if found {
            return Err(Fault::damaged(format!(
                "no manifest of the knowledge base can be read ({})",
                snapshot.problems.join("; ")
            )));
        }
        Ok(snapshot)
    }

    /// Removes what nobody needs any more. What goes wrong here is tried again after the next change.
    fn tidy(&self, newest: &Manifest) {
        let Some(now) = self.disk.modified(&manifest::name(newest.generation)) else {
            return;
        };
        let Ok(files) = self.disk.list() else { return };
        let is_old = |name: &str| {
            let modified = self.disk.modified(name);
            modified.and_then(|it| now.duration_since(it).ok()) > Some(UNNEEDED_AFTER)
        };
        let manifests = files
            .iter()
            .rev()
            .filter(|it| manifest::generation(it).is_some());
        let mut needed: BTreeSet<String> = BTreeSet::new();
        for (place, file) in manifests.enumerate() {
            if place >= KEPT_MANIFESTS && is_old(file) {
                self.disk.remove(file);
                continue;
            }
            let Ok(bytes) = self.disk.read(file) else {
                return;
            };
            // What a damaged one needs is not known.
            let Ok(manifest) = Manifest::decode(&bytes) else {
                return;
            };
            needed.extend(manifest.segments.into_iter().map(|entry| entry.name));
        }
        for file in &files {
            let ours = ["segment-", "new-"];
            let is_ours = ours.iter().any(|start| file.starts_with(start));
            if is_ours && !needed.contains(file) && is_old(file) {
                self.disk.remove(file);
            }
        }
    }
}

#[cfg(test)]
mod tests;
