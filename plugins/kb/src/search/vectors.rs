//! Ranking by vectors: a scan of the 8-bit ones finds candidates, the exact ones put them in order.

use super::{Key, Ranked, Scope, best};
use crate::store::fault::{Fault, Result};
use crate::vector;

/// So many times as many candidates as are wanted are compared exactly.
const CANDIDATES_PER_RESULT: usize = 2;

pub(super) struct Ranking {
    pub(super) best: Vec<Ranked>,
    /// Passages that have no vector of the model.
    pub(super) without_vector: u64,
}

/// The best passages by their vectors' cosine with the query's, if it is more than 0. A segment that
/// can't be read is told and left out.
pub(super) fn rank(
    scopes: &[Scope],
    model: &str,
    wanted: &[f32],
    count: usize,
    told: &mut dyn FnMut(&Scope, Fault),
) -> Ranking {
    let mut ranking = Ranking {
        best: Vec::new(),
        without_vector: 0,
    };
    let Some(wanted) = vector::normalised(wanted) else {
        return ranking;
    };
    let mut quantised = Vec::new();
    vector::quantise(&wanted, &mut quantised);
    let (scale, quantised) = vector::quantised(&quantised);
    let mut candidates = Vec::new();
    for (number, scope) in scopes.iter().enumerate() {
        let table = &scope.segment.table;
        if table.model.as_deref() != Some(model) || table.dimensions as usize != wanted.len() {
            let passages = (0..table.chunks)
                .filter(|chunk| scope.looks_at(*chunk))
                .count();
            ranking.without_vector += passages as u64;
            continue;
        }
        let mut found = Vec::with_capacity(table.chunks as usize);
        let scanned = scope.segment.scan(|chunk, chunk_scale, numbers| {
            if scope.looks_at(chunk) {
                let dot = vector::dot_quantised(quantised, numbers) as f32 * scale * chunk_scale;
                let key = Key {
                    segment: number,
                    chunk,
                };
                found.push(Ranked {
                    key,
                    score: f64::from(dot),
                });
            }
        });
        match scanned {
            Ok(()) => candidates.append(&mut best(found, count * CANDIDATES_PER_RESULT)),
            Err(fault) => told(scope, fault),
        }
    }
    let candidates = best(candidates, count * CANDIDATES_PER_RESULT);
    let mut exact = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        let scope = &scopes[candidate.key.segment];
        match compare(scope, &wanted, candidate) {
            Ok(ranked) if ranked.score > 0.0 => exact.push(ranked),
            Ok(_) => {}
            Err(fault) => told(scope, fault),
        }
    }
    ranking.best = best(exact, count);
    ranking
}

fn compare(scope: &Scope, wanted: &[f32], candidate: Ranked) -> Result<Ranked> {
    let vector = scope.segment.vector(candidate.key.chunk)?;
    let score = f64::from(vector::dot(wanted, &vector));
    Ok(Ranked { score, ..candidate })
}
