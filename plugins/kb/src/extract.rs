//! Text out of the bytes of a file. Where the bytes are from is not known here.

mod html;
mod pdf;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use crate::chunking::Structure;

/// Larger files that are no PDF are not read: text that a person wrote is smaller.
pub(crate) const MAX_TEXT_BYTES: u64 = 8 << 20;
/// Larger PDF files are not read, for the sake of memory.
pub(crate) const MAX_PDF_BYTES: u64 = 32 << 20;

/// So many bytes tell text from binary; git decides by as many.
const HEAD_BYTES: usize = 8_000;

/// The text of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Extracted {
    /// What the document calls itself.
    pub(crate) title: Option<String>,
    pub(crate) text: String,
    pub(crate) structure: Structure,
}

/// Whether a file of that name is a PDF document.
pub(crate) fn is_pdf(name: &str) -> bool {
    has_extension(name, &["pdf"])
}

/// The text of a file with that name.
///
/// # Errors
///
/// Why there is none, in a few words.
pub(crate) fn extract(name: &str, bytes: &[u8]) -> Result<Extracted, String> {
    if bytes.starts_with(b"%PDF-") || is_pdf(name) {
        return pdf::extract(bytes);
    }
    let text = decode(bytes)?;
    if has_extension(name, &["html", "htm", "xhtml"]) || looks_like_html(&text) {
        return Ok(html::extract(&text));
    }
    let is_markdown = has_extension(name, &["md", "markdown", "mdx", "mkd", "qmd", "rmd"]);
    let structure = if is_markdown {
        Structure::Markdown
    } else {
        Structure::Plain
    };
    let title = is_markdown.then(|| markdown_title(&text)).flatten();
    Ok(Extracted {
        title,
        text,
        structure,
    })
}

fn has_extension(name: &str, extensions: &[&str]) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    extensions
        .iter()
        .any(|it| it.eq_ignore_ascii_case(extension))
}

/// UTF-8, UTF-16 with a byte order mark, or else Windows-1252, in which every byte means something.
fn decode(bytes: &[u8]) -> Result<String, String> {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return Ok(encoding.decode(bytes).0.into_owned());
    }
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    if head.contains(&0) {
        return Err("binary".to_owned());
    }
    let encoding = match std::str::from_utf8(bytes) {
        Ok(_) => UTF_8,
        Err(_) if controls(head) * 50 > head.len() => return Err("binary".to_owned()),
        Err(_) => WINDOWS_1252,
    };
    Ok(encoding.decode(bytes).0.into_owned())
}

/// Control characters that no text has.
fn controls(bytes: &[u8]) -> usize {
    let is_control = |byte: &&u8| matches!(byte, 0..=8 | 14..=26 | 28..=31 | 127);
    bytes.iter().filter(is_control).count()
}

fn looks_like_html(text: &str) -> bool {
    let start: String = text.trim_start().chars().take(15).collect();
    let start = start.to_ascii_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html")
}

/// The first heading, if nothing but blank lines is before it.
fn markdown_title(text: &str) -> Option<String> {
    let first = text.lines().find(|line| !line.trim().is_empty())?;
    let title = first
        .strip_prefix("# ")?
        .trim()
        .trim_end_matches('#')
        .trim();
    (!title.is_empty()).then(|| title.to_owned())
}

#[cfg(test)]
pub(crate) mod tests;
