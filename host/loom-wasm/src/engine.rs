//! wasmtime, set up for many short-lived guests: the engines, what is linked, the compiled cache and
//! the number of guests that may live at once.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use loom_types::{Error, Result};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::bindings::imports::Imports;
use crate::cache::Cache;
use crate::egress::client::{Clients, NameResolver};
use crate::error::{LoadError, LoadReason};
use crate::guest::{HostState, preopens};
use crate::kept::{Kept, KeptConfig};
use crate::scratch::{Scratch, ScratchConfig};
use crate::ticker::{self, Interrupted};

/// What a slot of the pool keeps in memory for its next guest, instead of giving it back to the
/// system. Most of a small guest's memory; with it a fresh call costs a third.
const KEEP_MEMORY_BYTES: usize = 1 << 20;
const KEEP_TABLE_BYTES: usize = 64 << 10;
const KEEP_STACK_BYTES: usize = 64 << 10;

/// Stack of a guest, and of the fiber it runs on with the host's frames: address space, of which a call
/// takes what it uses. Interpreters notice deep recursion by what they count themselves, and there must
/// be stack left when they do; CPython writes deep values down by recursion, JavaScript parses by it.
const GUEST_STACK_BYTES: usize = 16 << 20;
const FIBER_STACK_BYTES: usize = 18 << 20;

/// Core modules of which a guest in the pool may be made. Compilers of languages make two or three.
pub(crate) const POOL_CORE_INSTANCES: u32 = 8;

/// Guests that embed for others, beside those that may live at once: other guests wait for them, and
/// would wait for ever if they took all the places.
const EMBEDDING_GUESTS: u32 = 4;

/// How an [`Engine`] is set up.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Where compiled plugins are kept; none compiles anew in each process.
    pub cache_directory: Option<PathBuf>,
    /// Guests that may live at once; more wait. Default 1,000: each costs address space and, while
    /// it runs, a few pages.
    pub max_instances: u32,
    /// Finds the addresses of hosts' names. The system does by default.
    pub resolver: Option<Arc<dyn NameResolver>>,
    pub scratch: ScratchConfig,
    pub kept: KeptConfig,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            cache_directory: None,
            max_instances: 1_000,
            resolver: None,
            scratch: ScratchConfig::default(),
            kept: KeptConfig::default(),
        }
    }
}

/// Runs guests. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    pooled: Flavor,
    on_demand: OnceLock<Flavor>,
    cache: Option<Cache>,
    clients: Arc<Clients>,
    interrupted: Arc<Interrupted>,
    slots: Arc<Semaphore>,
    embedding_slots: Arc<Semaphore>,
    scratch: Arc<Scratch>,
    kept: Arc<Kept>,
}

/// A component's bytes, with their digest and the name it goes by in messages.
pub(crate) struct Code<'a> {
    pub(crate) name: &'a str,
    pub(crate) wasm: &'a [u8],
    pub(crate) digest: &'a str,
}

/// An engine with everything linked that a guest may import.
pub(crate) struct Flavor {
    pub(crate) engine: wasmtime::Engine,
    pub(crate) linker: Linker<HostState>,
}

impl Engine {
    /// An engine.
    ///
    /// # Errors
    ///
    /// If the cache directory cannot be used, or the machine refuses the address space for the pool.
    pub fn new(config: &EngineConfig) -> Result<Self> {
        let cache = config
            .cache_directory
            .as_deref()
            .map(Cache::open)
            .transpose()?;
        let internal = |error: wasmtime::Error| {
            Error::internal(format!("the WebAssembly engine cannot start: {error:#}"))
        };
        let interrupted = Arc::default();
        let guests = config.max_instances.saturating_add(EMBEDDING_GUESTS);
        let guests = guests.saturating_add(config.kept.instances);
        let pooled = Flavor::pooled(guests, &interrupted).map_err(internal)?;
        Ok(Self(Arc::new(Inner {
            pooled,
            on_demand: OnceLock::new(),
            cache,
            clients: Arc::new(Clients::new(config.resolver.clone())),
            interrupted,
            slots: Arc::new(Semaphore::new(config.max_instances as usize)),
            embedding_slots: Arc::new(Semaphore::new(EMBEDDING_GUESTS as usize)),
            scratch: Arc::new(Scratch::new(config.scratch.clone())),
            kept: Arc::new(Kept::new(&config.kept)),
        })))
    }

    /// Suspends the instances of all sessions, side by side, and removes the scratch directories that are
    /// not kept. Takes two seconds at most. Wait for it before the process ends, or sessions lose what
    /// they did not write.
    pub async fn shutdown(&self) {
        self.0.kept.shutdown().await;
        self.0.scratch.close().await;
    }

    /// Removes what the plugins' sessions of a conversation have kept, and drops their instances.
    ///
    /// # Errors
    ///
    /// If files cannot be removed.
    pub async fn forget_session(&self, conversation: &str) -> Result<()> {
        self.0.kept.forget(conversation).await;
        self.0.scratch.forget(conversation).await
    }

    pub(crate) fn scratch(&self) -> &Arc<Scratch> {
        &self.0.scratch
    }

    pub(crate) fn kept(&self) -> &Arc<Kept> {
        &self.0.kept
    }

    pub(crate) fn cache(&self) -> Option<&Cache> {
        self.0.cache.as_ref()
    }

    pub(crate) fn clients(&self) -> &Arc<Clients> {
        &self.0.clients
    }

