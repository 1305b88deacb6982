//! Which passages an answer cites.

use loom_types::Source;

/// The sources whose ids stand in brackets in an answer, in the order of their first mention: `[a]`,
/// `[a, b]`, `[^a]`.
#[must_use]
pub fn cited<'a>(answer: &str, sources: &'a [Source]) -> Vec<&'a Source> {
    let mut cited: Vec<&Source> = Vec::new();
    for group in groups(answer) {
        // An id may have spaces or commas in it.
        let pieces = group.split([',', ';']).chain(group.split_whitespace());
        for piece in std::iter::once(group).chain(pieces) {
            let id = piece.trim().trim_start_matches(['^', '#', '@']);
            let id = id.trim_matches(|c: char| matches!(c, ',' | ';' | '`' | '"'));
            let Some(source) = sources.iter().find(|source| source.id == id) else {
                continue;
            };
            if !cited.iter().any(|known| known.id == source.id) {
                cited.push(source);
            }
        }
    }
    cited
}

/// What stands between brackets, the innermost ones.
fn groups(text: &str) -> impl Iterator<Item = &str> {
    let mut open = None;
    text.match_indices(['[', ']'])
        .filter_map(move |(at, bracket)| {
            if bracket == "[" {
                open = Some(at + 1);
                return None;
            }
            open.take().map(|start| &text[start..at])
        })
}
