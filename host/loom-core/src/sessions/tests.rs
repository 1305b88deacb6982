//! What is done with whole sessions, with a store in this process.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

mod fork;
mod import;
mod search;

use loom_types::{CallId, Content, Message, Part, ToolCall, ToolResult};
use serde_json::json;

use super::*;
use crate::ProcessMemory;
use crate::session::{header_entry, message_entry, result_entry};

fn id(text: &str) -> SessionId {
    SessionId::from(text)
}

fn asks(text: &str, calls: &[&str]) -> Entry {
    let mut message = Message::assistant(text);
    message.parts.extend(calls.iter().map(|call| {
        Part::ToolCall(ToolCall {
            id: CallId::from(*call),
            name: "read_file".to_owned(),
            arguments: "{}".to_owned(),
        })
    }));
    message_entry(&message)
}

fn returns(call: &str) -> Entry {
    result_entry(&ToolResult {
        call_id: CallId::from(call),
        name: "read_file".to_owned(),
        content: vec![Content::from(format!("result of {call}"))],
        is_error: false,
    })
}

fn says(text: &str) -> Entry {
    message_entry(&Message::user(text))
}

fn opaque(kind: &str) -> Entry {
    Entry {
        kind: kind.to_owned(),
        text: "of another version".to_owned(),
        vector: Some(vec![0.1, -2.5e-8]),
        payload: json!({ "any": [1, 0.25, null] }),
        ..says("")
    }
}

fn header(metadata: Value) -> Entry {
    header_entry("p/m".to_owned(), metadata)
}

/// A store with one session.
async fn store(session: &str, entries: Vec<Entry>) -> ProcessMemory {
    let memory = ProcessMemory::default();
    memory.append(&id(session), 0, entries).await.unwrap();
    memory
}

#[tokio::test]
async fn a_log_with_a_gap_is_not_read_as_if_it_were_whole() {
    struct Gap(ProcessMemory);
    #[async_trait::async_trait]
    impl Memory for Gap {
        async fn append(&self, id: &SessionId, seq: u64, entries: Vec<Entry>) -> Result<u64> {
            self.0.append(id, seq, entries).await
        }
        async fn read(&self, id: &SessionId, from: u64, limit: u32) -> Result<Vec<Entry>> {
            let mut entries = self.0.read(id, from, limit).await?;
            entries.retain(|entry| entry.seq != 1);
            Ok(entries)
        }
        async fn sessions(&self, limit: u32, cursor: Option<String>) -> Result<loom_types::Page> {
            self.0.sessions(limit, cursor).await
        }
        async fn delete(&self, id: &SessionId) -> Result<()> {
            self.0.delete(id).await
        }
        async fn search(&self, query: loom_types::Query, n: u32) -> Result<Vec<loom_types::Hit>> {
            self.0.search(query, n).await
        }
    }
    let gap = Gap(store("s", vec![header(Value::Null), says("a"), says("b")]).await);
    let error = read(&gap, &id("s")).await.unwrap_err();
    assert!(
        error.message.contains("has entry 2 where entry 1"),
        "{error}"
    );
}

#[tokio::test]
async fn long_sessions_are_written_in_pieces_and_read_whole() {
    let memory = ProcessMemory::default();
    let large = "x".repeat(PIECE_BYTES / 3);
    let entries: Vec<_> = (0..7).map(|_| says(&large)).collect();
    assert_eq!(pieces(entries.clone()).len(), 4);
    create(&memory, &id("s"), entries).await.unwrap();
    assert_eq!(read(&memory, &id("s")).await.unwrap().len(), 7);
}

#[tokio::test]
async fn a_session_that_the_store_refuses_in_the_middle_leaves_nothing() {
    use crate::testing::{Fault, FaultyMemory};
    let store = std::sync::Arc::new(ProcessMemory::default());
    let faulty = FaultyMemory::new(std::sync::Arc::clone(&store), Fault::FailBefore, 1);
    let large = says(&"x".repeat(PIECE_BYTES));
    let error = create(faulty.as_ref(), &id("s"), vec![large.clone(), large]).await;
    assert!(error.unwrap_err().message.contains("the disk is gone"));
    assert!(store.read(&id("s"), 0, 1).await.is_err());
}
