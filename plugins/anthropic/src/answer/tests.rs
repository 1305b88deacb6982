//! Events of a stream, and the events they become. Whole recordings are in `replay`.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use loom_sdk::ErrorKind;

use super::*;

fn events_of(stream: &[Value]) -> Vec<Event> {
    let (mut answer, mut events) = (Answer::default(), Vec::new());
    for event in stream {
        answer.push(event, &mut events).unwrap();
    }
    answer.finish(&mut events);
    events
}

fn check(stream: &[Value], expected: &[Event]) {
    assert_eq!(events_of(stream), expected, "{stream:?}");
}

fn start(index: u64, block: Value) -> Value {
    json!({"type": "content_block_start", "index": index, "content_block": block})
}

fn delta(index: u64, delta: Value) -> Value {
    json!({"type": "content_block_delta", "index": index, "delta": delta})
}

fn end(index: u64) -> Value {
    json!({"type": "content_block_stop", "index": index})
}

fn stop(reason: &str) -> Value {
    json!({"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": null}})
}

fn input(index: u64, json: &str) -> Value {
    delta(
        index,
        json!({"type": "input_json_delta", "partial_json": json}),
    )
}

fn text(text: &str) -> Event {
    Event::Text(text.to_owned())
}

fn call(index: u32, id: &str) -> Event {
    Event::ToolCallStart(ToolCallStart {
        index,
        id: id.to_owned(),
        name: "add".to_owned(),
    })
}

fn piece(index: u32, fragment: &str) -> Event {
    arguments(index, fragment.to_owned())
}

fn ended(state: Option<Value>) -> Event {
    Event::ReasoningEnd(state.map(|state| state.to_string()))
}

const END: Event = Event::Stop(StopReason::EndTurn);
const USE: Event = Event::Stop(StopReason::ToolUse);

#[test]
fn text_is_passed_on_from_start_and_deltas() {
    check(
        &[
            json!({"type": "message_start", "message": {"id": "m", "content": []}}),
            start(0, json!({"type": "text", "text": "a"})),
            json!({"type": "ping"}),
            delta(0, json!({"type": "text_delta", "text": "b"})),
            delta(0, json!({"type": "text_delta", "text": ""})),
            end(0),
            stop("end_turn"),
        ],
        &[text("a"), text("b"), END],
    );
}

#[test]
fn arguments_come_in_pieces_or_with_the_start_or_not_at_all() {
    let tool = |id: &str| json!({"type": "tool_use", "id": id, "name": "add"});
    let with = |id: &str, input: Value| json!({"type": "tool_use", "id": id, "name": "add", "input": input});
    check(
        &[
            start(0, tool("a")),
            input(0, ""),
            input(0, "{\"x\""),
            input(0, ":1}"),
            end(0),
            stop("tool_use"),
        ],
        &[call(0, "a"), piece(0, "{\"x\""), piece(0, ":1}"), USE],
    );
    check(
        &[
            start(0, with("a", json!({}))),
            input(0, "{}"),
            end(0),
            stop("tool_use"),
        ],
        &[call(0, "a"), piece(0, "{}"), USE],
    );
    check(
        &[
            start(0, with("a", json!({"z": 1, "x": 2}))),
            end(0),
            stop("tool_use"),
        ],
        &[call(0, "a"), piece(0, "{\"z\":1,\"x\":2}"), USE],
    );
    for start_only in [
        tool("a"),
        with("a", json!({})),
        with("a", json!(null)),
        with("a", json!("")),
    ] {
        check(
            &[start(0, start_only), end(0), stop("tool_use")],
            &[call(0, "a"), piece(0, "{}"), USE],
        );
    }
}

#[test]
fn blocks_may_end_late_or_not_at_all() {
    let tool = |id: &str| json!({"type": "tool_use", "id": id, "name": "add"});
    check(
        &[
            start(0, tool("a")),
            start(1, tool("b")),
            input(1, "{}"),
            input(0, "{}"),
            end(0),
            end(1),
            end(1),
            stop("tool_use"),
        ],
        &[
            call(0, "a"),
            call(1, "b"),
            piece(1, "{}"),
            piece(0, "{}"),
            USE,
        ],
    );
    check(
        &[
            start(0, tool("a")),
            start(0, tool("b")),
            input(0, "{}"),
            stop("tool_use"),
        ],
        &[
            call(0, "a"),
            piece(0, "{}"),
            call(1, "b"),
            piece(1, "{}"),
            USE,
        ],
    );
}

#[test]
fn thinking_keeps_its_text_and_signature_for_the_next_request() {
    let thinking = |text: &str| delta(0, json!({"type": "thinking_delta", "thinking": text}));
    let signature = |text: &str| delta(0, json!({"type": "signature_delta", "signature": text}));
    check(
        &[
            start(
                0,
                json!({"type": "thinking", "thinking": "", "signature": ""}),
            ),
            thinking("I "),
            thinking("add"),
            signature("Eq"),
            signature("A="),
            end(0),
            start(1, json!({"type": "redacted_thinking", "data": "xyz"})),
            end(1),
            start(2, json!({"type": "text", "text": "4"})),
            end(2),
            stop("end_turn"),
        ],
        &[
            Event::Reasoning("I ".to_owned()),
            Event::Reasoning("add".to_owned()),
            ended(Some(
                json!({"type": "thinking", "thinking": "I add", "signature": "EqA="}),
            )),
            ended(Some(json!({"type": "redacted_thinking", "data": "xyz"}))),
            text("4"),
            END,
        ],
    );
}

