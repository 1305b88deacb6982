//! The store's one door to the file system: the directory, its files, and how they become durable.
//! What is in the files is not known here.

use std::fmt::Display;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind as Io, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use loom_sdk::error::Result;
use loom_sdk::{Error, ErrorKind};

/// How long a file that nobody finishes is kept.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// A directory of session files.
pub(crate) struct Disk {
    directory: PathBuf,
    /// Whether this store has made the directory itself durable.
    is_durable: bool,
    pub(crate) calls: Calls,
}

/// The calls that tests let fail or slow down.
#[derive(Clone, Copy)]
pub(crate) struct Calls {
    pub(crate) write: fn(&mut File, &[u8]) -> io::Result<()>,
    pub(crate) sync: fn(&File) -> io::Result<()>,
    pub(crate) wait: fn(Duration),
}

/// A file in the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) bytes: u64,
    /// None where the file system does not say.
    pub(crate) modified: Option<SystemTime>,
}

impl Default for Calls {
    fn default() -> Self {
        Self {
            write: |file, bytes| file.write_all(bytes),
            sync: File::sync_all,
            wait: thread::sleep,
        }
    }
}

impl Disk {
    /// Touches nothing yet; the directory is made when something is written.
    pub(crate) fn new(directory: PathBuf, calls: Calls) -> Self {
        Self {
            directory,
            is_durable: false,
            calls,
        }
    }

    /// A directory in this one. Nothing is touched yet.
    pub(crate) fn subdirectory(&self, name: impl AsRef<Path>) -> Self {
        Self::new(self.directory.join(name), self.calls)
    }

    /// A file as people find it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Opens a file for reading; none if it does not exist.
    pub(crate) fn open(&self, name: &str) -> Result<Option<File>> {
        let path = self.path(name);
        self.if_found(File::open(&path), &format!("opening {}", path.display()))
    }

    /// Opens a file for appending and reading; none if it does not exist.
    pub(crate) fn open_to_append(&self, name: &str) -> Result<Option<File>> {
        let path = self.path(name);
        let file = OpenOptions::new().read(true).append(true).open(&path);
        self.if_found(file, &format!("opening {}", path.display()))
    }

    /// Makes a file, for appending and reading; none if it exists.
    pub(crate) fn create(&self, name: &str) -> Result<Option<File>> {
        let doing = format!("making {}", self.path(name).display());
        let create = || {
            OpenOptions::new()
                .read(true)
                .append(true)
                .create_new(true)
                .open(self.path(name))
        };
        let file = match create() {
            Err(error) if error.kind() == Io::NotFound => {
                fs::create_dir_all(&self.directory).map_err(|error| fault(&error, &doing))?;
                create()
            }
            file => file,
        };
        match file {
            Err(error) if error.kind() == Io::AlreadyExists => Ok(None),
            file => file.map(Some).map_err(|error| fault(&error, &doing)),
        }
    }

    /// Returns when the names in the directory are on disk, where the system can do that.
    pub(crate) fn sync_names(&mut self) -> io::Result<()> {
        self.sync_directory(&self.directory)?;
        if !self.is_durable {
            let depth = if self.directory.is_absolute() {
                1
            } else {
                usize::MAX
            };
            for parent in self.directory.ancestors().skip(1).take(depth) {
                let is_start = parent.as_os_str().is_empty();
                self.sync_directory(if is_start { Path::new(".") } else { parent })?;
            }
            self.is_durable = true;
        }
        Ok(())
    }

    /// Renames a file to one that may exist; false if there is no such file, since somebody else has
    /// renamed it.
    pub(crate) fn rename(&self, from: &str, to: &str) -> Result<bool> {
        let doing = format!("renaming {} to {to}", self.path(from).display());
        match fs::rename(self.path(from), self.path(to)) {
            Err(error) if error.kind() == Io::NotFound => Ok(false),
            result => result.map(|()| true).map_err(|error| fault(&error, doing)),
        }
    }

    /// Removes a file; false if it does not exist.
    pub(crate) fn remove(&mut self, name: &str) -> Result<bool> {
        let path = self.path(name);
        let doing = format!("removing {}", path.display());
        match fs::remove_file(path) {
            Err(error) if error.kind() == Io::NotFound => Ok(false),
            result => result
                .and_then(|()| self.sync_names())
                .map(|()| true)
                .map_err(|error| fault(&error, doing)),
        }
    }

