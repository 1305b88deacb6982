//! What a plugin is granted, and what holds once that is joined with what it asks for. Everything
//! is denied that is not in both.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use loom_types::{Embedder, Error, Result};
use serde::{Deserialize, Serialize};
use wasmtime_wasi::filesystem::WasiFilesystemCtx;
use wasmtime_wasi::{FsPerms, WasiCtx};

use crate::egress::pattern::HostPattern;
use crate::egress::secret::Secret;
use crate::footprint::directories::Directories;
use crate::manifest::{Capabilities, asks_for};
use crate::scratch::{self, ScratchGrant};

/// What comes before the path of a granted directory that has the name of a scratch directory.
const MOVED: &str = "/granted";

/// What may be done with files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileAccess {
    #[default]
    None,
    ReadOnly,
    ReadWrite,
}

/// What a plugin is granted. Nothing by default.
#[derive(Clone, Debug, Default)]
pub struct Grants {
    pub directories: Vec<DirectoryGrant>,
    pub network: Vec<HostPattern>,
    pub secrets: BTreeMap<String, SecretGrant>,
    /// Names and values.
    pub environment: BTreeMap<String, String>,
    /// Wall-clock time; without it the guest sees the Unix epoch.
    pub clock: bool,
    pub embeddings: EmbeddingGrant,
    /// Room for files of its own; none by default.
    pub scratch: Option<ScratchGrant>,
}

/// Whether a plugin may use the host's embedding model.
#[derive(Clone, Default)]
pub enum EmbeddingGrant {
    #[default]
    Denied,
    /// With the model; none if none is configured.
    Granted(Option<Arc<dyn Embedder>>),
}

impl fmt::Debug for EmbeddingGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied => f.write_str("Denied"),
            Self::Granted(embedder) => {
                let model = embedder.as_ref().map(|embedder| embedder.model());
                f.debug_tuple("Granted").field(&model).finish()
            }
        }
    }
}

impl EmbeddingGrant {
    /// Whether it may, though there may be no model.
    #[must_use]
    pub fn is_granted(&self) -> bool {
        matches!(self, Self::Granted(_))
    }
}

/// A directory, and everything below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryGrant {
    pub host_path: PathBuf,
    /// The names under which the guest sees it.
    pub guest_paths: Vec<String>,
    pub access: FileAccess,
}

/// A secret, and where it may go.
#[derive(Clone, Debug)]
pub struct SecretGrant {
    /// Absent: granted, but not set.
    pub value: Option<Secret>,
    /// Towards these hosts the placeholder is replaced; nowhere else.
    pub hosts: Vec<HostPattern>,
    /// How to set it, for the error when it is not.
    pub hint: String,
}

/// Which of the granted directories a call may write. All may be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writing {
    /// Those that are granted for writing.
    Granted,
    /// None, whatever was granted.
    Nothing,
    /// One at most, by its place in [`Directories`].
    Only(usize),
}

/// The directories as guests get them: opened once, cloned for each call.
struct Files {
    granted: WasiFilesystemCtx,
    read_only: WasiFilesystemCtx,
    /// With only the directory in that place writable; empty if there is nothing to choose from.
    only: Vec<WasiFilesystemCtx>,
}

/// With more writable directories than this a call that writes in one may write in all: each costs as
/// many open files as there are directories.
const MAX_SINGLE: usize = 8;

/// What holds: granted and asked for, prepared so that a call opens nothing.
pub(crate) struct Effective {
    files: Files,
    /// The same directories, to find out what calls touch.
    pub(crate) directories: Directories,
    pub(crate) network: Vec<HostPattern>,
    pub(crate) secrets: BTreeMap<String, SecretGrant>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) clock: bool,
    pub(crate) embeddings: EmbeddingGrant,
    pub(crate) scratch: Option<ScratchGrant>,
    /// What was granted though not asked for, in words.
    pub(crate) surplus: Vec<String>,
}

