//! Texts as sparse vectors: BM25, of which the server knows the part about rarity.

use std::collections::BTreeMap;

use loom_memory_query::words::words;
use serde_json::{Value, json};

/// How soon further occurrences of a word stop counting (Lucene's default).
const SATURATION: f64 = 1.2;
/// How much a long text is marked down (Lucene's default).
const LENGTH_WEIGHT: f64 = 0.75;
/// What counts as an ordinary length, in words. The true average changes with every entry and would
/// change every vector; Qdrant's own BM25 assumes the same number.
const ORDINARY_LENGTH: f64 = 256.0;

/// The vector of a text to be found; none if it has no words.
pub(crate) fn document(text: &str) -> Option<Value> {
    let mut counts = BTreeMap::<u32, f64>::new();
    let mut length = 0.0;
    for word in words(text) {
        *counts.entry(dimension(&word)).or_default() += 1.0;
        length += 1.0;
    }
    let damping = SATURATION * (1.0 - LENGTH_WEIGHT + LENGTH_WEIGHT * length / ORDINARY_LENGTH);
    let weight = |count: f64| (count * (SATURATION + 1.0) / (count + damping)) as f32;
    sparse(
        counts
            .into_iter()
            .map(|(word, count)| (word, weight(count))),
    )
}

/// The vector of a text to look for; none if it has no words. The server weighs each word by rarity.
pub(crate) fn question(text: &str) -> Option<Value> {
    let mut wanted: Vec<u32> = words(text).map(|word| dimension(&word)).collect();
    wanted.sort_unstable();
    wanted.dedup();
    sparse(wanted.into_iter().map(|word| (word, 1.0)))
}

/// A word's place in the vectors. Among a million words one in four thousand shares its place with
/// another; then a search finds the one for the other.
fn dimension(word: &str) -> u32 {
    crc32fast::hash(word.as_bytes())
}

fn sparse(weights: impl Iterator<Item = (u32, f32)>) -> Option<Value> {
    let (indices, values): (Vec<u32>, Vec<f32>) = weights.unzip();
    (!indices.is_empty()).then(|| json!({ "indices": indices, "values": values }))
}

#[cfg(test)]
mod tests;
