//! A plugin's way from its source to adapters: read and check, list its tools, join its grants.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use loom_types::{Embedder, Error, Memory, Provider, Result, Tool, ToolDefinition};
use serde::{Deserialize, Serialize};

use crate::component::{Bytes, Component, Prepared};
use crate::convert;
use crate::egress::Policy;
use crate::egress::secret::placeholder;
use crate::embedding::GuestEmbedder;
use crate::engine::{Engine, Permit};
use crate::error::{LoadError, LoadReason};
use crate::grants::{Effective, Grants};
use crate::guest::Shared;
use crate::limits::Limits;
use crate::manifest::{Capabilities, Manifest};
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
        /// SHA-256 of the component, in hexadecimal.
        digest: &'static str,
    },
    /// A file.
    File(PathBuf),
}

/// A component that was read and checked. Cheap to clone; compiled when first needed.
#[derive(Clone)]
pub struct Plugin(Arc<Inner>);

struct Inner {
    source: PluginSource,
    component: Component,
    facts: Facts,
}

/// What is known of a component, and kept in the cache by its digest.
#[derive(Serialize, Deserialize)]
struct Facts {
    metadata: Metadata,
    definitions: Vec<Arc<ToolDefinition>>,
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
        let (component, sidecar) = read(engine, &source).await?;
        let known = engine
            .cache()
            .and_then(|cache| cache.facts::<Facts>(component.digest()));
        let mut facts = match known {
            Some(facts) => facts,
            None => Facts::find(&component, &source).await?,
        };
        if let (Some(text), false) = (sidecar, facts.metadata.has_manifest) {
            facts.metadata.manifest =
                Manifest::parse(&text).map_err(|message| LoadReason::Manifest {
                    place: "beside the component".into(),
                    message,
                })?;
        }
        Ok(Self(Arc::new(Inner {
            source,
            component,
            facts,
        })))
    }

    /// The name that configuration, errors and logs use: the manifest's, or the file's.
    #[must_use]
    pub fn name(&self) -> String {
        let manifest = &self.0.facts.metadata.manifest;
        manifest
            .name
            .clone()
            .unwrap_or_else(|| self.0.source.default_name())
    }

    /// The version in its manifest, `0.0.0` without one.
    #[must_use]
    pub fn version(&self) -> &str {
        self.0
            .facts
            .metadata
            .manifest
            .version
            .as_deref()
            .unwrap_or("0.0.0")
    }

    /// Where it comes from.
    #[must_use]
    pub fn source(&self) -> &PluginSource {
        &self.0.source
    }

    /// SHA-256 of the component, in hexadecimal.
    #[must_use]
    pub fn digest(&self) -> &str {
        self.0.component.digest()
    }

    /// Size of the component.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.0.component.wasm().len() as u64
    }

    /// What it says of itself.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.0.facts.metadata
    }

    /// The interfaces of the contract that it exports.
    #[must_use]
    pub fn exports(&self) -> Exports {
        self.0.facts.metadata.exports
    }

    /// Its tools.
    #[must_use]
    pub fn definitions(&self) -> &[Arc<ToolDefinition>] {
        &self.0.facts.definitions
    }

    /// Compiles it now, instead of at its first call, and finds out whether it can be linked.
    ///
    /// # Errors
    ///
    /// If it does not compile or imports what this host does not have.
    pub async fn prepare(&self) -> Result<(), LoadError> {
        let prepared = self.0.component.prepared(self.metadata()).await;
        prepared
            .map(drop)
            .map_err(|reason| reason.of(self.0.source.to_string()))
    }

    /// Its tools as it tells them when it runs, whatever it lists: for checks. Compiles it.
    ///
    /// # Errors
    ///
    /// If it does not compile, cannot be linked or does not tell.
    pub async fn ask_definitions(&self) -> Result<Vec<Arc<ToolDefinition>>, LoadError> {
        let Inner {
            source, component, ..
        } = &*self.0;
        let asked = list_tools(component, self.metadata(), source).await;
        asked.map_err(|reason| reason.of(source.to_string()))
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
        let effective = Effective::new(grants, &self.metadata().manifest.capabilities)?;
        let shared = shared(self.engine(), self.label(), effective, limits, settings);
        Ok(ConfiguredPlugin {
            plugin: self.clone(),
            shared,
        })
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.0.component.engine()
    }

    pub(crate) async fn prepared(&self) -> Result<&Prepared> {
        let prepared = self.0.component.prepared(self.metadata()).await;
        prepared.map_err(|reason| Error::internal(reason.to_string()).from_origin(self.label()))
    }

    /// Waits for the right to have one more guest of this plugin.
    pub(crate) async fn slot(&self) -> Result<Permit> {
        let room = self.prepared().await?.room.as_ref();
        Ok(self.engine().slot(room).await)
    }

    fn label(&self) -> String {
        format!("{} {}", self.name(), self.version())
    }
}

impl Facts {
    /// Looks at a component for the first time, and keeps what it finds.
    async fn find(component: &Component, source: &PluginSource) -> Result<Self, LoadReason> {
        let mut metadata = Metadata::read(component.wasm())?;
        let definitions = match metadata.tools.take() {
            _ if !metadata.exports.tool => Vec::new(),
            Some(listed) => convert::listed(&listed).map_err(LoadReason::Definitions)?,
            None => list_tools(component, &metadata, source).await?,
        };
        let mut seen = HashSet::new();
        if let Some(twice) = definitions
            .iter()
            .find(|definition| !seen.insert(definition.name.as_str()))
        {
            let message = format!("two tools are named {}", twice.name);
            return Err(LoadReason::Definitions(message));
        }
        let facts = Self {
            metadata,
            definitions,
        };
        if let Some(cache) = component.engine().cache() {
            cache.keep_facts(component.digest(), &facts);
        }
        Ok(facts)
    }
}

/// Asks a component for its tools, without any capability.
async fn list_tools(
    component: &Component,
    metadata: &Metadata,
    source: &PluginSource,
) -> Result<Vec<Arc<ToolDefinition>>, LoadReason> {
    let fail = LoadReason::Definitions;
    let effective = Effective::new(Grants::default(), &Capabilities::default());
    let effective = effective.map_err(|error| fail(error.to_string()))?;
    let engine = component.engine();
    let bare = shared(
        engine,
        source.to_string(),
        effective,
        Limits::default(),
        BTreeMap::new(),
    );
    let prepared = component.prepared(metadata).await?;
    let _slot = engine.slot(prepared.room.as_ref()).await;
    tool::definitions(prepared, &bare).await
}

pub(crate) fn shared(
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
        interrupted: Arc::clone(engine.interrupted()),
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

    /// One of its embedding models, by the provider's id; the provider has a name of the configuration.
    #[must_use]
    pub fn embedder(&self, provider: &str, model: &str) -> Arc<dyn Embedder> {
        Arc::new(GuestEmbedder::new(self, provider, model))
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
async fn read(
    engine: &Engine,
    source: &PluginSource,
) -> Result<(Component, Option<String>), LoadReason> {
    match source {
        PluginSource::Embedded { wasm, digest, .. } => Ok((
            Component::new(
                engine,
                source.to_string(),
                Bytes::Static(wasm),
                Some(digest),
            ),
            None,
        )),
        PluginSource::File(path) => {
            let wasm = tokio::fs::read(path).await?;
            Ok((
                Component::new(engine, source.to_string(), Bytes::Owned(wasm), None),
                read_sidecar(path).await?,
            ))
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
