//! Long ranges: the shell leaves `{1..15000}` as it is, for it has more than 10,000 numbers. In a
//! script's source each such word becomes several with fewer numbers, which means the same. Runs nothing.

use std::borrow::Cow;
use std::fmt::Write as _;

use bashkit::parser::Lexer;

/// As many numbers as the shell counts up to.
const SHELL_NUMBERS: u64 = 10_000;
/// As many as fit into a call's memory.
const NUMBERS: u64 = 500_000;

/// A word around one range of whole numbers: `part-{1..20000..2}.txt`.
struct Word<'a> {
    before: &'a str,
    first: &'a str,
    last: &'a str,
    step: i64,
    after: &'a str,
}

/// The script with its long ranges in parts.
///
/// # Errors
///
/// What to tell about a range that is too long.
pub(crate) fn split_up(code: &str) -> Result<Cow<'_, str>, String> {
    if !code.contains("..") {
        return Ok(Cow::Borrowed(code));
    }
    let mut result = String::new();
    let mut copied = 0;
    let mut lexer = Lexer::new(code);
    lexer.set_capture_raw(true);
    while let Some(token) = lexer.next_spanned_token() {
        let place = token.span.start.offset..token.span.end.offset;
        let Some(source) = code.get(place.clone()) else {
            break;
        };
        if is_here_document(source) {
            skip_here_document(&mut lexer, source.ends_with('-'));
            continue;
        }
        // Only words have it.
        let is_word = token.raw.is_some_and(|raw| raw == source);
        let word = is_word.then(|| Word::parse(source)).flatten();
        let Some(word) = word.filter(|word| word.count() > SHELL_NUMBERS) else {
            continue;
        };
        if word.count() > NUMBERS {
            return Err(format!(
                "{source}: more than {NUMBERS} words; use `seq` with a pipe, or `for ((i = …; …; …))`"
            ));
        }
        result.push_str(&code[copied..place.start]);
        word.write_parts(&mut result);
        copied = place.end;
    }
    if copied == 0 {
        return Ok(Cow::Borrowed(code));
    }
    result.push_str(&code[copied..]);
    Ok(Cow::Owned(result))
}

/// Whether a token begins one: `<<`, `<<-`, `3<<`.
fn is_here_document(source: &str) -> bool {
    let operator = source.trim_start_matches(|c: char| c.is_ascii_digit());
    matches!(operator, "<<" | "<<-")
}

fn skip_here_document(lexer: &mut Lexer<'_>, strips_tabs: bool) {
    let end = lexer.next_spanned_token().and_then(|token| token.raw);
    if let Some(end) = end {
        let end: String = end.chars().filter(|c| !"'\"\\".contains(*c)).collect();
        lexer.read_heredoc_with_strip(&end, strips_tabs);
    }
}

impl<'a> Word<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (before, rest) = text.split_once('{')?;
        let (range, after) = rest.split_once('}')?;
        // Anything that another expansion could be about stays with the shell.
        let is_plain = |text: &str| {
            let mut characters = text.chars();
            characters.all(|c| c.is_alphanumeric() || "-_./:,+@%".contains(c))
        };
        if !is_plain(before) || !is_plain(after) {
            return None;
        }
        let (first, rest) = range.split_once("..")?;
        let (last, step) = rest.split_once("..").unwrap_or((rest, "1"));
        let step: i64 = step.parse().ok()?;
        first.parse::<i64>().ok()?;
        last.parse::<i64>().ok()?;
        Some(Self {
            before,
            first,
            last,
            step: step.saturating_abs().max(1),
            after,
        })
    }

    /// The ends.
    fn ends(&self) -> (i64, i64) {
        let number = |text: &str| text.parse().expect("it was read as a number");
        (number(self.first), number(self.last))
    }

    fn count(&self) -> u64 {
        let (first, last) = self.ends();
        (first.abs_diff(last) / self.step.unsigned_abs()).saturating_add(1)
    }

    /// As wide as the shell makes numbers of a range one of whose ends begins with a zero.
    fn width(&self) -> usize {
        let is_padded = |text: &str| {
            let digits = text.trim_start_matches('-');
            digits.len() > 1 && digits.starts_with('0')
        };
        if is_padded(self.first) || is_padded(self.last) {
            self.first.len().max(self.last.len())
        } else {
            0
        }
    }

    fn write_parts(&self, into: &mut String) {
        let (first, last) = self.ends();
        let direction = if first <= last { 1 } else { -1 };
        let number = |place: u64| {
            let place = i64::try_from(place).expect("there are fewer numbers than that");
            first + direction * place * self.step
        };
        let width = self.width();
        for part in 0..self.count().div_ceil(SHELL_NUMBERS) {
            let from = part * SHELL_NUMBERS;
            let to = (from + SHELL_NUMBERS).min(self.count()) - 1;
            let (from, to) = (number(from), number(to));
            let space = if part == 0 { "" } else { " " };
            write!(
                into,
                "{space}{}{{{from:0width$}..{to:0width$}..{}}}{}",
                self.before, self.step, self.after
            )
            .expect("a string takes text");
        }
    }
}

#[cfg(test)]
mod tests;