    /// Where guests tell that a tick interrupted them.
    pub(crate) fn interrupted(&self) -> &Arc<Interrupted> {
        &self.0.interrupted
    }

    /// Waits for the right to have one more guest.
    pub(crate) async fn slot(&self) -> OwnedSemaphorePermit {
        permit(&self.0.slots).await
    }

    /// The same for one that embeds.
    pub(crate) async fn embedding_slot(&self) -> OwnedSemaphorePermit {
        permit(&self.0.embedding_slots).await
    }

    /// Compiles a component, or takes it from the cache. Large components and those that speak WASI
    /// 0.3 do not go into the pool.
    pub(crate) fn compile(
        &self,
        code: &Code<'_>,
        fits_pool: bool,
    ) -> Result<(&Flavor, Component), LoadReason> {
        if fits_pool {
            match self.compile_in(&self.0.pooled, code) {
                // Perhaps only the pool refuses it, for its tables or its memory.
                Err(LoadReason::Compile(_)) => {}
                other => return other.map(|component| (&self.0.pooled, component)),
            }
        }
        let flavor = self.on_demand()?;
        Ok((flavor, self.compile_in(flavor, code)?))
    }

    fn compile_in(&self, flavor: &Flavor, code: &Code<'_>) -> Result<Component, LoadReason> {
        let cached = self
            .cache()
            .and_then(|cache| cache.component(&flavor.engine, code.digest));
        if let Some(component) = cached {
            return Ok(component);
        }
        tracing::info!(target: "loom::notice", "compiling {}; this happens once", code.name);
        let component = Component::new(&flavor.engine, code.wasm)
            .map_err(|error| LoadReason::Compile(format!("{error:#}")))?;
        if let Some(cache) = self.cache() {
            cache.keep_component(&flavor.engine, code.digest, &component);
        }
        Ok(component)
    }

    fn on_demand(&self) -> Result<&Flavor, LoadReason> {
        if let Some(flavor) = self.0.on_demand.get() {
            return Ok(flavor);
        }
        let flavor = Flavor::on_demand(&self.0.interrupted)
            .map_err(|error| LoadReason::Compile(format!("{error:#}")))?;
        Ok(self.0.on_demand.get_or_init(|| flavor))
    }
}

async fn permit(slots: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    let permit = Arc::clone(slots).acquire_owned().await;
    permit.expect("the semaphore is never closed")
}

impl Flavor {
    /// For components of ordinary size: an instance is a slot that is ready.
    fn pooled(max_instances: u32, interrupted: &Arc<Interrupted>) -> wasmtime::Result<Self> {
        let mut pool = PoolingAllocationConfig::default();
        pool.total_component_instances(max_instances)
            .total_core_instances(max_instances.saturating_mul(POOL_CORE_INSTANCES))
            .max_core_instances_per_component(POOL_CORE_INSTANCES)
            .total_memories(max_instances)
            .max_memories_per_component(1)
            .total_tables(max_instances.saturating_mul(4))
            .max_tables_per_component(4)
            .total_stacks(max_instances)
            .linear_memory_keep_resident(KEEP_MEMORY_BYTES)
            .table_keep_resident(KEEP_TABLE_BYTES)
            .async_stack_keep_resident(KEEP_STACK_BYTES)
            .pagemap_scan(Enabled::Auto);
        let mut config = base_config();
        config
            .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
            .concurrency_support(false);
        let engine = start(&config, interrupted)?;
        let linker = linker(&engine)?;
        Ok(Self { engine, linker })
    }

    /// For interpreters, which have dozens of core instances, and for WASI 0.3.
    fn on_demand(interrupted: &Arc<Interrupted>) -> wasmtime::Result<Self> {
        let mut config = base_config();
        config.wasm_component_model_async(true);
        let engine = start(&config, interrupted)?;
        let mut linker = linker(&engine)?;
        wasmtime_wasi::p3::add_to_linker(&mut linker)?;
        preopens::add_p3_to_linker(&mut linker)?;
        wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
        Ok(Self { engine, linker })
    }
}

fn base_config() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .memory_init_cow(true)
        .max_wasm_stack(GUEST_STACK_BYTES)
        .async_stack_size(FIBER_STACK_BYTES)
        // Guests' backtraces are for their authors: the name of the function says enough.
        .wasm_backtrace_details(wasmtime::WasmBacktraceDetails::Disable);
    config
}

/// An engine with its ticker.
fn start(config: &Config, interrupted: &Arc<Interrupted>) -> wasmtime::Result<wasmtime::Engine> {
    let engine = wasmtime::Engine::new(config)?;
    ticker::start(&engine, Arc::clone(interrupted))?;
    Ok(engine)
}

/// Links WASI 0.2, `wasi:http` and Loom's own imports. Some libraries of C link the sockets
/// interfaces whether they use them or not, so those are linked as well: no store ever allows a
/// socket or a name look-up, so they do nothing but refuse.
fn linker(engine: &wasmtime::Engine) -> wasmtime::Result<Linker<HostState>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    preopens::add_p2_to_linker(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    crate::egress::failure::add_to_linker(&mut linker)?;
    Imports::add_to_linker::<_, HasSelf<HostState>>(&mut linker, |state| state)?;
    Ok(linker)
}

impl From<LoadError> for Error {
    fn from(error: LoadError) -> Self {
        Self::internal(error.to_string())
    }
}