impl Effective {
    /// Joins grants with what is asked for.
    ///
    /// # Errors
    ///
    /// If a granted directory cannot be opened.
    pub(crate) fn new(grants: Grants, asked: &Capabilities) -> Result<Self> {
        let mut surplus = Vec::new();
        let scratch = grants.scratch.filter(|_| asked.scratch);
        let mut directories = asked_for(&grants.directories, asked.files);
        if scratch.is_some() {
            directories.iter_mut().for_each(make_way);
        }
        let files = Files::open(&directories)?;
        let directories = Directories::open(&directories)?;
        if asked.files == FileAccess::None && !grants.directories.is_empty() {
            surplus.push("files".to_owned());
        }
        let mut network = grants.network;
        if asked.network.is_empty() && !network.is_empty() {
            surplus.push("network".to_owned());
        }
        network.retain(|granted| asks_for_host(&asked.network, granted));
        let mut secrets = grants.secrets;
        retain_asked(&mut secrets, &asked.secrets, "secret", &mut surplus);
        let mut environment = grants.environment;
        retain_asked(
            &mut environment,
            &asked.environment,
            "environment variable",
            &mut surplus,
        );
        if grants.clock && !asked.clock {
            surplus.push("clock".to_owned());
        }
        let mut embeddings = grants.embeddings;
        if embeddings.is_granted() && !asked.embeddings {
            surplus.push("embeddings".to_owned());
            embeddings = EmbeddingGrant::Denied;
        }
        if grants.scratch.is_some() && !asked.scratch {
            surplus.push("scratch".to_owned());
        }
        Ok(Self {
            files,
            directories,
            network,
            secrets,
            environment: environment.into_iter().collect(),
            clock: grants.clock && asked.clock,
            embeddings,
            scratch,
            surplus,
        })
    }

    /// The directories for a call, writable as far as they are granted and as it says.
    pub(crate) fn files(&self, writing: Writing) -> &WasiFilesystemCtx {
        self.files.for_call(writing)
    }
}

fn retain_asked<T>(
    granted: &mut BTreeMap<String, T>,
    asked: &[String],
    what: &str,
    surplus: &mut Vec<String>,
) {
    granted.retain(|name, _| {
        let kept = asks_for(asked, name);
        if !kept {
            surplus.push(format!("{what} {name}"));
        }
        kept
    });
}

/// A granted pattern holds if the plugin asks for everything or for something that covers it.
fn asks_for_host(asked: &[String], granted: &HostPattern) -> bool {
    asked.iter().any(|text| {
        text == "*"
            || text
                .parse::<HostPattern>()
                .is_ok_and(|pattern| pattern.covers(granted))
    })
}

/// The grants that hold, with what holds of them.
fn asked_for(granted: &[DirectoryGrant], asked: FileAccess) -> Vec<DirectoryGrant> {
    let hold = granted.iter().map(|grant| DirectoryGrant {
        access: grant.access.min(asked),
        ..grant.clone()
    });
    hold.filter(|grant| grant.access != FileAccess::None)
        .collect()
}

/// A project may be at `/work` itself, as in containers; there the guest finds its scratch directory.
fn make_way(grant: &mut DirectoryGrant) {
    for path in &mut grant.guest_paths {
        if scratch::takes(path) {
            path.insert_str(0, MOVED);
        }
    }
}

impl Files {
    fn open(directories: &[DirectoryGrant]) -> Result<Self> {
        let writable = |grant: &&DirectoryGrant| grant.access == FileAccess::ReadWrite;
        let only = match directories.iter().filter(writable).count() {
            2..=MAX_SINGLE => 0..directories.len(),
            _ => 0..0,
        };
        let only = only.map(|one| preopen(directories, |index| index == one));
        Ok(Self {
            granted: preopen(directories, |_| true)?,
            read_only: preopen(directories, |_| false)?,
            only: only.collect::<Result<_>>()?,
        })
    }

    fn for_call(&self, writing: Writing) -> &WasiFilesystemCtx {
        match writing {
            Writing::Granted => &self.granted,
            Writing::Nothing => &self.read_only,
            Writing::Only(one) => self.only.get(one).unwrap_or(&self.granted),
        }
    }
}

/// Opens the directories, read-only but for those that are granted for writing and may be written.
fn preopen(
    directories: &[DirectoryGrant],
    may_write: impl Fn(usize) -> bool,
) -> Result<WasiFilesystemCtx> {
    let mut builder = WasiCtx::builder();
    for (index, directory) in directories.iter().enumerate() {
        let permissions = if directory.access == FileAccess::ReadWrite && may_write(index) {
            FsPerms::ReadWrite
        } else {
            FsPerms::ReadOnly
        };
        for guest_path in &directory.guest_paths {
            let opened = builder.preopened_dir(&directory.host_path, guest_path, permissions);
            opened.map_err(|error| cannot_open(directory, &error))?;
        }
    }
    Ok(builder.build().filesystem().clone())
}

pub(crate) fn cannot_open(directory: &DirectoryGrant, error: &dyn std::fmt::Display) -> Error {
    Error::not_found(format!(
        "the granted directory {} cannot be opened ({error}); create it or correct the grant",
        directory.host_path.display()
    ))
}
