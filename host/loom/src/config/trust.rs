//! Which projects the person trusts: a file in the user's state directory with the digest of what
//! was trusted. A change of the project's file or of its plugins takes the trust away.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// A project: the nearest directory upwards with a `loom.toml`, else with `.loom/plugins` or
/// `.loom/agents`, else with `.claude/agents` in the same repository, else the working directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Absolute.
    pub directory: PathBuf,
}

impl Project {
    /// The project of a directory.
    #[must_use]
    pub fn of(working_directory: &Path) -> Self {
        let configured = |directory: &&Path| directory.join("loom.toml").is_file();
        let extended = |directory: &&Path| {
            let own = directory.join(".loom");
            own.join("plugins").is_dir() || own.join("agents").is_dir()
        };
        let mut upwards = working_directory.ancestors();
        let directory = upwards
            .find(configured)
            .or_else(|| working_directory.ancestors().find(extended))
            .or_else(|| with_foreign_agents(working_directory));
        Self {
            directory: directory.unwrap_or(working_directory).to_owned(),
        }
    }

    /// The project's configuration; may not exist.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.directory.join("loom.toml")
    }

    /// The project's own plugins; may not exist.
    #[must_use]
    pub fn plugins(&self) -> PathBuf {
        self.directory.join(".loom").join("plugins")
    }

    /// Where the project's own agents are defined; these directories may not exist.
    #[must_use]
    pub fn agents(&self) -> [PathBuf; 2] {
        [".loom", ".claude"].map(|tool| self.directory.join(tool).join("agents"))
    }

    /// Whether there is anything to trust.
    #[must_use]
    pub fn has_anything(&self) -> bool {
        self.file().is_file() || self.has_plugins() || self.has_agents()
    }

    /// Whether it defines agents of its own.
    #[must_use]
    pub fn has_agents(&self) -> bool {
        self.agents().iter().any(|it| !agent_files(it).is_empty())
    }

    /// Whether it brings plugins of its own.
    #[must_use]
    pub fn has_plugins(&self) -> bool {
        !files_of(&self.plugins()).is_empty()
    }

    /// SHA-256 over the configuration, the plugins and the agents, names and contents.
    fn fingerprint(&self) -> io::Result<String> {
        let mut files = files_of(&self.plugins());
        if self.file().is_file() {
            files.push(self.file());
        }
        let mut digest = Sha256::new();
        files.extend(self.agents().iter().flat_map(|it| agent_files(it)));
        for file in files {
            let content = fs::read(&file)?;
            let name = file.file_name().unwrap_or_default().as_encoded_bytes();
            digest.update((name.len() as u64).to_le_bytes());
            digest.update(name);
            digest.update((content.len() as u64).to_le_bytes());
            digest.update(&content);
        }
        let bytes = digest.finalize();
        Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// The projects that were trusted.
#[derive(Clone, Debug)]
pub struct Trust {
    file: PathBuf,
}

/// Whether a project may do all that its configuration says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Trusted,
    /// It was trusted, and is not what it was.
    Changed,
    Unknown,
}

impl Trust {
    /// The list in a state directory.
    pub(super) fn in_directory(state: &Path) -> Self {
        Self {
            file: state.join("trusted.json"),
        }
    }

    /// How a project stands. A list that can't be read trusts nobody.
    #[must_use]
    pub fn standing(&self, project: &Project) -> Standing {
        let list = self.read().unwrap_or_default();
        let Some(trusted) = list.get(&*project.directory.to_string_lossy()) else {
            return Standing::Unknown;
        };
        match project.fingerprint() {
            Ok(fingerprint) if fingerprint == *trusted => Standing::Trusted,
            _ => Standing::Changed,
        }
    }

    /// Trusts a project as it is now.
    ///
    /// # Errors
    /// If the project or the list can't be read, or the list can't be written.
    pub fn add(&self, project: &Project) -> io::Result<()> {
        let mut list = self.read()?;
        let name = project.directory.to_string_lossy().into_owned();
        list.insert(name, project.fingerprint()?);
        self.write(&list)
    }

    /// Takes the trust away; false if there was none.
    ///
    /// # Errors
    /// If the list can't be read or written.
    pub fn remove(&self, project: &Project) -> io::Result<bool> {
        let mut list = self.read()?;
        let removed = list.remove(&*project.directory.to_string_lossy());
        if removed.is_some() {
            self.write(&list)?;
        }
        Ok(removed.is_some())
    }

    fn read(&self) -> io::Result<BTreeMap<String, String>> {
        match fs::read(&self.file) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
            Err(error) => Err(error),
        }
    }

    fn write(&self, list: &BTreeMap<String, String>) -> io::Result<()> {
        let directory = self.file.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(directory)?;
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        serde_json::to_writer_pretty(&mut file, list)?;
        file.as_file().sync_all()?;
        file.persist(&self.file)?;
        Ok(())
    }
}

/// The nearest directory upwards with `.claude/agents`, not beyond the repository: the one in a home
/// directory is for all projects of another program.
fn with_foreign_agents(working_directory: &Path) -> Option<&Path> {
    let root = working_directory
        .ancestors()
        .find(|directory| directory.join(".git").exists())?;
    working_directory
        .ancestors()
        .take_while(|directory| directory.starts_with(root))
        .find(|directory| directory.join(".claude").join("agents").is_dir())
}

/// The definitions of agents in a directory, by name.
fn agent_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = files_of(directory);
    files.retain(|path| path.extension().is_some_and(|it| it == "md"));
    files
}

/// The files of a directory, by name.
fn files_of(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    files
}
