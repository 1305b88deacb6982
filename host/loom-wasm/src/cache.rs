//! Compiled components and the lists of tools, kept between processes. Only the host writes here:
//! the directory belongs to the user alone, and what does not is refused and made anew, and so is what
//! is no longer as it was written.

mod seal;

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use loom_types::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasmtime::Engine;
use wasmtime::component::Component;

/// Bits of a mode that let somebody else in.
const OTHERS: u32 = 0o077;

pub(crate) struct Cache {
    directory: PathBuf,
}

impl Cache {
    /// Opens a directory, creating it if need be.
    ///
    /// # Errors
    ///
    /// If it cannot be created, or if somebody else could write to it.
    pub(crate) fn open(directory: &Path) -> Result<Self> {
        let fail = |error: std::io::Error| {
            Error::denied(format!(
                "the cache directory {} cannot be used ({error})",
                directory.display()
            ))
        };
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(fail)?;
        let metadata = fs::metadata(directory).map_err(fail)?;
        if !is_own(&metadata) {
            return Err(Error::denied(format!(
                "the cache directory {} is open to other users; run `chmod 700` on it",
                directory.display()
            )));
        }
        Ok(Self {
            directory: directory.to_owned(),
        })
    }

    /// A compiled component, if there is one that may be trusted.
    pub(crate) fn component(&self, engine: &Engine, digest: &str) -> Option<Component> {
        let path = self.component_path(engine, digest);
        let metadata = fs::symlink_metadata(&path).ok()?;
        if !metadata.is_file() || !is_own(&metadata) {
            tracing::warn!(path = %path.display(), "a compiled plugin that others could have written is not used");
            return None;
        }
        if !seal::is_whole(&path, &metadata) {
            tracing::warn!(path = %path.display(), "a compiled plugin that is not as it was written is not used");
            return None;
        }
        #[expect(unsafe_code, reason = "see SAFETY")]
        // SAFETY: machine code is trusted if it was written by `Component::serialize` of the same
        // wasmtime for the same engine. The file's name holds the hash of engine and versions, and
        // the file was written by `keep_component` alone: it and its directory belong to this user
        // and no other user may write to them (checked at `open` and above). It is put in place by
        // a rename, so it is whole, and its seal tells that nothing has changed it since, as a failing
        // disk or a mistaken tool might. Whoever can write as this user needs no WebAssembly to harm.
        let component = unsafe { Component::deserialize_file(engine, &path) };
        component.inspect_err(|error| tracing::warn!(path = %path.display(), %error, "a compiled plugin is not used")).ok()
    }

    /// Keeps a compiled component. A failure costs time at the next start and nothing else.
    pub(crate) fn keep_component(&self, engine: &Engine, digest: &str, component: &Component) {
        let path = self.component_path(engine, digest);
        let kept = component.serialize().map_err(|error| error.to_string());
        let kept = kept.and_then(|bytes| {
            let written = write_whole(&path, &bytes).and_then(|()| seal::put(&path));
            written.map_err(|error| error.to_string())
        });
        if let Err(error) = kept {
            tracing::warn!(path = %path.display(), error, "a compiled plugin was not kept");
        }
    }

    /// What was kept about a component, if it can be read.
    pub(crate) fn facts<T: DeserializeOwned>(&self, digest: &str) -> Option<T> {
        let path = self.facts_path(digest);
        let metadata = fs::symlink_metadata(&path).ok()?;
        if !metadata.is_file() || !is_own(&metadata) {
            return None;
        }
        serde_json::from_slice(&fs::read(path).ok()?).ok()
    }

    /// Keeps something about a component.
    pub(crate) fn keep_facts<T: Serialize>(&self, digest: &str, facts: &T) {
        let path = self.facts_path(digest);
        let kept = serde_json::to_vec(facts)
            .map_err(std::io::Error::other)
            .and_then(|bytes| write_whole(&path, &bytes));
        if let Err(error) = kept {
            tracing::warn!(path = %path.display(), %error, "facts about a plugin were not kept");
        }
    }

    fn component_path(&self, engine: &Engine, digest: &str) -> PathBuf {
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        env!("CARGO_PKG_VERSION").hash(&mut hasher);
        self.directory
            .join(format!("{digest}-{:016x}.cwasm", hasher.finish()))
    }

    fn facts_path(&self, digest: &str) -> PathBuf {
        self.directory
            .join(format!("{digest}-{}.json", env!("CARGO_PKG_VERSION")))
    }
}

fn is_own(metadata: &fs::Metadata) -> bool {
    metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & OTHERS == 0
}

/// Writes a file that is either there whole or not at all.
fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let temporary = path.with_extension(format!("{}.tmp", uuid::Uuid::new_v4().simple()));
    let written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_data()))
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // Nothing more can be done about a file that cannot be removed.
        let _ = fs::remove_file(&temporary);
    }
    written
}
