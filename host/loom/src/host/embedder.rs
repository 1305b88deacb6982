//! The embedding model of the configuration.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use loom_types::Embedder;
use loom_wasm::Grants;

use super::catalogue::Installed;
use super::grants;
use crate::config::{Config, EmbeddingModel};

/// The model, from the plugins that are there. One that cannot be had costs a warning: search is by
/// words then, as without one.
pub(super) fn find(config: &Config, plugins: &[Installed]) -> Option<Arc<dyn Embedder>> {
    let model = config.embedding.as_ref()?;
    match embedder(config, model, plugins) {
        Ok(embedder) => Some(embedder),
        Err(problem) => {
            tracing::warn!(
                target: "loom::notice",
                "search is by words only, as the embedding model {model} cannot be had: {problem:#}"
            );
            None
        }
    }
}

fn embedder(
    config: &Config,
    model: &EmbeddingModel,
    plugins: &[Installed],
) -> anyhow::Result<Arc<dyn Embedder>> {
    let name = &model.provider;
    let provider = config.providers.get(name);
    let provider = provider.with_context(|| format!("there is no provider {name}"))?;
    let plugin = &provider.plugin;
    let mut plugins = plugins.iter();
    let installed = plugins.find(|installed| installed.plugin.name() == *plugin);
    let installed = installed.with_context(|| format!("there is no plugin {plugin}"))?;
    if !installed.plugin.exports().embedding {
        bail!("the plugin {plugin} has no embeddings; openai has, and speaks to local servers too");
    }
    let grants = match installed.trusted {
        true => grants::grants(&provider.grants, None)?,
        false => Grants::default(),
    };
    let configured = installed.plugin.configure(
        grants,
        grants::limits(&provider.limits),
        grants::settings(&provider.settings()),
    )?;
    Ok(configured.embedder(name, &model.model))
}
