//! Answers from event sequences, sane and not.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use loom_types::{ErrorKind, Routing};
use serde_json::{Value, json};

use super::*;
use crate::testing::{say, stop};

fn assemble(events: impl IntoIterator<Item = ModelEvent>) -> Result<Answer> {
    assemble_with(events, |_| false)
}

fn assemble_with(
    events: impl IntoIterator<Item = ModelEvent>,
    taken: impl Fn(&CallId) -> bool,
) -> Result<Answer> {
    let mut assembly = Assembly::default();
    for event in events {
        assembly.push(event)?;
    }
    assembly.finish(taken)
}

fn think(text: &str) -> ModelEvent {
    ModelEvent::Reasoning {
        text: text.to_owned(),
    }
}

fn thought(state: Value) -> ModelEvent {
    ModelEvent::ReasoningEnd {
        provider_state: (!state.is_null()).then_some(state),
    }
}

fn start(index: u32, id: &str, name: &str) -> ModelEvent {
    ModelEvent::ToolCallStart {
        index,
        id: CallId::from(id),
        name: name.to_owned(),
    }
}

fn arguments(index: u32, fragment: &str) -> ModelEvent {
    ModelEvent::ToolCallArguments {
        index,
        fragment: fragment.to_owned(),
    }
}

fn end() -> ModelEvent {
    stop(StopReason::EndTurn)
}

/// Parts in short: `text`, `<reasoning|state>`, `id=name(arguments)`.
fn shorthand(message: &Message) -> Vec<String> {
    let short = |part: &Part| match part {
        Part::Text { text } => text.clone(),
        Part::Reasoning(Reasoning {
            text,
            provider_state,
        }) => format!("<{text}|{}>", provider_state.clone().unwrap_or_default()),
        Part::ToolCall(call) => format!("{}={}({})", call.id, call.name, call.arguments),
        other => format!("{other:?}"),
    };
    message.parts.iter().map(short).collect()
}

fn check<const N: usize>(events: impl IntoIterator<Item = ModelEvent>, expect: [&str; N]) {
    assert_eq!(shorthand(&assemble(events).unwrap().message), expect);
}

#[test]
fn pieces_of_text_become_one_part() {
    check([say("a"), say(""), say("é"), say("🦀"), end()], ["aé🦀"]);
}

#[test]
fn text_around_a_call_keeps_its_place() {
    check(
        [
            say("a"),
            start(0, "1", "f"),
            arguments(0, "{}"),
            say("b"),
            end(),
        ],
        ["a", "1=f({})", "b"],
    );
}

#[test]
fn text_that_is_only_space_is_left_out() {
    check([say(" \n"), start(0, "1", "f"), end()], ["1=f()"]);
}

#[test]
fn fragments_of_side_by_side_calls_find_their_calls() {
    check(
        [
            start(0, "1", "f"),
            start(1, "2", "g"),
            arguments(1, "{\"b\""),
            arguments(0, "{\"a\":"),
            arguments(1, ":2}"),
            arguments(0, "1}"),
            end(),
        ],
        ["1=f({\"a\":1})", "2=g({\"b\":2})"],
    );
}

#[test]
fn a_repeated_start_is_the_same_call() {
    check(
        [
            start(0, "1", "f"),
            arguments(0, "{"),
            start(0, "1", "f"),
            start(0, "", ""),
            arguments(0, "}"),
            end(),
        ],
        ["1=f({})"],
    );
}

#[test]
fn a_new_id_at_an_old_index_is_another_call() {
    check(
        [
            start(0, "1", "f"),
            arguments(0, "{}"),
            start(0, "2", "g"),
            arguments(0, "[]"),
            end(),
        ],
        ["1=f({})", "2=g([])"],
    );
}

#[test]
fn reasoning_keeps_its_state_and_its_place() {
    check(
        [
            think("a"),
            think("b"),
            thought(json!("s")),
            say("t"),
            think("c"),
            end(),
        ],
        ["<ab|\"s\">", "t", "<c|null>"],
    );
}

