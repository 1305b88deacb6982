//! Which documents a search looks at.

use std::collections::BTreeMap;

use globset::GlobMatcher;
use serde_json::Value;

use crate::base::Base;
use crate::document::Document;
use crate::segment::Segment;
use crate::store::Entry;
use crate::store::fault::Result;

/// Conditions that all hold for a document that is looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    /// It is in one of these; empty for any.
    pub(crate) collections: Vec<String>,
    /// Its metadata has these values; of a list, one of them.
    pub(crate) metadata: BTreeMap<String, Value>,
    pub(crate) source: Option<GlobMatcher>,
}

impl Filter {
    /// The document of each chunk of a segment, and of each document whether it is looked at.
    pub(super) fn scope(
        &self,
        base: &Base,
        entry: &Entry,
        segment: &Segment,
    ) -> Result<(Vec<u32>, Vec<bool>)> {
        let mut passes = entry.live();
        if !self.collections.is_empty() {
            let names = &segment.table.collections;
            let wanted: Vec<bool> = names
                .iter()
                .map(|name| self.collections.contains(name))
                .collect();
            let collections = segment.document_collections()?;
            for (passes, collection) in passes.iter_mut().zip(collections) {
                *passes &= wanted
                    .get(collection as usize)
                    .is_some_and(|wanted| *wanted);
            }
        }
        if passes.contains(&true) && (!self.metadata.is_empty() || self.source.is_some()) {
            let documents = base.documents_of(&entry.name, segment)?;
            for (passes, document) in passes.iter_mut().zip(documents.iter()) {
                *passes = *passes && self.accepts(document);
            }
        }
        Ok((segment.chunk_documents()?, passes))
    }

    fn accepts(&self, document: &Document) -> bool {
        let metadata = self.metadata.iter().all(|(name, wanted)| {
            let value = document.metadata.get(name);
            value.is_some_and(|value| match wanted {
                Value::Array(any) => any.contains(value),
                one => one == value,
            })
        });
        metadata
            && self
                .source
                .as_ref()
                .is_none_or(|glob| glob.is_match(&document.source))
    }
}
