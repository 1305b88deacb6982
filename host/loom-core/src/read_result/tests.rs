//! Results of a log, found and shown in parts.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::time::Duration;

use crate::ProcessMemory;

use super::*;

async fn tool(texts: &[(&str, String)]) -> ReadResult {
    let memory = Arc::new(ProcessMemory::default());
    let session = SessionId::from("s");
    let result = |(id, text): &(&str, String)| {
        session::result_entry(&ToolResult {
            call_id: CallId::from(*id),
            name: "read_file".to_owned(),
            content: vec![text.clone().into()],
            is_error: false,
        })
    };
    let entries = texts.iter().map(result).collect();
    memory.append(&session, 0, entries).await.unwrap();
    ReadResult::bound(memory, session)
}

async fn read(tool: &ReadResult, arguments: Value) -> Result<String> {
    let context = ToolContext::standalone(Duration::from_secs(1));
    let content = tool.call(&arguments, &context).await?;
    Ok(content.iter().map(Content::to_text).collect())
}

#[tokio::test]
async fn a_result_is_found_among_hundreds_and_shown_whole() {
    let ids: Vec<String> = (0..500).map(|n| format!("call-{n}")).collect();
    let texts: Vec<_> = ids
        .iter()
        .map(|id| (&**id, format!("text of {id}")))
        .collect();
    let tool = tool(&texts).await;
    let shown = read(&tool, json!({"call_id": "call-437"})).await.unwrap();
    assert_eq!(shown, "text of call-437");
}

#[tokio::test]
async fn the_parts_of_a_long_result_make_the_whole() {
    let text: String = ('a'..='z')
        .chain("äöü漢字🦀".chars())
        .cycle()
        .take(1000)
        .collect();
    let tool = tool(&[("1", text.clone())]).await;
    let mut joined = String::new();
    let mut offset = 0;
    while offset < 1000 {
        let arguments = json!({"call_id": "1", "offset": offset, "limit": 300});
        let shown = read(&tool, arguments).await.unwrap();
        joined += shown.split("\n[characters").next().unwrap();
        offset += 300;
    }
    assert_eq!(joined, text);
}

#[tokio::test]
async fn what_is_not_there_is_said() {
    let tool = tool(&[("1", "short".to_owned())]).await;
    let error = read(&tool, json!({"call_id": "2"})).await.unwrap_err();
    assert!(
        error
            .message
            .contains("no call of this session has the id 2"),
        "{error}"
    );
    let beyond = read(&tool, json!({"call_id": "1", "offset": 9}))
        .await
        .unwrap();
    assert_eq!(beyond, "[nothing: the result has 5 characters]");
}

#[tokio::test]
async fn outside_of_a_run_there_are_no_results() {
    let error = read(&ReadResult::default(), json!({"call_id": "1"}))
        .await
        .unwrap_err();
    assert!(error.message.contains("within a run"), "{error}");
}
