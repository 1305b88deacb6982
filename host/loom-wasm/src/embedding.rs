//! The embedding models of a plugin: a fresh instance for each batch of texts. What comes back is
//! checked, since whoever stores vectors believes them.

mod fit;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use futures::FutureExt as _;
use loom_types::{Embedder, Error, Result};
use tokio_util::sync::CancellationToken;

use crate::bindings::embedding_world::EmbeddingPluginPre;
use crate::call::{bounded, error_of};
use crate::component::Prepared;
use crate::convert;
use crate::guest::{Call, HostState, Shared, store};
use crate::plugin::{ConfiguredPlugin, Plugin};
use crate::tool::not_the_contract;

/// The longest vector that is taken. The largest models of 2025 have 8,192 numbers.
const MAX_LENGTH: usize = 65_536;

pub(crate) struct GuestEmbedder {
    name: String,
    model_id: String,
    plugin: Plugin,
    shared: Arc<Shared>,
    pre: tokio::sync::OnceCell<(wasmtime::Engine, EmbeddingPluginPre<HostState>)>,
    /// Of the vectors so far; 0 before the first.
    length: AtomicUsize,
    has_told: AtomicBool,
}

impl GuestEmbedder {
    pub(crate) fn new(configured: &ConfiguredPlugin, provider: &str, model: &str) -> Self {
        Self {
            name: format!("{provider}/{model}"),
            model_id: model.to_owned(),
            plugin: configured.plugin.clone(),
            shared: Arc::clone(&configured.shared),
            pre: tokio::sync::OnceCell::new(),
            length: AtomicUsize::new(0),
            has_told: AtomicBool::new(false),
        }
    }

    async fn pre(&self) -> Result<&(wasmtime::Engine, EmbeddingPluginPre<HostState>)> {
        let prepare = || async {
            let Prepared { engine, pre, .. } = self.plugin.prepared().await?;
            let pre = EmbeddingPluginPre::new(pre.clone())
                .map_err(|error| not_the_contract(&error, &self.shared))?;
            Ok((engine.clone(), pre))
        };
        self.pre.get_or_try_init(prepare).await
    }

    async fn batch(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        let (engine, pre) = self.pre().await?;
        let _slot = self.plugin.engine().embedding_slot().await;
        let mut store = store(engine, &self.shared, Call::unattended());
        let running = async {
            let instance = pre.instantiate_async(&mut store).await?;
            let embedding = instance.loom_plugin_embedding();
            embedding
                .call_embed(&mut store, &self.model_id, texts)
                .await
        };
        // Who waits no longer drops this, and the store with it.
        let never = CancellationToken::new();
        let vectors = bounded(self.shared.limits.time, &never, running).await;
        let vectors = vectors.map_err(|stop| error_of(stop, store.data()))?;
        let vectors = vectors.map_err(|error| convert::error(error, &self.shared.label))?;
        self.check(texts.len(), &vectors).map_err(|what| {
            let message = format!(
                "the embeddings of {} are of no use: {what}; check that it is a model for embeddings",
                self.name
            );
            Error::internal(message).from_origin(&self.shared.label)
        })?;
        Ok(vectors)
    }

    fn check(&self, count: usize, vectors: &[Vec<f32>]) -> Result<(), String> {
        if vectors.len() != count {
            return Err(format!("{} vectors for {count} texts", vectors.len()));
        }
        let length = vectors.first().map_or(0, Vec::len);
        if length == 0 || length > MAX_LENGTH {
            return Err(format!("a vector of {length} numbers"));
        }
        if vectors.iter().any(|vector| vector.len() != length) {
            return Err("vectors of different lengths".to_owned());
        }
        if vectors.iter().flatten().any(|number| !number.is_finite()) {
            return Err("a number that is none".to_owned());
        }
        let relaxed = Ordering::Relaxed;
        match self.length.compare_exchange(0, length, relaxed, relaxed) {
            Err(before) if before != length => Err(format!(
                "vectors of {length} numbers after ones of {before}"
            )),
            _ => Ok(()),
        }
    }

    /// Once: a directory of long files would say it for each of them.
    fn tell(&self, shortened: &fit::Shortened) {
        if self.has_told.swap(true, Ordering::Relaxed) {
            return;
        }
        tracing::warn!(
            target: "loom::plugin",
            plugin = self.shared.label,
            "a text of {} bytes is longer than {} takes: its vector stands for its first {} bytes; \
             smaller chunks are found better",
            shortened.from_bytes,
            self.name,
            shortened.to_bytes,
        );
    }
}

#[async_trait]
impl Embedder for GuestEmbedder {
    fn model(&self) -> &str {
        &self.name
    }

    async fn embed(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>> {
        let ask = |texts: Arc<[String]>| async move { self.batch(&texts).await }.boxed();
        let embedded = fit::embed(texts, &ask).await?;
        if let Some(shortened) = &embedded.shortened {
            self.tell(shortened);
        }
        Ok(embedded.vectors)
    }
}
