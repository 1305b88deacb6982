//! HTML cut into tags and text in one pass, as the parser's tokenizer does it, roughly: for judging a page
//! before it is parsed, and for reading one that is not.

/// A piece of a page.
#[derive(Debug, PartialEq)]
pub(crate) enum Piece<'a> {
    /// With its entities.
    Text(&'a str),
    Open {
        name: &'a str,
        attributes: usize,
        /// Whether it ends in `/>`, which only foreign elements and void ones take for their end.
        closes_itself: bool,
    },
    Close(&'a str),
}

/// The pieces of a page, without comments.
pub(crate) struct Pieces<'a> {
    rest: &'a str,
}

impl<'a> Pieces<'a> {
    pub(crate) fn of(html: &'a str) -> Self {
        Self { rest: html }
    }

    /// Skips the content of an element that holds no markup, such as a script.
    pub(crate) fn skip_raw(&mut self, name: &str) {
        let mut from = 0;
        while let Some(found) = self.rest[from..].find("</") {
            let at = from + found;
            let after = &self.rest.as_bytes()[at + 2..];
            let is_end = after
                .get(..name.len())
                .is_some_and(|end| end.eq_ignore_ascii_case(name.as_bytes()))
                && !after.get(name.len()).is_some_and(u8::is_ascii_alphanumeric);
            if is_end {
                self.rest = &self.rest[at..];
                return;
            }
            from = at + 2;
        }
        self.rest = "";
    }

    /// A comment, doctype or anything else that begins with `<!`, `<?` or `</` without a name.
    fn skip_comment(&mut self) {
        let end = match self.rest.strip_prefix("<!--") {
            Some(comment) if comment.starts_with('>') => 5,
            Some(comment) if comment.starts_with("->") => 6,
            Some(comment) => 4 + comment_end(comment),
            None => self.rest.find('>').map_or(self.rest.len(), |end| end + 1),
        };
        self.rest = &self.rest[end..];
    }

    fn tag(&mut self, is_close: bool) -> Piece<'a> {
        let start = if is_close { 2 } else { 1 };
        let bytes = self.rest.as_bytes();
        let is_end = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>');
        let length = bytes[start..].iter().position(is_end);
        let name_end = length.map_or(bytes.len(), |length| start + length);
        let (attributes, end) = attributes(bytes, name_end);
        let piece = if is_close {
            Piece::Close(&self.rest[start..name_end])
        } else {
            Piece::Open {
                name: &self.rest[start..name_end],
                attributes,
                closes_itself: bytes[..end].ends_with(b"/>"),
            }
        };
        self.rest = &self.rest[end..];
        piece
    }
}

/// Where a comment ends, in one pass.
fn comment_end(comment: &str) -> usize {
    let mut from = 0;
    while let Some(found) = comment[from..].find("--") {
        let at = from + found;
        let after = &comment[at + 2..];
        if after.starts_with('>') {
            return at + 3;
        }
        if after.starts_with("!>") {
            return at + 4;
        }
        from = at + 1;
    }
    comment.len()
}

/// How many attributes follow, and where the tag ends. A quote counts only at the start of a value.
fn attributes(bytes: &[u8], mut at: usize) -> (usize, usize) {
    let mut count = 0;
    let mut place = Place::Between;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        let is_space = byte.is_ascii_whitespace();
        place = match (place, byte) {
            (_, b'>') => return (count, at),
            (Place::BeforeValue, b'"' | b'\'') => {
                let end = bytes[at..].iter().position(|other| other == byte);
                at = end.map_or(bytes.len(), |end| at + end + 1);
                Place::Between
            }
            (Place::BeforeValue, _) if is_space => Place::BeforeValue,
            (Place::BeforeValue, _) => Place::Value,
            (Place::Value, _) if !is_space => Place::Value,
            (Place::Name | Place::AfterName, b'=') => Place::BeforeValue,
            (Place::Name | Place::AfterName, _) if is_space => Place::AfterName,
            (_, b'/') => Place::Between,
            (Place::Between | Place::Value, _) if is_space => Place::Between,
            (Place::Name, _) => Place::Name,
            _ => {
                count += 1;
                Place::Name
            }
        };
    }
    (count, at)
}

/// Where in a tag a byte stands.
#[derive(Clone, Copy)]
enum Place {
    Between,
    Name,
    /// White space, after which the sign of equality may still come.
    AfterName,
    BeforeValue,
    /// One without quotes.
    Value,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        loop {
            let bytes = self.rest.as_bytes();
            match (bytes.first()?, bytes.get(1), bytes.get(2)) {
                (b'<', Some(name), _) if name.is_ascii_alphabetic() => {
                    return Some(self.tag(false));
                }
                (b'<', Some(b'/'), Some(name)) if name.is_ascii_alphabetic() => {
                    return Some(self.tag(true));
                }
                (b'<', Some(b'!' | b'?' | b'/'), _) => self.skip_comment(),
                _ => {
                    let end = bytes[1..].iter().position(|byte| *byte == b'<');
                    let end = end.map_or(bytes.len(), |end| end + 1);
                    let (text, rest) = self.rest.split_at(end);
                    self.rest = rest;
                    return Some(Piece::Text(text));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
