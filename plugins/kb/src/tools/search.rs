//! The tool `kb_search`.

use std::collections::BTreeMap;

use loom_sdk::prelude::*;
use serde_json::Value;

use super::base;
use crate::add::compile_glob;
use crate::base::Base;
use crate::embed::Embedder;
use crate::search::{Answer, Filter, Hit, Query, search};

const MAX_LIMIT: u32 = 100;

/// How passages are ranked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    /// By words and, where an embedding model is configured, by meaning too.
    #[default]
    Hybrid,
    /// By words.
    Text,
    /// By meaning.
    Vectors,
}

/// What was found.
#[derive(Debug, Serialize)]
pub(crate) struct Found {
    /// Best first.
    pub(crate) passages: Vec<Passage>,
    /// How they were ranked.
    pub(crate) mode: Mode,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) notes: Vec<String>,
}

/// A piece of a document.
#[derive(Debug, Serialize)]
pub(crate) struct Passage {
    /// What it is cited by.
    pub(crate) id: String,
    pub(crate) source: String,
    pub(crate) title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) heading: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) metadata: BTreeMap<String, Value>,
    pub(crate) text: String,
    /// Higher is better; comparable within one answer only.
    pub(crate) score: f64,
}

/// Search the knowledge base: documents that were added before. Returns the passages that fit best,
/// each with its source and an id; cite a passage by its id, such as [kb:manuals/setup-1f2e3d4c#3].
#[tool(
    safe,
    title = "Search knowledge base",
    example(title = "Ask", arguments = r#"{"query": "how are backups restored?"}"#),
    example(
        title = "Look in one collection, in Markdown files only",
        arguments = r#"{"query": "retry policy", "collections": ["manuals"], "source": "**/*.md", "limit": 3}"#
    )
)]
pub(crate) fn kb_search(
    /// A question, or words that the passages should have.
    query: String,
    /// How many passages to return at most, up to 100.
    #[arg(default = 8_u32)]
    limit: u32,
    /// The collections to search; all if absent.
    #[arg(default = Vec::new())]
    collections: Vec<String>,
    /// Only documents whose metadata has these values; a list stands for any of its values.
    #[arg(default = BTreeMap::new())]
    metadata: BTreeMap<String, Value>,
    /// Only documents whose source matches this glob pattern, such as `**/*.md`.
    source: Option<String>,
    /// `hybrid` ranks by words and, with an embedding model, by meaning; `text` by words only;
    /// `vectors` by meaning only.
    #[arg(default = Mode::Hybrid)]
    mode: Mode,
) -> Result<Json<Found>, Error> {
    let source = source.as_deref().map(compile_glob).transpose()?;
    let filter = Filter {
        collections,
        metadata,
        source,
    };
    let limit = limit.clamp(1, MAX_LIMIT) as usize;
    find(&base(), Embedder::of_host(), &query, mode, filter, limit).map(Json)
}

/// Searches as far as it can: without vectors where there are none.
pub(crate) fn find(
    base: &Base,
    embedder: Embedder,
    text: &str,
    mode: Mode,
    filter: Filter,
    limit: usize,
) -> Result<Found, Error> {
    if text.trim().is_empty() {
        return Err(Error::invalid_input(
            "the query is blank; give a question or some words",
        ));
    }
    let mut notes = Vec::new();
    let vector = vector(embedder, text, mode, &mut notes)?;
    let mode = if vector.is_none() { Mode::Text } else { mode };
    let query = Query {
        text: (mode != Mode::Vectors).then(|| text.to_owned()),
        vector,
        filter,
        limit,
    };
    let answer = search(base, &query).map_err(|it| it.told("searching the knowledge base"))?;
    notes.extend(answer.problems.iter().cloned());
    if let (Some((model, _)), 1..) = (&query.vector, answer.without_vector) {
        notes.push(format!(
            "{} passages have no vectors of {model} and were searched by words only; `loom kb add --reembed` makes them",
            answer.without_vector
        ));
    }
    Ok(found(answer, mode, notes))
}

/// The question's vector and its model; none if the search is by words.
fn vector(
    embedder: Embedder,
    text: &str,
    mode: Mode,
    notes: &mut Vec<String>,
) -> Result<Option<(String, Vec<f32>)>, Error> {
    if mode == Mode::Text {
        return Ok(None);
    }
    let Some(model) = (embedder.model)() else {
        return match mode {
            Mode::Vectors => Err(Error::not_found(
                "no embedding model is configured, or the plugin was not granted the use of it; search with mode text",
            )),
            _ => Ok(None),
        };
    };
    match embedder.vector(text) {
        Ok(vector) => Ok(Some((model, vector))),
        Err(error) if mode == Mode::Vectors => {
            Err(error.context(format!("embedding with {model}")))
        }
        Err(error) => {
            notes.push(format!(
                "searched by words only: {model}: {}",
                error.message
            ));
            Ok(None)
        }
    }
}

fn found(answer: Answer, mode: Mode, notes: Vec<String>) -> Found {
    let passages = answer.hits.into_iter().map(passage).collect();
    Found {
        passages,
        mode,
        notes,
    }
}

fn passage(hit: Hit) -> Passage {
    Passage {
        id: format!("{}#{}", hit.document.citation(), hit.number),
        source: hit.document.source,
        title: hit.document.title,
        heading: hit.chunk.heading,
        metadata: hit.document.metadata,
        text: hit.chunk.text,
        score: hit.score,
    }
}
