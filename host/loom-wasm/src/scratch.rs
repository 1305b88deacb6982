//! Scratch directories: what a plugin may write though nobody granted it a directory. A call's is made
//! when the guest first asks for its directories, and is gone when the call ends; a session's stays.
//!
//! Guests get handles of the directories below one of these, never of itself, so the names in it are the
//! host's alone. Nothing here follows a link that a guest made: see [`usage`] and [`remove`].

mod owner;
mod remove;
mod usage;

use std::fs::{DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use loom_types::{Error, ErrorKind, Result};
use sha2::{Digest as _, Sha256};
use tokio::time::{Instant, sleep};
use wasmtime_wasi::filesystem::WasiFilesystemCtx;
use wasmtime_wasi::{FsPerms, WasiCtx};

use crate::manifest::is_name;
use owner::{Owner, Spare};
pub(crate) use usage::Breach;

/// How often a directory is looked at while a call writes in it.
const LOOK: Duration = Duration::from_millis(100);

/// How long a call waits for a session that another process has: long enough for one that ends.
const SESSION_PATIENCE: Duration = Duration::from_secs(2);
const SESSION_RETRY: Duration = Duration::from_millis(20);

/// The directories of a call, as the guest sees them without the slash.
const OF_A_CALL: &[&str] = &["work", "tmp"];
const OF_A_SESSION: &[&str] = &["work", "tmp", "session"];

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

/// The directories of one call or session.
pub(crate) struct Directory {
    parent: Arc<Dir>,
    name: String,
    path: PathBuf,
    /// What is below it, and what the guest calls it with a slash.
    names: &'static [&'static str],
    grant: ScratchGrant,
    /// Set once they exist and are open.
    made: OnceLock<WasiFilesystemCtx>,
    /// It is no longer this one's to remove.
    removed: AtomicBool,
    kind: Kind,
}

enum Kind {
    /// Removed at the end, with the owner that made it.
    Call(Arc<Owner>),
    /// Stays; nobody else has it as long as the file is open.
    Session(#[expect(dead_code, reason = "keeps the lock")] File),
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
        let (name, made) = match owner.take_spare() {
            Some(Spare { name, made }) => (name, OnceLock::from(made)),
            None => {
                let number = self.calls.fetch_add(1, Ordering::Relaxed);
                (number.to_string(), OnceLock::new())
            }
        };
        Ok(Arc::new(Directory {
            path: owner.path().join(&name),
            parent: Arc::clone(owner.handle()),
            name,
            names: OF_A_CALL,
            grant,
            made,
            removed: AtomicBool::new(false),
            kind: Kind::Call(owner),
        }))
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
        let directory = Arc::new(Directory {
            parent: Arc::new(parent),
            name: SESSION_FILES.to_owned(),
            path: path.join(SESSION_FILES),
            names: OF_A_SESSION,
            grant,
            made: OnceLock::new(),
            removed: AtomicBool::new(false),
            kind: Kind::Session(lock),
        });
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

/// What a session's directory has in it beside its lock.
const SESSION_FILES: &str = "files";

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

impl Directory {
    /// The directories as preopens; they are made if they are not there.
    pub(crate) fn preopens(&self) -> io::Result<WasiFilesystemCtx> {
        if let Some(made) = self.made.get() {
            return Ok(made.clone());
        }
        make_private(&self.path)?;
        let mut builder = WasiCtx::builder();
        for name in self.names {
            let path = self.path.join(name);
            make_private(&path)?;
            let opened = builder.preopened_dir(&path, format!("/{name}"), FsPerms::ReadWrite);
            opened.map_err(io::Error::other)?;
        }
        let made = builder.build().filesystem().clone();
        Ok(self.made.get_or_init(|| made).clone())
    }

    /// Ends when more is in it than may be.
    pub(crate) async fn watch(self: &Arc<Self>) -> Breach {
        let mut pause = LOOK;
        loop {
            sleep(pause).await;
            let before = Instant::now();
            if let Some(breach) = self.breach().await {
                return breach;
            }
            // A large tree takes long to look at; the machine has other things to do.
            pause = LOOK.max(before.elapsed() * 5);
        }
    }

    /// Whether there is more in it than may be.
    pub(crate) async fn breach(self: &Arc<Self>) -> Option<Breach> {
        self.made.get()?;
        let directory = Arc::clone(self);
        blocking(move || Ok(directory.measure())).await.ok()?
    }

    /// Looks for the last time, after the guest, and removes what is a call's. One that `returned` has
    /// nothing in it that is still going on.
    pub(crate) async fn finish(self: Arc<Self>, returned: bool) -> Option<Breach> {
        self.made.get()?;
        // Most calls leave nothing: that is found out sooner than another thread wakes up.
        if returned && self.spare() {
            return None;
        }
        let finished = blocking(move || {
            let breach = self.measure();
            self.leftover().into_iter().for_each(Leftover::remove);
            Ok(breach)
        });
        finished.await.ok()?
    }

    /// Leaves the directories to another call if there is nothing in them; whether it did.
    fn spare(&self) -> bool {
        let (Kind::Call(owner), Some(made)) = (&self.kind, self.made.get()) else {
            return false;
        };
        let top = Path::new(&self.name);
        let is_empty = |name: &&str| {
            let entries = self.parent.read_dir(top.join(name));
            entries.is_ok_and(|mut entries| entries.next().is_none())
        };
        if !self.names.iter().all(is_empty) {
            return false;
        }
        let spare = Spare {
            name: self.name.clone(),
            made: made.clone(),
        };
        let spared = owner.spare(spare);
        self.removed.fetch_or(spared, Ordering::Relaxed);
        spared
    }

    fn measure(&self) -> Option<Breach> {
        let top = self.parent.open_dir(&self.name).ok()?;
        let bounds = usage::Bounds::of(self.grant);
        usage::breach(&top, &self.path, self.names, bounds)
    }

    /// What is to be removed, once.
    fn leftover(&self) -> Option<Leftover> {
        let Kind::Call(owner) = &self.kind else {
            return None;
        };
        let exists = self.made.get().is_some() && !self.removed.swap(true, Ordering::Relaxed);
        exists.then(|| Leftover {
            owner: Arc::clone(owner),
            name: self.name.clone(),
        })
    }
}

impl Drop for Directory {
    /// Of a call that was dropped in the middle.
    fn drop(&mut self) {
        let Some(leftover) = self.leftover() else {
            return;
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(|| leftover.remove())),
            Err(_) => leftover.remove(),
        }
    }
}

struct Leftover {
    owner: Arc<Owner>,
    name: String,
}

impl Leftover {
    fn remove(self) {
        if let Err(error) = remove::remove(self.owner.handle(), &self.name) {
            tracing::warn!("a scratch directory cannot be removed ({error})");
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
