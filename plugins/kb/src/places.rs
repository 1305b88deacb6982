//! The directories that were granted, and what in them a call means by a path. The first is the
//! base's own; the others are what may be added from.

use std::path::{Component, Path, PathBuf};

/// Where files may be added from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    /// Absolute.
    pub(crate) readable: Vec<PathBuf>,
}

impl Places {
    /// The preopened directories of this instance, but for the base's own.
    #[cfg(target_family = "wasm")]
    pub(crate) fn current() -> Self {
        use wasip2::filesystem::preopens;
        let directories = preopens::get_directories();
        let own = directories.iter().find(|(_, name)| name == ".");
        let is_own = |handle: &wasip2::filesystem::types::Descriptor| {
            own.is_some_and(|(own, _)| own.is_same_object(handle))
        };
        let others = directories.iter().filter(|(handle, _)| !is_own(handle));
        let readable = others.map(|(_, name)| PathBuf::from(name)).collect();
        Self { readable }
    }

    /// The working directory.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn current() -> Self {
        Self {
            readable: std::env::current_dir().into_iter().collect(),
        }
    }

    /// The absolute path that a call means: as it is, or in the first directory that has it.
    ///
    /// WASI's libc takes an absolute path outside of all granted directories for one inside `.`; so
    /// the check can't be left to it.
    pub(crate) fn locate(&self, given: &str) -> Option<PathBuf> {
        let given = Path::new(given);
        let candidates = self
            .readable
            .iter()
            .map(|directory| resolved(&directory.join(given)));
        let mut granted = candidates.filter(|path| {
            self.readable
                .iter()
                .any(|directory| path.starts_with(directory))
        });
        let first = granted.next()?;
        if first.exists() {
            return Some(first);
        }
        Some(granted.find(|path| path.exists()).unwrap_or(first))
    }

    /// For a message.
    pub(crate) fn names(&self) -> String {
        let names = self.readable.iter().map(|path| path.display().to_string());
        names.collect::<Vec<_>>().join(", ")
    }
}

/// Takes `.` and `..` away as if there were no symbolic links.
fn resolved(path: &Path) -> PathBuf {
    let mut resolved = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                resolved.pop();
            }
            Component::CurDir => {}
            component => resolved.push(component),
        }
    }
    resolved
}
