//! Chunks, and the events they become. Pieces of tool calls are in `tool_calls`, whole recordings
//! in `replay`.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use loom_sdk::ErrorKind;
use loom_sdk::llm::{ToolCallArguments, ToolCallStart};
use serde_json::json;

use super::*;

fn events_of(answer: &mut Answer, chunks: &[Value]) -> Vec<Event> {
    let mut events = Vec::new();
    for chunk in chunks {
        answer.push(chunk.clone(), &mut events).unwrap();
    }
    answer.finish(&mut events);
    events
}

fn check(chunks: &[Value], expected: &[Event]) {
    let mut answer = Answer::new(None, "made-up-".to_owned());
    assert_eq!(events_of(&mut answer, chunks), expected, "{chunks:?}");
}

/// With the tool `add` on offer.
fn check_watched(chunks: &[Value], expected: &[Event]) {
    let watch = Watch::new(vec!["add".to_owned()]);
    let mut answer = Answer::new(Some(watch), "made-up-".to_owned());
    assert_eq!(events_of(&mut answer, chunks), expected, "{chunks:?}");
}

fn delta(delta: Value) -> Value {
    json!({"choices": [{"index": 0, "delta": delta, "finish_reason": null}]})
}

fn says(text: &str) -> Value {
    delta(json!({"content": text}))
}

fn stop(reason: &str) -> Value {
    json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
}

fn text(text: &str) -> Event {
    Event::Text(text.to_owned())
}

fn thought(text: &str) -> Event {
    Event::Reasoning(text.to_owned())
}

fn thought_ends(field: &str) -> Event {
    Event::ReasoningEnd(Some(reasoning_state(field)))
}

fn call(index: u32, id: &str) -> [Event; 2] {
    [
        Event::ToolCallStart(ToolCallStart {
            index,
            id: id.to_owned(),
            name: "add".to_owned(),
        }),
        Event::ToolCallArguments(ToolCallArguments {
            index,
            fragment: "{}".to_owned(),
        }),
    ]
}

const END: Event = Event::Stop(StopReason::EndTurn);

#[test]
fn reasoning_ends_where_something_else_begins() {
    for field in ["reasoning_content", "reasoning"] {
        check(
            &[
                delta(json!({field: "I "})),
                delta(json!({field: "think", "content": ""})),
                says("4"),
                stop("stop"),
            ],
            &[
                thought("I "),
                thought("think"),
                thought_ends(field),
                text("4"),
                END,
            ],
        );
    }
    check(
        &[
            delta(json!({"reasoning": "a", "reasoning_content": "a"})),
            stop("stop"),
        ],
        &[thought("a"), thought_ends("reasoning_content"), END],
    );
    let tool_call =
        json!({"tool_calls": [{"id": "c", "function": {"name": "add", "arguments": "{}"}}]});
    let [start, arguments] = call(0, "c");
    check(
        &[
            delta(json!({"reasoning": "a"})),
            delta(tool_call),
            stop("tool_calls"),
        ],
        &[
            thought("a"),
            thought_ends("reasoning"),
            start,
            arguments,
            Event::Stop(StopReason::ToolUse),
        ],
    );
}

#[test]
fn content_in_parts_is_text_and_thought() {
    let parts = json!({"content": [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
        {"type": "reference", "reference_ids": [1]},
        {"type": "text", "text": "4"},
    ]});
    check(
        &[delta(parts), stop("stop")],
        &[thought("hm"), thought_ends("content"), text("4"), END],
    );
}

#[test]
fn the_reason_to_stop_is_mapped() {
    use StopReason::*;
    for (reason, expected) in [
        ("stop", EndTurn),
        ("tool_calls", EndTurn),
        ("length", MaxOutputTokens),
        ("content_filter", ContentFilter),
        ("odd", Other("odd".to_owned())),
    ] {
        check(&[stop(reason)], &[Event::Stop(expected)]);
    }
}

#[test]
fn calls_decide_about_the_reason_to_stop() {
    let tool_call =
        delta(json!({"tool_calls": [{"id": "c", "function": {"name": "add", "arguments": "{}"}}]}));
    for (reason, expected) in [
        ("stop", StopReason::ToolUse),
        ("tool_calls", StopReason::ToolUse),
        ("length", StopReason::MaxOutputTokens),
    ] {
        let [start, arguments] = call(0, "c");
        check(
            &[tool_call.clone(), stop(reason)],
            &[start, arguments, Event::Stop(expected)],
        );
    }
}

