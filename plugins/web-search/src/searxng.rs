//! SearXNG's search API: the question and the answer. <https://docs.searxng.org/dev/search_api.html>

use loom_sdk::error::Result;
use loom_sdk::http::Request;
use loom_sdk::{Error, ErrorKind};
use url::Url;

use crate::json;
use crate::query::Query;
use crate::result::{Page, plain};

/// The question to the instance at a base URL.
pub(crate) fn request(base: &Url, query: &Query) -> Request {
    let mut url = base.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty();
        if base.path_segments().and_then(Iterator::last) != Some("search") {
            segments.push("search");
        }
    }
    {
        let mut pairs = url.query_pairs_mut();
        pairs.append_pair("q", &query.with_site());
        pairs.append_pair("format", "json");
        if let Some(freshness) = query.freshness {
            pairs.append_pair("time_range", freshness.word());
        }
    }
    Request::get(url).header("accept", "application/json")
}

/// An instance that does not offer JSON, as most public ones, answers with 403.
pub(crate) fn explain(error: Error) -> Error {
    if error.http_status != Some(403) {
        return error;
    }
    let message = format!(
        "{}; JSON is off in this instance: add `json` to search.formats in its settings.yml, or use another one",
        error.message
    );
    Error {
        kind: ErrorKind::Unavailable,
        message,
        ..error
    }
}

/// The pages of an answer.
///
/// # Errors
///
/// `unavailable` if nothing was found because the engines behind the instance did not answer.
pub(crate) fn pages(text: &str) -> Result<Vec<Page>> {
    let answer = json::parse(text, "SearXNG")?;
    let results = json::list(&answer, "/results").iter();
    let pages = results.filter_map(|result| {
        let date = Some(json::text(result, "publishedDate"));
        let title = plain(json::text(result, "title"));
        let snippet = plain(json::text(result, "content"));
        Page::new(&title, json::text(result, "url"), &snippet, date)
    });
    let pages: Vec<Page> = pages.collect();
    let silent = json::list(&answer, "/unresponsive_engines");
    if pages.is_empty() && !silent.is_empty() {
        let names: Vec<&str> = silent
            .iter()
            .filter_map(|engine| engine[0].as_str())
            .collect();
        return Err(Error::unavailable(format!(
            "SearXNG found nothing, and these engines behind it did not answer: {}; try again later",
            names.join(", ")
        )));
    }
    Ok(pages)
}

#[cfg(test)]
mod tests;
