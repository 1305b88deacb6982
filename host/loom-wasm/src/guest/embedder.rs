//! The host's embedding model, as guests get to it.

use crate::bindings::{embedder, types};
use crate::convert;
use crate::grants::EmbeddingGrant;
use crate::guest::HostState;
use loom_types::Error;

impl embedder::Host for HostState {
    fn model(&mut self) -> Option<String> {
        match &self.shared.effective.embeddings {
            EmbeddingGrant::Granted(Some(embedder)) => Some(embedder.model().to_owned()),
            _ => None,
        }
    }

    /// Within the call's time: who drops the call drops this too.
    async fn embed(&mut self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, types::Error> {
        let embedder = match &self.shared.effective.embeddings {
            EmbeddingGrant::Granted(Some(embedder)) => embedder.clone(),
            EmbeddingGrant::Granted(None) => {
                return Err(convert::to_error(Error::not_found(
                    "no embedding model is configured; name one as embedding.model",
                )));
            }
            EmbeddingGrant::Denied => {
                return Err(convert::to_error(Error::denied(
                    "the embedding model is not granted to this plugin; grant it with grants.embeddings = true",
                )));
            }
        };
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        embedder.embed(texts).await.map_err(convert::to_error)
    }
}
