//! The directories that were granted, and which of them holds a path. This is the only module that
//! asks WASI for its preopened directories; it opens no file and writes no message for the model.

use std::path::{Component, Path, PathBuf};

/// A granted directory.
#[derive(Debug)]
pub(crate) struct Grant {
    /// Absolute, or `.` for the working directory.
    pub(crate) path: PathBuf,
    pub(crate) writable: bool,
    /// What paths in it are opened from.
    #[cfg(target_family = "wasm")]
    pub(crate) handle: wasip2::filesystem::types::Descriptor,
}

/// All granted directories.
#[derive(Debug)]
pub(crate) struct Grants {
    directories: Vec<Grant>,
    /// Where `.` is, if that is known.
    working: Option<PathBuf>,
}

impl Grants {
    /// The preopened directories of this instance.
    #[cfg(target_family = "wasm")]
    pub(crate) fn current() -> Self {
        use wasip2::filesystem::{preopens, types::DescriptorFlags};
        let directories = preopens::get_directories().into_iter();
        let directories: Vec<Grant> = directories
            .map(|(handle, name)| Grant {
                path: tidy(Path::new(&name)),
                writable: handle
                    .get_flags()
                    .is_ok_and(|flags| flags.contains(DescriptorFlags::MUTATE_DIRECTORY)),
                handle,
            })
            .collect();
        let working = directories
            .iter()
            .find(|grant| grant.path == Path::new("."))
            .and_then(|here| {
                let mut named = directories.iter().filter(|grant| grant.path.is_absolute());
                named.find(|grant| grant.handle.is_same_object(&here.handle))
            })
            .map(|grant| grant.path.clone());
        Self {
            directories,
            working,
        }
    }

    /// The whole file system.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn current() -> Self {
        let grant = |path: &str| Grant {
            path: path.into(),
            writable: true,
        };
        Self {
            directories: vec![grant("."), grant("/")],
            working: std::env::current_dir().ok(),
        }
    }

    /// Directories with these paths, some of them writable, for tests.
    #[cfg(test)]
    pub(crate) fn of(directories: &[(&str, bool)], working: Option<&str>) -> Self {
        let directories = directories.iter().map(|(path, writable)| Grant {
            path: path.into(),
            writable: *writable,
        });
        Self {
            directories: directories.collect(),
            working: working.map(PathBuf::from),
        }
    }

    /// The path to open for a path of a call, and the grant that holds it; `None` if no grant does.
    ///
    /// The check can't be left to WASI: its libc takes an absolute path that lies in no granted
    /// directory for a path inside `.`, so that writing `/etc/x` would make `./etc/x`.
    pub(crate) fn locate(&self, given: &Path) -> Option<(PathBuf, &Grant)> {
        let plain = tidy(given);
        if let Some(grant) = self.holder(&plain)
            && !climbs_out(plain.strip_prefix(&grant.path).unwrap_or(&plain))
        {
            return Some((plain, grant));
        }
        let absolute = if plain.is_absolute() {
            plain
        } else {
            self.working.as_ref()?.join(plain)
        };
        let resolved = resolve_dots(&absolute);
        let grant = self.holder(&resolved)?;
        Some((resolved, grant))
    }

    /// The granted directories for a message, by their absolute names where they have one; empty if
    /// there are none.
    pub(crate) fn names(&self) -> String {
        let named = self.directories.iter().filter(|grant| {
            let working_is_named = self.working.is_some() && grant.path == Path::new(".");
            !working_is_named
        });
        let names: Vec<String> = named
            .map(|grant| grant.path.display().to_string())
            .collect();
        names.join(", ")
    }

    /// The grant that WASI's libc picks for a path: the longest that is its prefix.
    fn holder(&self, path: &Path) -> Option<&Grant> {
        let holders = self.directories.iter().filter(|grant| {
            if path.is_absolute() {
                path.starts_with(&grant.path)
            } else {
                grant.path == Path::new(".")
            }
        });
        holders.max_by_key(|grant| grant.path.components().count())
    }
}

/// The path without `.` and doubled slashes, which would hide from WASI's libc that an absolute
/// path lies in a granted directory; `.` if nothing is left.
fn tidy(path: &Path) -> PathBuf {
    let tidy: PathBuf = path
        .components()
        .filter(|component| *component != Component::CurDir)
        .collect();
    if tidy.as_os_str().is_empty() {
        return PathBuf::from(".");
    }
    tidy
}

/// Whether a path relative to a directory leaves it on its way.
fn climbs_out(relative: &Path) -> bool {
    let mut depth = 0_i32;
    relative.components().any(|component| {
        match component {
            Component::ParentDir => depth -= 1,
            Component::Normal(_) => depth += 1,
            _ => {}
        }
        depth < 0
    })
}

/// An absolute path without `..`, as if there were no symbolic links.
fn resolve_dots(absolute: &Path) -> PathBuf {
    let mut resolved = PathBuf::new();
    for component in absolute.components() {
        if component == Component::ParentDir {
            resolved.pop();
        } else {
            resolved.push(component);
        }
    }
    resolved
}

#[cfg(test)]
mod tests;
