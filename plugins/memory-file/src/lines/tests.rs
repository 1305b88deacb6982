//! Tests of the lines.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::io::Write as _;

use super::*;

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

/// The lines as (start, end, closed, length).
fn lines(bytes: &[u8], from: u64, to: u64) -> Vec<(u64, u64, bool, usize)> {
    let mut file = file(bytes);
    let mut lines = Lines::new(&mut file, from, to).unwrap();
    let mut found = Vec::new();
    while let Some(line) = lines.next().unwrap() {
        if !line.bytes.is_empty() {
            assert_eq!(line.bytes, &bytes[line.start as usize..line.end as usize]);
        }
        found.push((line.start, line.end, line.closed, line.bytes.len()));
    }
    found
}

#[test]
fn lines_end_at_newlines_and_at_the_end() {
    assert_eq!(lines(b"", 0, 0), []);
    assert_eq!(lines(b"\n", 0, 1), [(0, 0, true, 0)]);
    assert_eq!(
        lines(b"ab\n\nc", 0, 5),
        [(0, 2, true, 2), (3, 3, true, 0), (4, 5, false, 1)]
    );
}

#[test]
fn only_the_part_between_is_read() {
    assert_eq!(
        lines(b"ab\ncd\nef", 1, 5),
        [(1, 2, true, 1), (3, 5, false, 2)]
    );
    assert_eq!(lines(b"ab", 2, 2), []);
    assert_eq!(lines(b"ab", 2, 1), []);
}

#[test]
fn a_file_that_ends_early_just_ends() {
    assert_eq!(lines(b"ab", 0, 100), [(0, 2, false, 2)]);
}

#[test]
fn lines_across_blocks_are_whole() {
    let mut bytes = Vec::new();
    for length in [BLOCK_BYTES - 1, 1, BLOCK_BYTES, 3 * BLOCK_BYTES, 5] {
        bytes.extend(std::iter::repeat_n(b'x', length));
        bytes.push(b'\n');
    }
    let found = lines(&bytes, 0, bytes.len() as u64);
    let lengths: Vec<_> = found.iter().map(|line| line.3).collect();
    assert_eq!(
        lengths,
        [BLOCK_BYTES - 1, 1, BLOCK_BYTES, 3 * BLOCK_BYTES, 5]
    );
    assert!(found.iter().all(|line| line.2));
}

#[test]
fn a_line_that_is_too_long_is_passed_over_without_being_kept() {
    let long = MAX_LINE_BYTES + 3 * BLOCK_BYTES;
    let mut bytes = vec![b'x'; long];
    bytes.extend_from_slice(b"\nab");
    let to = bytes.len() as u64;
    let long = long as u64;
    assert_eq!(
        lines(&bytes, 0, to),
        [(0, long, true, 0), (long + 1, to, false, 2)]
    );
    assert_eq!(
        lines(&bytes[..long as usize], 0, long),
        [(0, long, false, 0)]
    );
}
