//! Search over all sessions, as people look for a conversation: by session, with the place in it.

use loom_types::{Hit, Memory, Query, Result, SessionId};

use super::Outline;
use crate::session::{MESSAGE, TOOL_RESULT};

/// Entries that are asked for at first, for each session that is wanted. Long sessions have many
/// that fit.
const ENTRIES_A_SESSION: u32 = 10;

/// Entries that are looked at, at most. Beyond it a session is hidden behind thousands of better
/// places in others.
const MOST_ENTRIES: u32 = 5000;

/// What is looked for, and where.
#[derive(Clone, Debug, Default)]
pub struct SearchOptions {
    pub words: String,
    /// Sessions, at most.
    pub limit: usize,
    /// The sessions of sub-agents and what is not part of a conversation too.
    pub all: bool,
}

/// A session with what was found in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub session: SessionId,
    pub outline: Outline,
    /// The places, best first.
    pub hits: Vec<Hit>,
}

/// The sessions in which words occur, that with the best place first.
///
/// # Errors
/// What the store says.
pub async fn search(memory: &dyn Memory, options: &SearchOptions) -> Result<Vec<Found>> {
    let wanted = u32::try_from(options.limit).unwrap_or(u32::MAX);
    let mut limit = wanted.saturating_mul(ENTRIES_A_SESSION).min(MOST_ENTRIES);
    let mut groups = Groups::default();
    if wanted == 0 {
        return Ok(groups.found);
    }
    loop {
        let hits = memory.search(query(options), limit).await?;
        let is_all = hits.len() < limit as usize || limit == MOST_ENTRIES;
        groups.fill(memory, options, hits).await;
        if is_all || groups.found.len() >= options.limit {
            break;
        }
        limit = limit.saturating_mul(4).min(MOST_ENTRIES);
    }
    groups.found.truncate(options.limit);
    Ok(groups.found)
}

fn query(options: &SearchOptions) -> Query {
    let kinds = match options.all {
        true => Vec::new(),
        false => vec![MESSAGE.to_owned(), TOOL_RESULT.to_owned()],
    };
    Query {
        text: Some(options.words.clone()),
        kinds,
        ..Query::default()
    }
}

#[derive(Default)]
struct Groups {
    found: Vec<Found>,
    hidden: Vec<SessionId>,
}

impl Groups {
    /// Puts hits to their sessions. What was found before is found again.
    async fn fill(&mut self, memory: &dyn Memory, options: &SearchOptions, hits: Vec<Hit>) {
        for found in &mut self.found {
            found.hits.clear();
        }
        for hit in hits {
            if self.hidden.contains(&hit.session) {
                continue;
            }
            let known = self.found.iter_mut().find(|it| it.session == hit.session);
            if let Some(known) = known {
                known.hits.push(hit);
                continue;
            }
            let outline = Outline::of(memory, &hit.session).await;
            if outline.is_internal() && !options.all {
                self.hidden.push(hit.session);
            } else {
                self.found.push(Found {
                    session: hit.session.clone(),
                    outline,
                    hits: vec![hit],
                });
            }
        }
        // A session that was deleted meanwhile.
        self.found.retain(|found| !found.hits.is_empty());
    }
}

/// The piece of a text that shows most of the words, on one line of at most `max_chars` characters;
/// the beginning if none occurs. What is cut is marked `…`.
#[must_use]
pub fn snippet(text: &str, words: &str, max_chars: usize) -> String {
    let line: Vec<char> = text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .collect();
    if line.len() <= max_chars {
        return line.into_iter().collect();
    }
    let places = places(&line, words);
    let width = max_chars.saturating_sub(2);
    let start = best(&places, width);
    // A little of what stands before a word tells more than its end.
    let start = start.saturating_sub(width / 4).min(line.len() - width);
    let end = start + width;
    let (start, end) = whole_words(&line, start, end);
    let piece: String = line[start..end].iter().collect();
    let mut piece = piece.trim().to_owned();
    if start > 0 {
        piece.insert(0, '…');
    }
    if end < line.len() {
        piece.push('…');
    }
    piece
}

/// Where which word stands.
fn places(line: &[char], words: &str) -> Vec<(usize, usize)> {
    let fold = |c: &char| c.to_lowercase().next().unwrap_or(*c);
    let line: Vec<char> = line.iter().map(fold).collect();
    let mut places = Vec::new();
    let words = words.split(|c: char| !c.is_alphanumeric());
    for (number, word) in words.filter(|word| !word.is_empty()).enumerate() {
        let word: Vec<char> = word.chars().map(|c| fold(&c)).collect();
        let found = line.windows(word.len()).enumerate();
        let found = found.filter(|(at, window)| {
            let begins = *at == 0 || !line[at - 1].is_alphanumeric();
            *window == word.as_slice() && (begins || !word[0].is_ascii_alphanumeric())
        });
        places.extend(found.map(|(at, _)| (at, number)));
    }
    places.sort_unstable();
    places
}

/// The place from which most different words are within reach, the first such.
fn best(places: &[(usize, usize)], width: usize) -> usize {
    let mut best = (0, 0);
    for (index, (at, _)) in places.iter().enumerate() {
        let near = places[index..]
            .iter()
            .take_while(|(other, _)| other - at < width * 3 / 4);
        let mut seen: Vec<_> = near.take(64).map(|(_, word)| *word).collect();
        seen.sort_unstable();
        seen.dedup();
        if seen.len() > best.0 {
            best = (seen.len(), *at);
        }
    }
    best.1
}

/// Leaves out words that are cut at the ends, if they are short enough to be words.
fn whole_words(line: &[char], start: usize, end: usize) -> (usize, usize) {
    const LONG_WORD: usize = 20;
    let is_cut = |at: usize| at > 0 && at < line.len() && line[at - 1] != ' ' && line[at] != ' ';
    let mut from = start;
    if is_cut(start) {
        let ahead = line[start..end]
            .iter()
            .take(LONG_WORD)
            .position(|c| *c == ' ');
        from = ahead.map_or(start, |ahead| start + ahead + 1);
    }
    let mut to = end;
    if is_cut(end) {
        let back = line[from..end]
            .iter()
            .rev()
            .take(LONG_WORD)
            .position(|c| *c == ' ');
        to = back.map_or(end, |back| end - back - 1);
    }
    (from, to)
}
