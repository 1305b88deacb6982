//! Tests of how failures are told.

use super::of_status;

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
