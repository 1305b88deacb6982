//! What the model reads of results and errors.

use std::time::Duration;

use loom_types::{Blob, CallId};
use serde_json::json;

use super::*;

fn call() -> ToolCall {
    ToolCall {
        id: CallId::from("1"),
        name: "fetch".to_owned(),
        arguments: String::new(),
    }
}

fn error_of(error: Error) -> String {
    let result = result(&call(), Err(error), 1000);
    assert!(result.is_error);
    result.text()
}

#[test]
fn an_error_has_class_origin_message_and_advice() {
    let error = Error::denied("no grant for /etc").from_origin("fs 0.1.0");
    assert_eq!(
        error_of(error),
        "error (permission): fs 0.1.0: no grant for /etc. do without it, or ask the person to grant it; \
         the same call would be refused again"
    );
}

#[test]
fn the_class_is_the_one_that_people_see_too() {
    let starts = |error: Error, start: &str| {
        let text = error_of(error);
        assert!(text.starts_with(start), "{text}");
    };
    starts(Error::invalid_input("x"), "error (validation): x. ");
    starts(Error::unavailable("x"), "error (service): x. try again");
    let network = Error::unavailable("x").with_detail(Error::NETWORK, "dns");
    starts(network, "error (network): x. check");
    starts(
        Error::new(ErrorKind::Conflict, "x"),
        "error (validation): x. something else",
    );
    starts(Error::cancelled(), "error (cancelled): cancelled. nothing");
}

#[test]
fn a_time_to_wait_is_told_in_whole_seconds() {
    let mut error = Error::new(ErrorKind::RateLimited, "too many requests");
    error.retry_after = Some(Duration::from_millis(1200));
    assert!(error_of(error).ends_with("(not before 2 s)"));
}

#[test]
fn advice_after_a_list_has_its_own_line() {
    let text = error_of(Error::invalid_input("wrong:\n- a\n- b"));
    assert!(text.contains("- b\ncorrect the input"), "{text}");
}

#[test]
fn a_result_that_fits_stays_as_it_is() {
    let content = vec![Content::from("a"), Content::Json(json!({"b": 1}))];
    let result = result(&call(), Ok(content.clone()), 8);
    assert_eq!(result.content, content);
    assert!(!result.is_error);
}

#[test]
fn a_large_result_keeps_head_and_tail_and_says_what_is_missing() {
    let text = format!(
        "{}{}{}",
        "h".repeat(300),
        "m".repeat(10_000),
        "t".repeat(100)
    );
    let result = result(&call(), Ok(vec![Content::Text(text)]), 400);
    let text = result.text();
    assert!(
        text.starts_with(&"h".repeat(300)) && text.ends_with(&"t".repeat(100)),
        "{text}"
    );
    assert!(text.contains("10000 of 10400 bytes left out"), "{text}");
    assert!(!text.contains("mm"), "{text}");
}

#[test]
fn characters_are_not_cut() {
    for max_bytes in 0..40 {
        let text = "🦀é".repeat(100);
        let result = result(&call(), Ok(vec![Content::Text(text)]), max_bytes);
        let kept: usize = result
            .text()
            .chars()
            .filter(|c| "🦀é".contains(*c))
            .map(char::len_utf8)
            .sum();
        assert!(kept <= max_bytes, "{kept} of {max_bytes}");
    }
}

#[test]
fn pieces_that_are_too_large_together_are_cut_together_and_blobs_stay() {
    let blob = Content::Blob(Blob {
        mime: "image/png".to_owned(),
        data: vec![0; 5000],
    });
    let content = vec![
        Content::Text("a".repeat(80)),
        blob.clone(),
        Content::Json(json!("b".repeat(80))),
    ];
    let result = result(&call(), Ok(content), 100);
    assert_eq!(result.content.len(), 2);
    assert!(result.content[0].to_text().ends_with("b\""));
    assert_eq!(result.content[1], blob);
}

#[test]
fn a_large_error_is_cut_as_well() {
    let result = result(&call(), Err(Error::internal("x".repeat(10_000))), 400);
    assert!(result.text().len() < 600);
    assert!(result.text().starts_with("error (internal)"));
}

#[test]
fn a_stopped_call_says_why_and_whether_it_ran() {
    let text = stopped(&call(), Cause::Cancelled, false).text();
    assert!(
        text.contains("cancelled") && text.contains("did not run"),
        "{text}"
    );
    let text = stopped(
        &call(),
        Cause::Limit(loom_types::Limit::WallTime(Duration::from_secs(3))),
        true,
    )
    .text();
    assert!(
        text.contains("time limit of 3s") && text.contains("unknown"),
        "{text}"
    );
}
