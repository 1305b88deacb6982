//! The state of one guest: its WASI context with what it was granted, its meter, and what Loom's own
//! imports answer.

mod embedder;
pub(crate) mod preopens;

use std::collections::{BTreeMap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use loom_types::{Progress, Trace};
use tokio::io::AsyncWrite;
use tokio_util::sync::CancellationToken;
use wasmtime::component::ResourceTable;
use wasmtime::{CallHook, Store, UpdateDeadline};
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};
use wasmtime_wasi::{HostWallClock, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::bindings::{config, host, llm_types, secrets, types};
use crate::egress::{Egress, Policy};
use crate::grants::{Effective, Writing};
use crate::limits::{Limits, MAX_RESOURCES, Meter};
use crate::scratch::Directory;
use crate::ticker::Interrupted;

/// What is kept of standard output and error: enough for a panic message with its backtrace.
const TAIL_BYTES: usize = 8 << 10;

/// What all guests of a configured plugin share.
pub(crate) struct Shared {
    /// Name and version, as errors and logs show it.
    pub(crate) label: String,
    pub(crate) effective: Effective,
    /// Placeholders by secret's name.
    pub(crate) placeholders: BTreeMap<String, String>,
    pub(crate) policy: Arc<Policy>,
    /// The engine's.
    pub(crate) interrupted: Arc<Interrupted>,
    pub(crate) settings: BTreeMap<String, String>,
    pub(crate) limits: Limits,
}

/// On whose behalf a guest runs.
pub(crate) struct Call {
    pub(crate) cancel: CancellationToken,
    pub(crate) progress: Progress,
    pub(crate) writing: Writing,
    /// What its requests name as their cause.
    pub(crate) trace: Option<Trace>,
    pub(crate) scratch: Option<Arc<Directory>>,
}

impl Call {
    /// A call that nobody watches.
    pub(crate) fn unattended() -> Self {
        Self {
            cancel: CancellationToken::new(),
            progress: Progress::ignored(),
            writing: Writing::Granted,
            trace: None,
            scratch: None,
        }
    }
}

pub(crate) struct HostState {
    pub(crate) shared: Arc<Shared>,
    pub(crate) meter: Meter,
    pub(crate) output: Tail,
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    egress: Egress,
    call: Call,
    log_bytes_left: usize,
}

/// A store for one guest.
pub(crate) fn store(
    engine: &wasmtime::Engine,
    shared: &Arc<Shared>,
    call: Call,
) -> Store<HostState> {
    let mut store = Store::new(engine, HostState::new(shared, call));
    store.limiter(|state| &mut state.meter);
    store.call_hook(|mut store, hook| match hook {
        CallHook::CallingHost => store.data_mut().meter.host_call(),
        _ => Ok(()),
    });
    store.set_epoch_deadline(1);
    // Says that only async calls enter the store; how it yields is the callback's.
    store.epoch_deadline_async_yield_and_update(1);
    // Guests that never call the host yield at each tick. By tokio's own way to yield: it looks for
    // timers and sockets before the guest goes on, which a task that merely wakes itself puts off for
    // dozens of ticks once there is such a guest for each thread.
    store.epoch_deadline_callback(|store| {
        store.data().shared.interrupted.count();
        let others = Box::pin(tokio::task::yield_now());
        Ok(UpdateDeadline::YieldCustom(1, others))
    });
    store
}

impl HostState {
    fn new(shared: &Arc<Shared>, call: Call) -> Self {
        let output = Tail::default();
        let mut builder = WasiCtx::builder();
        builder.stdout(output.clone()).stderr(output.clone());
        let wasi = surroundings(builder, &shared.effective, call.writing);
        let mut table = ResourceTable::new();
        table.set_max_capacity(MAX_RESOURCES);
        Self {
            shared: Arc::clone(shared),
            meter: Meter::new(&shared.limits),
            output,
            table,
            wasi,
            http: WasiHttpCtx::new(),
            egress: Egress::new(Arc::clone(&shared.policy), call.trace),
            call,
            log_bytes_left: shared.limits.log_bytes,
        }
    }

    /// Gives it arguments and standard streams of its own instead of [`Tail`].
    pub(crate) fn set_stdio(&mut self, builder: WasiCtxBuilder) {
        self.wasi = surroundings(builder, &self.shared.effective, self.call.writing);
    }

    /// Fills the budgets that hold for one call again, for an instance that serves many.
    pub(crate) fn rearm(&mut self) {
        self.meter.rearm(&self.shared.limits);
        self.egress = Egress::new(Arc::clone(&self.shared.policy), self.call.trace);
        self.log_bytes_left = self.shared.limits.log_bytes;
    }

    /// Serves another call from now on, with the directories that it has.
    pub(crate) fn serve(&mut self, call: Call) {
        let scratch = self.call.scratch.take();
        self.call = Call { scratch, ..call };
        self.output.clear();
        self.rearm();
    }

    /// Takes room for a message from the budget; what does not fit is cut, then dropped.
    fn cut_to_budget(&mut self, mut message: String) -> Option<String> {
        if self.log_bytes_left == 0 {
            return None;
        }
        if message.len() > self.log_bytes_left {
            message.truncate(message.floor_char_boundary(self.log_bytes_left));
            message.push_str(" […]");
            self.log_bytes_left = 0;
        } else {
            // An empty message costs something too, or it could be sent forever.
            self.log_bytes_left = self.log_bytes_left.saturating_sub(message.len().max(16));
        }
        Some(message)
    }
}

/// What a guest was granted of its surroundings, beside what it was started with.
fn surroundings(mut builder: WasiCtxBuilder, effective: &Effective, writing: Writing) -> WasiCtx {
    builder.envs(&effective.environment);
    if !effective.clock {
        builder.wall_clock(Epoch);
    }
    let mut wasi = builder.build();
    let files = effective.files(writing);
    wasi.filesystem().clone_from(files);
    wasi
}

impl WasiView for HostState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for HostState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.egress,
        }
    }
}

