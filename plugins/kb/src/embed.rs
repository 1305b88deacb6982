//! The host's embedding model, as far as there is one.

use loom_sdk::{Error, host};

use crate::base::Vectors;
use crate::document::Addition;

/// Texts that are embedded by one call of the host.
const AT_ONCE: usize = 32;

/// Turns texts into vectors. Tests have models of their own.
#[derive(Clone, Copy)]
pub(crate) struct Embedder {
    pub(crate) model: fn() -> Option<String>,
    pub(crate) embed: fn(&[String]) -> Embedded,
}

/// A vector for each text.
pub(crate) type Embedded = Result<Vec<Vec<f32>>, Error>;

impl Embedder {
    pub(crate) fn of_host() -> Self {
        Self {
            model: host::embedding_model,
            embed: host::embed,
        }
    }

    /// Vectors for all chunks; none without a model.
    pub(crate) fn vectors(&self, additions: &[Addition]) -> Result<Option<Vectors>, Error> {
        let Some(model) = (self.model)() else {
            return Ok(None);
        };
        let texts: Vec<String> = additions.iter().flat_map(texts).collect();
        let mut vectors = Vec::with_capacity(texts.len());
        for texts in texts.chunks(AT_ONCE) {
            vectors.extend(self.embed_all(texts)?);
        }
        let dimensions = vectors.first().map_or(0, Vec::len);
        if dimensions == 0 || vectors.iter().any(|vector| vector.len() != dimensions) {
            let problem = format!("the embedding model {model} gives vectors of different lengths");
            return if texts.is_empty() {
                Ok(None)
            } else {
                Err(Error::internal(problem))
            };
        }
        Ok(Some(Vectors { model, vectors }))
    }

    /// The vector of a question.
    pub(crate) fn vector(&self, text: &str) -> Result<Vec<f32>, Error> {
        let mut vectors = self.embed_all(&[text.to_owned()])?;
        vectors
            .pop()
            .ok_or_else(|| Error::internal("the embedding model gave no vector"))
    }

    fn embed_all(&self, texts: &[String]) -> Embedded {
        let vectors = (self.embed)(texts)?;
        if vectors.len() == texts.len() {
            return Ok(vectors);
        }
        let (got, wanted) = (vectors.len(), texts.len());
        let problem = format!("the embedding model gave {got} vectors for {wanted} texts");
        Err(Error::internal(problem))
    }
}

/// What of each chunk is embedded: it with what it stands under.
fn texts(addition: &Addition) -> impl Iterator<Item = String> {
    let title = &addition.document.title;
    addition
        .chunks
        .iter()
        .map(move |chunk| match &*chunk.heading {
            "" => format!("{title}\n{}", chunk.text),
            heading => format!("{title}\n{heading}\n{}", chunk.text),
        })
}
