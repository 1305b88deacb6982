//! A component's bytes and, once it is needed, its machine code. Compiling happens once, on a thread
//! that may block.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use tokio::sync::{OnceCell, Semaphore};
use wasmtime::component::InstancePre;

use crate::engine::{Code, Engine, Size};
use crate::error::LoadReason;
use crate::guest::HostState;
use crate::metadata::Metadata;

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Component(Arc<Inner>);

struct Inner {
    engine: Engine,
    /// For messages.
    name: String,
    wasm: Bytes,
    digest: String,
    prepared: OnceCell<Prepared>,
}

/// The bytes of a component.
pub(crate) enum Bytes {
    Static(&'static [u8]),
    Owned(Vec<u8>),
}

/// Compiled, with all imports found.
#[derive(Clone)]
pub(crate) struct Prepared {
    pub(crate) engine: wasmtime::Engine,
    pub(crate) pre: InstancePre<HostState>,
    /// What its engine has room for, if that is less than may live at once.
    pub(crate) room: Option<Arc<Semaphore>>,
}

impl Component {
    /// A component; nothing of it is looked at yet. `digest` is that of the bytes, if it is known.
    pub(crate) fn new(engine: &Engine, name: String, wasm: Bytes, digest: Option<&str>) -> Self {
        let digest = digest.map_or_else(|| hex(&Sha256::digest(&*wasm)), str::to_owned);
        Self(Arc::new(Inner {
            engine: engine.clone(),
            name,
            wasm,
            digest,
            prepared: OnceCell::new(),
        }))
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.0.engine
    }

    pub(crate) fn wasm(&self) -> &[u8] {
        &self.0.wasm
    }

    /// SHA-256 of the bytes, in hexadecimal.
    pub(crate) fn digest(&self) -> &str {
        &self.0.digest
    }

    /// Its machine code, compiled or from the cache.
    pub(crate) async fn prepared(&self, metadata: &Metadata) -> Result<&Prepared, LoadReason> {
        let prepare = || async {
            let (inner, size) = (Arc::clone(&self.0), metadata.size());
            let prepared = tokio::task::spawn_blocking(move || inner.prepare(size)).await;
            prepared.unwrap_or_else(|error| {
                Err(LoadReason::Compile(format!(
                    "the compiler crashed: {error}"
                )))
            })
        };
        self.0.prepared.get_or_try_init(prepare).await
    }
}

impl Inner {
    fn prepare(&self, size: Size) -> Result<Prepared, LoadReason> {
        let code = Code {
            name: &self.name,
            wasm: &self.wasm,
            digest: &self.digest,
        };
        let (flavor, component) = self.engine.compile(&code, size)?;
        let pre = flavor.linker.instantiate_pre(&component);
        let pre = pre.map_err(|error| LoadReason::Imports(format!("{error:#}")))?;
        Ok(Prepared {
            engine: flavor.engine.clone(),
            pre,
            room: flavor.room.clone(),
        })
    }
}

impl std::ops::Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Static(bytes) => bytes,
            Self::Owned(bytes) => bytes,
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            write!(text, "{byte:02x}").expect("writing to a string does not fail");
            text
        })
}
