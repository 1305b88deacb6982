//! Tests of how failures are told.

use super::{is_missing_collection, of_status};

fn message(status: u16, body: &str) -> String {
    of_status("http://q", status, body.as_bytes(), None).message
}

#[test]
fn the_servers_reason_is_quoted() {
    let json = r#"{"status":{"error":"Wrong input:\n bad"},"time":0}"#;
    assert!(message(400, json).contains("(HTTP 400): Wrong input: bad; check"));
    assert!(message(401, "Invalid API key or JWT").contains(": Invalid API key or JWT; set"));
}

#[test]
fn pages_and_long_texts_are_not_quoted_whole() {
    assert!(!message(502, "<html><body>Bad gateway").contains("html"));
    assert!(message(500, &"ä".repeat(100_000)).chars().count() < 700);
}

#[test]
fn a_missing_page_is_no_missing_collection() {
    let report = r#"{"status":{"error":"Not found: Collection `loom` doesn't exist!"},"time":0}"#;
    let is_missing = |status, body: &str| {
        is_missing_collection(&of_status("http://q", status, body.as_bytes(), None))
    };
    assert!(is_missing(404, report));
    assert!(!is_missing(400, report));
    for body in ["", "Collection", "<html>", "{}"] {
        assert!(!is_missing(404, body), "{body}");
    }
}
