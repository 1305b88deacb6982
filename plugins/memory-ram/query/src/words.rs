//! Texts as words to be compared.

/// The words of a text in lower case: runs of letters and digits. Scripts that are written without
/// spaces have no such runs, so each of their characters counts as a word.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    Words { rest: text }
}

struct Words<'a> {
    rest: &'a str,
}

impl Iterator for Words<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let start = self.rest.find(char::is_alphanumeric)?;
        let text = &self.rest[start..];
        let end = text
            .char_indices()
            .skip(1)
            .find(|(_, c)| !c.is_alphanumeric() || stands_alone(*c))
            .map_or(text.len(), |(end, _)| end);
        let end = match text.chars().next() {
            Some(first) if stands_alone(first) => first.len_utf8(),
            _ => end,
        };
        self.rest = &text[end..];
        Some(text[..end].to_lowercase())
    }
}

/// Chinese characters and Japanese kana (Unicode 16, blocks.txt).
fn stands_alone(c: char) -> bool {
    matches!(c,
        '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{323af}')
}

#[cfg(test)]
mod tests {
    use super::words;

    fn check(text: &str, expect: &[&str]) {
        assert_eq!(words(text).collect::<Vec<_>>(), expect, "{text:?}");
    }

    #[test]
    fn words_are_runs_of_letters_and_digits_in_lower_case() {
        check("Hello, WORLD!", &["hello", "world"]);
        check("a_b-c 42px", &["a", "b", "c", "42px"]);
        check("Straße ÉCOLE", &["straße", "école"]);
    }

    #[test]
    fn a_text_without_words_has_none() {
        check("", &[]);
        check(" \n…!? 🦀", &[]);
    }

    #[test]
    fn characters_of_scripts_without_spaces_are_words() {
        check("你好world世界", &["你", "好", "world", "世", "界"]);
    }
}
