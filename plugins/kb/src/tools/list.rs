//! The tool `kb_list`.

use std::collections::BTreeMap;

use loom_sdk::prelude::*;
use serde_json::Value;

use super::base;

const MAX_LIMIT: u32 = 1_000;

/// What is in the base.
#[derive(Debug, Serialize)]
pub(crate) struct Listed {
    pub(crate) collections: Vec<Collection>,
    /// Of the collection that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) documents: Option<Vec<Item>>,
    /// Documents that come after those.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) more: Option<usize>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) notes: Vec<String>,
}

/// A collection.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Collection {
    pub(crate) name: String,
    pub(crate) documents: usize,
    pub(crate) passages: u64,
    /// Of what the documents were made from.
    pub(crate) bytes: u64,
}

/// A document.
#[derive(Debug, Serialize)]
pub(crate) struct Item {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) source: String,
    pub(crate) passages: u32,
    pub(crate) bytes: u64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) metadata: BTreeMap<String, Value>,
}

/// List the collections of the knowledge base, or the documents of one.
#[tool(
    safe,
    title = "List knowledge base",
    example(title = "List the collections", arguments = "{}"),
    example(title = "List documents", arguments = r#"{"collection": "manuals"}"#)
)]
pub(crate) fn kb_list(
    /// List the documents of this collection.
    collection: Option<String>,
    /// How many documents to list at most, up to 1000.
    #[arg(default = 100_u32)]
    limit: u32,
    /// How many documents to pass over.
    #[arg(default = 0_u32)]
    offset: u32,
) -> Result<Json<Listed>, Error> {
    let documents = base().documents();
    let (documents, notes) = documents.map_err(|it| it.told("reading the knowledge base"))?;
    let mut collections: BTreeMap<&str, Collection> = BTreeMap::new();
    for document in &documents {
        let collection = collections.entry(&document.collection).or_default();
        collection.documents += 1;
        collection.passages += u64::from(document.chunks);
        collection.bytes += document.bytes;
    }
    let mut listed = Listed {
        collections: collections
            .into_iter()
            .map(|(name, collection)| Collection {
                name: name.to_owned(),
                ..collection
            })
            .collect(),
        documents: None,
        more: None,
        notes,
    };
    if let Some(name) = collection {
        let own = documents
            .into_iter()
            .filter(|document| document.collection == name);
        let mut own: Vec<_> = own.collect();
        if own.is_empty() {
            return Err(Error::not_found(format!("there is no collection {name}")));
        }
        own.sort_by(|a, b| a.source.cmp(&b.source));
        let limit = limit.clamp(1, MAX_LIMIT) as usize;
        let after = own
            .len()
            .saturating_sub(offset as usize)
            .saturating_sub(limit);
        listed.more = Some(after).filter(|after| *after > 0);
        let shown = own.into_iter().skip(offset as usize).take(limit);
        listed.documents = Some(
            shown
                .map(|document| Item {
                    id: document.citation(),
                    title: document.title,
                    source: document.source,
                    passages: document.chunks,
                    bytes: document.bytes,
                    metadata: document.metadata,
                })
                .collect(),
        );
    }
    Ok(Json(listed))
}
