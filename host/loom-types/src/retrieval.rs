//! What is found for a question before a model sees it: embeddings, passages, and the traits of who
//! finds them.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::Result;

/// A model that turns texts into vectors.
#[async_trait]
pub trait Embedder: Send + Sync {
    /// `provider/model`. Vectors of different models can't be compared.
    fn model(&self) -> &str;

    /// One vector for each text, in order, all of the same length.
    async fn embed(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>>;
}

/// Finds passages for a question.
#[async_trait]
pub trait Retriever: Send + Sync {
    /// What it looks through, for people: `memory`, `kb`.
    fn name(&self) -> &str;

    /// The best passages, at most `limit`, best first.
    async fn retrieve(&self, question: &str, limit: usize) -> Result<Vec<Passage>>;
}

/// A piece of text that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Passage {
    /// What the model cites it by; unique within its retriever, and the same whenever it is found.
    pub id: String,
    /// Where it is from: a path, a URL, a session.
    pub source: String,
    /// What people call the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    pub text: String,
    /// Higher is better; comparable within one answer only.
    pub score: f64,
}

/// A passage that went into a question, without its text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    pub id: String,
    pub source: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    pub score: f64,
}

impl From<&Passage> for Source {
    fn from(passage: &Passage) -> Self {
        Self {
            id: passage.id.clone(),
            source: passage.source.clone(),
            title: passage.title.clone(),
            score: passage.score,
        }
    }
}
