//! The tools that the model has.

use std::time::Duration;

use loom_types::{Content, ErrorKind, Result, Tool, ToolContext};

use super::*;
use crate::call_tool;

async fn call(store: &Arc<ProcessMemory>, name: &str, arguments: Value) -> Result<Vec<Content>> {
    let tools = super::super::tools(&recall(store));
    let tool = tools.iter().find(|tool| tool.definition().name == name);
    let context = ToolContext::standalone(Duration::from_secs(1));
    call_tool(tool.unwrap(), &arguments.to_string(), &context).await
}

#[tokio::test]
async fn what_is_remembered_is_recalled_with_an_id_to_cite() {
    let store = store();
    let fact = json!({"fact": "the port is 4711", "scope": "everywhere", "pin": true});
    let said = call(&store, "remember", fact.clone()).await.unwrap();
    let again = call(&store, "remember", fact).await.unwrap();
    assert!(said[0].to_text().starts_with("remembered: [m"), "{said:?}");
    assert!(again[0].to_text().starts_with("it was remembered already"));
    let found = call(&store, "recall", json!({"query": "port"}))
        .await
        .unwrap();
    let Content::Json(found) = &found[0] else {
        panic!("{found:?}");
    };
    assert_eq!(found["passages"][0]["text"], "the port is 4711");
    let id = found["passages"][0]["id"].as_str().unwrap();
    assert!(said[0].to_text().contains(id));
    let facts = facts(&store).list(None).await.unwrap();
    assert_eq!(facts[0].source, FactSource::Model);
    assert!(facts[0].pinned && facts[0].session.is_some());
}

#[tokio::test]
async fn wrong_arguments_are_refused() {
    for (tool, arguments) in [
        ("remember", json!({})),
        ("remember", json!({"fact": ""})),
        ("remember", json!({"fact": "a", "scope": "world"})),
        ("remember", json!({"fact": "the password is hunter2"})),
        ("recall", json!({"query": "a", "limit": 0})),
        ("recall", json!({"limit": 5})),
    ] {
        let error = call(&store(), tool, arguments).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput, "{error}");
    }
}

#[tokio::test]
async fn only_recall_is_free_of_effects() {
    let tools = super::super::tools(&recall(&store()));
    let safe = |tool: &Arc<dyn Tool>| tool.definition().safety == loom_types::Safety::Safe;
    let safe: Vec<_> = tools.iter().map(safe).collect();
    assert_eq!(safe, [false, true]);
    let writes = tools[0].footprint(&Value::Null).await;
    assert_ne!(writes, tools[1].footprint(&Value::Null).await);
}
