//! Several lists of passages as one, by reciprocal rank fusion: scores of different searches can't be
//! compared, places in a list can.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use futures::future::join_all;
use loom_types::{Passage, Result, Retriever};

/// How much the first places count more than the ones after them (Cormack, Clarke and Büttcher, 2009).
const RANK_CONSTANT: f64 = 60.0;

/// Several retrievers as one. One that fails costs its own passages.
pub struct Fused {
    name: String,
    retrievers: Vec<Arc<dyn Retriever>>,
}

impl Fused {
    /// `name` is what people call all of them together.
    pub fn new(name: impl Into<String>, retrievers: Vec<Arc<dyn Retriever>>) -> Self {
        Self {
            name: name.into(),
            retrievers,
        }
    }
}

#[async_trait]
impl Retriever for Fused {
    fn name(&self) -> &str {
        &self.name
    }

    async fn retrieve(&self, question: &str, limit: usize) -> Result<Vec<Passage>> {
        let asked = self.retrievers.iter();
        let asked = asked.map(|retriever| retriever.retrieve(question, limit));
        let mut lists = Vec::new();
        let mut failure = None;
        for (retriever, found) in self.retrievers.iter().zip(join_all(asked).await) {
            match found {
                Ok(passages) => lists.push((retriever.name(), passages)),
                Err(error) => {
                    tracing::warn!(
                        retriever = retriever.name(),
                        "nothing was looked up: {error}"
                    );
                    failure = Some(error);
                }
            }
        }
        match failure {
            Some(error) if lists.is_empty() => Err(error),
            _ => Ok(fuse(distinct(lists), limit)),
        }
    }
}

/// An id is unique within its retriever only: one that two of them use gets the second one's name.
fn distinct(lists: Vec<(&str, Vec<Passage>)>) -> Vec<Vec<Passage>> {
    let mut taken: HashMap<String, usize> = HashMap::new();
    let mut renamed = Vec::new();
    for (index, (name, mut passages)) in lists.into_iter().enumerate() {
        for passage in &mut passages {
            let owner = *taken.entry(passage.id.clone()).or_insert(index);
            if owner != index {
                passage.id = format!("{name}-{}", passage.id);
                taken.insert(passage.id.clone(), index);
            }
        }
        renamed.push(passages);
    }
    renamed
}

/// The best passages of all lists, the same id counted once; 1.0 is the best score.
pub(crate) fn fuse(lists: Vec<Vec<Passage>>, limit: usize) -> Vec<Passage> {
    let mut fused: Vec<Passage> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for list in lists {
        for (rank, passage) in (1_u32..).zip(list) {
            let score = 1.0 / (RANK_CONSTANT + f64::from(rank));
            match places.get(&passage.id) {
                Some(place) => fused[*place].score += score,
                None => {
                    places.insert(passage.id.clone(), fused.len());
                    fused.push(Passage { score, ..passage });
                }
            }
        }
    }
    fused.sort_by(|a, b| b.score.total_cmp(&a.score));
    fused.truncate(limit);
    let best = fused.first().map_or(1.0, |passage| passage.score);
    for passage in &mut fused {
        passage.score /= best;
    }
    fused
}
