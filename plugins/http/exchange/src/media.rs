//! What a body is, by its media type and its first bytes, and text in any charset.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// How a body is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Image,
    Binary,
}

/// Where an HTML page must have said its charset (HTML Standard, "prescan a byte stream").
const PRESCAN_BYTES: usize = 1024;

/// A parsed `content-type`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MediaType {
    /// In lower case, without parameters; empty if the server named none.
    pub essence: String,
    pub charset: Option<String>,
}

impl MediaType {
    /// The value of a header `content-type`; the default if there is none.
    #[must_use]
    pub fn parse(header: Option<&str>) -> Self {
        let mut parts = header.unwrap_or_default().split(';');
        let essence = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let charset = parts.find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.trim()
                .eq_ignore_ascii_case("charset")
                .then(|| value.trim().trim_matches(['"', '\'']).to_owned())
        });
        Self { essence, charset }
    }

    /// Types that say nothing, or the wrong thing, are judged by the bytes. If `is_cut`, the last
    /// character may be incomplete.
    #[must_use]
    pub fn kind(&self, body: &[u8], is_cut: bool) -> Kind {
        let (group, subtype) = self.essence.split_once('/').unwrap_or_default();
        if self.is_textual(group, subtype) {
            let is_wide = self
                .encoding(body)
                .is_some_and(|e| !e.is_ascii_compatible());
            return if body.contains(&0) && !is_wide {
                Kind::Binary
            } else {
                Kind::Text
            };
        }
        match group {
            "image" => Kind::Image,
            "audio" | "video" | "font" => Kind::Binary,
            _ if looks_like_text(body, is_cut) => Kind::Text,
            _ => Kind::Binary,
        }
    }

    /// The body as text, invalid bytes replaced. A character that was cut at the end is left out
    /// if `is_cut`.
    #[must_use]
    pub fn decode(&self, body: &[u8], is_cut: bool) -> String {
        let encoding = self
            .encoding(body)
            .unwrap_or_else(|| self.guess(body, is_cut));
        let mut decoder = encoding.new_decoder_with_bom_removal();
        let room = decoder.max_utf8_buffer_length(body.len());
        let mut text = String::with_capacity(room.unwrap_or(body.len()));
        let _ = decoder.decode_to_string(body, &mut text, !is_cut);
        text
    }

    fn is_textual(&self, group: &str, subtype: &str) -> bool {
        const TEXTUAL: [&str; 12] = [
            "json",
            "xml",
            "javascript",
            "ecmascript",
            "x-javascript",
            "x-ndjson",
            "ndjson",
            "yaml",
            "x-yaml",
            "toml",
            "graphql",
            "x-www-form-urlencoded",
        ];
        group == "text"
            || TEXTUAL.contains(&subtype)
            || subtype.ends_with("+json")
            || subtype.ends_with("+xml")
            || subtype.ends_with("+yaml")
    }

    /// What somebody said: a byte order mark, the header, the page itself.
    fn encoding(&self, body: &[u8]) -> Option<&'static Encoding> {
        let mark = Encoding::for_bom(body).map(|(encoding, _)| encoding);
        let header = || Encoding::for_label(self.charset.as_deref()?.as_bytes());
        let page = || {
            let is_markup = self.essence.contains("html") || self.essence.contains("xml");
            is_markup.then(|| declared_in(body)).flatten()
        };
        mark.or_else(header).or_else(page)
    }

    /// UTF-8, unless an old page is none.
    fn guess(&self, body: &[u8], is_cut: bool) -> &'static Encoding {
        if self.essence.contains("html") && !is_utf8(body, is_cut) {
            WINDOWS_1252
        } else {
            UTF_8
        }
    }
}

/// The charset in `<meta charset="…">`, in `content="text/html; charset=…"` or in an XML
/// declaration.
fn declared_in(body: &[u8]) -> Option<&'static Encoding> {
    let head = &body[..body.len().min(PRESCAN_BYTES)];
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let value = |(_, after): (&str, &str)| {
        let label = after.trim_start_matches(['"', '\'', ' ']);
        let end = label.find(|c: char| !(c.is_ascii_alphanumeric() || "-_:.".contains(c)))?;
        Encoding::for_label(&label.as_bytes()[..end])
    };
    let declared = head.split_once("charset=").and_then(value);
    let declared = declared.or_else(|| head.split_once("encoding=").and_then(value))?;
    // A page that could be read up to its declaration is not in UTF-16 (HTML Standard).
    Some(if declared.is_ascii_compatible() {
        declared
    } else {
        UTF_8
    })
}

fn looks_like_text(body: &[u8], is_cut: bool) -> bool {
    Encoding::for_bom(body).is_some()
        || (is_utf8(body, is_cut) && !body.iter().any(|byte| is_control(*byte)))
}

fn is_control(byte: u8) -> bool {
    byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b)
}

fn is_utf8(body: &[u8], is_cut: bool) -> bool {
    match std::str::from_utf8(body) {
        Ok(_) => true,
        Err(error) => is_cut && error.error_len().is_none(),
    }
}

#[cfg(test)]
mod tests;
