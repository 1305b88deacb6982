//! Tests of reading a conversation.

use super::*;

fn user(text: &str) -> Message {
    message(Role::User, vec![Part::Text(text.into())])
}

fn message(role: Role, parts: Vec<Part>) -> Message {
    Message { role, parts }
}

fn call(id: &str) -> Part {
    Part::ToolCall(ToolCall {
        id: id.into(),
        name: "glob".into(),
        arguments: "{}".into(),
    })
}

fn result(id: &str, text: &str, is_error: bool) -> Part {
    Part::ToolResult(ToolResult {
        call_id: id.into(),
        name: "glob".into(),
        content: vec![Content::Text(text.into())],
        is_error,
    })
}

#[test]
fn a_turn_is_a_question_and_what_followed() {
    let messages = [
        message(Role::System, vec![Part::Text("be nice".into())]),
        user("one"),
        message(Role::Assistant, vec![Part::Text("first".into())]),
        user("two"),
        user("three"),
    ];
    let conversation = Conversation::new(&messages);
    assert_eq!(conversation.len(), 3);
    assert_eq!(conversation.turn(0).question(), "one");
    assert_eq!(conversation.turn(0).answer(), "first");
    assert_eq!(conversation.turn(1).answer(), "");
    assert_eq!(conversation.turn(2).question(), "three");
    assert_eq!(conversation.turn(3).question(), "");
}

#[test]
fn a_message_without_text_is_no_question() {
    let messages = [user("one"), message(Role::User, Vec::new()), user(" \n")];
    assert_eq!(Conversation::new(&messages).len(), 1);
    assert_eq!(Conversation::new(&[]).len(), 0);
}

#[test]
fn results_find_their_calls_in_any_order() {
    let messages = [
        user("go"),
        message(Role::Assistant, vec![call("a"), call("b"), call("c")]),
        message(Role::Tool, vec![result("b", "bad", true)]),
        message(Role::Tool, vec![result("a", "good", false)]),
    ];
    let outcomes = Conversation::new(&messages).turn(0).outcomes();
    let told: Vec<_> = outcomes
        .iter()
        .map(|o| (&*o.id, &*o.text, o.failed))
        .collect();
    assert_eq!(
        told,
        [
            ("a", "good", false),
            ("b", "bad", true),
            ("c", "the call has no result", true)
        ]
    );
}

#[test]
fn the_answer_is_what_was_said_without_a_call() {
    let messages = [
        user("go"),
        message(
            Role::Assistant,
            vec![Part::Text("Let me look.".into()), call("a")],
        ),
        message(Role::Tool, vec![result("a", "x", false)]),
        message(
            Role::Assistant,
            vec![Part::Text("Done".into()), Part::Text("now.".into())],
        ),
    ];
    assert_eq!(Conversation::new(&messages).turn(0).answer(), "Done\nnow.");
    assert_eq!(Conversation::new(&messages[..3]).turn(0).answer(), "");
}

#[test]
fn a_result_of_several_parts_is_one_text() {
    let blob = loom_sdk::tool::Blob {
        mime: "image/png".into(),
        data: vec![0; 3],
    };
    let content = [
        Content::Text("a".into()),
        Content::Json("{}".into()),
        Content::Blob(blob),
    ];
    assert_eq!(text_of_content(&content), "a\n{}\n[image/png, 3 bytes]");
}

#[test]
fn a_place_is_read_back_from_its_id() {
    let place = Place {
        step: 3,
        repeat: 1_000_000,
        call: 2,
        item: 40,
    };
    let id = place.id("0123456789");
    assert_eq!(id, "rules-0123456789-3-1000000-2-40");
    assert!(id.len() <= 40, "other providers take no longer ids");
    assert_eq!(Place::of(&id), Some(place));
}

#[test]
fn the_id_of_another_model_is_no_place() {
    for id in [
        "call_1",
        "",
        "rules-",
        "rules-x-1-2-3",
        "rules-x-1-2-3-4-5",
        "rules-x-1-2-3--4",
    ] {
        assert_eq!(Place::of(id), None, "{id}");
    }
}

#[test]
fn the_fingerprint_differs_between_requests_and_not_between_tries() {
    let messages = [user("go"), user("go")];
    let print = |n: usize| Conversation::new(&messages[..n]).fingerprint();
    assert_eq!(print(1), print(1));
    assert_ne!(print(1), print(2));
    let other = [user("Go")];
    assert_ne!(print(1), Conversation::new(&other).fingerprint());
}
