//! The list, written and found again.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::time::Duration;

use loom_types::{CallId, Part, ToolCall};

use super::*;

fn todo(content: &str, status: TodoStatus) -> Todo {
    Todo {
        content: content.to_owned(),
        status,
    }
}

fn assistant(arguments: &[&str]) -> Arc<Message> {
    let call = |arguments: &&str| {
        Part::ToolCall(ToolCall {
            id: CallId::from("1"),
            name: NAME.to_owned(),
            arguments: (*arguments).to_owned(),
        })
    };
    Arc::new(Message {
        role: Role::Assistant,
        parts: arguments.iter().map(call).collect(),
    })
}

#[tokio::test]
async fn a_list_replaces_the_one_before() {
    let tool = TodoTool::default();
    let context = ToolContext::standalone(Duration::from_secs(1));
    for content in ["first", "second"] {
        let arguments = json!({"todos": [{"content": content, "status": "pending"}]});
        let answer = tool.call(&arguments, &context).await.unwrap();
        assert_eq!(answer, [Content::from("1 items, 1 open")]);
    }
    assert_eq!(tool.list(), [todo("second", TodoStatus::Pending)]);
}

#[test]
fn the_last_list_of_a_session_is_found_again() {
    let messages = [
        assistant(&[r#"{"todos":[{"content":"old","status":"pending"}]}"#]),
        assistant(&[
            r#"{"todos":[{"content":"older","status":"pending"}]}"#,
            r#"{"todos":[{"content":"new","status":"completed"}]}"#,
        ]),
        assistant(&["nonsense"]),
        Arc::new(Message::user("go on")),
    ];
    let list = TodoTool::restore(&messages).list();
    assert_eq!(list, [todo("new", TodoStatus::Completed)]);
}

#[test]
fn a_session_without_a_list_has_none() {
    assert_eq!(TodoTool::restore(&[]).list(), []);
}
