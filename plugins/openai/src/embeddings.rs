//! Bodies and answers of `/embeddings`.

use loom_sdk::Error;
use serde_json::{Value, json};

use crate::error;
use crate::wire::Embeddings;

/// How many texts go into one request. OpenAI takes 2048, local servers much less at a time.
pub(crate) const BATCH_TEXTS: usize = 128;

pub(crate) fn body(model: &str, texts: &[String]) -> Value {
    json!({"model": model, "input": texts})
}

/// The vectors for `count` texts, in their order.
///
/// # Errors
///
/// `internal` if the answer holds anything but `count` vectors of one length.
pub(crate) fn read(answer: &[u8], count: usize) -> Result<Vec<Vec<f32>>, Error> {
    let answer: Embeddings =
        serde_json::from_slice(answer).map_err(|why| error::bad_embeddings(&why.to_string()))?;
    let mut data = answer.data;
    if data.len() != count {
        let what = format!("{} vectors for {count} texts", data.len());
        return Err(error::bad_embeddings(&what));
    }
    if data.iter().all(|embedding| embedding.index.is_some()) {
        data.sort_by_key(|embedding| embedding.index);
    }
    let vectors: Vec<_> = data
        .into_iter()
        .map(|embedding| embedding.embedding)
        .collect();
    check_lengths(&vectors)?;
    Ok(vectors)
}

/// # Errors
///
/// `internal` if the vectors differ in length or are empty.
pub(crate) fn check_lengths(vectors: &[Vec<f32>]) -> Result<(), Error> {
    let length = vectors.first().map_or(1, Vec::len);
    if length == 0 || vectors.iter().any(|vector| vector.len() != length) {
        return Err(error::bad_embeddings(
            "vectors that are empty or differ in length",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
