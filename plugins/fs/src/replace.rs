//! Puts new content into a file, all of it or nothing. What the content is, the callers decide.

use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Symbolic links in a row that are followed; Linux follows as many.
const MAX_LINKS: usize = 40;

/// Replaces the content of a file, or creates it. Until the new content is durable in a temporary
/// file beside it, the old one stays; after a failure nothing is left behind.
///
/// # Errors
///
/// If the content cannot be written or put in place.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let temporary = Temporary::create(path, content)?;
    if is_script(path) && overwrite(path, content).is_ok() {
        return Ok(());
    }
    temporary.rename(path)
}

/// The file that a path stands for, after symbolic links; replacing a link by a file would lose it.
///
/// # Errors
///
/// If a link cannot be read, or there are too many.
pub(crate) fn follow_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        if !path.is_symlink() {
            return Ok(path);
        }
        let target = fs::read_link(&path)?;
        path = path.parent().unwrap_or(Path::new("")).join(target);
    }
    Err(io::Error::other("too many symbolic links"))
}

/// Directories that were made for a file, to be removed again if the file is not written.
#[derive(Debug, Default)]
pub(crate) struct NewDirectories(Vec<PathBuf>);

impl NewDirectories {
    /// Makes a directory and its missing parents.
    ///
    /// # Errors
    ///
    /// If one of them cannot be made; those before it are removed.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let mut missing: Vec<&Path> = path
            .ancestors()
            .take_while(|path| !path.as_os_str().is_empty() && !path.exists())
            .collect();
        missing.reverse();
        let mut made = Self::default();
        for directory in missing {
            match fs::create_dir(directory) {
                Ok(()) => made.0.push(directory.to_owned()),
                // Another call made it in the meantime.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Ok(made)
    }

    /// Keeps the directories.
    pub(crate) fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for NewDirectories {
    fn drop(&mut self) {
        for directory in self.0.iter().rev() {
            // A directory that another call put something into stays.
            let _ = fs::remove_dir(directory);
        }
    }
}

/// A file that is removed unless it is renamed.
struct Temporary {
    path: Option<PathBuf>,
}

impl Temporary {
    /// Writes a new file in the same directory, under a name that no other call uses.
    fn create(target: &Path, content: &[u8]) -> io::Result<Self> {
        let directory = target.parent().unwrap_or(Path::new(""));
        loop {
            let unique = RandomState::new().hash_one(target);
            let path = directory.join(format!(".loom-{unique:016x}.tmp"));
            let mut file = match File::create_new(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            };
            let temporary = Self { path: Some(path) };
            file.write_all(content)?;
            file.sync_all()?;
            return Ok(temporary);
        }
    }

    fn rename(mut self, target: &Path) -> io::Result<()> {
        if let Some(path) = &self.path {
            fs::rename(path, target)?;
        }
        self.path = None;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            let _ = fs::remove_file(path);
        }
    }
}

/// WASI has no file modes: a renamed file would not be executable any more. Scripts are therefore
/// overwritten in place, while the temporary file holds the content in case that fails.
fn is_script(path: &Path) -> bool {
    let mut start = [0; 2];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start == *b"#!"
}

fn overwrite(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.write_all(content)?;
    file.set_len(content.len() as u64)?;
    file.sync_all()
}

#[cfg(test)]
mod tests;
