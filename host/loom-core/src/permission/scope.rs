//! Where relative paths of rules begin, and what the host lets rules know of its file system.

use std::path::{Component, Path, PathBuf};

/// What rules may ask the file system. The default asks nothing: paths are taken as they are
/// written, and no path is known to be a directory.
#[derive(Clone, Copy, Debug)]
pub struct Disk {
    /// A path without symbolic links, as far as it exists: a rule that asks or denies and names a link
    /// speaks of what the link leads to as well.
    pub resolve: fn(&Path) -> PathBuf,
    /// Whether a path is a directory: a call that touches one touches all that is below it.
    pub is_directory: fn(&Path) -> bool,
}

impl Default for Disk {
    fn default() -> Self {
        Self {
            resolve: Path::to_path_buf,
            is_directory: |_| false,
        }
    }
}

/// What the paths of rules mean.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    base: PathBuf,
    pub(super) disk: Disk,
}

impl Scope {
    pub(super) fn new(base: &Path, disk: Disk) -> Self {
        Self {
            base: clean(base),
            disk,
        }
    }

    pub(super) fn base(&self) -> &Path {
        &self.base
    }

    /// The path from the base directory, without `.` and `..`.
    pub(super) fn absolute(&self, path: &Path) -> PathBuf {
        clean(&self.base.join(path))
    }
}

fn clean(path: &Path) -> PathBuf {
    let mut cleaned = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                cleaned.pop();
            }
            _ => cleaned.push(part),
        }
    }
    cleaned
}
