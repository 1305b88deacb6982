//! A plugin's way from bytes to adapters: read and check, list its tools, join grants, compile when
//! first needed.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use loom_types::{Error, Memory, Provider, Result, Tool, ToolDefinition};
use sha2::{Digest as _, Sha256};
use tokio::sync::OnceCell;
use wasmtime::component::InstancePre;

use crate::egress::Policy;
use crate::egress::secret::placeholder;
use crate::engine::Engine;
use crate::error::{LoadError, LoadReason};
use crate::grants::{Effective, Grants};
use crate::guest::{HostState, Shared};
use crate::limits::Limits;
use crate::manifest::Capabilities;
use crate::memory::GuestMemory;
use crate::metadata::{Exports, Metadata};
use crate::provider::GuestProvider;
use crate::tool::{self, GuestTool};

/// Where a plugin comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PluginSource {
    /// A component in this process's memory, under the name of whoever put it there.
    Embedded {
        name: &'static str,
        wasm: &'static [u8],
    },
    /// A file.
    File(PathBuf),
}

/// A component that was read and checked. Cheap to clone; compiled when first needed.
#[derive(Clone)]
pub struct Plugin(Arc<Inner>);

struct Inner {
    engine: Engine,
    source: PluginSource,
    name: String,
    version: String,
    digest: String,
    wasm: Bytes,
    metadata: Metadata,
    definitions: Vec<Arc<ToolDefinition>>,
    compiled: OnceCell<Prepared>,
}

enum Bytes {
    Static(&'static [u8]),
    Owned(Vec<u8>),
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

/// Compiled, with all imports found.
#[derive(Clone)]
pub(crate) struct Prepared {
    pub(crate) engine: wasmtime::Engine,
    pub(crate) pre: InstancePre<HostState>,
}

impl Plugin {
    /// Reads and checks a plugin, and lists its tools (from the cache, if it is known).
    ///
    /// # Errors
    ///
    /// If it is not a plugin that this host can run; the error names it and says why.
    pub async fn load(engine: &Engine, source: PluginSource) -> Result<Self, LoadError> {
        let name = source.to_string();
        Self::load_inner(engine, source)
            .await
            .map_err(|reason| reason.of(name))
    }

    async fn load_inner(engine: &Engine, source: PluginSource) -> Result<Self, LoadReason> {
        let (wasm, sidecar) = read(&source).await?;
        let metadata = Metadata::read(&wasm, sidecar.as_deref())?;
        let name = metadata
            .manifest
            .name
            .clone()
            .unwrap_or_else(|| source.default_name());
        let version = metadata
            .manifest
            .version
            .clone()
            .unwrap_or_else(|| "0.0.0".to_owned());
        let digest = hex(&Sha256::digest(&*wasm));
        let mut inner = Inner {
            engine: engine.clone(),
            source,
            name,
            version,
            digest,
            wasm,
            metadata,
            definitions: Vec::new(),
            compiled: OnceCell::new(),
        };
        if inner.metadata.exports.tool {
            inner.definitions = inner.list_tools().await?;
        }
        Ok(Self(Arc::new(inner)))
    }

    /// The name that configuration, errors and logs use.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The version in its manifest, `0.0.0` without one.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.0.version
    }

    /// Where it comes from.
    #[must_use]
    pub fn source(&self) -> &PluginSource {
        &self.0.source
    }

    /// SHA-256 of the component, in hexadecimal.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.0.digest
    }

    /// Size of the component.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.0.wasm.len() as u64
    }

    /// What it says of itself.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.0.metadata
    }

    /// The interfaces of the contract that it exports.
    #[must_use]
    pub fn exports(&self) -> Exports {
        self.0.metadata.exports
    }

    /// Its tools.
    #[must_use]
    pub fn definitions(&self) -> &[Arc<ToolDefinition>] {
        &self.0.definitions
    }

    /// Compiles it now, instead of at its first call, and finds out whether it can be linked.
    ///
    /// # Errors
    ///
    /// If it does not compile or imports what this host does not have.
    pub async fn prepare(&self) -> Result<(), LoadError> {
        self.0
            .prepared()
            .await
            .map(drop)
            .map_err(|reason| reason.of(self.0.source.to_string()))
    }

    /// Joins what it asks for with what it is granted. The same plugin may be configured many times.
    ///
    /// # Errors
    ///
    /// If a granted directory cannot be opened.
    pub fn configure(
        &self,
        grants: Grants,
        limits: Limits,
        settings: BTreeMap<String, String>,
    ) -> Result<ConfiguredPlugin> {
        let effective = Effective::new(grants, &self.0.metadata.manifest.capabilities)?;
        let shared = shared(&self.0.engine, self.0.label(), effective, limits, settings);
        Ok(ConfiguredPlugin {
            plugin: self.clone(),
            shared,
        })
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.0.engine
    }

    pub(crate) async fn prepared(&self) -> Result<&Prepared> {
        self.0
            .prepared()
            .await
            .map_err(|reason| Error::internal(reason.to_string()).from_origin(self.0.label()))
    }
}

