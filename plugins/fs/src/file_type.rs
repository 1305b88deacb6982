//! Guesses what a file is from its first bytes. Text is told from binary here; its encoding is
//! found in `text`.

use crate::text;

/// How many bytes are looked at; git decides by as many.
pub(crate) const HEAD_BYTES: usize = 8_000;

/// What a file seems to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileType {
    Text,
    /// An image that models can see, with its media type.
    Image(&'static str),
    /// Anything else, with a name for it.
    Binary(&'static str),
}

/// Where the signature starts, the signature, and what it stands for.
const SIGNATURES: &[(usize, &[u8], &str)] = &[
    (0, b"%PDF-", "PDF document"),
    (
        0,
        b"PK\x03\x04",
        "ZIP archive, or an office document, JAR or wheel",
    ),
    (0, b"PK\x05\x06", "empty ZIP archive"),
    (0, b"\x1f\x8b", "gzip data"),
    (0, b"BZh", "bzip2 data"),
    (0, b"\xfd7zXZ\0", "xz data"),
    (0, b"\x28\xb5\x2f\xfd", "Zstandard data"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z archive"),
    (257, b"ustar", "tar archive"),
    (0, b"\x7fELF", "ELF program or library"),
    (0, b"MZ", "Windows program or library"),
    (0, b"\xcf\xfa\xed\xfe", "Mach-O program or library"),
    (0, b"\0asm", "WebAssembly"),
    (0, b"\xca\xfe\xba\xbe", "Java class or Mach-O program"),
    (0, b"!<arch>\n", "static library"),
    (0, b"SQLite format 3\0", "SQLite database"),
    (0, b"OggS", "Ogg audio or video"),
    (0, b"ID3", "MP3 audio"),
    (0, b"fLaC", "FLAC audio"),
    (4, b"ftyp", "MP4 video or HEIF image"),
    (8, b"WAVE", "WAV audio"),
    (0, b"\x1aE\xdf\xa3", "Matroska or WebM video"),
    (0, b"II*\0", "TIFF image"),
    (0, b"MM\0*", "TIFF image"),
    (0, b"BM", "BMP image"),
    (0, b"\0\0\x01\0", "icon"),
    (0, b"wOF2", "WOFF2 font"),
    (0, b"\0\x01\0\0", "TrueType font"),
    (0, b"\xff\xfe\0\0", "UTF-32 text"),
];

/// Formats that often have no byte that text cannot have.
const NEVER_TEXT: &[&[u8]] = &[b"%PDF-", b"\x1f\x8b", b"PK\x03\x04", b"\x28\xb5\x2f\xfd"];

/// What a file with these first bytes (`HEAD_BYTES` of them, or all) seems to be.
pub(crate) fn guess(head: &[u8]) -> FileType {
    if let Some(mime) = image(head) {
        return FileType::Image(mime);
    }
    if is_binary(head) {
        return FileType::Binary(name(head));
    }
    FileType::Text
}

fn image(head: &[u8]) -> Option<&'static str> {
    match head {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => Some("image/webp"),
        _ => None,
    }
}

fn is_binary(head: &[u8]) -> bool {
    if head.starts_with(b"\xff\xfe\0\0") {
        return true;
    }
    if text::byte_order_mark(head).is_some() {
        return false;
    }
    if NEVER_TEXT.iter().any(|magic| head.starts_with(magic)) || head.contains(&0) {
        return true;
    }
    let controls = head.iter().filter(|byte| is_rare_in_text(**byte)).count();
    !text::is_utf8_so_far(head) && controls * 20 > head.len()
}

/// Control characters other than white space, backspace and escape, which logs contain.
fn is_rare_in_text(byte: u8) -> bool {
    matches!(byte, 0..=7 | 14..=26 | 28..=31 | 127)
}

fn name(head: &[u8]) -> &'static str {
    let found = SIGNATURES
        .iter()
        .find(|(offset, magic, _)| head.get(*offset..).is_some_and(|at| at.starts_with(magic)));
    found.map_or("unknown type", |(_, _, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(head: &[u8], expect: FileType) {
        assert_eq!(guess(head), expect, "{:?}", String::from_utf8_lossy(head));
    }

    #[test]
    fn images_that_models_can_see_are_known_by_their_signature() {
        check(b"\x89PNG\r\n\x1a\n\0\0", FileType::Image("image/png"));
        check(b"\xff\xd8\xff\xe0\0\x10JFIF", FileType::Image("image/jpeg"));
        check(b"GIF89a\x01\0", FileType::Image("image/gif"));
        check(b"RIFF\x10\0\0\0WEBPVP8 ", FileType::Image("image/webp"));
    }

    #[test]
    fn binary_files_are_named() {
        check(
            b"\x7fELF\x02\x01\x01\0",
            FileType::Binary("ELF program or library"),
        );
        check(b"\0asm\x0d\0\x01\0", FileType::Binary("WebAssembly"));
        check(b"%PDF-1.7\n%text", FileType::Binary("PDF document"));
        check(b"RIFF\x10\0\0\0WAVEfmt ", FileType::Binary("WAV audio"));
        check(b"abc\0def", FileType::Binary("unknown type"));
        check(b"\xff\xfe\0\0h\0\0\0", FileType::Binary("UTF-32 text"));
        check(
            &[0x9d, 0x01, 0x02, 0x90, 0x1f, 0xc3],
            FileType::Binary("unknown type"),
        );
    }

    #[test]
    fn text_stays_text_whatever_its_encoding() {
        check(b"", FileType::Text);
        check("Grüße, 日本\r\n".as_bytes(), FileType::Text);
        check(b"caf\xe9 au lait\n", FileType::Text);
        check(b"\xff\xfeh\0i\0", FileType::Text);
        check(b"\x1b[31mred\x1b[0m\n", FileType::Text);
        check(b"MZ is how this text starts", FileType::Text);
        check(b"BMW", FileType::Text);
    }

    #[test]
    fn a_character_cut_at_the_end_of_the_head_does_not_make_text_binary() {
        let mut head = vec![b'a'; 10];
        head.extend(&"日".as_bytes()[..2]);
        check(&head, FileType::Text);
    }
}
