//! What a plugin is granted, and what holds once that is joined with what it asks for. Everything
//! is denied that is not in both.

use std::collections::BTreeMap;
use std::path::PathBuf;

use loom_types::{Error, Result};
use serde::{Deserialize, Serialize};
use wasmtime_wasi::filesystem::WasiFilesystemCtx;
use wasmtime_wasi::{FsPerms, WasiCtx};

use crate::egress::pattern::HostPattern;
use crate::egress::secret::Secret;
use crate::manifest::{Capabilities, asks_for};

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

/// What holds: granted and asked for, prepared so that a call opens nothing.
pub(crate) struct Effective {
    /// The directories as granted.
    pub(crate) files: WasiFilesystemCtx,
    /// The same directories, read-only.
    pub(crate) files_read_only: WasiFilesystemCtx,
    pub(crate) network: Vec<HostPattern>,
    pub(crate) secrets: BTreeMap<String, SecretGrant>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) clock: bool,
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
        let files = preopen(&grants.directories, asked.files)?;
        let files_read_only = preopen(&grants.directories, asked.files.min(FileAccess::ReadOnly))?;
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
        Ok(Self {
            files,
            files_read_only,
            network,
            secrets,
            environment: environment.into_iter().collect(),
            clock: grants.clock && asked.clock,
            surplus,
        })
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

fn preopen(directories: &[DirectoryGrant], most: FileAccess) -> Result<WasiFilesystemCtx> {
    let mut builder = WasiCtx::builder();
    for directory in directories {
        let permissions = match directory.access.min(most) {
            FileAccess::None => continue,
            FileAccess::ReadOnly => FsPerms::ReadOnly,
            FileAccess::ReadWrite => FsPerms::ReadWrite,
        };
        for guest_path in &directory.guest_paths {
            builder.preopened_dir(&directory.host_path, guest_path, permissions).map_err(|error| {
                Error::not_found(format!(
                    "the granted directory {} cannot be opened ({error}); create it or correct the grant",
                    directory.host_path.display()
                ))
            })?;
        }
    }
    Ok(builder.build().filesystem().clone())
}
