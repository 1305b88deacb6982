//! Tavily's questions and answers.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use loom_sdk::ErrorKind;
use serde_json::{Value, json};

use crate::engine::Engine;
use crate::tests::{fixture, reply, search};

#[test]
fn results_are_read_and_the_key_goes_in_its_header() {
    let (found, requests) = search(Some(Engine::Tavily), &[], &["tavily"], |_| {
        Ok(reply(200, fixture!("tavily.json")))
    });
    let found = found.unwrap();
    assert_eq!(found.results.len(), 2);
    assert_eq!(
        found.results[0].snippet,
        "The component model is an architecture. ## Why? Interoperability."
    );
    assert!(
        found.results[1].snippet.chars().count() < 1010,
        "a long text is cut"
    );
    assert!(found.results[1].date.is_some());
    let body: Value = serde_json::from_slice(&requests[0].body).unwrap();
    assert_eq!(
        body,
        json!({
            "query": "wasm component model", "max_results": 5, "time_range": "week", "include_domains": ["docs.rs"]
        })
    );
    let key = (
        "authorization".to_owned(),
        "Bearer loom-secret-tavily".to_owned(),
    );
    assert!(requests[0].headers.contains(&key));
}

#[test]
fn a_wrong_key_is_told_as_such() {
    let (found, _) = search(Some(Engine::Tavily), &[], &["tavily"], |_| {
        Ok(reply(401, fixture!("tavily-401.json")))
    });
    let error = found.unwrap_err();
    assert_eq!(
        (error.kind, error.http_status),
        (ErrorKind::Unauthenticated, Some(401))
    );
    assert!(
        error.message.contains("missing or invalid API key"),
        "{}",
        error.message
    );
    assert!(
        error.message.contains("the secret `tavily`"),
        "{}",
        error.message
    );
}

#[test]
fn a_plan_that_is_used_up_is_a_rate_limit() {
    let (found, _) = search(Some(Engine::Tavily), &[], &["tavily"], |_| {
        Ok(reply(432, "{}"))
    });
    assert_eq!(found.unwrap_err().kind, ErrorKind::RateLimited);
}
