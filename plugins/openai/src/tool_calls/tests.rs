//! The pieces of tool calls in the order, and disorder, in which servers send them.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::collections::HashSet;

use serde_json::json;

use super::*;

/// The calls that chunks give: id, name, arguments. Each chunk is a list of pieces.
fn calls(chunks: &[Value]) -> Vec<(String, String, String)> {
    let mut calls = ToolCalls::new("made-up-".to_owned());
    let mut events = Vec::new();
    for chunk in chunks {
        let pieces = serde_json::from_value(chunk.clone()).unwrap();
        calls.push(pieces, &mut events);
    }
    calls.finish(&mut events);
    let mut found: Vec<(String, String, String)> = Vec::new();
    for event in events {
        match event {
            Event::ToolCallStart(start) => {
                assert_eq!(start.index as usize, found.len(), "starts come in order");
                found.push((start.id, start.name, String::new()));
            }
            Event::ToolCallArguments(piece) => found[piece.index as usize].2 += &piece.fragment,
            other => panic!("{other:?}"),
        }
    }
    let ids: HashSet<_> = found.iter().map(|call| &call.0).collect();
    assert_eq!(ids.len(), found.len(), "ids are unique");
    found
}

fn check(chunks: &[Value], expected: &[(&str, &str, &str)]) {
    let found = calls(chunks);
    let found: Vec<_> = found
        .iter()
        .map(|(id, name, arguments)| (id.as_str(), name.as_str(), arguments.as_str()))
        .collect();
    assert_eq!(found, expected, "{chunks:?}");
}

#[test]
fn calls_are_told_apart_by_their_index() {
    check(
        &[
            json!([{"index": 0, "id": "a", "function": {"name": "add", "arguments": ""}}]),
            json!([{"index": 0, "function": {"arguments": "{\"x\""}}]),
            json!([{"index": 1, "id": "b", "function": {"name": "sub", "arguments": "{"}}]),
            json!([{"index": 0, "function": {"arguments": ": 1}"}}, {"index": 1, "function": {"arguments": "}"}}]),
        ],
        &[("a", "add", "{\"x\": 1}"), ("b", "sub", "{}")],
    );
}

#[test]
fn a_server_may_repeat_id_and_name_in_every_piece() {
    let piece = |arguments| json!([{"index": 0, "id": "a", "function": {"name": "add", "arguments": arguments}}]);
    check(
        &[piece("{"), piece("\"x\":"), piece("{}"), piece("}")],
        &[("a", "add", "{\"x\":{}}")],
    );
    let without_id = |arguments| json!([{"index": 0, "id": "", "function": {"name": "add", "arguments": arguments}}]);
    check(
        &[without_id("{"), without_id("}")],
        &[("made-up-0", "add", "{}")],
    );
}

#[test]
fn a_server_may_leave_out_the_index() {
    check(
        &[
            json!([{"id": "a", "function": {"name": "add", "arguments": "{"}}]),
            json!([{"id": "a", "function": {"arguments": "}"}}]),
            json!([{"id": "b", "function": {"name": "sub", "arguments": "{"}}]),
            json!([{"function": {"arguments": "}"}}]),
        ],
        &[("a", "add", "{}"), ("b", "sub", "{}")],
    );
}

#[test]
fn whole_calls_without_index_and_id_are_different_calls() {
    let whole = |x| json!({"function": {"name": "add", "arguments": format!("{{\"x\":{x}}}")}});
    let expected = [
        ("made-up-0", "add", "{\"x\":1}"),
        ("made-up-1", "add", "{\"x\":2}"),
    ];
    check(&[json!([whole(1), whole(2)])], &expected);
    check(&[json!([whole(1)]), json!([whole(2)])], &expected);
    let empty = json!({"function": {"name": "add", "arguments": ""}});
    check(
        &[json!([empty, empty])],
        &[("made-up-0", "add", "{}"), ("made-up-1", "add", "{}")],
    );
}

#[test]
fn one_index_with_two_ids_is_two_calls() {
    check(
        &[
            json!([{"index": 0, "id": "a", "function": {"name": "add", "arguments": "{\"x\":1}"}}]),
            json!([{"index": 0, "id": "b", "function": {"name": "add", "arguments": "{"}}]),
            json!([{"index": 0, "function": {"arguments": "\"x\":2}"}}]),
        ],
        &[("a", "add", "{\"x\":1}"), ("b", "add", "{\"x\":2}")],
    );
}

#[test]
fn one_index_without_ids_is_two_calls_once_the_first_is_whole() {
    check(
        &[
            json!([{"index": 0, "function": {"name": "add", "arguments": "{\"x\":1}"}}]),
            json!([{"index": 0, "function": {"name": "add", "arguments": "{\"x\":2}"}}]),
            json!([{"index": 0, "function": {"name": "sub", "arguments": "{"}}]),
        ],
        &[
            ("made-up-0", "add", "{\"x\":1}"),
            ("made-up-1", "add", "{\"x\":2}"),
            ("made-up-2", "sub", "{"),
        ],
    );
}

#[test]
fn an_id_that_two_calls_share_is_replaced_in_the_second() {
    check(
        &[json!([
            {"index": 0, "id": "a", "function": {"name": "add", "arguments": "{}"}},
            {"index": 1, "id": "a", "function": {"name": "add", "arguments": "{}"}},
        ])],
        &[("a", "add", "{}"), ("made-up-1", "add", "{}")],
    );
}

#[test]
fn an_id_that_changes_with_every_piece_is_one_call() {
    check(
        &[
            json!([{"index": 0, "id": "a", "function": {"name": "add", "arguments": "{"}}]),
            json!([{"index": 0, "id": "b", "function": {"name": null, "arguments": "}"}}]),
        ],
        &[("a", "add", "{}")],
    );
}

#[test]
fn a_whole_call_that_is_sent_again_is_not_made_twice() {
    let whole =
        json!([{"index": 0, "id": "a", "function": {"name": "add", "arguments": "{\"x\":1}"}}]);
    check(&[whole.clone(), whole], &[("a", "add", "{\"x\":1}")]);
}

#[test]
fn a_name_may_come_after_the_id_and_the_first_arguments() {
    check(
        &[
            json!([{"index": 0, "id": "a", "type": "function"}]),
            json!([{"index": 0, "function": {"name": "", "arguments": "{"}}]),
            json!([{"index": 0, "function": {"name": "add", "arguments": "}"}}]),
        ],
        &[("a", "add", "{}")],
    );
    let nameless = json!([{"index": 0, "id": "a", "function": {"arguments": "{\"x\":1}"}}]);
    check(&[nameless], &[("a", "", "{\"x\":1}")]);
}

#[test]
fn arguments_may_be_json_instead_of_text() {
    check(
        &[json!([{"id": 7, "function": {"name": "add", "arguments": {"z": 1, "a": [null]}}}])],
        &[("7", "add", "{\"z\":1,\"a\":[null]}")],
    );
    check(
        &[json!([{"id": "a", "function": {"name": "add", "arguments": null}}])],
        &[("a", "add", "{}")],
    );
}

#[test]
fn calls_from_text_have_ids_of_their_own() {
    let mut calls = ToolCalls::new("made-up-".to_owned());
    let mut events = Vec::new();
    for _ in 0..2 {
        let call = text_call::Call {
            name: "add".to_owned(),
            arguments: "{}".to_owned(),
        };
        calls.push_text(call, &mut events);
    }
    calls.finish(&mut events);
    assert_eq!(events.len(), 4);
    assert!(!calls.is_empty());
}
