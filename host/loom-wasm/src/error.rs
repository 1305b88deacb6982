//! Why a plugin could not be loaded.

use std::path::PathBuf;

/// A plugin that could not be loaded. The text names the plugin; what to do next is in it.
#[derive(Debug, thiserror::Error)]
#[error("{plugin}: {reason}")]
pub struct LoadError {
    /// The file, or the built-in's name.
    pub plugin: String,
    /// What is wrong with it.
    #[source]
    pub reason: LoadReason,
}

/// What can be wrong with a plugin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadReason {
    #[error("it cannot be read ({0})")]
    Io(#[from] std::io::Error),
    #[error("it is not WebAssembly")]
    NotWasm,
    #[error(
        "it is a core module, not a component; build it for wasm32-wasip2 or run `wasm-tools component new`"
    )]
    CoreModule,
    #[error("it is broken or half written: {0}")]
    Malformed(String),
    #[error("it exports none of tool, llm, embedding and memory of loom:plugin@0.1.0")]
    NothingExported,
    #[error(
        "it was built for {found}; this host speaks loom:plugin@0.1.0: build it again with the current contract"
    )]
    OtherApiVersion { found: String },
    #[error(
        "it is no command: it does not export wasi:cli/run@0.2; build a program (not a library) for wasm32-wasip2"
    )]
    NoCommand,
    #[error(
        "it is a command for {found}; this host runs those of wasi:cli@0.2: build it for wasm32-wasip2"
    )]
    OtherCommandVersion { found: String },
    #[error("its manifest {place} cannot be read: {message}")]
    Manifest { place: String, message: String },
    #[error("the cache directory {path} cannot be used: {source}")]
    Cache {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("it needs what this host does not have: {0}")]
    Imports(String),
    #[error("it does not compile: {0}")]
    Compile(String),
    #[error("its tools cannot be listed: {0}")]
    Definitions(String),
}

impl LoadReason {
    pub(crate) fn of(self, plugin: impl Into<String>) -> LoadError {
        LoadError {
            plugin: plugin.into(),
            reason: self,
        }
    }
}