#[test]
fn thinking_that_is_not_shown_still_has_its_signature_and_unsigned_none() {
    let start_thinking = start(0, json!({"type": "thinking", "thinking": ""}));
    let signature = |text: &str| delta(0, json!({"type": "signature_delta", "signature": text}));
    check(
        &[
            start_thinking.clone(),
            signature("s"),
            end(0),
            stop("end_turn"),
        ],
        &[
            ended(Some(
                json!({"type": "thinking", "thinking": "", "signature": "s"}),
            )),
            END,
        ],
    );
    check(
        &[start_thinking, signature(""), end(0), stop("end_turn")],
        &[ended(None), END],
    );
}

#[test]
fn usage_counts_all_input_and_only_grows() {
    let usage =
        |input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens| {
            Event::Usage(Usage {
                input_tokens,
                output_tokens,
                cache_read_tokens,
                cache_write_tokens,
                reasoning_tokens,
            })
        };
    let begin = |usage: Value| json!({"type": "message_start", "message": {"usage": usage}});
    let later = |usage: Value| json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage});
    check(
        &[
            begin(
                json!({"input_tokens": 3, "cache_read_input_tokens": 10, "cache_creation_input_tokens": 5, "output_tokens": 1}),
            ),
            later(json!({"output_tokens": 9, "output_tokens_details": {"thinking_tokens": 4}})),
            later(json!({"input_tokens": 0, "output_tokens": 9})),
        ],
        &[usage(18, 1, 10, 5, 0), usage(18, 9, 10, 5, 4), END],
    );
    check(
        &[
            begin(json!({"input_tokens": 0, "output_tokens": 0, "cache_read_input_tokens": null})),
            later(json!({"input_tokens": 2, "output_tokens": 1, "cache_read_input_tokens": 7})),
        ],
        &[usage(9, 1, 7, 0, 0), END],
    );
}

#[test]
fn the_reason_to_stop_is_mapped() {
    use StopReason::*;
    for (reason, expected) in [
        ("end_turn", EndTurn),
        ("tool_use", ToolUse),
        ("max_tokens", MaxOutputTokens),
        ("model_context_window_exceeded", MaxOutputTokens),
        ("stop_sequence", StopSequence),
        ("refusal", ContentFilter),
        ("pause_turn", Other("pause_turn".to_owned())),
    ] {
        check(&[stop(reason)], &[Event::Stop(expected)]);
    }
    check(&[json!({"type": "message_stop"})], &[END]);
    let tool = start(0, json!({"type": "tool_use", "id": "a", "name": "add"}));
    check(
        &[tool, json!({"type": "message_stop"})],
        &[call(0, "a"), piece(0, "{}"), USE],
    );
}

#[test]
fn what_is_not_known_is_passed_on() {
    let block = start(
        0,
        json!({"type": "server_tool_use", "id": "s", "name": "web_search"}),
    );
    let citation = delta(1, json!({"type": "citations_delta", "citation": {}}));
    let odd = json!({"type": "future_event", "x": 1});
    let stray = input(7, "{}");
    let other = |value: &Value| Event::Other(value.to_string());
    check(
        &[
            block.clone(),
            end(0),
            citation.clone(),
            odd.clone(),
            stray.clone(),
            stop("end_turn"),
        ],
        &[
            other(&block),
            other(&citation),
            other(&odd),
            other(&stray),
            END,
        ],
    );
}

#[test]
fn errors_are_errors() {
    let error = |event: Value| Answer::default().push(&event, &mut Vec::new()).unwrap_err();
    let overloaded = error(
        json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
    );
    assert_eq!(
        (overloaded.kind, overloaded.http_status),
        (ErrorKind::Unavailable, Some(529))
    );
    let limited =
        error(json!({"type": "error", "error": {"type": "rate_limit_error", "message": "m"}}));
    assert_eq!(
        (limited.kind, limited.http_status),
        (ErrorKind::RateLimited, Some(429))
    );
    assert_eq!(
        error(json!({"error": {"code": 503, "message": "m"}})).http_status,
        Some(503)
    );
    for event in [
        json!({}),
        json!([]),
        json!({"type": "content_block_delta"}),
        json!({"type": 7}),
    ] {
        assert_eq!(error(event).kind, ErrorKind::Unavailable);
    }
}

#[test]
fn a_whole_message_gives_the_same_as_its_stream() {
    let (mut answer, mut events) = (Answer::default(), Vec::new());
    let whole = json!({
        "type": "message",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "text", "text": "ok"},
            {"type": "tool_use", "id": "a", "name": "add", "input": {"x": 1}},
            {"type": "tool_use", "id": "b", "name": "add", "input": {}},
        ],
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 2, "output_tokens": 3},
    });
    answer.push_whole(&whole, &mut events).unwrap();
    answer.finish(&mut events);
    let usage = Usage {
        input_tokens: 2,
        output_tokens: 3,
        cache_read_tokens: 0,
        cache_write_tokens: 0,
        reasoning_tokens: 0,
    };
    let expected = [
        Event::Reasoning("hm".to_owned()),
        ended(Some(
            json!({"type": "thinking", "thinking": "hm", "signature": "s"}),
        )),
        text("ok"),
        call(0, "a"),
        piece(0, "{\"x\":1}"),
        call(1, "b"),
        piece(1, "{}"),
        Event::Usage(usage),
        USE,
    ];
    assert_eq!(events, expected);
    let error = Answer::default().push_whole(&json!({"choices": []}), &mut Vec::new());
    assert_eq!(error.unwrap_err().kind, ErrorKind::Unavailable);
}
