//! The file with stored rules: TOML that a person can read and edit. Writers take turns by a lock, and
//! replace the file as a whole; its comments stay.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use loom_core::{Effect, Rule};

use super::document;
use crate::render::text;

/// The stored rules. Making one touches no file.
#[derive(Clone, Debug)]
pub struct Store {
    file: PathBuf,
}

/// A rule as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRule {
    pub effect: Effect,
    pub rule: Rule,
    pub place: Place,
    /// The day when it was stored, if that is known.
    pub added: Option<String>,
}

/// Where a stored rule holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Everywhere,
    /// Where the working directory is this one.
    Directory(PathBuf),
}

/// Why the store is of no use.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the permissions in {}, line {line}: {reason}; mend or delete the file", file.display())]
    Malformed {
        file: PathBuf,
        line: usize,
        reason: String,
    },
    #[error("the permissions in {} can't be {verb}: {error}", file.display())]
    Io {
        file: PathBuf,
        verb: &'static str,
        #[source]
        error: io::Error,
    },
    #[error("the directory {} has a name that is not text, so no rule can be stored for it", .0.display())]
    Directory(PathBuf),
}

impl Store {
    /// The store in a file, which may not exist.
    pub fn new(file: impl Into<PathBuf>) -> Self {
        Self { file: file.into() }
    }

    /// Where it is.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// All rules, in the order of the file; none if there is no file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or any of it is not a rule.
    pub fn read(&self) -> Result<Vec<StoredRule>, StoreError> {
        self.parse(&self.text()?)
    }

    /// Stores that calls like those that the rule means are allowed in a directory from now on; false
    /// if that was stored before.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or written; then it is as it was.
    pub fn allow(&self, rule: &Rule, directory: &Path) -> Result<bool, StoreError> {
        if directory.to_str().is_none() {
            return Err(StoreError::Directory(directory.to_owned()));
        }
        let added = StoredRule {
            effect: Effect::Answered,
            rule: rule.clone(),
            place: Place::Directory(directory.to_owned()),
            added: Some(today()),
        };
        let _lock = self.lock()?;
        let text = self.text()?;
        let same = |it: &StoredRule| {
            (it.effect, &it.rule, &it.place) == (added.effect, &added.rule, &added.place)
        };
        if self.parse(&text)?.iter().any(same) {
            return Ok(false);
        }
        self.write(&document::append(&text, &added))?;
        Ok(true)
    }

    /// Takes out the rules that `unwanted` picks, and returns them.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or written; then it is as it was.
    pub fn remove(
        &self,
        mut unwanted: impl FnMut(usize, &StoredRule) -> bool,
    ) -> Result<Vec<StoredRule>, StoreError> {
        let _lock = self.lock()?;
        let text = self.text()?;
        let mut removed = Vec::new();
        let mut kept = Vec::new();
        let mut keep = Vec::new();
        for (index, stored) in self.parse(&text)?.into_iter().enumerate() {
            let goes = unwanted(index, &stored);
            keep.push(!goes);
            if goes { &mut removed } else { &mut kept }.push(stored);
        }
        if removed.is_empty() {
            return Ok(removed);
        }
        let cut = document::without(&text, &keep);
        // Tables can be written in more ways than the cut knows.
        let intact = self.parse(&cut).is_ok_and(|it| it == kept);
        let text = if intact { cut } else { document::write(&kept) };
        self.write(&text)?;
        Ok(removed)
    }

    fn parse(&self, text: &str) -> Result<Vec<StoredRule>, StoreError> {
        document::parse(text).map_err(|(line, reason)| StoreError::Malformed {
            file: self.file.clone(),
            line,
            reason,
        })
    }

    fn text(&self) -> Result<String, StoreError> {
        match fs::read_to_string(&self.file) {
            Ok(text) => Ok(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            Err(error) => Err(self.io("read", error)),
        }
    }

    /// Waits until no other process writes.
    fn lock(&self) -> Result<File, StoreError> {
        let lock = || {
            fs::create_dir_all(self.directory())?;
            let mut name = self.file.as_os_str().to_owned();
            name.push(".lock");
            let mut options = File::options();
            let file = options
                .create(true)
                .truncate(false)
                .write(true)
                .open(name)?;
            file.lock()?;
            Ok(file)
        };
        lock().map_err(|error| self.io("written", error))
    }

    /// The file is private from the beginning: temporary files are.
    fn write(&self, text: &str) -> Result<(), StoreError> {
        // A link to the file stays one.
        let target = fs::canonicalize(&self.file).unwrap_or_else(|_| self.file.clone());
        let write = || {
            let directory = target.parent().unwrap_or(Path::new("."));
            let mut file = tempfile::NamedTempFile::new_in(directory)?;
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(&target)?;
            Ok(())
        };
        write().map_err(|error| self.io("written", error))
    }

    fn directory(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new("."))
    }

    fn io(&self, verb: &'static str, error: io::Error) -> StoreError {
        StoreError::Io {
            file: self.file.clone(),
            verb,
            error,
        }
    }
}

impl Place {
    /// Whether it holds in a working directory, which is absolute and without symbolic links.
    #[must_use]
    pub fn holds_in(&self, workspace: &Path) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Directory(directory) => super::resolve(directory) == workspace,
        }
    }
}

fn today() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let milliseconds = now.map_or(0, |it| it.as_millis());
    let date = text::date(u64::try_from(milliseconds).unwrap_or(u64::MAX));
    date.chars().take_while(|c| !c.is_whitespace()).collect()
}
