//! What is in a scratch directory, and whether that is too much. Looked at while the guest goes on
//! writing: what vanishes meanwhile is not counted, and no link is followed.

use std::collections::VecDeque;
use std::fmt;
use std::io;
#[cfg(target_os = "linux")]
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use cap_std::fs::Dir;

use super::ScratchGrant;

/// What may be in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) bytes: u64,
    pub(super) entries: u64,
    pub(super) depth: usize,
}

impl Bounds {
    pub(super) fn of(grant: ScratchGrant) -> Self {
        Self {
            bytes: grant.bytes,
            entries: MAX_ENTRIES,
            depth: MAX_DEPTH,
        }
    }
}

/// Files and directories that may be in it. Looking at more takes longer than the pause between looks.
const MAX_ENTRIES: u64 = 100_000;

/// Directories in each other. Paths of more are longer than the system takes.
const MAX_DEPTH: usize = 200;

/// How long what was found out about removed files is believed.
#[cfg(target_os = "linux")]
const RESCAN: Duration = Duration::from_millis(50);

/// What there is too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Breach {
    Bytes(u64),
    Entries(u64),
    Depth(usize),
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(limit) => {
                let limit = match limit >> 20 {
                    0 => format!("{limit} bytes"),
                    megabytes => format!("{megabytes} MiB"),
                };
                write!(
                    f,
                    "it exceeded its limit of {limit} of scratch space; write less, remove what is no \
                     longer needed, or raise grants.scratch"
                )
            }
            Self::Entries(limit) => write!(
                f,
                "it made more than {limit} files in its scratch space; make fewer"
            ),
            Self::Depth(limit) => write!(
                f,
                "it made directories more than {limit} deep in its scratch space; nest them less"
            ),
        }
    }
}

/// What there is too much of in the directories `names` of `top`, if anything.
pub(super) fn breach(top: &Dir, path: &Path, names: &[&str], bounds: Bounds) -> Option<Breach> {
    let mut seen = Seen {
        bytes: 0,
        entries: 0,
        bounds,
    };
    let start = names.iter().map(|name| (PathBuf::from(name), 1));
    let mut waiting: VecDeque<(PathBuf, usize)> = start.collect();
    while let Some((directory, depth)) = waiting.pop_front() {
        if depth > bounds.depth {
            return Some(Breach::Depth(bounds.depth));
        }
        match top.read_dir(&directory) {
            Ok(entries) => {
                for entry in entries.flatten() {
                    let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
                    if is_directory {
                        waiting.push_back((directory.join(entry.file_name()), depth + 1));
                    }
                    let bytes = entry.metadata().map_or(0, |metadata| metadata.len());
                    if let Some(breach) = seen.add(if is_directory { 0 } else { bytes }) {
                        return Some(breach);
                    }
                }
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidFilename => {
                return Some(Breach::Depth(bounds.depth));
            }
            // It is gone, or something else is in its place.
            Err(_) => {}
        }
    }
    seen.bytes += unlinked_bytes(path);
    (seen.bytes > bounds.bytes).then_some(Breach::Bytes(bounds.bytes))
}

struct Seen {
    bytes: u64,
    entries: u64,
    bounds: Bounds,
}

impl Seen {
    fn add(&mut self, bytes: u64) -> Option<Breach> {
        self.bytes = self.bytes.saturating_add(bytes);
        self.entries += 1;
        let Bounds { bytes, entries, .. } = self.bounds;
        if self.bytes > bytes {
            return Some(Breach::Bytes(bytes));
        }
        (self.entries > entries).then_some(Breach::Entries(entries))
    }
}

/// Files that were removed and are still open take room as well. Only Linux tells.
#[cfg(target_os = "linux")]
fn unlinked_bytes(path: &Path) -> u64 {
    /// What was found out last, for all directories: it takes as long as this process has open files.
    static KNOWN: Mutex<Option<Unlinked>> = Mutex::new(None);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if known.as_ref().is_none_or(Unlinked::is_old) {
        *known = Some(Unlinked::find());
    }
    let files = known.iter().flat_map(|known| &known.files);
    let below = files.filter(|(file, _)| file.starts_with(path));
    below.map(|(_, bytes)| bytes).sum()
}

#[cfg(not(target_os = "linux"))]
fn unlinked_bytes(_: &Path) -> u64 {
    0
}

#[cfg(target_os = "linux")]
struct Unlinked {
    /// Their former paths, and their bytes.
    files: Vec<(PathBuf, u64)>,
    found: Instant,
    took: Duration,
}

#[cfg(target_os = "linux")]
impl Unlinked {
    fn find() -> Self {
        use std::os::unix::fs::MetadataExt as _;
        let start = Instant::now();
        let open = std::fs::read_dir("/proc/self/fd").into_iter().flatten();
        let unlinked = open.flatten().filter_map(|open| {
            let former = std::fs::read_link(open.path()).ok()?;
            // What the system writes after the path; another file may be called that.
            former
                .as_os_str()
                .as_bytes()
                .ends_with(b" (deleted)")
                .then_some(())?;
            let file = std::fs::metadata(open.path()).ok()?;
            (file.is_file() && file.nlink() == 0).then_some((former, file.len()))
        });
        Self {
            files: unlinked.collect(),
            took: start.elapsed(),
            found: Instant::now(),
        }
    }

    /// Half of one processor's time at most is spent with it, even with a million open files.
    fn is_old(&self) -> bool {
        self.found.elapsed() >= RESCAN.max(self.took)
    }
}
