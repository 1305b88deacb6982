//! What was fetched as the model sees it, part by part.

use loom_http_exchange::body::End;
use loom_http_exchange::media::{Kind, MediaType};
use loom_sdk::Error;
use loom_sdk::error::Result;
use loom_sdk::tool::{Blob, Content};
use url::Url;

use crate::fetch::Fetched;
use crate::page::{self, Page};

/// Below what a host lets a tool return by default (1 MiB).
const MAX_IMAGE_BYTES: usize = 1_000_000;
/// What is kept of a title or an author's name.
const MAX_FACT_CHARS: usize = 300;

/// What the model wants to see of it.
pub(crate) struct View<'a> {
    pub(crate) max_chars: usize,
    pub(crate) offset: usize,
    pub(crate) selector: Option<&'a str>,
    pub(crate) raw: bool,
}

/// Text with what is known about it, or an image.
///
/// # Errors
///
/// `invalid-input` for what cannot be read, an `offset` beyond the end, and a selector that does not fit.
pub(crate) fn content(fetched: Fetched, view: &View<'_>) -> Result<Vec<Content>> {
    let is_cut = fetched.end != End::Complete;
    if fetched.body.starts_with(b"%PDF-") || fetched.media_type.essence == "application/pdf" {
        return Err(unreadable(
            &fetched,
            "a PDF file",
            "let the user download it and add it with `loom kb add FILE`; then kb_search finds what it says",
        ));
    }
    match fetched.media_type.kind(&fetched.body, is_cut) {
        Kind::Text => text(&fetched, view).map(|text| vec![Content::Text(text)]),
        Kind::Image if is_cut || fetched.body.len() > MAX_IMAGE_BYTES => Err(unreadable(
            &fetched,
            "an image that is too large to show",
            "look for a smaller one",
        )),
        Kind::Image => Ok(vec![
            Content::Text(format!("image at {}", fetched.url)),
            Content::Blob(Blob {
                mime: fetched.media_type.essence,
                data: fetched.body,
            }),
        ]),
        Kind::Binary => Err(unreadable(&fetched, "not text", "look for a page about it")),
    }
}

fn unreadable(fetched: &Fetched, what: &str, advice: &str) -> Error {
    let essence = match fetched.media_type.essence.as_str() {
        "" => "of unknown type",
        essence => essence,
    };
    let at_least = if fetched.end == End::Complete {
        ""
    } else {
        "more than "
    };
    Error::invalid_input(format!(
        "{} is {what} ({essence}, {at_least}{} bytes), which web_fetch does not read; {advice}",
        fetched.url,
        fetched.body.len()
    ))
}

fn text(fetched: &Fetched, view: &View<'_>) -> Result<String> {
    let is_cut = fetched.end != End::Complete;
    let source = fetched.media_type.decode(&fetched.body, is_cut);
    let mut page = if !is_html(&fetched.media_type, &source) {
        as_it_is(source, &fetched.media_type)
    } else if view.raw && view.selector.is_none() {
        as_it_is(source, &MediaType::default())
    } else {
        page::read(&source, &fetched.url, view.selector, view.raw)?
    };
    let has_language = page.facts.iter().any(|(name, _)| *name == "language");
    if let (false, Some(language)) = (has_language, &fetched.language) {
        page.facts.push(("language", language.clone()));
    }
    let notes = [page.note.take(), note(&fetched.end, fetched.body.len())];
    write(&fetched.url, &page, notes.into_iter().flatten(), view)
}

fn is_html(media_type: &MediaType, source: &str) -> bool {
    match media_type.essence.as_str() {
        "text/html" | "application/xhtml+xml" => true,
        "" => {
            let start = source.trim_start();
            let begins = |with: &str| {
                start
                    .get(..with.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(with))
            };
            begins("<!doctype html") || begins("<html")
        }
        _ => false,
    }
}

fn as_it_is(text: String, media_type: &MediaType) -> Page {
    let essence = Some(media_type.essence.clone()).filter(|essence| !essence.is_empty());
    Page {
        facts: essence
            .map(|essence| ("type", essence))
            .into_iter()
            .collect(),
        text,
        ..Page::default()
    }
}

fn note(end: &End, bytes: usize) -> Option<String> {
    match end {
        End::Complete => None,
        End::Cut => Some(format!(
            "the page is larger than the {bytes} bytes that are read of it; the setting max_bytes of the plugin web-fetch allows more"
        )),
        End::TimedOut => Some("the server was too slow: this is what came in time".to_owned()),
        End::Broken(why) => Some(format!("incomplete: {why}")),
    }
}

/// Facts, an empty line, the text from `offset` on, and notes in brackets.
fn write(
    url: &Url,
    page: &Page,
    notes: impl Iterator<Item = String>,
    view: &View<'_>,
) -> Result<String> {
    let total = page.text.chars().count();
    if view.offset > total || (view.offset == total && total > 0) {
        return Err(Error::invalid_input(format!(
            "offset is {}, but the page has {total} characters",
            view.offset
        )));
    }
    let mut lines = Vec::new();
    if !page.title.is_empty() {
        lines.push(format!("# {}", one_line(&page.title)));
    }
    lines.push(format!("url: {url}"));
    let facts = page.facts.iter();
    lines.extend(facts.map(|(name, value)| format!("{name}: {}", one_line(value))));
    let part: String = page
        .text
        .chars()
        .skip(view.offset)
        .take(view.max_chars)
        .collect();
    let body = if total == 0 { "(no text)" } else { &part };
    lines.push(format!("\n{body}"));
    lines.extend(notes.map(|note| format!("\n[{note}]")));
    let next = view.offset + view.max_chars;
    if next < total {
        lines.push(format!(
            "\n[{} more characters; call again with offset={next}]",
            total - next
        ));
    }
    Ok(lines.join("\n"))
}

fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(MAX_FACT_CHARS).collect()
}

#[cfg(test)]
mod tests;