#[test]
fn state_without_reasoning_is_a_block_of_its_own() {
    check(
        [
            thought(json!({"x": 1})),
            thought(json!(null)),
            say("t"),
            end(),
        ],
        ["<|{\"x\":1}>", "t"],
    );
}

#[test]
fn state_that_comes_after_the_text_belongs_to_the_reasoning_before() {
    check(
        [think("a"), say("t"), thought(json!(1)), end()],
        ["<a|1>", "t"],
    );
}

#[test]
fn two_blocks_of_reasoning_stay_two() {
    check(
        [
            think("a"),
            thought(json!(1)),
            think("b"),
            thought(json!(2)),
            say("t"),
            end(),
        ],
        ["<a|1>", "<b|2>", "t"],
    );
}

#[test]
fn empty_and_repeated_ids_become_unique() {
    check(
        [
            start(0, "", "f"),
            start(1, "x", "g"),
            start(2, "x", "h"),
            start(3, "", "i"),
            end(),
        ],
        ["call-1=f()", "x=g()", "x-1=h()", "call-2=i()"],
    );
}

#[test]
fn ids_of_earlier_messages_are_not_used_again() {
    let taken = |id: &CallId| ["x", "x-1"].contains(&id.as_str());
    let answer = assemble_with([start(0, "x", "f"), end()], taken).unwrap();
    assert_eq!(shorthand(&answer.message), ["x-2=f()"]);
}

#[test]
fn a_stream_without_a_stop_is_an_error_that_says_so() {
    let error = assemble([say("half an ans")]).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(error.message.contains("cut off"), "{error}");
}

#[test]
fn arguments_without_a_start_are_an_error() {
    let error = assemble([arguments(7, "{}"), end()]).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Internal);
    assert!(error.message.contains('7'), "{error}");
}

#[test]
fn what_came_before_a_restart_is_void() {
    let restart = ModelEvent::Routing(Routing::FailedOver {
        from: "a/b".to_owned(),
        to: "c/d".to_owned(),
        error: Error::unavailable("gone"),
    });
    let text = |text: &str| ModelEvent::Text {
        text: text.to_owned(),
    };
    let answer = assemble([text("half an ans"), restart, text("whole"), end()]).unwrap();
    assert_eq!(answer.message.text(), "whole");
}

#[test]
fn the_call_that_the_output_limit_cut_is_taken_out() {
    let limit = stop(StopReason::MaxOutputTokens);
    let cut = [
        start(0, "1", "f"),
        arguments(0, "{}"),
        start(1, "2", "g"),
        arguments(1, "{\"a\": \"b"),
        limit,
    ];
    let answer = assemble(cut).unwrap();
    assert_eq!(shorthand(&answer.message), ["1=f({})"]);
    assert_eq!(answer.cut_call.as_deref(), Some("g"));
    assert!(!answer.is_empty());
}

#[test]
fn a_whole_call_at_the_output_limit_stays() {
    let limit = stop(StopReason::MaxOutputTokens);
    let answer = assemble([start(0, "1", "f"), arguments(0, "{\"a\":1}"), limit]).unwrap();
    assert_eq!(shorthand(&answer.message), ["1=f({\"a\":1})"]);
    assert_eq!(answer.cut_call, None);
}

#[test]
fn broken_arguments_without_the_output_limit_stay_for_the_model_to_see() {
    check(
        [start(0, "1", "f"), arguments(0, "{oops"), end()],
        ["1=f({oops)"],
    );
}

#[test]
fn reasoning_alone_is_an_empty_answer() {
    assert!(assemble([think("hm"), say(" "), end()]).unwrap().is_empty());
    assert!(!assemble([say("x"), end()]).unwrap().is_empty());
    assert!(!assemble([start(0, "1", "f"), end()]).unwrap().is_empty());
}
