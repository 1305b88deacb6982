//! Commands: components that export `wasi:cli/run`, run once under a policy, as a program in a
//! container is.
//!
//! What must not be here: the process's own streams, signals and exit codes; those are the caller's.

mod stdio;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use loom_types::{Error, Result};
use tokio_util::sync::CancellationToken;
use wasmtime_wasi::p2::bindings::CommandPre;
use wasmtime_wasi::{I32Exit, WasiCtx};

use self::stdio::Outputs;
pub use self::stdio::{Input, Output};
use crate::call::{Stop, bounded, error_of};
use crate::component::{Bytes, Component, Prepared};
use crate::engine::Engine;
use crate::error::{LoadError, LoadReason};
use crate::grants::{Effective, FileAccess, Grants};
use crate::guest::{Call, HostState, Shared, store};
use crate::limits::Limits;
use crate::manifest::Capabilities;
use crate::metadata::Metadata;
use crate::plugin::shared;

/// What a command exports, without its version.
const RUN: &str = "wasi:cli/run@";
/// The versions that are run: all of 0.2 are compatible.
const RUN_VERSION: &str = "0.2.";

/// The status of a program that a closed pipe ended: 128 + SIGPIPE, as shells report it.
const CLOSED_PIPE: i32 = 141;

/// A component that can be run as a command. Cheap to clone; compiled when first run, or taken from
/// the engine's cache.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use loom_wasm::{Command, Engine, EngineConfig, Invocation, Output};
/// use tokio_util::sync::CancellationToken;
///
/// let engine = Engine::new(&EngineConfig::default())?;
/// let command = Command::load(&engine, "wc.wasm".as_ref()).await?;
/// let mut invocation = Invocation::new(["wc", "--lines"]);
/// invocation.stdin = loom_wasm::Input::from_reader(&b"one\ntwo\n"[..]);
/// invocation.stdout = Output::to(tokio::io::stdout());
/// let status = command.run(invocation, &CancellationToken::new()).await?;
/// assert_eq!(status, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Command {
    name: String,
    component: Component,
    metadata: Metadata,
}

/// What a command is started with, and what it may do. Nothing is granted by default, nothing is read
/// from and what it writes is dropped.
pub struct Invocation {
    /// What the command sees. The first is by custom its name.
    pub arguments: Vec<String>,
    /// Directories, hosts, environment and clock hold as granted; secrets and embeddings have no
    /// interface that a command knows.
    pub grants: Grants,
    /// By default those of [`Invocation::new`].
    pub limits: Limits,
    pub stdin: Input,
    pub stdout: Output,
    pub stderr: Output,
}

impl Invocation {
    /// Arguments, and nothing granted. Memory and tables are limited as for plugins, and so are the
    /// sizes of single HTTP messages, which the host holds; time, output, and the numbers of requests
    /// and of calls to the host are not: a command may run for days.
    pub fn new<T: Into<String>>(arguments: impl IntoIterator<Item = T>) -> Self {
        Self {
            arguments: arguments.into_iter().map(Into::into).collect(),
            grants: Grants::default(),
            limits: Limits {
                time: Duration::MAX,
                output_bytes: usize::MAX,
                host_calls: u64::MAX,
                http_requests: u32::MAX,
                ..Limits::default()
            },
            stdin: Input::default(),
            stdout: Output::default(),
            stderr: Output::default(),
        }
    }
}

impl Command {
    /// Reads and checks a component.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or holds no component that exports `wasi:cli/run` of WASI 0.2; the
    /// error says how to make one.
    pub async fn load(engine: &Engine, path: &Path) -> Result<Self, LoadError> {
        let name = path.display().to_string();
        let wasm = tokio::fs::read(path).await;
        let wasm = wasm.map_err(|error| LoadReason::from(error).of(&name))?;
        let metadata = check(&wasm).map_err(|reason| reason.of(&name))?;
        Ok(Self {
            component: Component::new(engine, name.clone(), Bytes::Owned(wasm), None),
            name,
            metadata,
        })
    }

    /// Compiles it now, instead of when it is first run, and finds out whether it can be linked.
    ///
    /// # Errors
    ///
    /// If it does not compile or imports what this host does not have.
    pub async fn prepare(&self) -> Result<(), LoadError> {
        let prepared = self.component.prepared(&self.metadata).await;
        prepared.map(drop).map_err(|reason| reason.of(&self.name))
    }

