//! The ranking of a search that looks at every entry: Okapi BM25 for words, cosine similarity for
//! vectors, half and half for both.

use std::collections::HashMap;

use loom_sdk::memory::Query;

use crate::words::words;

/// How soon further occurrences of a word stop counting (Lucene's default).
const SATURATION: f64 = 1.2;
/// How much a long text is marked down (Lucene's default).
const LENGTH_WEIGHT: f64 = 0.75;

/// What a search looks at in an entry.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    pub session: &'a str,
    pub time_ms: u64,
    pub kind: &'a str,
    pub text: &'a str,
    pub vector: Option<&'a [f32]>,
}

/// Takes the entries of a store one by one and keeps those that answer the query. An entry does if
/// all conditions hold that the query has: at least one of the words occurs, and the vector can be
/// compared (same length, neither zero). `K` is how the store finds the entry again.
pub struct Ranking<'q, K> {
    query: &'q Query,
    words: Vec<String>,
    /// In how many of the looked-at entries each word occurs.
    entries_with_word: Vec<u32>,
    looked_at: u32,
    words_looked_at: u64,
    matches: Vec<Match<K>>,
}

struct Match<K> {
    key: K,
    time_ms: u64,
    word_counts: Vec<u32>,
    length: u32,
    cosine: f64,
}

/// An entry that answers the query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranked<K> {
    pub key: K,
    /// Higher is better.
    pub score: f64,
}

impl<'q, K: Ord> Ranking<'q, K> {
    /// A ranking that has seen nothing. A text without words is no condition.
    pub fn new(query: &'q Query) -> Self {
        let mut wanted: Vec<_> = query
            .text
            .as_deref()
            .map(words)
            .into_iter()
            .flatten()
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        Self {
            query,
            entries_with_word: vec![0; wanted.len()],
            words: wanted,
            looked_at: 0,
            words_looked_at: 0,
            matches: Vec::new(),
        }
    }

    /// Looks at an entry.
    pub fn look_at(&mut self, candidate: Candidate<'_>, key: K) {
        if !passes(self.query, &candidate) {
            return;
        }
        let (word_counts, length) = self.count_words(candidate.text);
        self.looked_at += 1;
        self.words_looked_at += u64::from(length);
        for (entries, count) in self.entries_with_word.iter_mut().zip(&word_counts) {
            *entries += u32::from(*count > 0);
        }
        let has_words = self.words.is_empty() || word_counts.iter().any(|count| *count > 0);
        let cosine = match &self.query.vector {
            Some(wanted) => candidate.vector.and_then(|vector| cosine(wanted, vector)),
            None => Some(0.0),
        };
        if let (true, Some(cosine)) = (has_words, cosine) {
            self.matches.push(Match {
                key,
                time_ms: candidate.time_ms,
                word_counts,
                length,
                cosine,
            });
        }
    }

    /// The best `limit` entries, best first. Equally good ones, and all if the query has neither
    /// words nor a vector: the newest first.
    pub fn best(self, limit: u32) -> Vec<Ranked<K>> {
        let scores = self.scores();
        let mut ranked: Vec<_> = self
            .matches
            .into_iter()
            .zip(scores)
            .map(|(found, score)| {
                (
                    found.time_ms,
                    Ranked {
                        key: found.key,
                        score,
                    },
                )
            })
            .collect();
        ranked.sort_unstable_by(|(a_ms, a), (b_ms, b)| {
            b.score
                .total_cmp(&a.score)
                .then_with(|| b_ms.cmp(a_ms))
                .then_with(|| b.key.cmp(&a.key))
        });
        ranked.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        ranked.into_iter().map(|(_, ranked)| ranked).collect()
    }

    fn count_words(&self, text: &str) -> (Vec<u32>, u32) {
        let mut counts = vec![0; self.words.len()];
        if self.words.is_empty() {
            return (counts, 0);
        }
        let mut length = 0;
        let places: HashMap<&str, usize> = self.words.iter().map(String::as_str).zip(0..).collect();
        for word in words(text) {
            length += 1;
            if let Some(place) = places.get(word.as_str()) {
                counts[*place] += 1;
            }
        }
        (counts, length)
    }

    /// The score of each match. BM25 has no upper bound, so it is scaled to its best value before it
    /// is added to a cosine.
    fn scores(&self) -> Vec<f64> {
        let texts: Vec<f64> = self.matches.iter().map(|m| self.bm25(m)).collect();
        if self.query.vector.is_none() {
            return texts;
        }
        let best = texts.iter().copied().fold(0.0, f64::max);
        let scale = if best > 0.0 { best.recip() } else { 0.0 };
        let share = if self.words.is_empty() { 1.0 } else { 0.5 };
        self.matches
            .iter()
            .zip(texts)
            .map(|(found, text)| share * found.cosine + 0.5 * text * scale)
            .collect()
    }

    fn bm25(&self, found: &Match<K>) -> f64 {
        let average = self.words_looked_at as f64 / f64::from(self.looked_at.max(1));
        let length = f64::from(found.length) / average.max(1.0);
        let weights = self.entries_with_word.iter().zip(&found.word_counts);
        weights
            .map(|(&entries, &count)| {
                let (entries, count) = (f64::from(entries), f64::from(count));
                let rarity =
                    (1.0 + (f64::from(self.looked_at) - entries + 0.5) / (entries + 0.5)).ln();
                let damping = SATURATION * (1.0 - LENGTH_WEIGHT + LENGTH_WEIGHT * length);
                rarity * count * (SATURATION + 1.0) / (count + damping)
            })
            .sum()
    }
}

/// Whether the filters let an entry through. Both ends of a time span belong to it.
fn passes(query: &Query, candidate: &Candidate<'_>) -> bool {
    query
        .session
        .as_deref()
        .is_none_or(|session| session == candidate.session)
        && (query.kinds.is_empty() || query.kinds.iter().any(|kind| kind == candidate.kind))
        && query
            .since_ms
            .is_none_or(|since| candidate.time_ms >= since)
        && query
            .until_ms
            .is_none_or(|until| candidate.time_ms <= until)
}

/// None if it is undefined: different lengths, a zero vector, a value that is not finite.
fn cosine(a: &[f32], b: &[f32]) -> Option<f64> {
    if a.len() != b.len() {
        return None;
    }
    let (mut dot, mut a_squared, mut b_squared) = (0.0, 0.0, 0.0);
    for (&a, &b) in a.iter().zip(b) {
        let (a, b) = (f64::from(a), f64::from(b));
        dot += a * b;
        a_squared += a * a;
        b_squared += b * b;
    }
    let cosine = dot / (a_squared.sqrt() * b_squared.sqrt());
    cosine.is_finite().then_some(cosine)
}

#[cfg(test)]
mod tests;
