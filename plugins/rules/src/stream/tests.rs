//! Tests of streams.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use super::*;
use crate::testing::{request, tool, user};

fn events(text: &str, request: &Request) -> Vec<Event> {
    let reply = Reply {
        text: text.to_owned(),
        ..Reply::default()
    };
    answer(reply, request).flat_map(Result::unwrap).collect()
}

fn text(events: &[Event]) -> String {
    let pieces = events.iter().filter_map(|event| match event {
        Event::Text(text) => Some(&**text),
        _ => None,
    });
    pieces.collect()
}

#[test]
fn an_answer_comes_in_words() {
    let events = events("Größe ist\n\nalles.", &request(Vec::new()));
    let pieces = ["Größe ", "ist\n", "\n", "alles."].map(|piece| Event::Text(piece.into()));
    assert_eq!(events[..4], pieces);
    assert!(matches!(events[4], Event::Usage(_)));
    assert_eq!(events[5..], [Event::Stop(StopReason::EndTurn)]);
}

#[test]
fn a_long_answer_comes_in_lines_and_batches() {
    let long = "a few words\n".repeat(1000);
    let reply = Reply {
        text: long.clone(),
        ..Reply::default()
    };
    let batches: Vec<Vec<Event>> = answer(reply, &request(Vec::new()))
        .map(Result::unwrap)
        .collect();
    assert!(
        batches
            .iter()
            .all(|batch| batch.len() <= BATCH && !batch.is_empty())
    );
    assert_eq!(batches.concat().len(), 1002);
    assert_eq!(text(&batches.concat()), long);
}

#[test]
fn an_empty_answer_ends_too() {
    let events = events("", &request(Vec::new()));
    assert_eq!(events.len(), 2);
    assert_eq!(events[1], Event::Stop(StopReason::EndTurn));
}

#[test]
fn the_output_is_cut_where_the_request_says() {
    let mut request = request(Vec::new());
    request.max_output_tokens = Some(2);
    let found = events("äöüß!", &request);
    assert_eq!(text(&found), "äöüß");
    assert_eq!(
        found.last(),
        Some(&Event::Stop(StopReason::MaxOutputTokens))
    );
    assert_eq!(
        text(&events("aäöüß", &request)),
        "aäöü",
        "a letter is not cut in two"
    );
    assert_eq!(
        events("12345678", &request).last(),
        Some(&Event::Stop(StopReason::EndTurn))
    );
    request.max_output_tokens = Some(0);
    assert_eq!(text(&events("x", &request)), "");
    request.max_output_tokens = Some(u32::MAX);
    assert_eq!(text(&events("x", &request)), "x");
}

#[test]
fn the_output_ends_before_a_stop_sequence() {
    let mut request = request(Vec::new());
    request.stop_sequences = vec![String::new(), "END".into(), "ü".into()];
    let found = events("a b END ü", &request);
    assert_eq!(text(&found), "a b ");
    assert_eq!(found.last(), Some(&Event::Stop(StopReason::StopSequence)));
    assert_eq!(text(&events("a b", &request)), "a b");
    request.max_output_tokens = Some(1);
    assert_eq!(
        events("abcdefEND", &request).last(),
        Some(&Event::Stop(StopReason::MaxOutputTokens))
    );
}

#[test]
fn calls_are_started_and_given_their_arguments() {
    let call = |id: &str| ToolCall {
        id: id.into(),
        name: "glob".into(),
        arguments: "{".into(),
    };
    let reply = Reply {
        text: "Look.".into(),
        calls: vec![call("a"), call("b")],
        ..Reply::default()
    };
    let events: Vec<Event> = answer(reply, &request(Vec::new()))
        .flat_map(Result::unwrap)
        .collect();
    let start = |index, id: &str| {
        Event::ToolCallStart(ToolCallStart {
            index,
            id: id.into(),
            name: "glob".into(),
        })
    };
    let arguments = |index| {
        Event::ToolCallArguments(ToolCallArguments {
            index,
            fragment: "{".into(),
        })
    };
    assert_eq!(
        events[1..5],
        [start(0, "a"), arguments(0), start(1, "b"), arguments(1)]
    );
    assert_eq!(events.last(), Some(&Event::Stop(StopReason::ToolUse)));
}

#[test]
fn tokens_are_counted_by_bytes() {
    let mut request = request(vec![user("12345")]);
    request.tools = vec![tool("abc")];
    let reply = Reply {
        reasoning: "1234".into(),
        text: "12345".into(),
        ..Reply::default()
    };
    let events: Vec<Event> = answer(reply, &request).flat_map(Result::unwrap).collect();
    let usage = events.iter().find_map(|event| match event {
        Event::Usage(usage) => Some(usage),
        _ => None,
    });
    let usage = usage.unwrap();
    // "12345" + "abc" + the schema "{}", and "1234" + "12345".
    assert_eq!(
        (
            usage.input_tokens,
            usage.output_tokens,
            usage.reasoning_tokens
        ),
        (3, 3, 1)
    );
}
