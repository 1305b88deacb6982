//! Permissions as the configuration and the person gave them: the policy of a run, and the file with
//! the answers that hold from now on.
//!
//! What must not be here: what a rule means, and whether a call may run; that is `loom_core`'s.

mod document;
mod store;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use loom_core::{Disk, Effect, Policy};

use crate::config::Config;

pub use store::{Place, Store, StoreError, StoredRule};

/// The policy of runs with this configuration: its rules, and the stored ones that hold in its
/// working directory. A rule or a store that cannot be read makes a policy that denies everything,
/// and whose [`problem`](Policy::problem) says why.
///
/// # Errors
///
/// If the working directory is gone.
pub fn policy(config: &Config) -> anyhow::Result<Policy> {
    let workspace = workspace(config)?;
    let permissions = &config.permissions;
    let stored = match Store::new(&permissions.file).read() {
        Ok(stored) => stored,
        Err(error) => return Ok(Policy::malformed(error.to_string())),
    };
    let mut builder = Policy::builder(permissions.mode, &workspace)
        .disk(disk())
        .rules(Effect::Deny, &permissions.deny)
        .rules(Effect::Ask, &permissions.ask)
        .rules(Effect::Allow, &permissions.allow);
    for stored in stored {
        if stored.place.holds_in(&workspace) {
            builder = builder.rule(stored.effect, stored.rule);
        }
    }
    Ok(builder.build())
}

/// Where relative paths of rules begin: the working directory without symbolic links, as the paths
/// that calls touch are.
///
/// # Errors
///
/// If the directory is gone.
pub fn workspace(config: &Config) -> anyhow::Result<PathBuf> {
    let directory = &config.working_directory;
    fs::canonicalize(directory)
        .with_context(|| format!("looking at the working directory {}", directory.display()))
}

fn disk() -> Disk {
    Disk {
        resolve,
        is_directory: Path::is_dir,
    }
}

/// Without symbolic links, as far as the path exists.
fn resolve(path: &Path) -> PathBuf {
    if let Ok(resolved) = fs::canonicalize(path) {
        return resolved;
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => resolve(parent).join(name),
        _ => path.to_owned(),
    }
}
