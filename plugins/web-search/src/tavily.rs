//! Tavily's search API: the question and the answer. <https://docs.tavily.com/documentation/api-reference/endpoint/search>

use loom_sdk::error::Result;
use loom_sdk::http::Request;
use serde_json::json;
use url::Url;

use crate::query::Query;
use crate::result::Page;

/// The question; `key` is the placeholder of the key.
pub(crate) fn request(base: &Url, query: &Query, key: &str) -> Request {
    let mut body = json!({"query": query.text, "max_results": query.count});
    if let Some(freshness) = query.freshness {
        body["time_range"] = freshness.word().into();
    }
    if let Some(site) = &query.site {
        body["include_domains"] = json!([site]);
    }
    Request::post_json(base.as_str(), &body).header("authorization", format!("Bearer {key}"))
}

/// The pages of an answer.
pub(crate) fn pages(text: &str) -> Result<Vec<Page>> {
    let answer = crate::json::parse(text, "Tavily")?;
    let results = crate::json::list(&answer, "/results").iter();
    let pages = results.filter_map(|result| {
        let field = |name| crate::json::text(result, name);
        Page::new(
            field("title"),
            field("url"),
            field("content"),
            Some(field("published_date")),
        )
    });
    Ok(pages.collect())
}

#[cfg(test)]
mod tests;
