//! Bodies of every kind, good and bad. The recorded ones are in `replay`.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use loom_sdk::ErrorKind;
use loom_sdk::llm::StopReason;

use super::*;

const HELLO: &str = r#"data: {"choices":[{"delta":{"content":"żółć 🌍"}}]}"#;
const STOP: &str = r#"data: {"choices":[{"delta":{},"finish_reason":"stop"}]}"#;
const WHOLE: &str = r#"{"choices":[{"message":{"content":"żółć 🌍"},"finish_reason":"stop"}]}"#;

type Outcome = (Vec<Event>, Option<Error>);

fn outcome(pieces: &[&[u8]]) -> Outcome {
    let mut decoder = Decoder::new(Answer::new(None, String::new()));
    let (mut events, mut error) = (Vec::new(), None);
    for piece in pieces {
        match decoder.push(piece) {
            Ok(more) => events.extend(more),
            Err(new) => error = Some(new),
        }
    }
    match decoder.finish() {
        Ok(more) => events.extend(more),
        Err(new) => error = Some(new),
    }
    assert_eq!(decoder.is_over(), error.is_none());
    (events, error)
}

/// The outcome of a body, the same in two pieces at every position and byte by byte.
fn decode(body: &str) -> Outcome {
    let bytes = body.as_bytes();
    let whole = outcome(&[bytes]);
    for cut in 0..=bytes.len() {
        let (first, second) = bytes.split_at(cut);
        assert_eq!(outcome(&[first, second]), whole, "{body:?} cut at {cut}");
    }
    assert_eq!(
        outcome(&bytes.chunks(1).collect::<Vec<_>>()),
        whole,
        "{body:?}"
    );
    whole
}

fn good(body: &str) {
    let expected = [
        Event::Text("żółć 🌍".to_owned()),
        Event::Stop(StopReason::EndTurn),
    ];
    assert_eq!(decode(body), (expected.to_vec(), None), "{body:?}");
}

fn bad(body: &str, kind: ErrorKind, words: &str) -> Vec<Event> {
    let (events, error) = decode(body);
    let error = error.unwrap();
    assert_eq!(error.kind, kind, "{body:?}");
    assert!(error.message.contains(words), "{body:?}: {}", error.message);
    events
}

#[test]
fn a_stream_is_read_with_every_line_end_and_with_comments() {
    good(&format!("{HELLO}\n\n{STOP}\n\ndata: [DONE]\n\n"));
    good(&format!(
        "{HELLO}\r\n\r\n{STOP}\r\n\r\ndata: [DONE]\r\n\r\n"
    ));
    good(&format!(
        "\u{feff}{HELLO}\r\r: keep-alive\r\r{STOP}\r\rdata:[DONE]\r\r"
    ));
    good(&format!(
        " \n\n: OPENROUTER PROCESSING\n\n{HELLO}\n\ndata:\n\n{STOP}\n\n"
    ));
}

#[test]
fn done_may_be_missing_or_lack_its_empty_line() {
    good(&format!("{HELLO}\n\n{STOP}\n\n"));
    good(&format!("{HELLO}\n\n{STOP}"));
    good(&format!("{HELLO}\n\n{STOP}\n\ndata: [DONE]"));
}

#[test]
fn nothing_after_done_counts() {
    good(&format!(
        "{HELLO}\n\n{STOP}\n\ndata: [DONE]\n\n{HELLO}\n\ndata: rubbish\n\n"
    ));
}

#[test]
fn a_whole_answer_is_read_too() {
    good(WHOLE);
    good(&format!("\u{feff}\r\n {WHOLE}\n"));
    good(r#"{"choices":[{"message":{"content":"żółć 🌍"}}]}"#);
}

#[test]
fn an_answer_without_its_end_is_cut_off() {
    for body in [
        String::new(),
        "\n\n".to_owned(),
        format!("{HELLO}\n\n"),
        format!("{HELLO}\n\ndata: {{\"choi"),
        format!("{HELLO}\n\ndata: [DONE]\n\n"),
        format!("{HELLO}\n\ndata: [DONE]"),
        WHOLE[..WHOLE.len() - 1].to_owned(),
        "{".to_owned(),
    ] {
        bad(&body, ErrorKind::Unavailable, "cut off");
    }
}

#[test]
fn an_error_in_the_stream_comes_after_the_events_before_it() {
    let report = r#"data: {"error":{"code":500,"message":"why"}}"#;
    let events = bad(
        &format!("{HELLO}\n\n{report}\n\n{STOP}\n\n"),
        ErrorKind::Unavailable,
        "why",
    );
    assert_eq!(events, [Event::Text("żółć 🌍".to_owned())]);
    bad(
        "event: error\ndata: {\"message\": \"why\", \"type\": \"rate_limit_error\"}\n\n",
        ErrorKind::RateLimited,
        "why",
    );
    bad("event: error\ndata: why\n\n", ErrorKind::Unavailable, "why");
    bad(
        r#"{"error":{"message":"why","type":"invalid_request_error"}}"#,
        ErrorKind::InvalidInput,
        "why",
    );
}

#[test]
fn a_failure_is_told_again_and_nothing_else() {
    let mut decoder = Decoder::new(Answer::new(None, String::new()));
    let body = format!("{HELLO}\n\ndata: rubbish\n\n{STOP}\n\ndata: [DONE]\n\n");
    assert_eq!(decoder.push(body.as_bytes()).unwrap().len(), 1);
    for _ in 0..2 {
        assert_eq!(decoder.push(b"").unwrap_err().kind, ErrorKind::Unavailable);
        assert_eq!(decoder.finish().unwrap_err().kind, ErrorKind::Unavailable);
    }
    assert!(!decoder.is_over());
}

#[test]
fn what_is_no_completion_is_named() {
    bad(
        "<!doctype html><title>Welcome</title>",
        ErrorKind::NotFound,
        "web page",
    );
    bad("{}", ErrorKind::Unavailable, "without a choice");
    bad(
        r#"{"choices":[]}"#,
        ErrorKind::Unavailable,
        "without a choice",
    );
    bad("[]", ErrorKind::Unavailable, "without a choice");
    bad("{]", ErrorKind::Unavailable, "not a chat completion");
    bad(
        "data: {]\n\n",
        ErrorKind::Unavailable,
        "not a chat completion",
    );
    bad("Service starting up", ErrorKind::Unavailable, "cut off");
}
