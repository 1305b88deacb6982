//! The list, written and found again.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::time::Duration;

use super::*;

fn todo(content: &str, status: TodoStatus) -> Todo {
    Todo {
        content: content.to_owned(),
        status,
    }
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