impl types::Host for HostState {}
impl llm_types::Host for HostState {}

impl host::Host for HostState {
    fn log(&mut self, level: host::LogLevel, message: String) {
        let Some(message) = self.cut_to_budget(message) else {
            return;
        };
        let plugin = self.shared.label.as_str();
        match level {
            host::LogLevel::Trace => tracing::trace!(target: "loom::plugin", plugin, "{message}"),
            host::LogLevel::Debug => tracing::debug!(target: "loom::plugin", plugin, "{message}"),
            host::LogLevel::Info => tracing::info!(target: "loom::plugin", plugin, "{message}"),
            host::LogLevel::Warn => tracing::warn!(target: "loom::plugin", plugin, "{message}"),
            host::LogLevel::Error => tracing::error!(target: "loom::plugin", plugin, "{message}"),
        }
    }

    fn progress(&mut self, message: String, fraction: Option<f32>) {
        if let Some(message) = self.cut_to_budget(message) {
            self.call.progress.report(
                message,
                fraction.filter(|fraction| (0.0..=1.0).contains(fraction)),
            );
        }
    }

    fn is_cancelled(&mut self) -> bool {
        self.call.cancel.is_cancelled()
    }
}

impl config::Host for HostState {
    fn get(&mut self, name: String) -> Option<String> {
        self.shared.settings.get(&name).cloned()
    }
}

impl secrets::Host for HostState {
    fn get(&mut self, name: String) -> Result<String, types::Error> {
        let refuse = |kind, message| types::Error {
            kind,
            message,
            retry_after_ms: None,
            http_status: None,
            details: None,
        };
        match self.shared.effective.secrets.get(&name) {
            None => Err(refuse(
                types::ErrorKind::Denied,
                format!("the secret {name} is not granted to this plugin"),
            )),
            Some(grant) if grant.value.is_none() => Err(refuse(
                types::ErrorKind::NotFound,
                format!("the secret {name} is not set; {}", grant.hint),
            )),
            Some(_) => Ok(self.shared.placeholders[&name].clone()),
        }
    }
}

/// A clock that stands still: what a guest without a grant sees.
struct Epoch;

impl HostWallClock for Epoch {
    fn resolution(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn now(&self) -> Duration {
        Duration::ZERO
    }
}

/// The end of what a guest wrote to standard output and error. Takes everything, so that a guest
/// that prints a lot neither fails nor fills the host's memory.
#[derive(Clone, Default)]
pub(crate) struct Tail(Arc<Mutex<VecDeque<u8>>>);

impl Tail {
    pub(crate) fn text(&self) -> String {
        let bytes: Vec<u8> = self.lock().iter().copied().collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn clear(&self) {
        self.lock().clear();
    }

    fn push(&self, bytes: &[u8]) {
        let mut tail = self.lock();
        let bytes = &bytes[bytes.len().saturating_sub(TAIL_BYTES)..];
        let excess = (tail.len() + bytes.len()).saturating_sub(TAIL_BYTES);
        tail.drain(..excess);
        tail.extend(bytes);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<u8>> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl IsTerminal for Tail {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Tail {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl OutputStream for Tail {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.push(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(64 << 10)
    }
}

#[async_trait::async_trait]
impl Pollable for Tail {
    async fn ready(&mut self) {}
}

impl AsyncWrite for Tail {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.push(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
