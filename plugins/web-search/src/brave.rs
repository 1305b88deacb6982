//! Brave's search API: the question and the answer. <https://api-dashboard.search.brave.com/app/documentation>

use loom_sdk::error::Result;
use loom_sdk::http::Request;
use url::Url;

use crate::json;
use crate::query::Query;
use crate::result::{Page, plain};

/// The question; `key` is the placeholder of the key.
pub(crate) fn request(base: &Url, query: &Query, key: &str) -> Request {
    let mut url = base.clone();
    {
        let mut pairs = url.query_pairs_mut();
        pairs.append_pair("q", &query.with_site());
        pairs.append_pair("count", &query.count.to_string());
        pairs.append_pair("result_filter", "web");
        if let Some(freshness) = query.freshness {
            pairs.append_pair("freshness", &format!("p{}", freshness.letter()));
        }
    }
    Request::get(url)
        .header("accept", "application/json")
        .header("x-subscription-token", key)
}

/// The pages of an answer.
pub(crate) fn pages(text: &str) -> Result<Vec<Page>> {
    let answer = json::parse(text, "Brave")?;
    let results = json::list(&answer, "/web/results").iter();
    let pages = results.filter_map(|result| {
        let date = [json::text(result, "age"), json::text(result, "page_age")];
        let date = date.into_iter().find(|date| !date.is_empty());
        let title = plain(json::text(result, "title"));
        let snippet = plain(json::text(result, "description"));
        Page::new(&title, json::text(result, "url"), &snippet, date)
    });
    Ok(pages.collect())
}

#[cfg(test)]
mod tests;