    /// Runs it to its end and returns its exit status. It is stopped when `cancel` is cancelled.
    ///
    /// # Errors
    ///
    /// `timeout`, `resource_exhausted` or `cancelled` if it was stopped, `internal` if it crashed or
    /// cannot be linked, `not_found` if a granted directory cannot be opened.
    pub async fn run(&self, invocation: Invocation, cancel: &CancellationToken) -> Result<i32> {
        let engine = self.component.engine();
        let prepared = self.component.prepared(&self.metadata).await;
        let Prepared {
            engine: own,
            pre,
            room,
        } = prepared.map_err(|reason| Error::internal(reason.of(&self.name).to_string()))?;
        let pre = CommandPre::new(pre.clone())
            .map_err(|error| Error::internal(format!("{}: {error:#}", self.name)))?;
        let effective = Effective::new(invocation.grants, &everything())?;
        let (label, limits) = (self.name.clone(), invocation.limits);
        let shared = shared(engine, label, effective, limits, BTreeMap::new());
        let outputs = Outputs::new(
            invocation.stdout,
            invocation.stderr,
            shared.limits.output_bytes,
        );
        let mut wasi = WasiCtx::builder();
        wasi.args(&invocation.arguments);
        invocation.stdin.give(&mut wasi);
        outputs.give(&mut wasi);

        let _slot = engine.slot_for_call(room.as_ref(), cancel).await?;
        let call = Call {
            cancel: cancel.clone(),
            ..Call::unattended()
        };
        let mut store = store(own, &shared, call);
        store.data_mut().set_stdio(wasi);
        let running = async {
            let command = pre.instantiate_async(&mut store).await?;
            command.wasi_cli_run().call_run(&mut store).await
        };
        let ended = bounded(shared.limits.time, cancel, running).await;
        let by_itself = matches!(ended, Ok(_) | Err(Stop::Trapped(_)));
        outputs.drain(by_itself, cancel).await;
        if outputs.is_over() {
            return Err(wrote_too_much(&shared));
        }
        let status = status(ended, store.data(), &outputs)?;
        match outputs.failure() {
            // What it was to write is nowhere: that is no success.
            Some(failure) if status == 0 => {
                let message = format!("its output cannot be written: {failure}");
                Err(Error::unavailable(message).from_origin(&shared.label))
            }
            _ => Ok(status),
        }
    }
}

/// What is known of a component, if it is a command.
fn check(wasm: &[u8]) -> Result<Metadata, LoadReason> {
    let (metadata, exports) = Metadata::of_component(wasm)?;
    let mut versions = exports.iter().filter_map(|name| name.strip_prefix(RUN));
    if !versions.clone().any(|it| it.starts_with(RUN_VERSION)) {
        return Err(match versions.next() {
            Some(version) => LoadReason::OtherCommandVersion {
                found: format!("wasi:cli@{version}"),
            },
            None => LoadReason::NoCommand,
        });
    }
    // Its output would go past the streams of 0.2, which are the ones that there are.
    let mut imports = metadata.imports.iter();
    match imports.find(|name| name.starts_with("wasi:cli/") && !name.contains("@0.2.")) {
        Some(found) => Err(LoadReason::OtherCommandVersion {
            found: found.clone(),
        }),
        None => Ok(metadata),
    }
}

/// A command has no manifest: what it is granted is what it asks for.
fn everything() -> Capabilities {
    let any = || vec!["*".to_owned()];
    Capabilities {
        files: FileAccess::ReadWrite,
        network: any(),
        environment: any(),
        clock: true,
        ..Capabilities::default()
    }
}

/// The exit status of a command that ended, or why it did not end by itself.
fn status(
    ended: Result<Result<(), ()>, Stop>,
    state: &HostState,
    outputs: &Outputs,
) -> Result<i32> {
    match ended {
        Ok(Ok(())) => Ok(0),
        Ok(Err(())) => Ok(1),
        Err(Stop::Trapped(error)) => match error.downcast_ref::<I32Exit>() {
            Some(exit) => Ok(exit.0),
            None if outputs.is_closed() && state.meter.exceeded().is_none() => Ok(CLOSED_PIPE),
            None => Err(error_of(Stop::Trapped(error), state)),
        },
        Err(stop) => Err(error_of(stop, state)),
    }
}

fn wrote_too_much(shared: &Shared) -> Error {
    let limit = shared.limits.output_bytes;
    let message = format!(
        "it wrote more than its limit of {limit} bytes to its output; raise output or let it write less"
    );
    Error::resource_exhausted(message).from_origin(&shared.label)
}
