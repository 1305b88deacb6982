//! Ranking by words: Okapi BM25 over the passages that are looked at, as if there were no others.

use loom_memory_query::words::words;

use super::{Key, Ranked, Scope, best};
use crate::segment::Posting;
use crate::store::fault::{Fault, Result};

/// How soon further occurrences of a word stop counting (Lucene's default).
const SATURATION: f64 = 1.2;
/// How much a long text is marked down (Lucene's default).
const LENGTH_WEIGHT: f64 = 0.75;

/// More words of a query are not looked up: a question has fewer, and each costs reading.
const MAX_WORDS: usize = 64;

/// What a segment has to say.
struct Found {
    segment: usize,
    words: Vec<u32>,
    /// By the query's words.
    postings: Vec<Vec<Posting>>,
}

/// The best passages that have at least one of the words. A segment that can't be read is told and
/// left out.
pub(super) fn rank(
    scopes: &[Scope],
    text: &str,
    count: usize,
    told: &mut dyn FnMut(&Scope, Fault),
) -> Vec<Ranked> {
    let mut wanted: Vec<String> = Vec::new();
    for word in words(text) {
        if wanted.len() < MAX_WORDS && !wanted.contains(&word) {
            wanted.push(word);
        }
    }
    let mut found = Vec::new();
    for (number, scope) in scopes.iter().enumerate() {
        match look_up(number, scope, &wanted) {
            Ok(one) => found.push(one),
            Err(fault) => told(scope, fault),
        }
    }
    let (passages, average) = size(scopes, &found);
    let mut ranked = Vec::new();
    let rarities: Vec<f64> = (0..wanted.len())
        .map(|word| {
            let with: usize = found.iter().map(|one| one.postings[word].len()).sum();
            let with = with as f64;
            (1.0 + (passages - with + 0.5) / (with + 0.5)).ln()
        })
        .collect();
    for one in &found {
        let mut scores = vec![0.0_f32; one.words.len()];
        for (postings, rarity) in one.postings.iter().zip(&rarities) {
            for posting in postings {
                let count = f64::from(posting.count);
                let length = f64::from(one.words[posting.chunk as usize]) / average;
                let damping = SATURATION * (1.0 - LENGTH_WEIGHT + LENGTH_WEIGHT * length);
                let score = rarity * count * (SATURATION + 1.0) / (count + damping);
                scores[posting.chunk as usize] += score as f32;
            }
        }
        let matches = (0..).zip(scores).filter(|(_, score)| *score > 0.0);
        ranked.extend(matches.map(|(chunk, score)| Ranked {
            key: Key {
                segment: one.segment,
                chunk,
            },
            score: f64::from(score),
        }));
    }
    best(ranked, count)
}

fn look_up(number: usize, scope: &Scope, wanted: &[String]) -> Result<Found> {
    let words = scope.segment.chunk_words()?;
    let postings = wanted.iter().map(|word| {
        let mut postings = scope.segment.postings(word)?;
        postings.retain(|posting| scope.looks_at(posting.chunk));
        Ok(postings)
    });
    Ok(Found {
        segment: number,
        postings: postings.collect::<Result<_>>()?,
        words,
    })
}

/// How many passages are looked at, and how many words they have on average.
fn size(scopes: &[Scope], found: &[Found]) -> (f64, f64) {
    let (mut passages, mut total) = (0_u64, 0_u64);
    for one in found {
        let scope = &scopes[one.segment];
        for (chunk, words) in (0..).zip(&one.words) {
            if scope.looks_at(chunk) {
                passages += 1;
                total += u64::from(*words);
            }
        }
    }
    (
        passages as f64,
        (total as f64 / passages.max(1) as f64).max(1.0),
    )
}
