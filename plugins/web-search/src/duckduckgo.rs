//! DuckDuckGo without a key: the page for browsers without JavaScript, and the even simpler one. Neither
//! has a documented format; this reads them as they are, and says so when they are not.

use dom_query::{Document, NodeRef};
use loom_sdk::error::Result;
use loom_sdk::http::Request;
use loom_sdk::{Error, ErrorKind};
use url::Url;
use url::form_urlencoded::Serializer;

use crate::ask::{Answer, Network};
use crate::engine::Settings;
use crate::query::Query;
use crate::result::Page;

const HTML_URL: &str = "https://html.duckduckgo.com/html/";
const LITE_URL: &str = "https://lite.duckduckgo.com/lite/";
/// How long it mostly refuses after too many requests, by reports of those who met it.
const CHALLENGE_MS: u64 = 60_000;
/// In its page that asks whether one is human, and in no result.
const CHALLENGE: [&str; 4] = [
    "anomaly-modal",
    "/anomaly.js",
    "id=\"challenge-form\"",
    "Unfortunately, bots use DuckDuckGo too",
];

/// What a page says.
#[derive(Debug, PartialEq)]
enum Reading {
    Pages(Vec<Page>),
    Challenge,
    /// Neither results nor the words that there are none.
    Unknown,
}

/// Asks the first page, and the simpler one if the first gives no answer. The error is the first one's.
pub(crate) fn search(
    query: &Query,
    settings: &Settings<'_>,
    network: &mut Network<'_>,
) -> Result<Vec<Page>> {
    let html = settings.url("duckduckgo_url", HTML_URL)?;
    let lite = settings.url("duckduckgo_lite_url", LITE_URL)?;
    let first = ask(&html, query, network);
    match first {
        Ok(pages) => Ok(pages),
        Err(error) if error.kind == ErrorKind::Cancelled => Err(error),
        Err(error) => ask(&lite, query, network).map_err(|_| error),
    }
}

fn ask(url: &Url, query: &Query, network: &mut Network<'_>) -> Result<Vec<Page>> {
    let answer = network.ask(request(url, query), "DuckDuckGo")?;
    let is_challenge = answer.status == 202;
    let text = Answer::accept(answer, "DuckDuckGo")?;
    match read(&text) {
        Reading::Pages(pages) => Ok(pages),
        Reading::Unknown if !is_challenge => Err(Error::unavailable(
            "DuckDuckGo answered with a page that is no list of results; its format may have changed: use another engine, or try again later",
        )),
        _ => Err(Error {
            retry_after_ms: Some(CHALLENGE_MS),
            ..Error::new(
                ErrorKind::RateLimited,
                "DuckDuckGo takes this for a bot and wants a puzzle solved; wait a minute or more, or let the user set a key for brave or tavily, or a SearXNG server, under [plugins.web-search] (`loom help web` tells how)",
            )
        }),
    }
}

fn request(url: &Url, query: &Query) -> Request {
    let mut form = Serializer::new(String::new());
    form.append_pair("q", &query.with_site());
    if let Some(freshness) = query.freshness {
        form.append_pair("df", freshness.letter());
    }
    Request::new("POST", url.as_str())
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept", "text/html")
        .header("accept-language", "en-US,en;q=0.8")
        .header(
            "user-agent",
            concat!(
                "Mozilla/5.0 (compatible; Loom/",
                env!("CARGO_PKG_VERSION"),
                ")"
            ),
        )
        .header("referer", url.as_str())
        .body(form.finish())
}

fn read(html: &str) -> Reading {
    let document = Document::from(html);
    let mut pages = of_html(&document);
    if pages.is_empty() {
        pages = of_lite(&document);
    }
    if !pages.is_empty() {
        return Reading::Pages(pages);
    }
    if CHALLENGE.iter().any(|mark| html.contains(mark)) {
        return Reading::Challenge;
    }
    let says_none = document.select(".no-results, .result--no-result").exists()
        || html.contains("No results.")
        || html.contains("No more results.");
    if says_none {
        Reading::Pages(Vec::new())
    } else {
        Reading::Unknown
    }
}

/// `div.result` with `a.result__a`, `.result__snippet` and perhaps a date.
fn of_html(document: &Document) -> Vec<Page> {
    let results = document.select("div.result:not(.result--ad):not(.result--no-result)");
    let pages = results.iter().filter_map(|result| {
        let link = result.select_single("a.result__a");
        let title = link.text();
        let url = target(&link.attr("href")?)?;
        let snippet = result.select_single(".result__snippet").text();
        let date = result.select_single(".result__extras__url > span:not(.result__icon)");
        page(&title, &url, &snippet, &date.text())
    });
    pages.collect()
}

/// Rows of a table: `a.result-link`, then in rows of their own `td.result-snippet` and `span.timestamp`.
fn of_lite(document: &Document) -> Vec<Page> {
    let links = document.select("tr:not(.result-sponsored) a.result-link");
    let pages = links.nodes().iter().filter_map(|link| {
        let url = target(&link.attr("href")?)?;
        let row = link.ancestors_it(None).find(|node| node.has_name("tr"))?;
        let (mut snippet, mut date) = (String::new(), String::new());
        for row in following_rows(row) {
            for cell in row.descendants_it() {
                if cell.has_class("result-snippet") {
                    snippet = cell.text().to_string();
                } else if cell.has_class("timestamp") {
                    date = cell.text().to_string();
                }
            }
        }
        page(&link.text(), &url, &snippet, &date)
    });
    pages.collect()
}

/// The rows that belong to a result: up to the next link.
fn following_rows(row: NodeRef<'_>) -> impl Iterator<Item = NodeRef<'_>> {
    let rows = std::iter::successors(row.next_element_sibling(), NodeRef::next_element_sibling);
    rows.take(4).take_while(|row| {
        !row.descendants_it()
            .any(|node| node.has_class("result-link"))
    })
}

/// Where a link of a result leads; none for an advertisement, and for links to other searches.
fn target(href: &str) -> Option<String> {
    let base = Url::parse(HTML_URL).ok()?;
    let url = base.join(href.trim()).ok()?;
    let host = url.host_str()?;
    if host != "duckduckgo.com" && !host.ends_with(".duckduckgo.com") {
        return Some(url.into());
    }
    if url.path() != "/l/" {
        return None;
    }
    let mut pairs = url.query_pairs();
    let (_, target) = pairs.find(|(name, _)| name == "uddg")?;
    // Some advertisements are wrapped twice.
    (!target.contains("duckduckgo.com/y.js")).then(|| target.into_owned())
}

fn page(title: &str, url: &str, snippet: &str, date: &str) -> Option<Page> {
    // What it shows when it has nothing: a link to somebody else's search.
    if title.trim() == "EOF" && url.contains("google.com/search") {
        return None;
    }
    let date = date.trim().split('T').next();
    Page::new(title, url, snippet, date)
}

#[cfg(test)]
mod tests;
