//! DuckDuckGo's pages.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]
#![expect(clippy::panic, reason = "a test wants to stop here")]

use crate::tests::{fixture, reply, search};

use super::*;

fn pages(html: &str) -> Vec<Page> {
    match read(html) {
        Reading::Pages(pages) => pages,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_page_for_browsers_is_read() {
    let pages = pages(fixture!("duckduckgo-html.html"));
    let urls: Vec<&str> = pages.iter().map(|page| page.url.as_str()).collect();
    assert_eq!(
        urls[..3],
        [
            "https://component-model.bytecodealliance.org/",
            "https://github.com/WebAssembly/component-model",
            "https://ja.example/wasm?a=1&b=%E6%97%A5",
        ]
    );
    assert_eq!(pages[0].title, "The WebAssembly Component Model");
    assert!(
        pages[0].snippet.ends_with("applications & environments."),
        "{}",
        pages[0].snippet
    );
    assert!(pages[1].snippet.contains("It's where the spec \"lives\""));
    assert_eq!(pages[1].date.as_deref(), Some("2026-04-23"));
    assert_eq!(pages[0].date, None);
    assert_eq!(
        pages[2].title,
        "WebAssembly コンポーネントモデル入門 — 概述 🦀"
    );
}

#[test]
fn the_simple_page_is_read() {
    let pages = pages(fixture!("duckduckgo-lite.html"));
    assert_eq!(pages.len(), 3, "{pages:?}");
    assert_eq!(pages[0].snippet, "The component model & its environments.");
    assert_eq!(
        (pages[1].title.as_str(), pages[1].snippet.as_str()),
        ("A page without a snippet", "")
    );
    assert_eq!(pages[2].snippet, "It's where the spec lives.");
    assert_eq!(pages[2].date.as_deref(), Some("2026-04-23"));
}

#[test]
fn advertisements_are_left_out() {
    for html in [
        fixture!("duckduckgo-html.html"),
        fixture!("duckduckgo-lite.html"),
    ] {
        assert!(
            pages(html)
                .iter()
                .all(|page| !page.title.contains("Buy") && !page.url.contains("y.js"))
        );
    }
}

#[test]
fn links_lead_to_the_page_and_not_through_duckduckgo() {
    for (href, expected) in [
        ("https://a.example/x?y=1", Some("https://a.example/x?y=1")),
        (
            "//duckduckgo.com/l/?uddg=https%3A%2F%2Fa.example%2F%3Fq%3D1%2526&rut=1",
            Some("https://a.example/?q=1%26"),
        ),
        (
            "/l/?kh=-1&uddg=https%3A%2F%2Fa.example%2F",
            Some("https://a.example/"),
        ),
        ("https://duckduckgo.com/y.js?ad_domain=a", None),
        (
            "//duckduckgo.com/l/?uddg=https%3A%2F%2Fduckduckgo.com%2Fy.js%3Fad_domain",
            None,
        ),
        ("//duckduckgo.com/l/?rut=1", None),
        ("/html/?q=other", None),
        (
            "https://duckduckgo.com.evil.example/l/?uddg=x",
            Some("https://duckduckgo.com.evil.example/l/?uddg=x"),
        ),
        ("http://[", None),
    ] {
        assert_eq!(target(href).as_deref(), expected, "{href}");
    }
}

#[test]
fn no_results_are_not_an_error() {
    for html in [
        fixture!("duckduckgo-html-none.html"),
        fixture!("duckduckgo-lite-none.html"),
    ] {
        assert_eq!(pages(html), []);
    }
}

#[test]
fn the_puzzle_is_recognised_whatever_its_status() {
    for status in [200, 202] {
        let (found, requests) = search(None, &[], &[], |_| {
            Ok(reply(status, fixture!("duckduckgo-challenge.html")))
        });
        let error = found.unwrap_err();
        assert_eq!(
            (error.kind, error.retry_after_ms),
            (ErrorKind::RateLimited, Some(60_000))
        );
        assert!(error.message.contains("key for brave"), "{}", error.message);
        assert_eq!(requests.len(), 2, "the simple page was tried too");
    }
}

#[test]
fn an_empty_answer_with_the_status_of_the_puzzle_is_the_puzzle() {
    let (found, _) = search(None, &[], &[], |_| Ok(reply(202, "<html></html>")));
    assert_eq!(found.unwrap_err().kind, ErrorKind::RateLimited);
}

#[test]
fn a_result_that_speaks_of_the_puzzle_is_a_result() {
    let html =
        fixture!("duckduckgo-html.html").replace("interoperable", "anomaly-modal /anomaly.js");
    assert!(!pages(&html).is_empty());
}

#[test]
fn the_simple_page_stands_in_for_the_other() {
    let (found, requests) = search(None, &[], &[], |request| {
        Ok(if request.url.contains("lite") {
            reply(200, fixture!("duckduckgo-lite.html"))
        } else {
            reply(503, "down")
        })
    });
    assert_eq!(found.unwrap().results.len(), 3);
    let urls: Vec<&str> = requests
        .iter()
        .map(|request| request.url.as_str())
        .collect();
    assert_eq!(urls, [HTML_URL, LITE_URL]);
    let form = String::from_utf8(requests[1].body.clone()).unwrap();
    assert_eq!(form, "q=wasm+component+model+site%3Adocs.rs&df=w");
}

#[test]
fn a_page_that_is_neither_is_told_as_such() {
    let (found, _) = search(None, &[], &[], |_| {
        Ok(reply(200, "<html><p>New design!</p></html>"))
    });
    let error = found.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(
        error.message.contains("format may have changed"),
        "{}",
        error.message
    );
}

#[test]
fn half_a_page_is_no_panic() {
    for html in [
        fixture!("duckduckgo-html.html"),
        fixture!("duckduckgo-lite.html"),
    ] {
        for end in (0..html.len()).step_by(97) {
            let _ = read(&html[..html.floor_char_boundary(end)]);
        }
    }
}
