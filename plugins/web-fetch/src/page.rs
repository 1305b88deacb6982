//! A page of HTML as Markdown: its article if it has one, otherwise all of it, or what a selector matches.

use dom_query::Document;
use dom_smoothie::{Config, Readability, TextMode};
use loom_sdk::Error;
use loom_sdk::error::Result;
use url::Url;

use crate::{guard, plain};

/// What is not shown of a page that is shown whole.
const UNSEEN: [&str; 13] = [
    "script", "style", "meta", "head", "noscript", "template", "svg", "iframe", "button", "input",
    "select", "nav", "footer",
];
/// An article shorter than this is probably a part that was mistaken for one.
const MIN_ARTICLE_CHARS: usize = 250;
/// A page with scripts and less text than this shows itself only to browsers.
const MIN_TEXT_CHARS: usize = 200;

/// A page to be read.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) title: String,
    /// Names and values: author, site, date, language.
    pub(crate) facts: Vec<(&'static str, String)>,
    pub(crate) text: String,
    /// What the reader should know about the text.
    pub(crate) note: Option<String>,
}

/// Reads a page.
///
/// # Errors
///
/// `invalid-input` for a selector that is none or that cannot be applied, `not-found` for one that
/// matches nothing.
pub(crate) fn read(html: &str, url: &Url, selector: Option<&str>, raw: bool) -> Result<Page> {
    let parsed = guard::before_parsing(html).and_then(|()| {
        let document = Document::from(html);
        guard::after_parsing(&document).map(|()| document)
    });
    let document = match parsed {
        Ok(document) => document,
        Err(too_complex) if selector.is_some() => {
            return Err(Error::invalid_input(format!(
                "a selector cannot be applied to {url}: {}; leave out selector to get its plain text",
                too_complex.reason()
            )));
        }
        Err(too_complex) => return Ok(plainly(html, too_complex)),
    };
    absolute_links(&document, url);
    match selector {
        Some(selector) => select(document, url, selector, raw),
        None => Ok(article(html, document, url)),
    }
}

fn plainly(html: &str, too_complex: guard::TooComplex) -> Page {
    Page {
        text: plain::text(html),
        note: Some(format!(
            "only the plain text of the page: {}",
            too_complex.reason()
        )),
        ..Page::default()
    }
}

/// Links and images lead where a browser would go; scripts and embedded data lead nowhere.
fn absolute_links(document: &Document, url: &Url) {
    let base = document.base_uri().and_then(|base| url.join(&base).ok());
    let base = base.as_ref().unwrap_or(url);
    for (selector, name) in [("a[href]", "href"), ("img[src]", "src")] {
        for node in document.select(selector).nodes() {
            let value = node.attr_or(name, "");
            match base.join(value.trim()) {
                Ok(target) if matches!(target.scheme(), "javascript" | "data") => {
                    node.remove_attr(name);
                }
                Ok(target) => node.set_attr(name, target.as_str()),
                Err(_) => {}
            }
        }
    }
}

fn select(document: Document, url: &Url, selector: &str, raw: bool) -> Result<Page> {
    let selection = document.try_select(selector);
    let found = selection.filter(dom_query::Selection::exists);
    let Some(found) = found else {
        let is_valid = dom_query::Matcher::new(selector).is_ok();
        return Err(if is_valid {
            Error::not_found(format!(
                "nothing in {url} matches `{selector}`; call without selector to see what is there"
            ))
        } else {
            Error::invalid_input(format!("`{selector}` is not a CSS selector"))
        });
    };
    let pieces = found.iter().map(|node| node.html().to_string());
    let html = pieces.collect::<Vec<_>>().join("\n");
    let text = if raw {
        html
    } else {
        Document::fragment(html)
            .md(Some(&["script", "style"]))
            .to_string()
    };
    Ok(Page {
        title: document.select_single("title").text().trim().to_owned(),
        text,
        ..Page::default()
    })
}

fn article(html: &str, document: Document, url: &Url) -> Page {
    let needs_scripts = document.select_single("script").exists();
    let config = || Config {
        // Its parser is not made for hostile input.
        disable_json_ld: true,
        // A class names the language of code.
        keep_classes: true,
        text_mode: TextMode::Markdown,
        ..Config::default()
    };
    let readability = Readability::with_document(document, Some(url.as_str()), Some(config()));
    let Ok(mut readability) = readability else {
        return Page {
            text: plain::text(html),
            ..Page::default()
        };
    };
    let metadata = readability.get_article_metadata(None);
    let facts = [
        ("by", metadata.byline),
        ("site", metadata.site_name),
        ("published", metadata.published_time),
        ("language", metadata.lang),
    ];
    let whole = whole(&readability.doc);
    let main = readability
        .is_probably_readable()
        .then(|| readability.parse());
    let main = main.and_then(std::result::Result::ok);
    let main = main.map(|article| article.text_content.trim().to_owned());
    let main = main.filter(|text| text.chars().nth(MIN_ARTICLE_CHARS).is_some());
    let text = main.unwrap_or(whole);
    let is_empty = text.chars().nth(MIN_TEXT_CHARS).is_none();
    Page {
        title: metadata.title.trim().to_owned(),
        facts: facts
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect(),
        note: (is_empty && needs_scripts).then(|| {
            "there is little to read here without JavaScript, which is not run; look for another page, a feed or an API with the same content".to_owned()
        }),
        text,
    }
}

fn whole(document: &Document) -> String {
    let body = document.select_single("body");
    let text = body.nodes().first().map(|body| body.md(Some(&UNSEEN)));
    text.map(|text| text.trim().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
