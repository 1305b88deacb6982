//! Encodings: finds out how text is encoded, decodes it and encodes it again. No files here.

use std::borrow::Cow;

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How the text of a file is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
    /// Also stands for Latin-1, of which it is a superset: every byte means something, so that
    /// anything can be read and written back.
    Windows1252,
}

impl Encoding {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16 LE",
            Self::Utf16Be => "UTF-16 BE",
            Self::Windows1252 => "Windows-1252",
        }
    }

    pub(crate) fn codec(self) -> &'static encoding_rs::Encoding {
        match self {
            Self::Utf8 => encoding_rs::UTF_8,
            Self::Utf16Le => UTF_16LE,
            Self::Utf16Be => UTF_16BE,
            Self::Windows1252 => WINDOWS_1252,
        }
    }
}

/// The encoding that a byte order mark stands for, and the mark's length.
pub(crate) fn byte_order_mark(head: &[u8]) -> Option<(Encoding, usize)> {
    match head {
        [0xef, 0xbb, 0xbf, ..] => Some((Encoding::Utf8, 3)),
        [0xff, 0xfe, ..] => Some((Encoding::Utf16Le, 2)),
        [0xfe, 0xff, ..] => Some((Encoding::Utf16Be, 2)),
        _ => None,
    }
}

/// Whether bytes are UTF-8, not counting a character that is cut off at their end.
pub(crate) fn is_utf8_so_far(bytes: &[u8]) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    }
}

/// The length of the bytes without a UTF-8 character that is cut off at their end.
pub(crate) fn whole_characters(bytes: &[u8]) -> usize {
    let tail_start = bytes.len().saturating_sub(3);
    let tail = &bytes[tail_start..];
    let Some(start) = tail.iter().rposition(|byte| *byte >= 0xc0) else {
        return bytes.len();
    };
    let is_cut =
        std::str::from_utf8(&tail[start..]).is_err_and(|error| error.error_len().is_none());
    if is_cut {
        tail_start + start
    } else {
        bytes.len()
    }
}

/// How bytes without a byte order mark are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    Utf8,
    /// UTF-8 with this many places that are not.
    BrokenUtf8(usize),
    Windows1252,
}

impl Reading {
    /// A text that is UTF-8 but for a few bytes was damaged; one without any valid character beyond
    /// ASCII was never meant as UTF-8.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let (mut valid, mut invalid) = (0, 0);
        for chunk in bytes.utf8_chunks() {
            valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
            invalid += usize::from(!chunk.invalid().is_empty());
        }
        match invalid {
            0 => Self::Utf8,
            _ if valid > invalid => Self::BrokenUtf8(invalid),
            _ => Self::Windows1252,
        }
    }

    pub(crate) fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        match self {
            Self::Utf8 | Self::BrokenUtf8(_) => String::from_utf8_lossy(bytes),
            Self::Windows1252 => WINDOWS_1252.decode_without_bom_handling(bytes).0,
        }
    }
}

/// A text in memory that can be written back as it was.
#[derive(Debug)]
pub(crate) struct Document {
    /// UTF-8; what is not valid in a UTF-8 file stays as it is.
    pub(crate) text: Vec<u8>,
    pub(crate) encoding: Encoding,
    mark: Vec<u8>,
}

impl Document {
    /// `None` if the text can't be decoded without loss.
    pub(crate) fn decode(mut bytes: Vec<u8>) -> Option<Self> {
        let (encoding, mark) = match byte_order_mark(&bytes) {
            Some((encoding, length)) => (encoding, bytes.drain(..length).collect()),
            None if Reading::of(&bytes) == Reading::Windows1252 => {
                (Encoding::Windows1252, Vec::new())
            }
            None => (Encoding::Utf8, Vec::new()),
        };
        let text = match encoding {
            Encoding::Utf8 => bytes,
            _ => {
                let (text, had_errors) = encoding.codec().decode_without_bom_handling(&bytes);
                if had_errors {
                    return None;
                }
                text.into_owned().into_bytes()
            }
        };
        Some(Self {
            text,
            encoding,
            mark,
        })
    }

