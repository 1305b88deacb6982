//! Clean text from what strangers wrote.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use super::*;

fn page(url: &str) -> Option<Page> {
    Page::new("title", url, "snippet", None)
}

#[test]
fn only_pages_that_can_be_read_are_results() {
    for url in [
        "",
        "javascript:alert(1)",
        "data:text/html,x",
        "/relative",
        "mailto:a@b.c",
        "ftp://a/",
    ] {
        assert_eq!(page(url), None, "{url}");
    }
    assert_eq!(
        page(" https://a.example/ä ").unwrap().url,
        "https://a.example/%C3%A4"
    );
}

#[test]
fn text_is_one_line_without_controls() {
    let page = Page::new(
        "a\n b\u{1b}[31m\u{202e}c\u{200b}",
        "https://a.example",
        "x\0y",
        None,
    );
    let page = page.unwrap();
    assert_eq!(
        (page.title.as_str(), page.snippet.as_str()),
        ("a b[31mc", "xy")
    );
}

#[test]
fn joiners_of_scripts_and_emoji_stay() {
    let page = Page::new(
        "می\u{200c}خواهم 👩\u{200d}💻",
        "https://a.example",
        "",
        None,
    )
    .unwrap();
    assert_eq!(page.title, "می\u{200c}خواهم 👩\u{200d}💻");
}

#[test]
fn long_texts_are_cut_between_characters() {
    let page = Page::new(
        &"字".repeat(500),
        "https://a.example",
        &"é".repeat(5000),
        None,
    )
    .unwrap();
    assert_eq!(page.title.chars().count(), MAX_TITLE_CHARS + 1);
    assert_eq!(page.snippet.chars().count(), MAX_SNIPPET_CHARS + 1);
    assert!(page.snippet.ends_with("é…"));
}

#[test]
fn a_page_without_title_is_named_by_its_host() {
    let page = Page::new(" ", "https://a.example/x", "", Some(" ")).unwrap();
    assert_eq!((page.title.as_str(), page.date), ("a.example", None));
}

#[test]
fn each_page_counts_once_and_no_more_than_wanted() {
    let pages = [
        "https://a.example",
        "https://a.example/",
        "https://b.example",
        "https://c.example",
    ];
    let found = Found::new(Engine::Brave, pages.into_iter().filter_map(page), 2);
    let urls: Vec<&str> = found.results.iter().map(|page| page.url.as_str()).collect();
    assert_eq!(urls, ["https://a.example/", "https://b.example/"]);
    assert_eq!(found.note, None);
}

#[test]
fn nothing_found_says_what_to_try() {
    let found = Found::new(Engine::DuckDuckGo, [], 5);
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(json["engine"], "duckduckgo");
    assert!(
        json["note"]
            .as_str()
            .unwrap()
            .contains("fewer or other words")
    );
}

#[test]
fn markup_and_entities_become_text() {
    for (html, expected) in [
        ("a <strong>b</strong> &amp; c&#x27;s", "a b & c's"),
        ("a < b & c", "a < b & c"),
        ("plain", "plain"),
        ("&lt;script&gt;", "<script>"),
        ("", ""),
    ] {
        assert_eq!(plain(html), expected);
    }
}
