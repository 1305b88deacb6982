//! The directories of one call or session, from when they are made until they are left or removed.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use cap_std::fs::Dir;
use tokio::time::{Instant, sleep};
use wasmtime_wasi::filesystem::WasiFilesystemCtx;
use wasmtime_wasi::{FsPerms, WasiCtx};

use super::owner::Owner;
use super::usage::{self, Breach};
use super::{ScratchGrant, blocking, make_private, remove};

/// How often a directory is looked at while a call writes in it.
const LOOK: Duration = Duration::from_millis(100);

/// The directories of a call, as the guest sees them without the slash.
const OF_A_CALL: &[&str] = &["work", "tmp"];
const OF_A_SESSION: &[&str] = &["work", "tmp", "session"];

/// Whether a guest's path is that of one of its scratch directories.
pub(crate) fn takes(guest_path: &str) -> bool {
    let name = guest_path.trim_end_matches('/').strip_prefix('/');
    name.is_some_and(|name| OF_A_SESSION.contains(&name))
}

/// What a session's directory has in it beside its lock.
const SESSION_FILES: &str = "files";

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
    removed: AtomicBool,
    kind: Kind,
}

enum Kind {
    /// Removed at the end, with the owner that made it.
    Call(Arc<Owner>),
    /// Stays; nobody else has it as long as the file is open.
    Session(#[expect(dead_code, reason = "keeps the lock")] File),
}

impl Directory {
    /// Those of the call with this `number`.
    pub(super) fn of_a_call(owner: Arc<Owner>, number: u64, grant: ScratchGrant) -> Self {
        let name = number.to_string();
        Self {
            path: owner.path().join(&name),
            parent: Arc::clone(owner.handle()),
            name,
            names: OF_A_CALL,
            grant,
            made: OnceLock::new(),
            removed: AtomicBool::new(false),
            kind: Kind::Call(owner),
        }
    }

    /// Those of a session whose place, `path`, is open as `parent`.
    pub(super) fn of_a_session(parent: Dir, path: &Path, lock: File, grant: ScratchGrant) -> Self {
        Self {
            parent: Arc::new(parent),
            name: SESSION_FILES.to_owned(),
            path: path.join(SESSION_FILES),
            names: OF_A_SESSION,
            grant,
            made: OnceLock::new(),
            removed: AtomicBool::new(false),
            kind: Kind::Session(lock),
        }
    }

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

    /// Looks for the last time, after the guest, and removes what is a call's.
    pub(crate) async fn finish(self: Arc<Self>) -> Option<Breach> {
        self.made.get()?;
        // Most calls leave nothing: that is found out sooner than another thread wakes up.
        if matches!(self.kind, Kind::Call(_)) && self.remove_empty().is_ok() {
            self.removed.store(true, Ordering::Relaxed);
            return None;
        }
        let finished = blocking(move || {
            let breach = self.measure();
            self.leftover().into_iter().for_each(Leftover::remove);
            Ok(breach)
        });
        finished.await.ok()?
    }

    /// Removes the directories if there is nothing in them.
    fn remove_empty(&self) -> io::Result<()> {
        let top = Path::new(&self.name);
        for name in self.names {
            self.parent.remove_dir(top.join(name))?;
        }
        self.parent.remove_dir(top)
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