    /// Removes files whose names start so and that nobody has written to for a day: a live writer
    /// needs them for seconds.
    pub(crate) fn remove_abandoned(&mut self, start: &str) -> Result<()> {
        let mut files = self.list()?;
        let now = files.iter().filter_map(|file| file.modified).max();
        files.retain(|file| file.name.starts_with(start));
        for file in files {
            let age = now
                .zip(file.modified)
                .map(|(now, at)| now.duration_since(at));
            if age.is_some_and(|age| age.is_ok_and(|age| age > ABANDONED)) {
                self.remove(&file.name)?;
            }
        }
        Ok(())
    }

    /// The files in the directory, by name; none if there is no directory yet.
    pub(crate) fn list(&self) -> Result<Vec<Listed>> {
        let doing = format!("listing {}", self.directory.display());
        let Some(entries) = self.if_found(fs::read_dir(&self.directory), &doing)? else {
            return Ok(Vec::new());
        };
        let mut files = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| unlisted(&error, &doing))?;
            // One that can't be looked at was removed meanwhile, or is no business of the store's.
            let metadata = fs::metadata(entry.path());
            let (Ok(name), Ok(metadata)) = (entry.file_name().into_string(), metadata) else {
                continue;
            };
            if !metadata.is_dir() {
                files.push(Listed {
                    name,
                    bytes: metadata.len(),
                    modified: metadata.modified().ok(),
                });
            }
        }
        files.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(files)
    }

    /// The directories in the directory, by name; none if there is no directory yet.
    pub(crate) fn subdirectories(&self) -> Result<Vec<String>> {
        let doing = format!("listing {}", self.directory.display());
        let Some(entries) = self.if_found(fs::read_dir(&self.directory), &doing)? else {
            return Ok(Vec::new());
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| unlisted(&error, &doing))?;
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                names.extend(entry.file_name().into_string());
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// None for what does not exist; but where no directory is granted, nothing seems to exist.
    fn if_found<T>(&self, result: io::Result<T>, doing: &str) -> Result<Option<T>> {
        match result {
            Err(error) if error.kind() == Io::NotFound => {
                if self.directory.is_relative() && !Path::new(".").exists() {
                    return Err(fault(&error, doing));
                }
                Ok(None)
            }
            result => result.map(Some).map_err(|error| fault(&error, doing)),
        }
    }

    /// Some systems can't open or sync a directory; there the file's own sync has to do.
    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        match File::open(path).and_then(|directory| (self.calls.sync)(&directory)) {
            Err(error)
                if matches!(
                    error.kind(),
                    Io::Unsupported | Io::PermissionDenied | Io::InvalidInput | Io::IsADirectory
                ) =>
            {
                Ok(())
            }
            result => result,
        }
    }
}

/// WASI ends a list at a name that is not UTF-8 (`EILSEQ`); elsewhere such a name is passed over.
fn unlisted(error: &io::Error, doing: &str) -> Error {
    const EILSEQ: i32 = 25;
    if cfg!(target_family = "wasm") && error.raw_os_error() == Some(EILSEQ) {
        return Error::unavailable(format!(
            "{doing}: the name of a file there is not UTF-8; rename that file or take it away"
        ));
    }
    fault(error, doing)
}

/// What to tell of a call that failed.
pub(crate) fn fault(error: &io::Error, doing: impl Display) -> Error {
    let (kind, advice) = match error.kind() {
        Io::PermissionDenied | Io::ReadOnlyFilesystem => (
            ErrorKind::Denied,
            r#"; grant the directory with files = "read-write""#,
        ),
        Io::NotFound => (
            ErrorKind::Denied,
            r#"; the store needs a directory, granted with files = "read-write""#,
        ),
        Io::StorageFull | Io::QuotaExceeded | Io::FileTooLarge => {
            (ErrorKind::Unavailable, "; free some space and try again")
        }
        Io::TimedOut => (ErrorKind::Timeout, ""),
        // WASI has no more than "I/O error" to say of a failed write.
        _ => (
            ErrorKind::Unavailable,
            "; if that goes on, see whether the disk is full or failing",
        ),
    };
    Error::new(kind, format!("{doing}: {error}{advice}"))
}
