//! From the configuration's words to the sandbox's values.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use loom_types::Embedder;
use loom_wasm::{
    DirectoryGrant, EmbeddingGrant, FileAccess, Grants, HostPattern, Limits, ScratchGrant, Secret,
    SecretGrant,
};

use crate::config::{self, FileGrant, GrantsConfig, PluginLimits, Settings};

/// The grants, with the values of secrets from the environment. The embedding model is for those that
/// were granted its use.
pub(super) fn grants(
    config: &GrantsConfig,
    embedder: Option<&Arc<dyn Embedder>>,
) -> anyhow::Result<Grants> {
    let mut secrets = BTreeMap::new();
    for (name, grant) in &config.secrets {
        secrets.insert(name.clone(), secret(grant)?);
    }
    Ok(Grants {
        directories: config
            .files
            .iter()
            .enumerate()
            .map(|(index, grant)| directory(index, grant))
            .collect(),
        network: patterns(&config.network)?,
        secrets,
        environment: config.environment.clone(),
        clock: config.clock,
        embeddings: match config.embeddings {
            true => EmbeddingGrant::Granted(embedder.cloned()),
            false => EmbeddingGrant::Denied,
        },
        scratch: config.scratch_bytes.map(|bytes| ScratchGrant { bytes }),
    })
}

/// The first directory is where relative paths lead. Each has its own path as well, so that what a
/// person or a model calls it is what the guest calls it.
fn directory(index: usize, grant: &FileGrant) -> DirectoryGrant {
    let own = grant.path.to_string_lossy().into_owned();
    DirectoryGrant {
        host_path: grant.path.clone(),
        guest_paths: if index == 0 {
            vec![".".to_owned(), own]
        } else {
            vec![own]
        },
        access: match grant.access {
            config::FileAccess::ReadOnly => FileAccess::ReadOnly,
            config::FileAccess::ReadWrite => FileAccess::ReadWrite,
        },
    }
}

fn secret(grant: &config::SecretGrant) -> anyhow::Result<SecretGrant> {
    let value = std::env::var(&grant.env)
        .ok()
        .filter(|value| !value.is_empty());
    Ok(SecretGrant {
        value: value.map(|value| Secret::new(value.trim())),
        hosts: patterns(&grant.hosts)?,
        hint: format!("set the environment variable {}", grant.env),
    })
}

fn patterns(texts: &[String]) -> anyhow::Result<Vec<HostPattern>> {
    texts
        .iter()
        .map(|text| {
            text.parse()
                .with_context(|| format!("the granted host {text}"))
        })
        .collect()
}

/// The limits; what the configuration does not speak of has the sandbox's default.
pub(super) fn limits(config: &PluginLimits) -> Limits {
    let bytes = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    Limits {
        memory_bytes: bytes(config.memory_bytes),
        time: config.time,
        output_bytes: bytes(config.output_bytes),
        host_calls: config.host_calls,
        http_response_bytes: bytes(config.http_response_bytes),
        http_timeout: config.time.max(Duration::from_secs(1)),
        ..Limits::default()
    }
}

/// Strings as they are, anything else as JSON.
pub(super) fn settings(settings: &Settings) -> BTreeMap<String, String> {
    let text = |value: &serde_json::Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    settings
        .iter()
        .map(|(name, value)| (name.clone(), text(value)))
        .collect()
}

/// Whether a file in a plugin directory is meant to be a plugin.
pub(super) fn is_component(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "wasm")
}
