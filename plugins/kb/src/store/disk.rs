//! The base's one door to its directory: how files get names, and how they become durable. What is
//! in them is not known here.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind as Io, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::fault::{Fault, Result};

/// A directory with the files of a base.
#[derive(Clone, Debug)]
pub(crate) struct Disk {
    directory: PathBuf,
}

impl Disk {
    pub(crate) fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    pub(crate) fn open(&self, name: &str) -> Result<File> {
        Ok(File::open(self.path(name))?)
    }

    pub(crate) fn read(&self, name: &str) -> Result<Vec<u8>> {
        Ok(fs::read(self.path(name))?)
    }

    /// Makes a file that nobody else has: `STEM-0`, or with the next number that is free.
    pub(crate) fn create(&self, stem: &str) -> Result<(String, File)> {
        for number in 0_u32.. {
            let name = format!("{stem}-{number}");
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create_new(true)
                .open(self.path(&name));
            match file {
                Ok(file) => return Ok((name, file)),
                Err(error) if error.kind() == Io::AlreadyExists => {}
                // Not `Gone`: it is the directory that is missing.
                Err(error) => return Err(Fault::Io(error)),
            }
        }
        Err(Fault::damaged("no file name is left"))
    }

    /// Gives content a name, whole and durable, unless the name is taken: then false.
    pub(crate) fn publish(&self, content: &[u8], name: &str) -> Result<bool> {
        let (temporary, mut file) = self.create(&format!("new-{name}"))?;
        let written = file.write_all(content).and_then(|()| file.sync_all());
        let linked = written.and_then(|()| fs::hard_link(self.path(&temporary), self.path(name)));
        // Left over it costs some space, until it is tidied up.
        let _ = fs::remove_file(self.path(&temporary));
        match linked {
            Ok(()) => {}
            Err(error) if error.kind() == Io::AlreadyExists => return Ok(false),
            Err(error) => return Err(Fault::Io(error)),
        }
        self.sync_names()?;
        Ok(true)
    }

    /// Writes a small file that need not survive a crash of the system.
    pub(crate) fn note(&self, name: &str, content: &[u8]) -> Result<()> {
        fs::write(self.path(name), content).map_err(Fault::Io)
    }

    /// Removes a file, if it is there.
    pub(crate) fn remove(&self, name: &str) {
        let _ = fs::remove_file(self.path(name));
    }

    /// The names in the directory, sorted; none if there is no directory.
    pub(crate) fn list(&self) -> Result<Vec<String>> {
        let entries = match fs::read_dir(&self.directory) {
            Err(error) if error.kind() == Io::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut files = Vec::new();
        for entry in entries {
            // WASI ends a list at a name that is not UTF-8; none of the base's own is such.
            let Ok(entry) = entry else { break };
            files.extend(entry.file_name().into_string());
        }
        files.sort_unstable();
        Ok(files)
    }

    /// When a file was written last.
    pub(crate) fn modified(&self, name: &str) -> Option<SystemTime> {
        fs::metadata(self.path(name)).ok()?.modified().ok()
    }

    /// Returns when the names in the directory are on disk, where the system can do that.
    pub(crate) fn sync_names(&self) -> Result<()> {
        sync_directory(&self.directory).map_err(Fault::Io)
    }
}

/// Some systems can't open or sync a directory; there the file's own sync has to do.
fn sync_directory(path: &Path) -> io::Result<()> {
    match File::open(path).and_then(|directory| directory.sync_all()) {
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
