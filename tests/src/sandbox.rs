//! Running guests straight in the sandbox, without an agent.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use loom_types::{Content, Error, Tool, ToolContext};
use loom_wasm::{
    ConfiguredPlugin, DirectoryGrant, Engine, EngineConfig, FileAccess, Grants, Limits, LoadError,
    Plugin, PluginSource,
};
use serde_json::Value;

/// An engine. Compiled guests are kept among the build's files, so that only the first test that
/// uses one compiles it.
///
/// # Panics
///
/// If the engine cannot start.
#[must_use]
pub fn engine() -> Engine {
    engine_for(64)
}

/// An engine with room for so many guests at once.
///
/// # Panics
///
/// If the engine cannot start.
#[must_use]
pub fn engine_for(max_instances: u32) -> Engine {
    engine_with(|config| config.max_instances = max_instances)
}

/// An engine that is set up otherwise.
///
/// # Panics
///
/// If the engine cannot start.
#[must_use]
pub fn engine_with(change: impl FnOnce(&mut EngineConfig)) -> Engine {
    let mut config = EngineConfig {
        cache_directory: Some(PathBuf::from(env!("OUT_DIR")).join("compiled")),
        max_instances: 64,
        ..EngineConfig::default()
    };
    change(&mut config);
    Engine::new(&config).expect("the engine starts")
}

/// Loads a component from memory.
///
/// # Errors
///
/// If it is not a plugin.
pub async fn load(engine: &Engine, name: &str, wasm: &[u8]) -> Result<Plugin, LoadError> {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let path = crate::guests::drop_into(directory.path(), name, wasm);
    Plugin::load(engine, PluginSource::File(path)).await
}

/// A plugin with grants, in an engine that it shares with others. It is compiled already, so that no
/// call waits for that.
///
/// # Panics
///
/// If it cannot be loaded.
pub async fn configured(
    engine: &Engine,
    name: &str,
    wasm: &[u8],
    grants: Grants,
) -> ConfiguredPlugin {
    let plugin = load(engine, name, wasm).await;
    ready(plugin.expect("the guest loads"), grants, &[]).await
}

/// The same with a built-in plugin and settings.
///
/// # Panics
///
/// If there is no such plugin, or it cannot be loaded.
pub async fn builtin(
    engine: &Engine,
    name: &str,
    grants: Grants,
    settings: &[(&str, &str)],
) -> ConfiguredPlugin {
    let mut all = loom_builtins::ALL.iter();
    let found = all.find(|builtin| builtin.name == name);
    let found = found.expect("the plugin is built in");
    let source = PluginSource::Embedded {
        name: found.name,
        wasm: found.wasm,
        digest: found.digest,
    };
    let plugin = Plugin::load(engine, source).await;
    ready(plugin.expect("a built-in plugin loads"), grants, settings).await
}

async fn ready(plugin: Plugin, grants: Grants, settings: &[(&str, &str)]) -> ConfiguredPlugin {
    plugin.prepare().await.expect("the plugin can be linked");
    let settings = settings.iter();
    let settings = settings.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let configured = plugin.configure(grants, Limits::default(), settings.collect());
    configured.expect("the grants can be prepared")
}

/// A guest with grants, limits and settings.
pub struct Guest {
    pub configured: ConfiguredPlugin,
    tools: Vec<Arc<dyn Tool>>,
}

impl Guest {
    /// A guest with grants.
    ///
    /// # Panics
    ///
    /// If it cannot be loaded.
    pub async fn new(wasm: &[u8], grants: Grants) -> Self {
        Self::with(wasm, grants, Limits::default(), &[]).await
    }

    /// A guest with grants, limits and settings.
    ///
    /// # Panics
    ///
    /// If it cannot be loaded.
    pub async fn with(
        wasm: &[u8],
        grants: Grants,
        limits: Limits,
        settings: &[(&str, &str)],
    ) -> Self {
        Self::on(&engine(), wasm, grants, limits, settings).await
    }

    /// The same in an engine that it shares with others.
    ///
    /// # Panics
    ///
    /// If it cannot be loaded.
    pub async fn on(
        engine: &Engine,
        wasm: &[u8],
        grants: Grants,
        limits: Limits,
        settings: &[(&str, &str)],
    ) -> Self {
        let plugin = load(engine, "guest", wasm).await;
        let plugin = plugin.expect("the guest loads");
        let settings: BTreeMap<String, String> = settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let configured = plugin
            .configure(grants, limits, settings)
            .expect("the grants can be prepared");
        let tools = configured.tools();
        Self { configured, tools }
    }

    /// Calls a tool; the text of what it returned.
    ///
    /// # Errors
    ///
    /// Whatever the call gave.
    ///
    /// # Panics
    ///
    /// If there is no such tool.
    pub async fn call(&self, tool: &str, arguments: Value) -> Result<String, Error> {
        self.call_within(
            tool,
            arguments,
            &ToolContext::standalone(Duration::from_secs(20)),
        )
        .await
    }

    /// Calls a tool in a context.
    ///
    /// # Errors
    ///
    /// Whatever the call gave.
    ///
    /// # Panics
    ///
    /// If there is no such tool.
    pub async fn call_within(
        &self,
        tool: &str,
        arguments: Value,
        context: &ToolContext,
    ) -> Result<String, Error> {
        let found = self
            .tools
            .iter()
            .find(|each| each.definition().name == tool);
        let content = found
            .expect("the tool is there")
            .call(&arguments, context)
            .await?;
        Ok(content
            .iter()
            .map(Content::to_text)
            .collect::<Vec<_>>()
            .join("\n"))
    }
}

/// Grants of one directory, under `.`.
#[must_use]
pub fn directory(path: &Path, access: FileAccess) -> Grants {
    let grant = DirectoryGrant {
        host_path: path.to_owned(),
        guest_paths: vec![".".into()],
        access,
    };
    Grants {
        directories: vec![grant],
        ..Grants::default()
    }
}