#[test]
fn usage_comes_when_it_changes_and_before_the_end() {
    let usage = |output| {
        json!({"choices": [], "usage": {
            "prompt_tokens": 10,
            "completion_tokens": output,
            "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": null},
            "completion_tokens_details": {"reasoning_tokens": 2},
        }})
    };
    let event = |output_tokens| {
        Event::Usage(Usage {
            input_tokens: 10,
            output_tokens,
            cache_read_tokens: 4,
            cache_write_tokens: 0,
            reasoning_tokens: 2,
        })
    };
    check(
        &[stop("stop"), usage(5), usage(5), usage(6)],
        &[event(5), event(6), END],
    );
    check(
        &[json!({"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": null})],
        &[END],
    );
    let deepseek = json!({"usage": {"prompt_tokens": 9, "prompt_cache_hit_tokens": 3, "prompt_tokens_details": null}});
    let cached = Usage {
        input_tokens: 9,
        output_tokens: 0,
        cache_read_tokens: 3,
        cache_write_tokens: 0,
        reasoning_tokens: 0,
    };
    check(&[deepseek, stop("stop")], &[Event::Usage(cached), END]);
}

#[test]
fn a_refusal_is_text_and_a_filtered_end() {
    check(
        &[delta(json!({"refusal": "I can't"})), stop("stop")],
        &[text("I can't"), Event::Stop(StopReason::ContentFilter)],
    );
}

#[test]
fn nulls_and_missing_fields_are_no_trouble() {
    let chunks = [
        json!({"choices": null, "usage": null}),
        json!({"choices": [{}]}),
        json!({"choices": [{"index": null, "delta": null, "finish_reason": ""}]}),
        delta(json!({"role": "assistant", "content": null, "tool_calls": null, "reasoning": null})),
        json!({"choices": [], "prompt_filter_results": []}),
        stop("stop"),
    ];
    check(&chunks, &[END]);
}

#[test]
fn another_choice_than_the_first_is_not_mixed_in() {
    let second =
        json!({"choices": [{"index": 1, "delta": {"content": "x"}, "finish_reason": "length"}]});
    check(&[says("a"), second, stop("stop")], &[text("a"), END]);
}

#[test]
fn what_is_no_chunk_is_passed_on() {
    check(
        &[json!({"object": "ping"}), stop("stop")],
        &[Event::Other(r#"{"object":"ping"}"#.to_owned()), END],
    );
}

#[test]
fn errors_in_chunks_are_errors() {
    let error = |chunk: Value| {
        let mut answer = Answer::new(None, String::new());
        answer.push(chunk, &mut Vec::new()).unwrap_err()
    };
    assert_eq!(
        error(json!({"error": {"message": "m", "code": 502}, "choices": []})).http_status,
        Some(502)
    );
    assert_eq!(error(stop("error")).kind, ErrorKind::Unavailable);
    assert_eq!(error(json!({"choices": 7})).kind, ErrorKind::Unavailable);
    assert_eq!(
        error(delta(json!({"tool_calls": "x"}))).kind,
        ErrorKind::Unavailable
    );
}

#[test]
fn a_call_written_as_text_becomes_a_call() {
    let [start, arguments] = call(0, "made-up-0");
    check_watched(
        &[
            says("```json\n{\"name\":"),
            says("\"add\",\"arguments\":{}}"),
            says("\n```"),
            stop("stop"),
        ],
        &[start, arguments, Event::Stop(StopReason::ToolUse)],
    );
}

#[test]
fn text_that_was_held_back_comes_in_one_piece_and_the_rest_as_it_is() {
    check_watched(
        &[
            says("{"),
            says("\"name\""),
            says(": 1"),
            says("}"),
            stop("stop"),
        ],
        &[text("{\"name\": 1"), text("}"), END],
    );
    check_watched(
        &[says("{\"name\""), stop("length")],
        &[text("{\"name\""), Event::Stop(StopReason::MaxOutputTokens)],
    );
    check_watched(&[says("  "), stop("stop")], &[text("  "), END]);
    check_watched(&[stop("stop")], &[END]);
}

#[test]
fn text_before_a_real_call_is_text() {
    let tool_call =
        delta(json!({"tool_calls": [{"id": "c", "function": {"name": "add", "arguments": "{}"}}]}));
    let written = r#"{"name":"add","arguments":{}}"#;
    let [start, arguments] = call(0, "c");
    check_watched(
        &[says(written), tool_call, says("!"), stop("tool_calls")],
        &[
            text(written),
            start,
            arguments,
            text("!"),
            Event::Stop(StopReason::ToolUse),
        ],
    );
}

#[test]
fn a_call_as_text_after_reasoning_is_a_call() {
    let [start, arguments] = call(0, "made-up-0");
    check_watched(
        &[
            delta(json!({"reasoning": "a"})),
            says(r#"{"name":"add","arguments":{}}"#),
            stop("stop"),
        ],
        &[
            thought("a"),
            thought_ends("reasoning"),
            start,
            arguments,
            Event::Stop(StopReason::ToolUse),
        ],
    );
}
