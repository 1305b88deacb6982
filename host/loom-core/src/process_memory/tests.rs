//! The contract of a memory, on the store in the process.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use serde_json::json;

use super::*;

fn entry(kind: &str, time_ms: u64, text: &str) -> Entry {
    Entry {
        seq: 99,
        time_ms,
        kind: kind.to_owned(),
        text: text.to_owned(),
        vector: None,
        payload: json!({"text": text}),
    }
}

fn id(text: &str) -> SessionId {
    SessionId::from(text)
}

/// A store with one entry in each of the sessions `s0`, `s1`, …, the later the newer.
async fn store(texts: &[&str]) -> ProcessMemory {
    let memory = ProcessMemory::default();
    for (n, text) in (0_u32..).zip(texts) {
        let entries = vec![entry("message", n.into(), text)];
        memory
            .append(&id(&format!("s{n}")), 0, entries)
            .await
            .unwrap();
    }
    memory
}

#[tokio::test]
async fn entries_are_numbered_by_the_store() {
    let memory = store(&["a"]).await;
    let more = vec![entry("message", 1, "b"), entry("message", 2, "c")];
    assert_eq!(memory.append(&id("s0"), 1, more).await.unwrap(), 3);
    let seqs: Vec<_> = memory
        .read(&id("s0"), 0, 10)
        .await
        .unwrap()
        .iter()
        .map(|e| e.seq)
        .collect();
    assert_eq!(seqs, [0, 1, 2]);
}

#[tokio::test]
async fn a_second_writer_gets_a_conflict_and_writes_nothing() {
    let memory = store(&["a"]).await;
    for wrong in [0, 2, u64::MAX] {
        let error = memory
            .append(&id("s0"), wrong, vec![entry("message", 1, "b")])
            .await
            .unwrap_err();
        assert_eq!(error.kind, ErrorKind::Conflict);
    }
    assert_eq!(memory.read(&id("s0"), 0, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn reading_is_by_page_and_past_the_end_is_empty() {
    let memory = store(&["a"]).await;
    memory
        .append(&id("s0"), 1, vec![entry("message", 1, "b")])
        .await
        .unwrap();
    let page = memory.read(&id("s0"), 1, 1).await.unwrap();
    assert_eq!(page[0].text, "b");
    assert!(memory.read(&id("s0"), 2, 10).await.unwrap().is_empty());
    assert!(
        memory
            .read(&id("s0"), u64::MAX, 10)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn unknown_sessions_are_not_found() {
    let memory = store(&[]).await;
    assert_eq!(
        memory.read(&id("x"), 0, 1).await.unwrap_err().kind,
        ErrorKind::NotFound
    );
    assert_eq!(
        memory.delete(&id("x")).await.unwrap_err().kind,
        ErrorKind::NotFound
    );
}

#[tokio::test]
async fn sessions_come_newest_first_page_by_page() {
    let memory = store(&["a", "b", "c", "d", "e"]).await;
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let page = memory.sessions(2, cursor).await.unwrap();
        seen.extend(
            page.sessions
                .into_iter()
                .map(|session| session.id.to_string()),
        );
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["s4", "s3", "s2", "s1", "s0"]);
}

#[tokio::test]
async fn a_deleted_session_is_gone() {
    let memory = store(&["a"]).await;
    memory.delete(&id("s0")).await.unwrap();
    assert!(memory.sessions(10, None).await.unwrap().sessions.is_empty());
}

#[tokio::test]
async fn search_wants_any_word_in_any_case_and_ranks_by_how_many() {
    let memory = store(&[
        "Birnen",
        "Äpfel und Birnen",
        "äpfel ÄPFEL und birnen",
        "Kirschen",
    ])
    .await;
    let query = Query {
        text: Some("äpfel, BIRNEN?".to_owned()),
        ..Query::default()
    };
    let hits = memory.search(query, 10).await.unwrap();
    let sessions: Vec<_> = hits.iter().map(|hit| hit.session.as_str()).collect();
    assert_eq!(sessions, ["s2", "s1", "s0"]);
}

#[tokio::test]
async fn search_filters_by_session_kind_and_time() {
    let memory = store(&["x", "x", "x"]).await;
    let count = async |query: Query| memory.search(query, 10).await.unwrap().len();
    let all = Query::default();
    assert_eq!(count(all.clone()).await, 3);
    assert_eq!(
        count(Query {
            session: Some(id("s1")),
            ..all.clone()
        })
        .await,
        1
    );
    assert_eq!(
        count(Query {
            kinds: vec!["other".to_owned()],
            ..all.clone()
        })
        .await,
        0
    );
    assert_eq!(
        count(Query {
            since_ms: Some(1),
            until_ms: Some(1),
            ..all
        })
        .await,
        1
    );
    assert_eq!(memory.search(Query::default(), 2).await.unwrap().len(), 2);
}
