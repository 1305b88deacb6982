//! The frame of a line: a checksum, a length, and the JSON they vouch for. What the JSON says is not
//! known here.

/// What a line may hold at most; longer appends are refused, longer lines are junk. Bounds what a
/// reader must keep in memory.
pub(crate) const MAX_LINE_BYTES: usize = 64 * 1024 * 1024;

/// Eight hexadecimal digits and a space.
const CHECKSUM_BYTES: usize = 9;
/// Digits of `MAX_LINE_BYTES`.
const MAX_LENGTH_DIGITS: usize = 8;

/// Adds a framed line, without a newline.
pub(crate) fn write(json: &str, line: &mut Vec<u8>) {
    let checked = format!("{} {json}", json.len());
    let checksum = crc32fast::hash(checked.as_bytes());
    line.extend_from_slice(format!("{checksum:08x} ").as_bytes());
    line.extend_from_slice(checked.as_bytes());
}

/// The JSON at the start of a line, and how many bytes of the line it takes with its frame. None if
/// anything is missing or wrong. What follows in the line does not matter.
pub(crate) fn read(line: &[u8]) -> Option<(&[u8], usize)> {
    let (head, rest) = line.split_at_checked(CHECKSUM_BYTES)?;
    let checksum = checksum(head)?;
    let digits = rest
        .iter()
        .take(MAX_LENGTH_DIGITS + 1)
        .position(|&byte| byte == b' ')?;
    let start = digits + 1;
    let end = start.checked_add(length(&rest[..digits])?)?;
    let checked = rest.get(..end)?;
    (crc32fast::hash(checked) == checksum).then(|| (&checked[start..], CHECKSUM_BYTES + end))
}

fn checksum(head: &[u8]) -> Option<u32> {
    let (digits, space) = head.split_at(CHECKSUM_BYTES - 1);
    let canonical = digits
        .iter()
        .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if space != b" " || !canonical {
        return None;
    }
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

fn length(digits: &[u8]) -> Option<usize> {
    let canonical = digits.iter().all(u8::is_ascii_digit) && !digits.starts_with(b"0");
    canonical.then(|| std::str::from_utf8(digits).ok()?.parse().ok())?
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop here")]

    use super::*;

    fn framed(json: &str) -> Vec<u8> {
        let mut line = Vec::new();
        write(json, &mut line);
        line
    }

    #[test]
    fn what_was_written_is_read() {
        for json in ["{}", "x", "{\"é\":\"🦀\"}", &"y".repeat(1000)] {
            let line = framed(json);
            assert_eq!(read(&line).unwrap(), (json.as_bytes(), line.len()));
        }
    }

    #[test]
    fn a_line_is_readable_text() {
        assert_eq!(framed("{\"a\":1}"), *b"9e58a832 7 {\"a\":1}");
    }

    #[test]
    fn what_follows_does_not_matter() {
        let mut line = framed("{}");
        let used = line.len();
        line.extend_from_slice(b"junk");
        assert_eq!(read(&line).unwrap(), (&b"{}"[..], used));
    }

    #[test]
    fn no_part_of_a_line_is_a_line() {
        let line = framed("{\"a\":[1,2,3]}");
        for end in 0..line.len() {
            assert_eq!(read(&line[..end]), None, "{end}");
        }
        for start in 1..line.len() {
            assert_eq!(read(&line[start..]), None, "{start}");
        }
    }

    #[test]
    fn no_changed_byte_goes_unnoticed() {
        let line = framed("{\"a\":\"some text\"}");
        for place in 0..line.len() {
            for byte in 0..=u8::MAX {
                let mut line = line.clone();
                if line[place] != byte {
                    line[place] = byte;
                    assert_eq!(read(&line), None, "{byte} at {place}");
                }
            }
        }
    }

    #[test]
    fn absurd_lengths_are_refused() {
        for length in [
            "",
            "-1",
            "0",
            "01",
            "+1",
            "99999999",
            "123456789",
            "18446744073709551616",
        ] {
            let line = format!("00000000 {length} {{}}");
            assert_eq!(read(line.as_bytes()), None, "{length}");
        }
    }
}
