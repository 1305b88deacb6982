//! Paths of calls: checked against the grants, and the messages for what can go wrong with them.

use std::io;
use std::path::{Path, PathBuf};

use loom_sdk::{Error, ErrorKind};

use crate::grants::Grants;

/// How many names of a directory are looked at for one that was meant.
const MAX_SUGGESTION_NAMES: usize = 2_000;

/// A path that a call named, inside a granted directory.
#[derive(Debug)]
pub(crate) struct Place {
    /// As the call named it, for messages and results.
    pub(crate) given: String,
    /// For `std::fs`.
    pub(crate) path: PathBuf,
    /// The granted directory that holds it.
    pub(crate) root: PathBuf,
    pub(crate) grants: Grants,
}

impl Place {
    /// A place to read.
    ///
    /// # Errors
    ///
    /// `denied` if it lies outside the granted directories.
    pub(crate) fn to_read(given: &str) -> Result<Self, Error> {
        Self::locate(given, Grants::current(), false)
    }

    /// A place to write.
    ///
    /// # Errors
    ///
    /// `denied` if it lies outside the granted directories or in a read-only one.
    pub(crate) fn to_write(given: &str) -> Result<Self, Error> {
        Self::locate(given, Grants::current(), true)
    }

    fn locate(given: &str, grants: Grants, is_written: bool) -> Result<Self, Error> {
        let Some((path, grant)) = grants.locate(Path::new(given)) else {
            return Err(outside(given, &grants));
        };
        if is_written && !grant.writable {
            let directory = grant.path.display();
            return Err(Error::denied(format!(
                "{given} cannot be written: its directory {directory} is granted read-only; write to a directory that is granted read-write, or ask the user to grant this one"
            )));
        }
        let given = if given.is_empty() { "." } else { given };
        Ok(Self {
            given: given.to_owned(),
            path,
            root: grant.path.clone(),
            grants,
        })
    }

    /// What to tell the model about a failure of the file system.
    pub(crate) fn failure(&self, error: &io::Error) -> Error {
        let given = &self.given;
        match error.kind() {
            io::ErrorKind::NotFound => self.missing(),
            io::ErrorKind::PermissionDenied => self.refused(),
            io::ErrorKind::ReadOnlyFilesystem => {
                Error::denied(format!("{given} is on a read-only file system"))
            }
            io::ErrorKind::IsADirectory => self.is_a_directory(),
            io::ErrorKind::NotADirectory => self.not_a_directory(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::unavailable(
                format!("{given} was not written: the disk is full; free some space and try again"),
            ),
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidFilename => {
                Error::invalid_input(format!("{given:?} is not a possible path: {error}"))
            }
            _ if self.path.is_symlink() => Error::invalid_input(format!(
                "{given} is a symbolic link that cannot be followed: {error}"
            )),
            _ => Error::internal(format!("{given}: {error}")),
        }
    }

    /// What to tell the model about a failure to write. WASI reports a full disk, among others, as
    /// a failure of no known kind.
    pub(crate) fn write_failure(&self, error: &io::Error) -> Error {
        let failure = self.failure(error);
        if failure.kind != ErrorKind::Internal {
            return failure;
        }
        let given = &self.given;
        Error::unavailable(format!(
            "{given} was not written and is as it was: {error}; the disk may be full"
        ))
    }

    /// The error for a directory where a file is expected.
    pub(crate) fn is_a_directory(&self) -> Error {
        let given = &self.given;
        Error::invalid_input(format!(
            "{given} is a directory, not a file; use list_dir to see what is in it"
        ))
    }

    /// The error for a pipe, a socket or a device where a file is expected.
    pub(crate) fn not_a_regular_file(&self) -> Error {
        let given = &self.given;
        Error::invalid_input(format!(
            "{given} is not a regular file but a pipe, a socket or a device; such files can't be read or written here"
        ))
    }

    /// The path and its parents, as far as they lie below the granted directory.
    pub(crate) fn below_root(&self) -> impl Iterator<Item = &Path> {
        let absolute = self.path.is_absolute();
        self.path.ancestors().take_while(move |path| {
            if absolute {
                path.starts_with(&self.root) && *path != self.root
            } else {
                !path.as_os_str().is_empty()
            }
        })
    }

    fn missing(&self) -> Error {
        let given = &self.given;
        let known = self.path.ancestors().skip(1).find(|path| path.is_dir());
        let known = known.filter(|path| !path.as_os_str().is_empty());
        let known = known.unwrap_or_else(|| Path::new("."));
        let mut message = format!("{given} does not exist");
        if let Some(name) = self.similar_name() {
            message += &format!("; did you mean {name}?");
        } else {
            message += &format!("; use list_dir on {} to see what is there", known.display());
        }
        if given.starts_with('~') {
            message += " (`~` is not expanded: give the full path)";
        }
        Error::not_found(message)
    }

    /// A path in the same directory whose name is nearly the one that is missing.
    fn similar_name(&self) -> Option<String> {
        let wanted = self.path.file_name()?.to_str()?;
        let parent = self.path.parent()?;
        let listing = crate::directory::list(&self.grants, parent).ok()?;
        let names = listing.entries.into_iter().take(MAX_SUGGESTION_NAMES);
        let scored = names.map(|(name, _)| {
            let score = strsim::jaro_winkler(&name.to_lowercase(), &wanted.to_lowercase());
            (score, name)
        });
        let (score, name) = scored.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
        (score > 0.85).then(|| parent.join(name).display().to_string())
    }

    fn refused(&self) -> Error {
        let (given, names) = (&self.given, self.grants.names());
        let outermost_link = self.below_root().filter(|path| path.is_symlink()).last();
        let Some(link) = outermost_link else {
            return Error::denied(format!(
                "the system refuses access to {given}; its permissions do not allow it"
            ));
        };
        let link = link.display();
        Error::denied(format!(
            "{given} is outside the granted directories ({names}): {link} is a symbolic link that leads out of them or that has an absolute target, which is never followed; use a path inside the granted directories"
        ))
    }

    fn not_a_directory(&self) -> Error {
        let given = &self.given;
        if self.path.is_file() {
            return Error::invalid_input(format!(
                "{given} is a file, not a directory; use read_file to see it"
            ));
        }
        let file = self.path.ancestors().find(|path| path.is_file());
        let file = file.unwrap_or(&self.path).display();
        Error::invalid_input(format!(
            "there can be no {given}: {file} is a file, not a directory"
        ))
    }
}

fn outside(given: &str, grants: &Grants) -> Error {
    let names = grants.names();
    if names.is_empty() {
        return Error::denied(format!(
            "{given} can't be reached: no directory is granted to the file tools; ask the user to grant one"
        ));
    }
    Error::denied(format!(
        "{given} is outside the granted directories ({names}); use a path inside them, or ask the user to grant its directory"
    ))
}

/// A name or path on one line: control characters, which file names may contain, are escaped.
pub(crate) fn one_line(name: &str) -> String {
    if !name.contains(char::is_control) {
        return name.to_owned();
    }
    let escaped = name.chars().map(|c| {
        if c.is_control() {
            c.escape_default().to_string()
        } else {
            c.to_string()
        }
    });
    escaped.collect()
}

#[cfg(test)]
mod tests;
