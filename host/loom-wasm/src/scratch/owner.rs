//! The directory of one process, below which its calls have theirs. It is locked as long as the process
//! lives, so that those of processes that were killed can be told and removed.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};

use super::{make_private, remove};

/// The file in a directory that its owner holds locked.
const LOCK: &str = "lock";

/// A directory that is removed with this value.
pub(super) struct Owner {
    above: Dir,
    name: String,
    path: PathBuf,
    handle: Arc<Dir>,
    _lock: File,
}

impl Owner {
    /// Makes a directory with a random name below `directory`, or below the system's for temporary files,
    /// and has what killed processes left removed in the background.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub(super) fn new(directory: Option<&Path>) -> io::Result<Self> {
        let name = uuid::Uuid::new_v4().simple().to_string();
        let Some(directory) = directory else {
            let name = format!("loom-{name}");
            return Self::make(&std::env::temp_dir(), name);
        };
        let calls = directory.join("calls");
        make_private(&calls)?;
        let above = Dir::open_ambient_dir(&calls, ambient_authority())?;
        // Nobody sweeps between the making of a directory and of its lock.
        let everybody = open_lock(&above)?;
        everybody.lock()?;
        let left = left_behind(&above);
        let owner = Self::make(&calls, name)?;
        drop(everybody);
        if !left.is_empty() {
            let sweeper = std::thread::Builder::new().name("loom-sweep".into());
            sweeper.spawn(move || sweep(&above, left))?;
        }
        Ok(owner)
    }

    fn make(above: &Path, name: String) -> io::Result<Self> {
        let above = above.canonicalize()?;
        let path = above.join(&name);
        make_private(&path)?;
        let above = Dir::open_ambient_dir(&above, ambient_authority())?;
        let handle = above.open_dir(&name)?;
        let lock = open_lock(&handle)?;
        lock.try_lock()?;
        Ok(Self {
            above,
            name,
            path,
            handle: Arc::new(handle),
            _lock: lock,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn handle(&self) -> &Arc<Dir> {
        &self.handle
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        if let Err(error) = remove::remove(&self.above, &self.name) {
            tracing::warn!("a scratch directory cannot be removed ({error})");
        }
    }
}

/// The lock of a directory, not yet taken.
pub(super) fn open_lock(directory: &Dir) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    let lock = directory.open_with(LOCK, &options)?;
    Ok(lock.into_std())
}

/// The directories whose owners are gone, with their locks, which are taken so that no other process
/// sweeps them too.
fn left_behind(calls: &Dir) -> Vec<(String, File)> {
    let entries = calls.entries().into_iter().flatten().flatten();
    let left = entries.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let directory = entry.open_dir().ok()?;
        let lock = open_lock(&directory).ok()?;
        lock.try_lock().ok()?;
        Some((name, lock))
    });
    left.collect()
}

fn sweep(calls: &Dir, left: Vec<(String, File)>) {
    for (name, _lock) in left {
        if let Err(error) = remove::remove(calls, &name) {
            tracing::warn!(
                "the scratch directory {name} of a process that is gone cannot be removed ({error})"
            );
        }
    }
}
