//! Where relative paths of rules begin, and what the host lets rules know of its file system.

use std::path::{Path, PathBuf};

use loom_types::tidy_path;

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
            base: tidy_path(base),
            disk,
        }
    }

    pub(super) fn base(&self) -> &Path {
        &self.base
    }

    /// The path from the base directory, without `.` and `..`.
    pub(super) fn absolute(&self, path: &Path) -> PathBuf {
        tidy_path(&self.base.join(path))
    }
}
