//! Brave's questions and answers.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use loom_sdk::ErrorKind;

use crate::engine::Engine;
use crate::tests::{fixture, reply, search};

#[test]
fn results_are_read_and_the_key_goes_in_its_header() {
    let (found, requests) = search(Some(Engine::Brave), &[], &["brave"], |_| {
        Ok(reply(200, fixture!("brave.json")))
    });
    let found = found.unwrap();
    assert_eq!(found.results.len(), 2, "{found:?}");
    assert_eq!(
        found.results[0].snippet,
        "The component model is an architecture for interoperable libraries & applications. It's typed."
    );
    assert_eq!(found.results[0].date.as_deref(), Some("March 2, 2026"));
    assert_eq!(found.results[1].title, "Vergleich: A < B & C");
    assert_eq!(
        requests[0].url,
        "https://api.search.brave.com/res/v1/web/search?q=wasm+component+model+site%3Adocs.rs&count=5&result_filter=web&freshness=pw"
    );
    let key = (
        "x-subscription-token".to_owned(),
        "loom-secret-brave".to_owned(),
    );
    assert!(requests[0].headers.contains(&key), "{:?}", requests[0]);
}

#[test]
fn too_many_requests_are_told_with_the_reason() {
    let (found, _) = search(Some(Engine::Brave), &[], &["brave"], |_| {
        let mut reply = reply(429, fixture!("brave-429.json"));
        reply.retry_after = Some(std::time::Duration::from_secs(1));
        Ok(reply)
    });
    let error = found.unwrap_err();
    assert_eq!(
        (error.kind, error.retry_after_ms),
        (ErrorKind::RateLimited, Some(1000))
    );
    assert!(
        error.message.contains("RATE_LIMITED") || error.message.contains("rate limit"),
        "{}",
        error.message
    );
}

#[test]
fn without_a_key_the_error_says_how_to_set_it() {
    let (found, requests) = search(Some(Engine::Brave), &[], &[], |_| Ok(reply(200, "{}")));
    let error = found.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied);
    assert!(error.message.contains("BRAVE_API_KEY"), "{}", error.message);
    assert!(requests.is_empty());
}

#[test]
fn answers_of_another_shape_are_no_panic() {
    for (body, is_ok) in [
        ("{}", true),
        (r#"{"web": null}"#, true),
        (
            r#"{"web": {"results": [1, null, {"url": 5}, {"url": "https://a.example"}]}}"#,
            true,
        ),
        ("", false),
        ("<html>", false),
        (r#"{"web": {"results": ["#, false),
    ] {
        let (found, _) = search(Some(Engine::Brave), &[], &["brave"], |_| {
            Ok(reply(200, body))
        });
        assert_eq!(found.is_ok(), is_ok, "{body}");
        if let Err(error) = found {
            assert_eq!(error.kind, ErrorKind::Unavailable);
        }
    }
}

#[test]
fn json_that_is_nested_without_end_is_an_error() {
    let body = format!("{{\"web\":{}", "[".repeat(100_000));
    let (found, _) = search(Some(Engine::Brave), &[], &["brave"], |_| {
        Ok(reply(200, &body))
    });
    assert_eq!(found.unwrap_err().kind, ErrorKind::Unavailable);
}
