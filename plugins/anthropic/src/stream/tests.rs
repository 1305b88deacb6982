//! Bodies of every kind, good and bad. The recorded ones are in `replay`.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use loom_sdk::ErrorKind;
use loom_sdk::llm::StopReason;

use super::*;

const HELLO: &str = r#"event: content_block_delta
data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"żółć 🌍"}}"#;
const STOP: &str = r#"data: {"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#;
const END: &str = r#"data: {"type":"message_stop"}"#;
const WHOLE: &str = r#"{"content":[{"type":"text","text":"żółć 🌍"}],"stop_reason":"end_turn"}"#;

type Outcome = (Vec<Event>, Option<Error>);

fn outcome(pieces: &[&[u8]]) -> Outcome {
    let mut decoder = Decoder::new();
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
fn a_stream_is_read_with_or_without_its_good_bye() {
    good(&format!("{HELLO}\n\n{STOP}\n\n{END}\n\n"));
    good(&format!("{HELLO}\r\n\r\n{STOP}\r\n\r\n{END}\r\n\r\n"));
    good(&format!("{HELLO}\n\n{STOP}\n\n"));
    good(&format!("{HELLO}\n\n{STOP}"));
    good(&format!("{HELLO}\n\n{END}"));
    good(&format!("{HELLO}\n\n{STOP}\n\ndata: [DONE]\n\n"));
    good(&format!(
        "{HELLO}\n\n{STOP}\n\n{END}\n\ndata: rubbish\n\n{HELLO}\n\n"
    ));
}

#[test]
fn a_whole_answer_is_read_too() {
    good(WHOLE);
    good(&format!("\u{feff}\r\n {WHOLE}\n"));
}

#[test]
fn an_answer_without_its_end_is_cut_off() {
    for body in [
        String::new(),
        format!("{HELLO}\n\n"),
        format!("{HELLO}\n\ndata: {{\"type\":\"mess"),
        format!("{HELLO}\n\ndata: [DONE]\n\n"),
        WHOLE[..WHOLE.len() - 1].to_owned(),
    ] {
        bad(&body, ErrorKind::Unavailable, "cut off");
    }
}

#[test]
fn an_error_in_the_stream_comes_after_the_events_before_it() {
    let report = r#"event: error
data: {"type":"error","error":{"type":"overloaded_error","message":"why"}}"#;
    let events = bad(
        &format!("{HELLO}\n\n{report}\n\n{STOP}\n\n"),
        ErrorKind::Unavailable,
        "why",
    );
    assert_eq!(events, [Event::Text("żółć 🌍".to_owned())]);
    bad(
        "event: error\ndata: {\"type\":\"rate_limit_error\",\"message\":\"why\"}\n\n",
        ErrorKind::RateLimited,
        "why",
    );
    bad("event: error\ndata: why\n\n", ErrorKind::Unavailable, "why");
    bad(
        r#"{"type":"error","error":{"type":"permission_error","message":"why"}}"#,
        ErrorKind::Denied,
        "why",
    );
}

#[test]
fn what_is_no_message_is_named() {
    bad(
        "<!doctype html><title>Welcome</title>",
        ErrorKind::NotFound,
        "web page",
    );
    bad("{}", ErrorKind::Unavailable, "no content");
    bad(r#"{"choices":[]}"#, ErrorKind::Unavailable, "no content");
    bad("{]", ErrorKind::Unavailable, "not a message");
    bad("data: {]\n\n", ErrorKind::Unavailable, "not a message");
    bad(
        "data: {\"choices\":[]}\n\n",
        ErrorKind::Unavailable,
        "not a message",
    );
}