    /// The bytes of another text in this document's encoding; `None` if it has characters that the
    /// encoding lacks.
    pub(crate) fn encode(&self, text: &[u8]) -> Option<Vec<u8>> {
        let mut bytes = self.mark.clone();
        let as_str = || std::str::from_utf8(text).ok();
        match self.encoding {
            Encoding::Utf8 => bytes.extend_from_slice(text),
            Encoding::Utf16Le => bytes.extend(as_str()?.encode_utf16().flat_map(u16::to_le_bytes)),
            Encoding::Utf16Be => bytes.extend(as_str()?.encode_utf16().flat_map(u16::to_be_bytes)),
            Encoding::Windows1252 => {
                let (encoded, _, had_unmappable) = WINDOWS_1252.encode(as_str()?);
                if had_unmappable {
                    return None;
                }
                bytes.extend_from_slice(&encoded);
            }
        }
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_round_trip(bytes: &[u8], encoding: Encoding, text: &str) {
        let document = Document::decode(bytes.to_vec()).expect("decodes without loss");
        assert_eq!(document.encoding, encoding);
        assert_eq!(String::from_utf8_lossy(&document.text), text);
        assert_eq!(document.encode(&document.text).as_deref(), Some(bytes));
    }

    #[test]
    fn documents_are_written_back_as_they_were() {
        check_round_trip(b"", Encoding::Utf8, "");
        check_round_trip("ü日\r\n".as_bytes(), Encoding::Utf8, "ü日\r\n");
        check_round_trip(b"\xef\xbb\xbfa\n", Encoding::Utf8, "a\n");
        check_round_trip(b"\xff\xfea\0\x3d\xd8\x00\xde", Encoding::Utf16Le, "a😀");
        check_round_trip(b"\xfe\xff\0a\0\n", Encoding::Utf16Be, "a\n");
        let every_byte: Vec<u8> = (0x20..=0xff).collect();
        let text = WINDOWS_1252.decode_without_bom_handling(&every_byte).0;
        check_round_trip(&every_byte, Encoding::Windows1252, &text);
    }

    #[test]
    fn broken_utf8_keeps_its_bytes() {
        let bytes = "ü ö ä \u{1f600}".bytes().chain([0xff, b'!']);
        let bytes: Vec<u8> = bytes.collect();
        assert_eq!(Reading::of(&bytes), Reading::BrokenUtf8(1));
        check_round_trip(&bytes, Encoding::Utf8, "ü ö ä \u{1f600}\u{fffd}!");
    }

    #[test]
    fn broken_utf16_is_not_decoded() {
        assert!(Document::decode(b"\xff\xfe\x3d\xd8a\0".to_vec()).is_none());
        assert!(Document::decode(b"\xff\xfea\0b".to_vec()).is_none());
    }

    #[test]
    fn what_an_encoding_lacks_is_not_encoded() {
        let document = Document::decode(b"caf\xe9".to_vec()).expect("Windows-1252");
        assert_eq!(
            document.encode("€é".as_bytes()).as_deref(),
            Some(&b"\x80\xe9"[..])
        );
        assert_eq!(document.encode("日".as_bytes()), None);
    }

    #[test]
    fn a_character_cut_off_at_the_end_is_left_out() {
        let bytes = "a日".as_bytes();
        assert_eq!(whole_characters(bytes), 4);
        assert_eq!(whole_characters(&bytes[..3]), 1);
        assert_eq!(whole_characters(&bytes[..2]), 1);
        assert_eq!(whole_characters(b"caf\xe9"), 3);
        assert_eq!(whole_characters("😀".as_bytes()), 4);
        assert_eq!(whole_characters(&"😀".as_bytes()[..3]), 0);
        assert_eq!(whole_characters(b""), 0);
    }
}
