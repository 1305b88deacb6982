//! Words of patterns: `{path}` in a pattern stands for a longer expression that has a name. Used by
//! the build script too, so nothing here knows the rest of the crate.

/// How deep words may stand for words.
const MAX_DEPTH: u32 = 4;
/// Longer patterns than any person writes; keeps doubling words from filling the memory.
const MAX_BYTES: usize = 16 * 1024;

/// Puts in what the words stand for. A brace that no letter follows is the expression's own, as in
/// `\d{2}`.
///
/// # Errors
///
/// The word that nobody defined, or that the result is too long, as a text for the author.
pub(crate) fn expand<'a>(
    pattern: &str,
    meaning: &impl Fn(&str) -> Option<&'a str>,
) -> Result<String, String> {
    expand_to(pattern, meaning, MAX_DEPTH)
}

fn expand_to<'a>(
    pattern: &str,
    meaning: &impl Fn(&str) -> Option<&'a str>,
    depth: u32,
) -> Result<String, String> {
    let mut expanded = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some((before, word, after)) = next_word(rest) {
        let stands_for = meaning(word)
            .ok_or_else(|| format!("nobody has defined the word {{{word}}}; `[words]` does"))?;
        if depth == 0 {
            return Err(format!("the word {{{word}}} stands for itself"));
        }
        expanded.push_str(before);
        // A group, so that alternatives end with the word.
        expanded.push_str("(?:");
        expanded.push_str(&expand_to(stands_for, meaning, depth - 1)?);
        expanded.push(')');
        rest = after;
    }
    expanded.push_str(rest);
    if expanded.len() > MAX_BYTES {
        return Err(format!("is longer than {MAX_BYTES} bytes; make two of it"));
    }
    Ok(expanded)
}

/// The text before the first word, the word, and the text after it.
fn next_word(pattern: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(open) = pattern[from..].find('{').map(|at| at + from) {
        let (before, word) = (&pattern[..open], &pattern[open + 1..]);
        from = open + 1;
        let escaped = before.ends_with(['\\', 'p', 'P', 'x', 'u', 'U'])
            && before[..before.len() - 1].ends_with('\\')
            || before.ends_with('\\');
        let Some(close) = word.find('}') else {
            continue;
        };
        let name = &word[..close];
        let named = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if named && !escaped {
            return Some((before, name, &word[close + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests;
