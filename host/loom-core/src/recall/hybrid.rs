//! A session store whose entries have vectors, so that search finds what is meant and not only what is
//! said.
//!
//! A vector is made when its entry is appended, since entries never change. That may hold an append up,
//! so it has half a second; what takes longer or fails goes in without a vector, and is found by its
//! words. After a failure no vectors are asked for during a minute: a run makes many appends, and a
//! server that is down must not cost each of them its half second.
//!
//! Vectors of different models can't be compared, and the store does not know whose they are. Whoever
//! changes the model finds older entries by words alone if the new vectors have another length, and
//! beside the point if they have the same.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use loom_types::{
    Backup, Embedder, Entry, Hit, Memory, Page, Passage, Query, Result, SessionId, Upkeep,
};
use tokio::time::Instant;

use super::fact::FACT;
use crate::retrieval::fuse;
use crate::session::MESSAGE;

const APPEND_TIMEOUT: Duration = Duration::from_millis(500);
/// A person waits for a search, but only once.
const SEARCH_TIMEOUT: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_secs(60);

/// What of a text its vector stands for: about as much as the windows of embedding models hold.
const TEXT_BYTES: usize = 4 << 10;

/// Hits that are merged of each search, at least.
const LEAST_HITS: u32 = 20;

/// A store that gives entries and queries vectors.
pub struct HybridMemory {
    store: Arc<dyn Memory>,
    embedder: Arc<dyn Embedder>,
    /// No vectors are made before.
    paused_until: Mutex<Option<Instant>>,
    has_told: AtomicBool,
}

impl HybridMemory {
    /// A store with an embedder. Messages and facts get vectors; results of tools don't, as there are
    /// many of them and they can be had again.
    pub fn new(store: Arc<dyn Memory>, embedder: Arc<dyn Embedder>) -> Self {
        Self {
            store,
            embedder,
            paused_until: Mutex::new(None),
            has_told: AtomicBool::new(false),
        }
    }

    /// The vectors of texts; none if they are late, wrong or not to be had.
    async fn vectors(&self, texts: Vec<String>, time: Duration) -> Option<Vec<Vec<f32>>> {
        if self.is_paused() {
            return None;
        }
        let count = texts.len();
        let embedded = tokio::time::timeout(time, self.embedder.embed(texts)).await;
        let problem = match embedded {
            Ok(Ok(vectors)) if vectors.len() == count => return Some(vectors),
            Ok(Ok(vectors)) => format!("{} vectors for {count} texts", vectors.len()),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("it took longer than {time:?}"),
        };
        let model = self.embedder.model();
        if self.has_told.swap(true, Ordering::Relaxed) {
            tracing::info!(model, "sessions get no vectors for {PAUSE:?}: {problem}");
        } else {
            tracing::warn!(
                target: "loom::notice",
                "search is by words for now, as the embedding model {model} gives no vectors: {problem}"
            );
        }
        *self.lock() = Some(Instant::now() + PAUSE);
        None
    }

    fn is_paused(&self) -> bool {
        self.lock().is_some_and(|until| Instant::now() < until)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.paused_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    async fn with_vectors(&self, mut entries: Vec<Entry>) -> Vec<Entry> {
        let wanting = |entry: &&mut Entry| {
            entry.vector.is_none()
                && matches!(entry.kind.as_str(), MESSAGE | FACT)
                && !entry.text.trim().is_empty()
        };
        let texts: Vec<_> = entries
            .iter_mut()
            .filter(wanting)
            .map(|entry| beginning(&entry.text))
            .collect();
        if texts.is_empty() {
            return entries;
        }
        if let Some(vectors) = self.vectors(texts, APPEND_TIMEOUT).await {
            for (entry, vector) in entries.iter_mut().filter(wanting).zip(vectors) {
                entry.vector = Some(vector);
            }
        }
        entries
    }

    /// Two searches, as a query with text and vector finds only what fits both.
    async fn search_both(&self, query: Query, vector: Vec<f32>, limit: u32) -> Result<Vec<Hit>> {
        let near = Query {
            text: None,
            vector: Some(vector),
            ..query.clone()
        };
        let most = limit.max(LEAST_HITS);
        let by_words = self.store.search(query, most).await?;
        let by_meaning = self.store.search(near, most).await.unwrap_or_else(|error| {
            tracing::warn!("the search is by words only: {error}");
            Vec::new()
        });
        Ok(merge(by_words, by_meaning, limit))
    }
}

fn beginning(text: &str) -> String {
    text[..text.floor_char_boundary(TEXT_BYTES)].to_owned()
}

/// The hits of both by their places.
fn merge(by_words: Vec<Hit>, by_meaning: Vec<Hit>, limit: u32) -> Vec<Hit> {
    let key = |hit: &Hit| format!("{} {}", hit.entry.seq, hit.session);
    let places = |hits: &[Hit]| {
        let place = |hit: &Hit| Passage {
            id: key(hit),
            source: String::new(),
            title: None,
            text: String::new(),
            score: hit.score,
        };
        hits.iter().map(place).collect::<Vec<_>>()
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let order = fuse(vec![places(&by_words), places(&by_meaning)], limit);
    let hits = by_meaning.into_iter().chain(by_words);
    let mut hits: std::collections::HashMap<_, _> = hits.map(|hit| (key(&hit), hit)).collect();
    let merged = order.into_iter().filter_map(|place| {
        let hit = hits.remove(&place.id)?;
        Some(Hit {
            score: place.score,
            ..hit
        })
    });
    merged.collect()
}

#[async_trait]
impl Memory for HybridMemory {
    async fn append(
        &self,
        session: &SessionId,
        expected_seq: u64,
        entries: Vec<Entry>,
    ) -> Result<u64> {
        let entries = self.with_vectors(entries).await;
        self.store.append(session, expected_seq, entries).await
    }

    async fn read(&self, session: &SessionId, from_seq: u64, limit: u32) -> Result<Vec<Entry>> {
        self.store.read(session, from_seq, limit).await
    }

    async fn sessions(&self, limit: u32, cursor: Option<String>) -> Result<Page> {
        self.store.sessions(limit, cursor).await
    }

    async fn delete(&self, session: &SessionId) -> Result<()> {
        self.store.delete(session).await
    }

    /// A query with a text alone is looked up by its meaning too.
    async fn search(&self, query: Query, limit: u32) -> Result<Vec<Hit>> {
        let text = query.text.as_deref().filter(|text| !text.trim().is_empty());
        let (Some(text), None) = (text, &query.vector) else {
            return self.store.search(query, limit).await;
        };
        let vectors = self.vectors(vec![beginning(text)], SEARCH_TIMEOUT).await;
        match vectors.and_then(|mut vectors| vectors.pop()) {
            Some(vector) => self.search_both(query, vector, limit).await,
            None => self.store.search(query, limit).await,
        }
    }

    async fn maintain(&self, session: &SessionId, keep: u32) -> Result<Upkeep> {
        self.store.maintain(session, keep).await
    }

    async fn backups(&self, session: Option<&SessionId>) -> Result<Vec<Backup>> {
        self.store.backups(session).await
    }

    async fn restore(&self, session: &SessionId, backup: &str) -> Result<Backup> {
        self.store.restore(session, backup).await
    }
}
