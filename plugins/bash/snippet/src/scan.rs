//! Which files there are, with size and time, so that a call can tell which it wrote. Bounded, and
//! never through a symbolic link.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::roots::Roots;

/// More than a call's own directories have; a granted tree may be larger and is then not watched.
const ENTRIES: usize = 4_000;
/// Directories that tools fill and nobody asks for.
const SKIPPED: [&str; 5] = [".git", ".output", "node_modules", "target", "__pycache__"];

/// The files of the working directory and the writable grants.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    files: BTreeMap<PathBuf, (u64, Option<SystemTime>)>,
    /// Roots that had too many entries.
    too_large: Vec<PathBuf>,
}

impl Scan {
    pub(crate) fn of(roots: &Roots) -> Self {
        let mut scan = Self::default();
        let writable = roots.grants.iter().filter(|grant| grant.writable);
        let watched = roots.work.iter().chain(writable.map(|grant| &grant.path));
        for root in watched {
            let mut found = BTreeMap::new();
            if collect(root, &mut found) {
                scan.files.append(&mut found);
            } else {
                scan.too_large.push(root.clone());
            }
        }
        scan
    }

    /// Files that are new or other than `before`, with their sizes.
    pub(crate) fn changed_since(&self, before: &Self) -> BTreeMap<PathBuf, u64> {
        let is_unknown = |path: &Path| before.too_large.iter().any(|root| path.starts_with(root));
        self.files
            .iter()
            .filter(|(path, state)| before.files.get(*path) != Some(state) && !is_unknown(path))
            .map(|(path, (bytes, _))| (path.clone(), *bytes))
            .collect()
    }
}

/// Whether all of it could be looked at.
fn collect(root: &Path, found: &mut BTreeMap<PathBuf, (u64, Option<SystemTime>)>) -> bool {
    let mut directories = vec![root.to_owned()];
    let mut seen = 0;
    while let Some(directory) = directories.pop() {
        let Ok(entries) = std::fs::read_dir(&directory) else {
            continue;
        };
        for entry in entries.flatten() {
            seen += 1;
            if seen > ENTRIES {
                return false;
            }
            let path = entry.path();
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_dir() {
                let is_skipped = SKIPPED.iter().any(|skipped| entry.file_name() == *skipped);
                if !is_skipped {
                    directories.push(path);
                }
            } else if kind.is_file()
                && let Ok(metadata) = entry.metadata()
            {
                found.insert(path, (metadata.len(), metadata.modified().ok()));
            }
        }
    }
    true
}
