//! Which of the passages that were found go into a question.

use std::collections::HashSet;

use loom_types::Passage;

use super::RetrievalOptions;

/// The passages that are good enough, best first: within the number of results, not below the threshold,
/// no text twice and none that is blank. The token budget is [`render`](super::render)'s.
#[must_use]
pub fn select(mut passages: Vec<Passage>, options: &RetrievalOptions) -> Vec<Passage> {
    passages.retain(|passage| passage.score.is_finite() && !passage.text.trim().is_empty());
    passages.sort_by(|a, b| b.score.total_cmp(&a.score));
    let best = passages.first().map_or(0.0, |passage| passage.score);
    // A share of a score that is not above zero means nothing.
    if best > 0.0 {
        let least = best * options.threshold;
        passages.retain(|passage| passage.score >= least);
    }
    let (mut ids, mut texts) = (HashSet::new(), HashSet::new());
    passages.retain(|passage| {
        texts.insert(passage.text.trim().to_owned()) && ids.insert(passage.id.clone())
    });
    passages.truncate(options.results);
    passages
}
