//! The tool `kb_delete`.

use loom_sdk::prelude::*;

use super::base;
use crate::document::Document;

/// What was deleted.
#[derive(Debug, Serialize)]
pub(crate) struct Deleted {
    pub(crate) documents: usize,
    pub(crate) passages: u64,
    /// Ids that named nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) not_found: Vec<String>,
}

/// Delete documents from the knowledge base, by their ids or sources, or a whole collection. The files
/// that they were made from stay.
#[tool(
    cautious,
    idempotent,
    title = "Delete from knowledge base",
    example(
        title = "Delete a document",
        arguments = r#"{"ids": ["kb:manuals/setup-1f2e3d4c"]}"#
    )
)]
pub(crate) fn kb_delete(
    /// Ids of documents or of their passages, or sources as kb_list shows them.
    #[arg(default = Vec::new())]
    ids: Vec<String>,
    /// Delete this collection.
    collection: Option<String>,
) -> Result<Json<Deleted>, Error> {
    if ids.is_empty() == collection.is_none() {
        return Err(Error::invalid_input(
            "give ids or a collection to delete, one of the two",
        ));
    }
    let is_chosen = |document: &Document| match &collection {
        Some(collection) => document.collection == *collection,
        None => ids.iter().any(|id| names(id, document)),
    };
    let deleted = base().delete(is_chosen);
    let deleted = deleted.map_err(|it| it.told("writing the knowledge base"))?;
    let missing = |id: &&String| !deleted.iter().any(|document| names(id, document));
    let not_found: Vec<String> = ids.iter().filter(missing).cloned().collect();
    if deleted.is_empty() {
        let what = collection.unwrap_or_else(|| not_found.join(", "));
        return Err(Error::not_found(format!(
            "the knowledge base has no {what}; kb_list shows what it has"
        )));
    }
    Ok(Json(Deleted {
        documents: deleted.len(),
        passages: deleted
            .iter()
            .map(|document| u64::from(document.chunks))
            .sum(),
        not_found,
    }))
}

/// Whether an id, of the document or of a passage, or a source means the document.
fn names(id: &str, document: &Document) -> bool {
    let plain = id.split('#').next().unwrap_or(id);
    plain == document.citation() || id == document.source
}