impl Inner {
    fn label(&self) -> String {
        format!("{} {}", self.name, self.version)
    }

    async fn prepared(&self) -> Result<&Prepared, LoadReason> {
        // Compiling takes up to seconds, but only once, and callers of this plugin can only wait.
        self.compiled
            .get_or_try_init(|| async { self.compile() })
            .await
    }

    fn compile(&self) -> Result<Prepared, LoadReason> {
        let (flavor, component) =
            self.engine
                .compile(&self.wasm, &self.digest, self.metadata.is_async())?;
        let pre = flavor
            .linker
            .instantiate_pre(&component)
            .map_err(|error| LoadReason::Imports(format!("{error:#}")))?;
        Ok(Prepared {
            engine: flavor.engine.clone(),
            pre,
        })
    }

    /// The tools, from the cache or from the component, which then runs without any capability.
    async fn list_tools(&self) -> Result<Vec<Arc<ToolDefinition>>, LoadReason> {
        let cache = self.engine.cache();
        if let Some(known) =
            cache.and_then(|cache| cache.facts::<Vec<Arc<ToolDefinition>>>(&self.digest))
        {
            return Ok(known);
        }
        let effective = Effective::new(Grants::default(), &Capabilities::default());
        let effective = effective.map_err(|error| LoadReason::Definitions(error.to_string()))?;
        let bare = shared(
            &self.engine,
            self.label(),
            effective,
            Limits::default(),
            BTreeMap::new(),
        );
        let _slot = self.engine.slot().await;
        let definitions = tool::definitions(self.prepared().await?, &bare).await?;
        let mut seen = HashSet::new();
        if let Some(twice) = definitions
            .iter()
            .find(|definition| !seen.insert(definition.name.as_str()))
        {
            return Err(LoadReason::Definitions(format!(
                "two tools are named {}",
                twice.name
            )));
        }
        if let Some(cache) = cache {
            cache.keep_facts(&self.digest, &definitions);
        }
        Ok(definitions)
    }
}

fn shared(
    engine: &Engine,
    label: String,
    mut effective: Effective,
    limits: Limits,
    settings: BTreeMap<String, String>,
) -> Arc<Shared> {
    let placeholders: BTreeMap<String, String> = effective
        .secrets
        .keys()
        .map(|name| (name.clone(), placeholder()))
        .collect();
    let by_placeholder = effective
        .secrets
        .iter()
        .map(|(name, grant)| (placeholders[name].clone(), grant.clone()));
    let policy = Policy {
        label: label.clone(),
        secrets: by_placeholder.collect(),
        network: std::mem::take(&mut effective.network),
        limits: limits.clone(),
        clients: Arc::clone(engine.clients()),
    };
    Arc::new(Shared {
        label,
        effective,
        placeholders,
        policy: Arc::new(policy),
        settings,
        limits,
    })
}

/// A plugin with its grants, limits and settings.
#[derive(Clone)]
pub struct ConfiguredPlugin {
    pub(crate) plugin: Plugin,
    pub(crate) shared: Arc<Shared>,
}

impl ConfiguredPlugin {
    /// The plugin.
    #[must_use]
    pub fn plugin(&self) -> &Plugin {
        &self.plugin
    }

    /// What was granted although the plugin does not ask for it, in words: probably a mistake in the
    /// configuration.
    #[must_use]
    pub fn surplus_grants(&self) -> &[String] {
        &self.shared.effective.surplus
    }

    /// Its tools, ready to be called.
    #[must_use]
    pub fn tools(&self) -> Vec<Arc<dyn Tool>> {
        let definitions = self.plugin.definitions().iter();
        definitions
            .map(|definition| Arc::new(GuestTool::new(self, definition)) as Arc<dyn Tool>)
            .collect()
    }

    /// Its models, under a name of the configuration.
    #[must_use]
    pub fn provider(&self, name: &str) -> Arc<dyn Provider> {
        Arc::new(GuestProvider::new(self, name))
    }

    /// Its session store. Starts the task that owns the store's one instance.
    #[must_use]
    pub fn memory(&self) -> Arc<dyn Memory> {
        Arc::new(GuestMemory::start(self))
    }
}

impl PluginSource {
    fn default_name(&self) -> String {
        match self {
            Self::Embedded { name, .. } => (*name).to_owned(),
            Self::File(path) => path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
        }
    }
}

impl std::fmt::Display for PluginSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Embedded { name, .. } => write!(f, "built-in {name}"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// The component and the manifest beside it, if there is one.
async fn read(source: &PluginSource) -> Result<(Bytes, Option<String>), LoadReason> {
    match source {
        PluginSource::Embedded { wasm, .. } => Ok((Bytes::Static(wasm), None)),
        PluginSource::File(path) => {
            let wasm = tokio::fs::read(path).await?;
            Ok((Bytes::Owned(wasm), read_sidecar(path).await?))
        }
    }
}

async fn read_sidecar(path: &Path) -> Result<Option<String>, LoadReason> {
    match tokio::fs::read_to_string(path.with_extension("toml")).await {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
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
