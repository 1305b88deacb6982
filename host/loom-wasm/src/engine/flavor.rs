//! The engines that there are: two pools, whose slots are ready, and one that makes everything anew. What
//! is linked is the same.

use std::sync::Arc;

use tokio::sync::Semaphore;
use wasmtime::component::{HasSelf, Linker};
use wasmtime::{Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::bindings::imports::Imports;
use crate::guest::{HostState, preopens};
use crate::ticker::{self, Interrupted};

/// What a slot of a pool keeps in memory for its next guest, instead of giving it back to the
/// system. Most of a small guest's memory; with it a fresh call costs a third.
const KEEP_MEMORY_BYTES: usize = 1 << 20;
const KEEP_TABLE_BYTES: usize = 64 << 10;

/// What the host's frames need of the fiber that a guest runs on.
const HOST_STACK_BYTES: usize = 1 << 20;

/// What a component needs of its engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// A few core modules, as compilers of languages make them.
    Small,
    /// Dozens, as an interpreter with its libraries has them, or a deep stack.
    Large,
    /// More than a slot has room for, or WASI 0.3, whose async calls need an engine of their own.
    Unusual,
}

impl Size {
    pub(crate) fn of(core_instances: u32, deep_stack: bool, is_async: bool) -> Self {
        if is_async || core_instances > LARGE.core_instances {
            Self::Unusual
        } else if deep_stack || core_instances > SMALL.core_instances {
            Self::Large
        } else {
            Self::Small
        }
    }
}

/// What a guest may have in a slot.
struct Slot {
    core_instances: u32,
    tables: u32,
    memories: u32,
    /// What wasmtime keeps for each instance beside its memory.
    instance_bytes: usize,
    /// Address space, of which a slot keeps what its guests have used.
    stack_bytes: usize,
}

const SMALL: Slot = Slot {
    core_instances: 8,
    tables: 4,
    memories: 1,
    instance_bytes: 1 << 20,
    stack_bytes: 2 << 20,
};

/// CPython with its library has 64 core instances. Interpreters notice deep recursion by what they count
/// themselves, and there must be stack left when they do; CPython writes deep values down by recursion,
/// JavaScript parses by it.
const LARGE: Slot = Slot {
    core_instances: 128,
    tables: 16,
    memories: 2,
    instance_bytes: 4 << 20,
    stack_bytes: 16 << 20,
};

/// An engine with everything linked that a guest may import.
pub(crate) struct Flavor {
    pub(crate) engine: wasmtime::Engine,
    pub(crate) linker: Linker<HostState>,
    /// Of a pool that is smaller than what may live at once: who has a permit finds a slot.
    pub(crate) room: Option<Arc<Semaphore>>,
}

impl Flavor {
    /// For components of ordinary size.
    pub(crate) fn small(guests: u32, interrupted: &Arc<Interrupted>) -> wasmtime::Result<Self> {
        Self::pooled(&SMALL, guests, None, interrupted)
    }

    /// For large ones, of which `guests` may live at once, beside the `reserved` who need no permit.
    pub(crate) fn large(
        guests: u32,
        reserved: u32,
        interrupted: &Arc<Interrupted>,
    ) -> wasmtime::Result<Self> {
        let room = Arc::new(Semaphore::new(guests as usize));
        let slots = guests.saturating_add(reserved);
        Self::pooled(&LARGE, slots, Some(room), interrupted)
    }

    fn pooled(
        slot: &Slot,
        slots: u32,
        room: Option<Arc<Semaphore>>,
        interrupted: &Arc<Interrupted>,
    ) -> wasmtime::Result<Self> {
        let mut pool = PoolingAllocationConfig::default();
        pool.total_component_instances(slots)
            .max_component_instance_size(slot.instance_bytes)
            .total_core_instances(slots.saturating_mul(slot.core_instances))
            .max_core_instances_per_component(slot.core_instances)
            .total_memories(slots.saturating_mul(slot.memories))
            .max_memories_per_component(slot.memories)
            .total_tables(slots.saturating_mul(slot.tables))
            .max_tables_per_component(slot.tables)
            .total_stacks(slots)
            .linear_memory_keep_resident(KEEP_MEMORY_BYTES)
            .table_keep_resident(KEEP_TABLE_BYTES)
            .pagemap_scan(Enabled::Auto);
        let mut config = base_config(slot.stack_bytes);
        config
            .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
            .concurrency_support(false);
        let engine = start(&config, interrupted)?;
        let linker = linker(&engine)?;
        Ok(Self {
            engine,
            linker,
            room,
        })
    }

    /// For all others.
    pub(crate) fn on_demand(interrupted: &Arc<Interrupted>) -> wasmtime::Result<Self> {
        let mut config = base_config(LARGE.stack_bytes);
        config.wasm_component_model_async(true);
        let engine = start(&config, interrupted)?;
        let mut linker = linker(&engine)?;
        wasmtime_wasi::p3::add_to_linker(&mut linker)?;
        preopens::add_p3_to_linker(&mut linker)?;
        wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
        Ok(Self {
            engine,
            linker,
            room: None,
        })
    }
}

fn base_config(stack_bytes: usize) -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .memory_init_cow(true)
        .max_wasm_stack(stack_bytes)
        .async_stack_size(stack_bytes + HOST_STACK_BYTES)
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
