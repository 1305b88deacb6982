//! Vectors beside entries: made, late, wrong, and searched with.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use loom_types::{Embedder, Entry, Error, Hit, Page, Query, Result};

use super::*;
use crate::testing::log;

/// Knows that ports and harbours are the same.
#[derive(Default)]
struct Meaning {
    calls: Mutex<Vec<Vec<String>>>,
    fails: bool,
    takes: Duration,
    forgets: bool,
}

impl Meaning {
    fn calls(&self) -> usize {
        self.calls.lock().unwrap().len()
    }
}

#[async_trait]
impl Embedder for Meaning {
    fn model(&self) -> &'static str {
        "fake/meaning"
    }

    async fn embed(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>> {
        self.calls.lock().unwrap().push(texts.clone());
        tokio::time::sleep(self.takes).await;
        if self.fails {
            return Err(Error::unavailable("down"));
        }
        let is_sea = |text: &String| text.contains("harbour") || text.contains("port");
        let vectors = texts.iter().map(|text| match is_sea(text) {
            true => vec![1.0, 0.0],
            false => vec![0.0, 1.0],
        });
        Ok(vectors.skip(usize::from(self.forgets)).collect())
    }
}

/// A store that can search by vector.
struct VectorStore(Arc<ProcessMemory>);

#[async_trait]
impl Memory for VectorStore {
    async fn append(&self, session: &SessionId, seq: u64, entries: Vec<Entry>) -> Result<u64> {
        self.0.append(session, seq, entries).await
    }

    async fn read(&self, session: &SessionId, from_seq: u64, limit: u32) -> Result<Vec<Entry>> {
        self.0.read(session, from_seq, limit).await
    }

    async fn sessions(&self, limit: u32, cursor: Option<String>) -> Result<Page> {
        self.0.sessions(limit, cursor).await
    }

    async fn delete(&self, session: &SessionId) -> Result<()> {
        self.0.delete(session).await
    }

    async fn search(&self, query: Query, limit: u32) -> Result<Vec<Hit>> {
        let Some(wanted) = query.vector.clone() else {
            return self.0.search(query, limit).await;
        };
        let without = Query {
            vector: None,
            ..query
        };
        let all = self.0.search(without, u32::MAX).await?;
        let near = all.into_iter().filter(|hit| {
            let vector = hit.entry.vector.as_ref();
            vector.is_some_and(|vector| vector[0] * wanted[0] + vector[1] * wanted[1] > 0.9)
        });
        Ok(near.take(limit as usize).collect())
    }
}

fn hybrid(store: &Arc<ProcessMemory>, meaning: Meaning) -> (Arc<HybridMemory>, Arc<Meaning>) {
    let meaning = Arc::new(meaning);
    let inner = Arc::new(VectorStore(Arc::clone(store)));
    let embedder = Arc::clone(&meaning) as Arc<dyn Embedder>;
    (Arc::new(HybridMemory::new(inner, embedder)), meaning)
}

async fn say(memory: &HybridMemory, id: &str, texts: &[&str]) -> Result<u64> {
    let entries = texts
        .iter()
        .map(|text| session::message_entry(&Message::user(*text)));
    memory
        .append(&SessionId::from(id), 0, entries.collect())
        .await
}

#[tokio::test]
async fn messages_and_facts_get_vectors_in_one_call() {
    let store = store();
    let (memory, meaning) = hybrid(&store, Meaning::default());
    say(&memory, "s", &["the harbour", " ", "tea"])
        .await
        .unwrap();
    let vectors: Vec<_> = log(store.as_ref(), &SessionId::from("s")).await;
    let vectors: Vec<_> = vectors.into_iter().map(|entry| entry.vector).collect();
    assert_eq!(vectors, [Some(vec![1.0, 0.0]), None, Some(vec![0.0, 1.0])]);
    assert_eq!(meaning.calls(), 1);
    let facts = Facts::new(Arc::clone(&memory) as Arc<dyn Memory>, HERE);
    facts
        .add(NewFact::new("the harbour closes at six"))
        .await
        .unwrap();
    let found = facts.search("port", 5).await.unwrap();
    assert_eq!(found[0].fact.text, "the harbour closes at six");
}

#[tokio::test]
async fn search_finds_what_is_said_and_what_is_meant() {
    let store = store();
    let (memory, _) = hybrid(&store, Meaning::default());
    say(
        &memory,
        "s",
        &["the harbour is deep", "tea", "a port, and tea"],
    )
    .await
    .unwrap();
    let query = Query {
        text: Some("port".to_owned()),
        ..Query::default()
    };
    let hits = memory.search(query, 5).await.unwrap();
    let found: Vec<_> = hits.iter().map(|hit| hit.entry.text.as_str()).collect();
    assert_eq!(found, ["a port, and tea", "the harbour is deep"]);
}

#[tokio::test(start_paused = true)]
async fn an_embedder_that_is_slow_holds_one_append_up_for_half_a_second() {
    let store = store();
    let slow = Meaning {
        takes: Duration::from_secs(30),
        ..Meaning::default()
    };
    let (memory, meaning) = hybrid(&store, slow);
    let start = tokio::time::Instant::now();
    for number in 0..10 {
        say(&memory, &number.to_string(), &["harbour"])
            .await
            .unwrap();
    }
    assert_eq!(start.elapsed(), Duration::from_millis(500));
    assert_eq!(meaning.calls(), 1);
    let entries = log(store.as_ref(), &SessionId::from("0")).await;
    assert_eq!(entries[0].vector, None);
    tokio::time::advance(Duration::from_secs(61)).await;
    say(&memory, "later", &["harbour"]).await.unwrap();
    assert_eq!(meaning.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_embedder_that_fails_costs_the_vectors_and_nothing_else() {
    for meaning in [
        Meaning {
            fails: true,
            ..Meaning::default()
        },
        Meaning {
            forgets: true,
            ..Meaning::default()
        },
    ] {
        let store = store();
        let (memory, _) = hybrid(&store, meaning);
        say(&memory, "s", &["the harbour", "a port"]).await.unwrap();
        let query = Query {
            text: Some("port".to_owned()),
            ..Query::default()
        };
        let hits = memory.search(query, 5).await.unwrap();
        assert_eq!(hits.len(), 1);
        assert_eq!(hits[0].entry.vector, None);
    }
}

#[tokio::test]
async fn a_conflict_stays_a_conflict() {
    let store = store();
    let (memory, _) = hybrid(&store, Meaning::default());
    say(&memory, "s", &["a"]).await.unwrap();
    let error = say(&memory, "s", &["b"]).await.unwrap_err();
    assert_eq!(error.kind, loom_types::ErrorKind::Conflict);
}
