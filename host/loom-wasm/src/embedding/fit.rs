//! Texts in batches that a server takes. What it refuses as too much is tried again in halves, and a
//! single text that is refused is shortened. How much a server takes is not known beforehand: it
//! counts tokens of its own.

use std::sync::Arc;

use futures::future::BoxFuture;
use loom_types::{Error, ErrorKind, Result};

/// Texts of one call. Local servers take little more at a time.
const BATCH_TEXTS: usize = 64;

/// Bytes of the texts of one call: a third of the 300,000 tokens that OpenAI takes.
const BATCH_BYTES: usize = 400 << 10;

/// A text of so many bytes is refused for something else than its length: the smallest windows of
/// embedding models are 256 tokens.
const SHORT_BYTES: usize = 256;

/// Asks for the vectors of a batch.
pub(super) type Ask<'a> =
    dyn Fn(Arc<[String]>) -> BoxFuture<'a, Result<Vec<Vec<f32>>>> + Send + Sync + 'a;

/// The vectors of all texts, in order.
#[derive(Debug, Default)]
pub(super) struct Embedded {
    pub(super) vectors: Vec<Vec<f32>>,
    /// The first text whose vector stands for its beginning only.
    pub(super) shortened: Option<Shortened>,
}

/// What a text lost.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shortened {
    pub(super) from_bytes: usize,
    pub(super) to_bytes: usize,
}

/// Texts that go into one call.
struct Batch {
    texts: Arc<[String]>,
    /// What its one text had before it was shortened.
    from_bytes: Option<usize>,
}

/// # Errors
///
/// The first that is not about too much text.
pub(super) async fn embed(texts: Vec<String>, ask: &Ask<'_>) -> Result<Embedded> {
    let mut embedded = Embedded::default();
    let mut waiting = batches(texts);
    waiting.reverse();
    while let Some(batch) = waiting.pop() {
        match ask(Arc::clone(&batch.texts)).await {
            Ok(vectors) => {
                embedded.vectors.extend(vectors);
                if let (Some(from_bytes), None) = (batch.from_bytes, &embedded.shortened) {
                    let to_bytes = batch.texts[0].len();
                    embedded.shortened = Some(Shortened {
                        from_bytes,
                        to_bytes,
                    });
                }
            }
            Err(error) if may_be_too_much(&error) => {
                let smaller = smaller(&batch).ok_or(error)?;
                waiting.extend(smaller.into_iter().rev());
            }
            Err(error) => return Err(error),
        }
    }
    Ok(embedded)
}

fn batches(texts: Vec<String>) -> Vec<Batch> {
    let mut batches = Vec::new();
    let mut current: Vec<String> = Vec::new();
    let mut bytes = 0;
    for text in texts {
        let is_full = current.len() == BATCH_TEXTS || bytes + text.len() > BATCH_BYTES;
        if is_full && !current.is_empty() {
            batches.push(Batch::new(&std::mem::take(&mut current)));
            bytes = 0;
        }
        bytes += text.len();
        current.push(text);
    }
    if !current.is_empty() {
        batches.push(Batch::new(&current));
    }
    batches
}

/// The batch in halves, or its one text shortened; none if it is short already.
fn smaller(batch: &Batch) -> Option<Vec<Batch>> {
    if let [text] = &*batch.texts {
        if text.len() <= SHORT_BYTES {
            return None;
        }
        let end = text.floor_char_boundary((text.len() / 2).max(SHORT_BYTES));
        let shortened = Batch {
            texts: Arc::from([text[..end].to_owned()]),
            from_bytes: Some(batch.from_bytes.unwrap_or(text.len())),
        };
        return Some(vec![shortened]);
    }
    let (first, second) = batch.texts.split_at(batch.texts.len() / 2);
    Some(vec![Batch::new(first), Batch::new(second)])
}

/// Servers say it in many ways: with the provider's mark, as a bad request, as too large. What has a
/// status of its own that means something else is something else.
fn may_be_too_much(error: &Error) -> bool {
    let is_marked = error.details.as_ref().is_some_and(|details| {
        details.get(Error::CONTEXT_OVERFLOW) == Some(&serde_json::Value::Bool(true))
    });
    let is_refusal =
        error.kind == ErrorKind::InvalidInput && matches!(error.http_status, Some(400 | 413 | 422));
    is_marked || is_refusal
}

impl Batch {
    fn new(texts: &[String]) -> Self {
        Self {
            texts: texts.into(),
            from_bytes: None,
        }
    }
}

#[cfg(test)]
mod tests;
