//! The characters of a rule's text: which of them have a meaning, and how one that has stands for
//! itself. A rule's text has printable characters only, so that what a person is shown is what holds.

/// A character as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// It may have a meaning.
    Plain(char),
    /// It stands for itself.
    Escaped(char),
    /// A byte that is not UTF-8; paths may have them.
    Byte(u8),
}

impl Sign {
    pub(super) fn is_space(self) -> bool {
        matches!(self, Self::Plain(c) if c.is_whitespace())
    }

    /// The character, whether it was escaped or not.
    pub(super) fn char(self) -> Option<char> {
        match self {
            Self::Plain(c) | Self::Escaped(c) => Some(c),
            Self::Byte(_) => None,
        }
    }
}

/// Reads signs, and where each of them begins.
pub(super) fn signs(text: &str) -> Result<Vec<(usize, Sign)>, String> {
    let mut signs = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let at = text.len() - rest.len();
        rest = &rest[c.len_utf8()..];
        let sign = match c {
            '\\' => escape(&mut rest)?,
            c if c.is_control() => {
                let shown = c.escape_default();
                return Err(format!("it has a control character; write {shown}"));
            }
            c => Sign::Plain(c),
        };
        signs.push((at, sign));
    }
    Ok(signs)
}

/// What comes after a backslash.
fn escape(rest: &mut &str) -> Result<Sign, String> {
    let wrong = || {
        "a backslash makes a sign stand for itself, else there are \\n, \\r, \\t, \\xHH and \\u{HEX}; write \\\\ for a backslash".to_owned()
    };
    let c = rest.chars().next().ok_or_else(wrong)?;
    *rest = &rest[c.len_utf8()..];
    let sign = match c {
        'n' => Sign::Escaped('\n'),
        'r' => Sign::Escaped('\r'),
        't' => Sign::Escaped('\t'),
        'x' => {
            let digits = rest.get(..2).ok_or_else(wrong)?;
            *rest = &rest[2..];
            let byte = hexadecimal(digits).and_then(|it| u8::try_from(it).ok());
            match byte.ok_or_else(wrong)? {
                byte if byte.is_ascii() => Sign::Escaped(byte.into()),
                byte => Sign::Byte(byte),
            }
        }
        'u' => {
            let inner = rest.strip_prefix('{').and_then(|it| it.split_once('}'));
            let (digits, after) = inner.ok_or_else(wrong)?;
            *rest = after;
            let c = hexadecimal(digits).and_then(char::from_u32);
            Sign::Escaped(c.ok_or_else(wrong)?)
        }
        c if c.is_alphanumeric() => return Err(wrong()),
        c => Sign::Escaped(c),
    };
    Ok(sign)
}

fn hexadecimal(digits: &str) -> Option<u32> {
    let all = digits.bytes().all(|it| it.is_ascii_hexdigit());
    if all {
        u32::from_str_radix(digits, 16).ok()
    } else {
        None
    }
}

/// Writes bytes so that they stand for themselves; `meant` are the characters that have a meaning
/// where the text will stand.
pub(super) fn escaped(bytes: &[u8], meant: &str) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            push_escaped(&mut text, c, meant);
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    escape_edges(text)
}

fn push_escaped(text: &mut String, c: char, meant: &str) {
    match c {
        '\n' => text.push_str("\\n"),
        '\r' => text.push_str("\\r"),
        '\t' => text.push_str("\\t"),
        c if c == '\\' || meant.contains(c) => text.extend(['\\', c]),
        c if is_plain(c) => text.push(c),
        c => text.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
    }
}

/// Spaces at the edges would be cut off.
fn escape_edges(mut text: String) -> String {
    if text.ends_with(' ') {
        text.insert(text.len() - 1, '\\');
    }
    // One space alone has been escaped by now.
    if text.starts_with(' ') {
        text.insert(0, '\\');
    }
    text
}

/// Whether a person sees the character, and sees it as what it is.
pub(super) fn is_plain(c: char) -> bool {
    let shown_as_it_is = c.escape_debug().count() == 1 || matches!(c, '"' | '\'' | '\\');
    shown_as_it_is && (c == ' ' || !c.is_whitespace())
}

/// A text in which a plain `*` stands for any run of characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wild {
    /// What stands between the stars; one more than there are stars.
    parts: Vec<Vec<u8>>,
}

impl Wild {
    pub(super) fn new(signs: &[Sign]) -> Self {
        let parts = signs.split(|sign| *sign == Sign::Plain('*'));
        Self {
            parts: parts.map(bytes).collect(),
        }
    }

    pub(super) fn matches(&self, text: &[u8]) -> bool {
        let (Some(first), Some(last)) = (self.parts.first(), self.parts.last()) else {
            return false;
        };
        if self.parts.len() == 1 {
            return text == first;
        }
        let Some(mut text) = text.strip_prefix(first.as_slice()) else {
            return false;
        };
        for part in &self.parts[1..self.parts.len() - 1] {
            match find(text, part) {
                Some(at) => text = &text[at + part.len()..],
                None => return false,
            }
        }
        text.ends_with(last)
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    if part.is_empty() {
        return Some(0);
    }
    text.windows(part.len()).position(|window| window == part)
}

/// What the signs stand for, wildcards as themselves.
pub(super) fn bytes(signs: &[Sign]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for sign in signs {
        match sign {
            Sign::Byte(byte) => bytes.push(*byte),
            Sign::Plain(c) | Sign::Escaped(c) => {
                bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }
    bytes
}

/// Without the spaces at both ends.
pub(super) fn trimmed(mut signs: &[Sign]) -> &[Sign] {
    while let [first, rest @ ..] = signs
        && first.is_space()
    {
        signs = rest;
    }
    while let [rest @ .., last] = signs
        && last.is_space()
    {
        signs = rest;
    }
    signs
}
