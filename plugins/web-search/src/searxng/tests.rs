//! SearXNG's questions and answers.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use loom_sdk::ErrorKind;

use crate::engine::Engine;
use crate::tests::{fixture, reply, search};

const SERVER: [(&str, &str); 1] = [("searxng_url", "https://search.example/")];

#[test]
fn results_are_read() {
    let (found, requests) = search(Some(Engine::SearXng), &SERVER, &[], |_| {
        Ok(reply(200, fixture!("searxng.json")))
    });
    let found = found.unwrap();
    assert_eq!(found.results[0].snippet, "An architecture & more");
    assert_eq!(
        found.results[1].date.as_deref(),
        Some("2026-03-02T00:00:00")
    );
    assert_eq!(
        requests[0].url,
        "https://search.example/search?q=wasm+component+model+site%3Adocs.rs&format=json&time_range=week"
    );
}

#[test]
fn the_url_may_have_a_path() {
    for (url, expected) in [
        ("http://localhost:8888", "http://localhost:8888/search?"),
        (
            "https://a.example/searx/",
            "https://a.example/searx/search?",
        ),
        (
            "https://a.example/searx/search",
            "https://a.example/searx/search?",
        ),
    ] {
        let (_, requests) = search(Some(Engine::SearXng), &[("searxng_url", url)], &[], |_| {
            Ok(reply(200, "{}"))
        });
        assert!(requests[0].url.starts_with(expected), "{}", requests[0].url);
    }
}

#[test]
fn an_instance_without_json_is_explained() {
    let (found, _) = search(Some(Engine::SearXng), &SERVER, &[], |_| {
        Ok(reply(403, "<html>"))
    });
    let error = found.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(
        error.message.contains("search.formats"),
        "{}",
        error.message
    );
}

#[test]
fn engines_that_do_not_answer_are_not_taken_for_no_results() {
    let (found, _) = search(Some(Engine::SearXng), &SERVER, &[], |_| {
        Ok(reply(200, fixture!("searxng-silent.json")))
    });
    let error = found.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(
        error.message.contains("google, duckduckgo"),
        "{}",
        error.message
    );
}

#[test]
fn without_a_server_the_error_says_what_to_set() {
    let (found, _) = search(Some(Engine::SearXng), &[], &[], |_| Ok(reply(200, "{}")));
    assert!(found.unwrap_err().message.contains("searxng_url"));
}
