//! New vectors for documents that have none, or those of another model. Their texts are taken from
//! the base.

use std::time::Instant;

use loom_sdk::{Error, host};

use super::EMBEDDED_AT_ONCE;
use crate::base::Base;
use crate::document::{Addition, Chunk};
use crate::embed::Embedder;
use crate::segment::Segment;
use crate::store::Entry;
use crate::store::fault::Result as StoreResult;

/// How far it came: documents that have new vectors, and whether that are all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reembedded {
    pub(crate) documents: usize,
    pub(crate) passages: usize,
    pub(crate) done: bool,
}

/// Embeds what the host's model has not embedded yet, of one collection or of all.
pub(crate) fn reembed(
    base: &Base,
    embedder: Embedder,
    until: Instant,
    collection: Option<&str>,
) -> Result<Reembedded, Error> {
    let model = (embedder.model)().ok_or_else(|| {
        Error::not_found(
            "no embedding model is configured, or the plugin was not granted the use of it",
        )
    })?;
    let mut progress = Reembedded::default();
    loop {
        let next = next(base, &model, collection);
        let additions = next.map_err(|it| it.told("reading the knowledge base"))?;
        if additions.is_empty() {
            progress.done = true;
            return Ok(progress);
        }
        if Instant::now() >= until || host::is_cancelled() {
            return Ok(progress);
        }
        let vectors = embedder.vectors(&additions)?;
        let replaced = base.replace_unchanged(&additions, vectors.as_ref());
        replaced.map_err(|it| it.told("writing the knowledge base"))?;
        progress.documents += additions.len();
        progress.passages += additions.iter().map(|it| it.chunks.len()).sum::<usize>();
        host::progress(&format!("{} passages embedded", progress.passages), None);
    }
}

/// The next documents without vectors of the model.
fn next(base: &Base, model: &str, collection: Option<&str>) -> StoreResult<Vec<Addition>> {
    for (entry, segment) in base.open()?.segments {
        if entry.model.as_deref() == Some(model) {
            continue;
        }
        let additions = some_of(base, &entry, &segment, collection)?;
        if !additions.is_empty() {
            return Ok(additions);
        }
    }
    Ok(Vec::new())
}

/// Some documents of a segment, with their chunks.
fn some_of(
    base: &Base,
    entry: &Entry,
    segment: &Segment,
    collection: Option<&str>,
) -> StoreResult<Vec<Addition>> {
    let documents = base.documents_of(&entry.name, segment)?;
    let document_of = segment.chunk_documents()?;
    let mut additions = Vec::new();
    let mut chunks = 0;
    for (number, (document, live)) in documents.iter().zip(entry.live()).enumerate() {
        let is_wanted = collection.is_none_or(|collection| document.collection == collection);
        if !live || !is_wanted || document.chunks == 0 {
            continue;
        }
        if chunks > 0 && chunks + document.chunks as usize > EMBEDDED_AT_ONCE {
            break;
        }
        let first = document_of.partition_point(|it| (*it as usize) < number);
        let end = document_of.partition_point(|it| (*it as usize) <= number);
        let own: StoreResult<Vec<Chunk>> =
            (first..end).map(|it| segment.chunk(it as u32)).collect();
        chunks += end - first;
        additions.push(Addition {
            document: document.clone(),
            chunks: own?,
        });
    }
    Ok(additions)
}
