//! The tool `kb_add`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use loom_sdk::prelude::*;
use serde_json::Value;

use super::{DEFAULT_COLLECTION, base, collection_name};
use crate::add::{Adding, Report, Request, reembed};
use crate::chunking::Structure;
use crate::embed::Embedder;
use crate::extract::Extracted;
use crate::places::Places;

/// A call takes no longer than this, whatever it may: so that a person sees how it goes on.
const MAX_TIME: Duration = Duration::from_secs(20);

/// Add documents to the knowledge base, to be found by kb_search: a text with a title, or files and
/// directories. What was added before is updated if it has changed, and files that are gone from an
/// added directory are removed. Leaves out binary and hidden files and what .gitignore excludes, and
/// says so. If `done` is false, call again with the same arguments.
#[tool(
    cautious,
    idempotent,
    title = "Add to knowledge base",
    example(
        title = "Remember a text",
        arguments = r#"{"title": "Deployment", "text": "The server is deployed by pushing to main.", "collection": "notes"}"#
    ),
    example(
        title = "Add the Markdown files of a directory",
        arguments = r#"{"paths": ["docs"], "glob": "**/*.md", "collection": "manuals", "metadata": {"team": "core"}}"#
    )
)]
#[expect(clippy::too_many_arguments, reason = "each is an argument of the tool")]
pub(crate) fn kb_add(
    /// Files and directories, relative to the working directory or absolute.
    #[arg(default = Vec::new())]
    paths: Vec<String>,
    /// Add only files whose path below the directory matches this pattern, such as `**/*.md`.
    glob: Option<String>,
    /// A text to add instead of files; Markdown counts.
    text: Option<String>,
    /// The title of the text.
    title: Option<String>,
    /// Where the text is from, such as a URL. A text with the same source, or else the same title, is
    /// replaced.
    source: Option<String>,
    /// The collection to add to.
    collection: Option<String>,
    /// Names and values (text, numbers, true or false) to filter by in a search. Those of documents
    /// that are there already stay if this is absent.
    metadata: Option<BTreeMap<String, Value>>,
    /// Make vectors with the configured embedding model for documents that have none of it, of the
    /// collection or of all.
    #[arg(default = false)]
    reembed: bool,
    context: &Context,
) -> Result<Json<Report>, Error> {
    let until = Instant::now() + MAX_TIME.min(Duration::from_millis(context.deadline_ms / 2));
    let embedder = Embedder::of_host();
    let base = base();
    if let Some(collection) = &collection {
        collection_name(collection)?;
    }
    check_metadata(metadata.as_ref())?;
    let mut report = Report {
        done: true,
        ..Report::default()
    };
    if !paths.is_empty() || text.is_some() {
        let collection = collection
            .clone()
            .unwrap_or_else(|| DEFAULT_COLLECTION.to_owned());
        let mut adding = Adding::new(
            &base,
            embedder,
            until,
            Request {
                collection,
                metadata,
            },
        )?;
        match (&*paths, &text) {
            ([], Some(text)) => {
                let title = title
                    .as_deref()
                    .map(str::trim)
                    .filter(|title| !title.is_empty());
                let title = title.ok_or_else(|| Error::invalid_input("a text needs a title"))?;
                let extracted = Extracted {
                    title: None,
                    text: text.clone(),
                    structure: Structure::Markdown,
                };
                adding.text(title, source.as_deref(), &extracted)?;
            }
            (_, None) => adding.paths(&Places::current(), &paths, glob.as_deref())?,
            _ => return Err(Error::invalid_input("give paths or a text, not both")),
        }
        report = adding.report;
    } else if !reembed {
        return Err(Error::invalid_input(
            "there is nothing to add; give paths, or a text and its title",
        ));
    }
    if reembed && report.done {
        let reembedded = self::reembed(&base, embedder, until, collection.as_deref())?;
        report.done = reembedded.done;
        report.updated += reembedded.documents;
        report.passages += reembedded.passages;
    }
    Ok(Json(report))
}

fn check_metadata(metadata: Option<&BTreeMap<String, Value>>) -> Result<(), Error> {
    let mut nested = metadata
        .into_iter()
        .flatten()
        .filter(|(_, value)| matches!(value, Value::Array(_) | Value::Object(_) | Value::Null));
    match nested.next() {
        Some((name, _)) => Err(Error::invalid_input(format!(
            "the metadata {name} must be a text, a number, true or false"
        ))),
        None => Ok(()),
    }
}
