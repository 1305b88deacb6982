//! The tool as the host calls it. Natively there is no network, so every request ends at the host.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use loom_sdk::testing::call;
use loom_sdk::tool::{AccessMode, Safety, Tool};
use serde_json::json;

use super::*;

#[test]
fn a_refused_request_is_denied_with_the_grant_to_add() {
    let error = call::<http_request>(json!({"url": "https://a.example/x"})).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied);
    assert!(
        error
            .message
            .contains("adds \"https://a.example\" to `network`"),
        "{}",
        error.message
    );
}

#[test]
fn a_secret_that_is_not_granted_ends_the_call_before_it_is_sent() {
    let error = call::<http_request>(json!({
        "url": "https://a.example/", "headers": {"x-key": "{{secret:key}}"}
    }))
    .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied);
    assert!(
        error.message.contains("the secret key"),
        "{}",
        error.message
    );
}

#[test]
fn a_call_without_time_left_times_out() {
    let error = call::<http_request>(json!({"url": "https://a.example/", "timeout_ms": 0}));
    assert_eq!(error.unwrap_err().kind, ErrorKind::Timeout);
    let mut context = loom_sdk::testing::context();
    context.deadline_ms = 0;
    let arguments = json!({"url": "https://a.example/"}).to_string();
    let error = <http_request as Tool>::call(&arguments, &context).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Timeout);
}

#[test]
fn arguments_of_the_wrong_type_are_refused() {
    for arguments in [
        json!({}),
        json!({"url": 1}),
        json!({"url": "https://a.example", "headers": ["a: b"]}),
        json!({"url": "https://a.example", "headers": {"a": 1}}),
        json!({"url": "https://a.example", "max_bytes": -1}),
        json!({"url": "https://a.example", "timeout_ms": 1.5}),
        json!({"url": "https://a.example", "verb": "GET"}),
        json!({"url": "nonsense"}),
    ] {
        let error = call::<http_request>(arguments.clone()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput, "{arguments}");
    }
}

#[test]
fn the_definition_says_that_a_request_may_change_what_the_url_names() {
    let definition = <http_request as Tool>::definition();
    assert_eq!(definition.safety, Safety::Cautious);
    assert!(!definition.idempotent);
    assert_eq!(definition.accesses.len(), 1);
    assert_eq!(definition.accesses[0].mode, AccessMode::Write);
    assert_eq!(definition.accesses[0].scheme, "url");
    assert_eq!(definition.accesses[0].argument, "/url");
    let schema: serde_json::Value = serde_json::from_str(&definition.input_schema).unwrap();
    assert_eq!(schema["required"], json!(["url"]));
    assert_eq!(schema["properties"]["timeout_ms"]["default"], 30_000);
}
