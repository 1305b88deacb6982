//! The one host of all attempts, and what they are after in it.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use loom_tests::cli::{Home, Ran};
use loom_tests::guests;
use loom_tests::sandbox::{Guest, directory, engine};
use loom_types::{Error, ToolContext};
use loom_wasm::{Engine, FileAccess, Grants, Limits};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// What no guest may get.
pub(super) const SECRET: &str = "the crown jewels";

/// How long the host may take to serve a harmless guest while attempts go on beside it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A host that serves while attempts are made.
pub(super) struct Host {
    pub(super) runtime: Runtime,
    pub(super) engine: Engine,
    echo: Guest,
}

impl Host {
    pub(super) fn get() -> &'static Self {
        static HOST: OnceLock<Host> = OnceLock::new();
        HOST.get_or_init(|| {
            let mut runtime = tokio::runtime::Builder::new_multi_thread();
            let runtime = runtime.worker_threads(4).enable_all().build().unwrap();
            let engine = engine();
            let echo = Guest::on(
                &engine,
                guests::ECHO,
                Grants::default(),
                Limits::default(),
                &[],
            );
            let echo = runtime.block_on(echo);
            Self {
                runtime,
                engine,
                echo,
            }
        })
    }

    /// Whether a harmless guest is served.
    pub(super) async fn serves(&self) -> bool {
        let context = ToolContext::standalone(PATIENCE);
        let said = self
            .echo
            .call_within("echo", json!({ "text": "alive" }), &context);
        said.await.is_ok_and(|said| said == "alive")
    }
}

/// A guest in the one host.
pub(super) async fn guest(wasm: &[u8], grants: Grants) -> Guest {
    guest_within(wasm, grants, Limits::default()).await
}

/// A guest in the one host, with limits.
pub(super) async fn guest_within(wasm: &[u8], grants: Grants, limits: Limits) -> Guest {
    Guest::on(&Host::get().engine, wasm, grants, limits, &[]).await
}

/// A granted directory, inside one that holds a secret.
pub(super) struct World {
    pub(super) outside: TempDir,
    pub(super) inside: PathBuf,
}

impl World {
    pub(super) fn new() -> Self {
        let outside = tempfile::tempdir().unwrap();
        let inside = outside.path().join("granted");
        fs::create_dir_all(inside.join("sub")).unwrap();
        fs::write(inside.join("note.txt"), "granted text").unwrap();
        fs::write(outside.path().join("secret.txt"), SECRET).unwrap();
        Self { outside, inside }
    }

    pub(super) fn secret(&self) -> PathBuf {
        self.outside.path().join("secret.txt")
    }

    pub(super) fn grants(&self, access: FileAccess) -> Grants {
        directory(&self.inside, access)
    }

    /// Calls a tool of a guest that is granted the directory. What lies outside must be as it was.
    pub(super) async fn call(
        &self,
        wasm: &[u8],
        access: FileAccess,
        tool: &str,
        arguments: Value,
    ) -> Result<String, Error> {
        let result = guest(wasm, self.grants(access))
            .await
            .call(tool, arguments)
            .await;
        self.is_as_it_was();
        result
    }

    #[track_caller]
    pub(super) fn is_as_it_was(&self) {
        assert_eq!(fs::read_to_string(self.secret()).unwrap(), SECRET);
        let beside = fs::read_dir(self.outside.path()).unwrap().count();
        assert_eq!(beside, 2, "something was made outside");
    }
}

/// Runs the command `loom`, on a thread that may block.
pub(super) async fn command(run: impl FnOnce(&Home) -> Ran + Send + 'static) -> Ran {
    tokio::task::spawn_blocking(move || run(&crate::home()))
        .await
        .unwrap()
}
