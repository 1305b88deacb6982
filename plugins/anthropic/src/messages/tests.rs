//! Messages of the contract, and the blocks they become.

use loom_sdk::llm::Reasoning;

use super::*;

fn says(role: Role, parts: Vec<Part>) -> Message {
    Message { role, parts }
}

fn text(text: &str) -> Part {
    Part::Text(text.to_owned())
}

fn call(id: &str, arguments: &str) -> Part {
    Part::ToolCall(ToolCall {
        id: id.to_owned(),
        name: "add".to_owned(),
        arguments: arguments.to_owned(),
    })
}

fn result(call_id: &str, content: Vec<Content>, is_error: bool) -> Part {
    Part::ToolResult(ToolResult {
        call_id: call_id.to_owned(),
        name: "add".to_owned(),
        content,
        is_error,
    })
}

fn reasoning(state: Option<&str>) -> Part {
    Part::Reasoning(Reasoning {
        text: "as it was shown".to_owned(),
        provider_state: state.map(str::to_owned),
    })
}

fn blob_of(mime: &str, data: &[u8]) -> Blob {
    Blob {
        mime: mime.to_owned(),
        data: data.to_vec(),
    }
}

fn check(messages: &[Message], expected: Value) {
    assert_eq!(Value::Array(conversation(messages)), expected);
}

fn text_block(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

#[test]
fn instructions_stand_apart_wherever_they_were() {
    let messages = [
        says(Role::System, vec![text("a")]),
        says(Role::User, vec![text("hi")]),
        says(Role::System, vec![text("b"), text("  ")]),
    ];
    assert_eq!(system(&messages), [text_block("a"), text_block("b")]);
    check(
        &messages,
        json!([{"role": "user", "content": [text_block("hi")]}]),
    );
}

#[test]
fn messages_of_one_side_become_one_and_results_come_first() {
    let messages = [
        says(Role::User, vec![text("add")]),
        says(Role::Assistant, vec![text("ok")]),
        says(
            Role::Assistant,
            vec![call("c1", "{\"b\":1,\"a\":2}"), call("c2", "")],
        ),
        says(
            Role::Tool,
            vec![result("c1", vec![Content::Text("3".to_owned())], false)],
        ),
        says(Role::User, vec![text("hurry")]),
        says(Role::Tool, vec![result("c2", vec![], true)]),
    ];
    check(
        &messages,
        json!([
            {"role": "user", "content": [text_block("add")]},
            {"role": "assistant", "content": [
                text_block("ok"),
                {"type": "tool_use", "id": "c1", "name": "add", "input": {"b": 1, "a": 2}},
                {"type": "tool_use", "id": "c2", "name": "add", "input": {}},
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "c1", "content": [text_block("3")]},
                {"type": "tool_result", "tool_use_id": "c2", "is_error": true},
                text_block("hurry"),
            ]},
        ]),
    );
}

#[test]
fn blank_texts_and_empty_messages_are_left_out() {
    let messages = [
        says(Role::User, vec![text("hi"), text("")]),
        says(Role::Assistant, vec![text(" \n")]),
        says(Role::User, vec![text("there")]),
    ];
    check(
        &messages,
        json!([{"role": "user", "content": [text_block("hi"), text_block("there")]}]),
    );
}

#[test]
fn thinking_goes_back_unchanged_and_only_to_its_maker() {
    let signed = r#"{"type":"thinking","thinking":"hm","signature":"abc=="}"#;
    let redacted = r#"{"type":"redacted_thinking","data":"xyz"}"#;
    let parts = vec![
        reasoning(Some(signed)),
        reasoning(Some(redacted)),
        reasoning(None),
        reasoning(Some(r#"{"field":"reasoning_content"}"#)),
        reasoning(Some("{")),
        text("4"),
    ];
    assert!(is_thinking(&parts[0]) && is_thinking(&parts[1]));
    assert!(!is_thinking(&parts[2]) && !is_thinking(&parts[3]) && !is_thinking(&parts[5]));
    let made = conversation(&[says(Role::Assistant, parts)]);
    let expected = format!("[{signed},{redacted},{}]", text_block("4"));
    assert_eq!(made[0]["content"].to_string(), expected);
}

#[test]
fn images_are_sent_and_other_blobs_described() {
    let source = json!({"type": "base64", "media_type": "image/png", "data": "iVBORw=="});
    let image = json!({"type": "image", "source": source});
    let png = || blob_of("image/png", b"\x89PNG");
    check(
        &[says(Role::User, vec![Part::Image(png())])],
        json!([{"role": "user", "content": [image]}]),
    );
    let content = vec![
        Content::Blob(png()),
        Content::Json("{\"sum\":3}".to_owned()),
        Content::Blob(blob_of("text/csv", b"a,b")),
        Content::Blob(blob_of("image/tiff", b"II*")),
        Content::Blob(blob_of("text/plain", b"\xff")),
        Content::Text(String::new()),
    ];
    check(
        &[says(Role::Tool, vec![result("c", content, false)])],
        json!([{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": [
            image,
            text_block("{\"sum\":3}"),
            text_block("a,b"),
            text_block("[image/tiff, 3 bytes, not shown]"),
            text_block("[text/plain, 1 bytes, not shown]"),
        ]}]}]),
    );
}

#[test]
fn arguments_that_are_no_object_do_not_spoil_the_session() {
    for arguments in ["{\"a\": ", "[1]", "żółć"] {
        let made = conversation(&[says(Role::Assistant, vec![call("c", arguments)])]);
        assert_eq!(
            made[0]["content"][0]["input"],
            json!({"invalid_arguments": arguments})
        );
    }
}

#[test]
fn ids_of_other_providers_are_made_to_fit_in_both_places() {
    let messages = [
        says(Role::Assistant, vec![call("functions.add:0|ż", "{}")]),
        says(Role::Tool, vec![result("functions.add:0|ż", vec![], false)]),
    ];
    let made = conversation(&messages);
    assert_eq!(made[0]["content"][0]["id"], "functions_add_0__");
    assert_eq!(made[1]["content"][0]["tool_use_id"], "functions_add_0__");
}

#[test]
fn the_last_block_of_the_user_is_found() {
    let mut made = conversation(&[
        says(Role::User, vec![text("a"), text("b")]),
        says(Role::Assistant, vec![text("c")]),
    ]);
    let last = last_of_user(&mut made).map(|block| block["text"].clone());
    assert_eq!(last, Some(json!("b")));
    assert_eq!(last_of_user(&mut []), None);
}
