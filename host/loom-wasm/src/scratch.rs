//! Scratch directories: what a plugin may write though nobody granted it a directory. A call's is made
//! when the guest first asks for its directories, and is gone when the call ends; a session's stays.
//!
//! Guests get handles of the directories below one of these, never of itself, so the names in it are the
//! host's alone. Nothing here follows a link that a guest made: see [`usage`] and [`remove`].

mod directory;
mod owner;
mod remove;
mod usage;

use std::fs::{DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use loom_types::{Error, ErrorKind, Result};
use sha2::{Digest as _, Sha256};
use tokio::time::{Instant, sleep};

use crate::manifest::is_name;
pub(crate) use directory::{Directory, takes};
use owner::Owner;
pub(crate) use usage::Breach;

/// How long a call waits for a session that another process has: long enough for one that ends.
const SESSION_PATIENCE: Duration = Duration::from_secs(2);
const SESSION_RETRY: Duration = Duration::from_millis(20);

/// Room for files of a plugin's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScratchGrant {
    /// All files of a call, or of a session, together. Default 256 MiB.
    pub bytes: u64,
}

impl Default for ScratchGrant {
    fn default() -> Self {
        Self { bytes: 256 << 20 }
    }
}

/// Where scratch directories are made.
#[derive(Clone, Debug, Default)]
pub struct ScratchConfig {
    /// Default: a directory below the system's for temporary files, which is gone with the engine.
    pub directory: Option<PathBuf>,
    /// Whether the directories of sessions outlive the process. They need a `directory` for that.
    /// Default false.
    pub keep_sessions: bool,
}

/// Makes scratch directories.
pub(crate) struct Scratch {
    config: ScratchConfig,
    owner: Mutex<Option<Arc<Owner>>>,
    calls: AtomicU64,
}

/// Whose files are kept: a session of a plugin within a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SessionKey {
    /// The id of the conversation.
    pub(crate) conversation: String,
    pub(crate) plugin: String,
    pub(crate) name: String,
}

impl Scratch {
    pub(crate) fn new(config: ScratchConfig) -> Self {
        Self {
            config,
            owner: Mutex::default(),
            calls: AtomicU64::new(0),
        }
    }

    /// A directory for one call. Nothing of it exists until it is needed.
    ///
    /// # Errors
    ///
    /// If the directory above cannot be used.
    pub(crate) async fn for_call(self: &Arc<Self>, grant: ScratchGrant) -> Result<Arc<Directory>> {
        let owner = self.owner().await?;
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        Ok(Arc::new(Directory::of_a_call(owner, number, grant)))
    }

    /// The directory of a session, which is made if need be.
    ///
    /// # Errors
    ///
    /// `conflict` if another process has it, or if it cannot be made.
    pub(crate) async fn for_session(
        self: &Arc<Self>,
        key: &SessionKey,
        grant: ScratchGrant,
    ) -> Result<Arc<Directory>> {
        let place = self.session_place(key).await?;
        let opened = blocking(move || open_session(&place)).await;
        let (parent, path, lock) = opened.map_err(|error| cannot_make(&error))?;
        wait_for(&lock, key).await?;
        let directory = Arc::new(Directory::of_a_session(parent, &path, lock, grant));
        let making = Arc::clone(&directory);
        let made = blocking(move || making.preopens()).await;
        made.map_err(|error| cannot_make(&error))?;
        Ok(directory)
    }

    /// Removes what the sessions of a conversation have kept.
    ///
    /// # Errors
    ///
    /// If something cannot be removed.
    pub(crate) async fn forget(&self, conversation: &str) -> Result<()> {
        let Some(directory) = self.kept_sessions() else {
            return Ok(());
        };
        let name = digest(conversation);
        let removed =
            blocking(
                move || match Dir::open_ambient_dir(directory, ambient_authority()) {
                    Ok(sessions) => remove::remove(&sessions, &name),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                    Err(error) => Err(error),
                },
            );
        removed.await.map_err(|error| {
            Error::internal(format!(
                "the scratch files of the session cannot be removed ({error})"
            ))
        })
    }

    /// Removes what this process has made, but for kept sessions.
    pub(crate) async fn close(&self) {
        let owner = self.lock_owner().take();
        // Removed when its last directory is.
        let _ = blocking(move || {
            drop(owner);
            Ok(())
        })
        .await;
    }

    /// Where sessions are, if they are kept.
    fn kept_sessions(&self) -> Option<PathBuf> {
        let directory = self.config.directory.as_ref();
        let directory = directory.filter(|_| self.config.keep_sessions);
        directory.map(|directory| directory.join("sessions"))
    }

    async fn session_place(self: &Arc<Self>, key: &SessionKey) -> Result<PathBuf> {
        let sessions = match self.kept_sessions() {
            Some(directory) => directory,
            None => self.owner().await?.path().join("sessions"),
        };
        let plugin = match is_name(&key.plugin) {
            true => key.plugin.clone(),
            false => digest(&key.plugin),
        };
        let conversation = sessions.join(digest(&key.conversation));
        Ok(conversation.join(plugin).join(digest(&key.name)))
    }

    async fn owner(self: &Arc<Self>) -> Result<Arc<Owner>> {
        if let Some(owner) = &*self.lock_owner() {
            return Ok(Arc::clone(owner));
        }
        let scratch = Arc::clone(self);
        let made = blocking(move || {
            let mut owner = scratch.lock_owner();
            if let Some(owner) = &*owner {
                return Ok(Arc::clone(owner));
            }
            let made = Arc::new(Owner::new(scratch.config.directory.as_deref())?);
            *owner = Some(Arc::clone(&made));
            Ok(made)
        });
        made.await.map_err(|error| cannot_make(&error))
    }

    fn lock_owner(&self) -> std::sync::MutexGuard<'_, Option<Arc<Owner>>> {
        self.owner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The directory with the session's lock and files, its path, and the lock, which may be another's.
fn open_session(place: &Path) -> io::Result<(Dir, PathBuf, File)> {
    make_private(place)?;
    let directory = Dir::open_ambient_dir(place, ambient_authority())?;
    let lock = owner::open_lock(&directory)?;
    Ok((directory, place.canonicalize()?, lock))
}

/// Waits for a session that another process has, or an instance that is just ending.
async fn wait_for(lock: &File, key: &SessionKey) -> Result<()> {
    let until = Instant::now() + SESSION_PATIENCE;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(cannot_make(&error)),
            Err(TryLockError::WouldBlock) if Instant::now() >= until => {
                let message = format!(
                    "the session `{}` is in use by another process; use another name, or wait until \
                     that process has ended",
                    key.name
                );
                return Err(Error::new(ErrorKind::Conflict, message));
            }
            Err(TryLockError::WouldBlock) => sleep(SESSION_RETRY).await,
        }
    }
}

/// Makes a directory, and those above it, for this user alone.
fn make_private(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn cannot_make(error: &io::Error) -> Error {
    Error::unavailable(format!(
        "the scratch directory cannot be made ({error}); make room, or set sandbox.directory"
    ))
}

/// A name for a file that stands for any text.
fn digest(text: &str) -> String {
    let digest = Sha256::digest(text);
    digest[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Runs what blocks on a thread that may.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(io::Error::other(error)))
}

#[cfg(test)]
mod tests;
