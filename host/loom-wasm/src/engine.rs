//! wasmtime, set up for many short-lived guests: the engines, the compiled cache and the number of
//! guests that may live at once.

mod flavor;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use loom_types::{Error, Result};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use wasmtime::component::Component;

use crate::cache::Cache;
use crate::egress::client::{Clients, NameResolver};
use crate::error::{LoadError, LoadReason};
use crate::kept::{Kept, KeptConfig};
use crate::scratch::{Scratch, ScratchConfig};
use crate::ticker::Interrupted;
pub(crate) use flavor::{Flavor, Size};

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
    /// Of these, those that are large: interpreters with their libraries, and whatever asks for a deep
    /// stack. Default 128: each takes tens of megabytes, so that more would only wait for memory.
    pub max_large_instances: u32,
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
            max_large_instances: 128,
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
    small: Flavor,
    large: OnceLock<Flavor>,
    on_demand: OnceLock<Flavor>,
    /// Held while an engine starts, so that none starts twice.
    starting: Mutex<()>,
    large_guests: u32,
    /// Slots for guests that need no permit.
    reserved: u32,
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
        let reserved = config.kept.instances.saturating_add(EMBEDDING_GUESTS);
        let guests = config.max_instances.saturating_add(reserved);
        Ok(Self(Arc::new(Inner {
            small: Flavor::small(guests, &interrupted).map_err(internal)?,
            large: OnceLock::new(),
            on_demand: OnceLock::new(),
            starting: Mutex::default(),
            large_guests: config.max_instances.min(config.max_large_instances),
            reserved,
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

    /// Waits for the right to have one more guest, of those that share this `room` if it has one.
    pub(crate) async fn slot(&self, room: Option<&Arc<Semaphore>>) -> Permit {
        // First the rarer one: who waits for it must not keep others from theirs.
        let room = match room {
            Some(room) => Some(permit(room).await),
            None => None,
        };
        let all = permit(&self.0.slots).await;
        Permit {
            _all: all,
            _room: room,
        }
    }

    /// The same for a call, which may be cancelled while it waits.
    ///
    /// # Errors
    ///
    /// `cancelled`.
    pub(crate) async fn slot_for_call(
        &self,
        room: Option<&Arc<Semaphore>>,
        cancel: &CancellationToken,
    ) -> Result<Permit> {
        tokio::select! {
            permit = self.slot(room) => Ok(permit),
            () = cancel.cancelled() => Err(Error::cancelled()),
        }
    }

    /// The same for one that embeds.
    pub(crate) async fn embedding_slot(&self) -> OwnedSemaphorePermit {
        permit(&self.0.embedding_slots).await
    }

    /// Compiles a component, or takes it from the cache.
    pub(crate) fn compile(
        &self,
        code: &Code<'_>,
        size: Size,
    ) -> Result<(&Flavor, Component), LoadReason> {
        let mut refused = None;
        for flavor in self.flavors(size) {
            let compiled = flavor.and_then(|flavor| Ok((flavor, self.compile_in(flavor, code)?)));
            match compiled {
                // Perhaps only this pool refuses it, for its tables or its memory, or cannot start.
                Err(reason @ LoadReason::Compile(_)) => refused = Some(reason),
                other => return other,
            }
        }
        Err(refused.expect("there is an engine for every size"))
    }

    /// The engines that may have room for a component, the best one first. They start when they are
    /// first needed.
    fn flavors(&self, size: Size) -> impl Iterator<Item = Result<&Flavor, LoadReason>> {
        let only_if = |fits: bool| fits.then_some(()).into_iter();
        let small = only_if(size == Size::Small).map(|()| Ok(&self.0.small));
        let large = only_if(size != Size::Unusual).map(|()| self.large());
        let on_demand = std::iter::once_with(|| {
            self.started(&self.0.on_demand, || Flavor::on_demand(&self.0.interrupted))
        });
        small.chain(large).chain(on_demand)
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

    fn large(&self) -> Result<&Flavor, LoadReason> {
        let inner = &*self.0;
        self.started(&inner.large, || {
            Flavor::large(inner.large_guests, inner.reserved, &inner.interrupted)
        })
    }

    fn started<'a>(
        &self,
        flavor: &'a OnceLock<Flavor>,
        start: impl FnOnce() -> wasmtime::Result<Flavor>,
    ) -> Result<&'a Flavor, LoadReason> {
        let starting = self.0.starting.lock();
        let _starting = starting.unwrap_or_else(PoisonError::into_inner);
        if let Some(flavor) = flavor.get() {
            return Ok(flavor);
        }
        let made = start().map_err(|error| LoadReason::Compile(format!("{error:#}")))?;
        Ok(flavor.get_or_init(|| made))
    }
}

/// The right to have a guest, as long as it is there.
pub(crate) struct Permit {
    _all: OwnedSemaphorePermit,
    _room: Option<OwnedSemaphorePermit>,
}

async fn permit(slots: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    let permit = Arc::clone(slots).acquire_owned().await;
    permit.expect("the semaphore is never closed")
}

impl From<LoadError> for Error {
    fn from(error: LoadError) -> Self {
        Self::internal(error.to_string())
    }
}
