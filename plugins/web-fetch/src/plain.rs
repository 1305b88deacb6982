//! The text of a page that is not parsed: tags are dropped, blocks become lines.

use crate::markup::{Piece, Pieces};

/// Elements that do not break a line.
const INLINE: [&str; 24] = [
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "em", "font", "i", "kbd", "label",
    "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "u", "wbr",
];

/// The text of a page.
pub(crate) fn text(html: &str) -> String {
    let mut pieces = Pieces::of(html);
    let mut text = String::new();
    while let Some(piece) = pieces.next() {
        match piece {
            Piece::Text(piece) => {
                html_escape::decode_html_entities_to_string(piece, &mut text);
            }
            Piece::Open { name, .. } if is_unseen(name) => pieces.skip_raw(name),
            Piece::Open { name, .. } | Piece::Close(name) if !is_inline(name) => text.push('\n'),
            Piece::Open { .. } | Piece::Close(_) => {}
        }
    }
    tidy(&text)
}

fn is_inline(name: &str) -> bool {
    INLINE
        .iter()
        .any(|inline| name.eq_ignore_ascii_case(inline))
}

fn is_unseen(name: &str) -> bool {
    let unseen = ["script", "style", "title", "noscript"];
    unseen
        .iter()
        .any(|unseen| name.eq_ignore_ascii_case(unseen))
}

/// Lines without space around them, and none that is empty.
fn tidy(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests;
