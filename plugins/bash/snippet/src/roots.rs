//! The directories that an interpreter works in, and where a path of a call lies. Opens no file.

use std::path::{Component, Path, PathBuf};

use loom_sdk::Error;

/// A granted directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Absolute.
    pub path: PathBuf,
    pub writable: bool,
}

/// All directories of a call. Tests give their own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roots {
    /// The scratch directory, `/work`.
    pub work: Option<PathBuf>,
    /// For temporary files, `/tmp`.
    pub temporary: Option<PathBuf>,
    /// What outlives an instance of a kept session, `/session`.
    pub session: Option<PathBuf>,
    /// The user's directories.
    pub grants: Vec<Grant>,
}

impl Roots {
    /// The preopened directories of this instance.
    #[cfg(target_family = "wasm")]
    pub fn current() -> Self {
        use wasip2::filesystem::{preopens, types::DescriptorFlags};
        let mut roots = Self::default();
        for (handle, name) in preopens::get_directories() {
            let path = PathBuf::from(&name);
            match name.as_str() {
                "/work" => roots.work = Some(path),
                "/tmp" => roots.temporary = Some(path),
                "/session" => roots.session = Some(path),
                _ if path.is_absolute() => roots.grants.push(Grant {
                    path,
                    writable: handle
                        .get_flags()
                        .is_ok_and(|flags| flags.contains(DescriptorFlags::MUTATE_DIRECTORY)),
                }),
                // The first grant once more.
                _ => {}
            }
        }
        roots
    }

    /// No directories at all: outside of a host nothing is granted.
    #[cfg(not(target_family = "wasm"))]
    pub fn current() -> Self {
        Self::default()
    }

    /// The working directory: scratch, else the first grant.
    pub fn working(&self) -> Option<&Path> {
        let granted = || self.grants.first().map(|grant| grant.path.as_path());
        self.work.as_deref().or_else(granted)
    }

    /// The absolute path, without `..`, of a path that a call names.
    ///
    /// # Errors
    ///
    /// `invalid-input` if it is empty, relative without a working directory, or leaves it; `denied`
    /// if it lies in no directory of the call.
    pub fn locate(&self, given: &str) -> Result<PathBuf, Error> {
        if given.is_empty() || given.contains('\0') {
            return Err(Error::invalid_input(format!("{given:?} is no path")));
        }
        let working = self.working().ok_or_else(|| {
            Error::denied(format!(
                "{given}: there are no files: no directory was granted and there is no scratch directory"
            ))
        })?;
        let path = plain(&working.join(given));
        let roots = self.user_roots();
        if roots
            .iter()
            .any(|root| path.starts_with(root) && path != *root)
        {
            return Ok(path);
        }
        Err(Error::denied(format!(
            "{given}: outside of the directories that there are: {}",
            self.names()
        )))
    }

    /// The path as the user knows it: relative in the working directory.
    pub(crate) fn shown(&self, path: &Path) -> String {
        let relative = self.working().and_then(|dir| path.strip_prefix(dir).ok());
        relative.unwrap_or(path).display().to_string()
    }

    /// The directories that code may use, for a message.
    pub fn names(&self) -> String {
        let names: Vec<String> = self
            .user_roots()
            .iter()
            .map(|path| {
                let is_read_only = |grant: &Grant| grant.path == **path && !grant.writable;
                let note = if self.grants.iter().any(is_read_only) {
                    " (read-only)"
                } else {
                    ""
                };
                format!("{}{note}", path.display())
            })
            .collect();
        if names.is_empty() {
            return "none".into();
        }
        names.join(", ")
    }

    /// All but the session's own.
    fn user_roots(&self) -> Vec<&Path> {
        let own = self.work.iter().chain(&self.temporary);
        let granted = self.grants.iter().map(|grant| &grant.path);
        own.chain(granted).map(PathBuf::as_path).collect()
    }
}

/// The path without `.` and `..`, as if there were no symbolic links.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            _ => plain.push(component),
        }
    }
    plain
}
