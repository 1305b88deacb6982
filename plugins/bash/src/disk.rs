//! A real directory as a file system of the shell. Paths come in relative to the directory, with `..`
//! resolved; the shell follows links by itself, so links are refused here where they would be opened.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use bashkit::{DirEntry, FileSystem, FileSystemExt, FileType, Metadata, Result, async_trait};

use crate::watch;

/// The files that a script has written, for its result.
pub(crate) type WrittenFiles = Arc<Mutex<BTreeSet<PathBuf>>>;

/// A directory and whether scripts may write in it.
pub(crate) struct Disk {
    root: PathBuf,
    writable: bool,
    written: WrittenFiles,
    /// WASI files have no mode, but scripts are made executable before they are run.
    modes: Mutex<HashMap<PathBuf, u32>>,
}

impl Disk {
    pub(crate) fn new(root: PathBuf, writable: bool, written: WrittenFiles) -> Self {
        Self {
            root,
            writable,
            written,
            modes: Mutex::default(),
        }
    }

    fn real(&self, path: &Path) -> PathBuf {
        watch::look_at_the_clock();
        let inside = path.strip_prefix("/").unwrap_or(path);
        if inside.as_os_str().is_empty() {
            return self.root.clone();
        }
        self.root.join(inside)
    }

    fn to_write(&self, path: &Path) -> io::Result<PathBuf> {
        if !self.writable {
            return Err(io::Error::new(
                ErrorKind::PermissionDenied,
                "Read-only file system",
            ));
        }
        let path = self.real(path);
        self.written
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(path.clone());
        Ok(path)
    }

    fn describe(&self, path: &Path, metadata: &fs::Metadata) -> Metadata {
        let modes = self.modes.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = metadata.file_type();
        let (file_type, usual) = if kind.is_dir() {
            (FileType::Directory, 0o755)
        } else if kind.is_symlink() {
            (FileType::Symlink, 0o777)
        } else {
            (FileType::File, 0o644)
        };
        let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        Metadata {
            file_type,
            size: metadata.len(),
            mode: modes.get(path).copied().unwrap_or(usual),
            modified,
            created: metadata.created().unwrap_or(modified),
        }
    }

    fn entry(&self, entry: &fs::DirEntry) -> Option<DirEntry> {
        let metadata = entry.metadata().ok()?;
        Some(DirEntry {
            name: entry.file_name().to_string_lossy().into_owned(),
            metadata: self.describe(&entry.path(), &metadata),
        })
    }
}

/// A link is not opened here: the shell resolves it, also where the target is in another directory.
fn refuse_link(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => Err(not_found()),
        Ok(metadata) if metadata.is_dir() => Err(io::Error::other("is a directory")),
        _ => Ok(()),
    }
}

fn not_found() -> io::Error {
    io::Error::new(ErrorKind::NotFound, "No such file or directory")
}

/// The words that scripts and people know.
fn plain(error: io::Error) -> io::Error {
    let words = match error.kind() {
        ErrorKind::NotFound => "No such file or directory",
        ErrorKind::PermissionDenied => "Permission denied",
        ErrorKind::ReadOnlyFilesystem => "Read-only file system",
        ErrorKind::AlreadyExists => "File exists",
        ErrorKind::NotADirectory => "Not a directory",
        ErrorKind::IsADirectory => "Is a directory",
        ErrorKind::DirectoryNotEmpty => "Directory not empty",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "No space left on device",
        _ => return error,
    };
    io::Error::new(error.kind(), words)
}

#[async_trait]
impl FileSystem for Disk {
    async fn read_file(&self, path: &Path) -> Result<Vec<u8>> {
        let path = self.real(path);
        refuse_link(&path)?;
        Ok(fs::read(path).map_err(plain)?)
    }

    async fn write_file(&self, path: &Path, content: &[u8]) -> Result<()> {
        let path = self.to_write(path)?;
        refuse_link(&path)?;
        Ok(fs::write(path, content).map_err(plain)?)
    }

    async fn append_file(&self, path: &Path, content: &[u8]) -> Result<()> {
        let path = self.to_write(path)?;
        refuse_link(&path)?;
        let file = fs::File::options().append(true).create(true).open(path);
        Ok(file
            .and_then(|mut file| file.write_all(content))
            .map_err(plain)?)
    }

    async fn mkdir(&self, path: &Path, recursive: bool) -> Result<()> {
        let path = self.to_write(path)?;
        let made = if recursive {
            fs::create_dir_all(path)
        } else {
            fs::create_dir(path)
        };
        Ok(made.map_err(plain)?)
    }

    async fn remove(&self, path: &Path, recursive: bool) -> Result<()> {
        let path = self.to_write(path)?;
        let is_dir = fs::symlink_metadata(&path).map_err(plain)?.is_dir();
        let removed = match (is_dir, recursive) {
            (true, true) => fs::remove_dir_all(path),
            (true, false) => fs::remove_dir(path),
            (false, _) => fs::remove_file(path),
        };
        Ok(removed.map_err(plain)?)
    }

    async fn stat(&self, path: &Path) -> Result<Metadata> {
        let path = self.real(path);
        let metadata = fs::symlink_metadata(&path).map_err(plain)?;
        Ok(self.describe(&path, &metadata))
    }

    async fn read_dir(&self, path: &Path) -> Result<Vec<DirEntry>> {
        let path = self.real(path);
        if fs::symlink_metadata(&path).map_err(plain)?.is_symlink() {
            return Err(not_found().into());
        }
        let entries = fs::read_dir(path).map_err(plain)?.flatten();
        let mut entries: Vec<DirEntry> = entries.filter_map(|entry| self.entry(&entry)).collect();
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(entries)
    }

    async fn exists(&self, path: &Path) -> Result<bool> {
        Ok(fs::symlink_metadata(self.real(path)).is_ok())
    }

    async fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        let (from, to) = (self.to_write(from)?, self.to_write(to)?);
        Ok(fs::rename(from, to).map_err(plain)?)
    }

    async fn copy(&self, from: &Path, to: &Path) -> Result<()> {
        let (from, to) = (self.real(from), self.to_write(to)?);
        refuse_link(&from)?;
        fs::copy(from, to).map_err(plain)?;
        Ok(())
    }

    async fn symlink(&self, target: &Path, link: &Path) -> Result<()> {
        let link = self.to_write(link)?;
        Ok(loom_snippet::symlink(target, &link).map_err(plain)?)
    }

    async fn read_link(&self, path: &Path) -> Result<PathBuf> {
        Ok(fs::read_link(self.real(path)).map_err(plain)?)
    }

    async fn chmod(&self, path: &Path, mode: u32) -> Result<()> {
        let path = self.to_write(path)?;
        fs::symlink_metadata(&path).map_err(plain)?;
        let mut modes = self.modes.lock().unwrap_or_else(PoisonError::into_inner);
        modes.insert(path, mode);
        Ok(())
    }

    async fn set_modified_time(&self, path: &Path, time: SystemTime) -> Result<()> {
        let path = self.to_write(path)?;
        let file = fs::File::options().write(true).open(path);
        Ok(file
            .and_then(|file| file.set_modified(time))
            .map_err(plain)?)
    }
}

#[async_trait]
impl FileSystemExt for Disk {
    fn backend_kind(&self) -> &'static str {
        "disk"
    }
}
