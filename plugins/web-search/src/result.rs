//! What was found, the same for all engines, and text without markup.

use serde::Serialize;
use url::Url;

use crate::engine::Engine;

/// What is kept of a title and of a snippet. Tavily's snippets can be pages.
const MAX_TITLE_CHARS: usize = 300;
const MAX_SNIPPET_CHARS: usize = 1000;

/// One page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Page {
    pub(crate) title: String,
    pub(crate) url: String,
    pub(crate) snippet: String,
    /// When it was published or changed, as the engine says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) date: Option<String>,
}

/// The results of a search.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    pub(crate) engine: Engine,
    pub(crate) results: Vec<Page>,
    /// What to do if nothing was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<&'static str>,
}

impl Page {
    /// A page from an engine's answer, in clean text; none without an address that can be read.
    pub(crate) fn new(title: &str, url: &str, snippet: &str, date: Option<&str>) -> Option<Self> {
        let url = Url::parse(url.trim()).ok()?;
        if !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        let title = shorten(&tidy(title), MAX_TITLE_CHARS);
        let date = date.map(tidy).filter(|date| !date.is_empty());
        Some(Self {
            title: if title.is_empty() {
                url.host_str().unwrap_or_default().to_owned()
            } else {
                title
            },
            url: url.into(),
            snippet: shorten(&tidy(snippet), MAX_SNIPPET_CHARS),
            date,
        })
    }
}

impl Found {
    /// The first pages, each once.
    pub(crate) fn new(engine: Engine, pages: impl IntoIterator<Item = Page>, count: usize) -> Self {
        let mut results: Vec<Page> = Vec::new();
        for page in pages {
            if results.len() == count {
                break;
            }
            if results.iter().all(|other| other.url != page.url) {
                results.push(page);
            }
        }
        let note = results.is_empty().then_some(
            "nothing was found; try fewer or other words, or leave out freshness and site",
        );
        Self {
            engine,
            results,
            note,
        }
    }
}

/// Text of a snippet in HTML: Brave marks what fits, and engines pass on entities.
pub(crate) fn plain(html: &str) -> String {
    if !html.contains(['<', '&']) {
        return html.to_owned();
    }
    dom_query::Document::fragment(html).text().to_string()
}

/// One line, without control characters and what turns the direction of text around.
fn tidy(text: &str) -> String {
    let text: String = text
        .chars()
        .filter(|c| (!c.is_control() || c.is_whitespace()) && !is_invisible(*c))
        .collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Bidirectional controls and zero-width marks (Unicode 16, section 23.2), but for the joiners that
/// scripts and emoji need.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn shorten(text: &str, max_chars: usize) -> String {
    match text.char_indices().nth(max_chars) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
