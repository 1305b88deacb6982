#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::io::Write;

use loom_sdk::testing;
use serde_json::json;

use super::*;

fn file(content: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(content).unwrap();
    file
}

fn read(content: &[u8], offset: u64, limit: u64) -> Result<Vec<Content>, Error> {
    let file = file(content);
    read_file(file.path().to_str().unwrap().to_owned(), offset, limit)
}

#[track_caller]
fn check_lines(content: &[u8], offset: u64, limit: u64, expect: &str) {
    let text = testing::text(read(content, offset, limit));
    assert_eq!(text, expect);
}

#[track_caller]
fn check(content: &[u8], expect: &str) {
    check_lines(content, 1, 2_000, expect);
}

#[track_caller]
fn check_error(result: Result<Vec<Content>, Error>, kind: ErrorKind, part: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind, kind, "{}", error.message);
    assert!(error.message.contains(part), "{}", error.message);
}

#[test]
fn text_comes_out_as_it_is() {
    check(
        "grün\r\n\r\n  日本\t\nno newline at the end".as_bytes(),
        "grün\r\n\r\n  日本\t\nno newline at the end",
    );
    check(b"\n", "\n");
    check(b"\r", "\r");
    check(b"a\n\n", "a\n\n");
}

#[test]
fn an_empty_file_is_said_to_be_empty() {
    check(b"", "[the file is empty]");
    check(b"\xef\xbb\xbf", "[the file is empty]");
}

#[test]
fn a_range_of_lines_ends_with_a_note_about_the_others() {
    let content = b"1\n2\n3\n4\n5";
    check_lines(
        content,
        1,
        2,
        "1\n2\n[lines 1-2 of 5; read on with offset 3]",
    );
    check_lines(
        content,
        3,
        2,
        "3\n4\n[lines 3-4 of 5; read on with offset 5]",
    );
    check_lines(content, 5, 2, "5\n[lines 5-5 of 5]");
    check_lines(content, 1, 5, "1\n2\n3\n4\n5");
    check_lines(content, 0, 1, "1\n[lines 1-1 of 5; read on with offset 2]");
    check_lines(content, 2, u64::MAX, "2\n3\n4\n5\n[lines 2-5 of 5]");
}

#[test]
fn lines_are_counted_to_the_end_of_a_long_file() {
    let content: String = (1..=54_321).map(|number| format!("{number}\n")).collect();
    let text = testing::text(read(content.as_bytes(), 1, 2_000));
    assert!(text.ends_with("\n2000\n[lines 1-2000 of 54321; read on with offset 2001]"));
    assert_eq!(text.lines().count(), 2_001);
    check_lines(
        content.as_bytes(),
        54_321,
        10,
        "54321\n[lines 54321-54321 of 54321]",
    );
}

#[test]
fn all_pieces_of_a_long_file_together_are_the_file() {
    let lines = (1..=30_000).map(|number| format!("{number} {}\n", "é".repeat(number % 90)));
    let content: String = lines.collect();
    let file = file(content.as_bytes());
    let path = file.path().to_str().unwrap().to_owned();
    let (mut offset, mut seen) = (1, String::new());
    loop {
        let text = testing::text(read_file(path.clone(), offset, 9_999));
        assert!(text.len() <= page::MAX_BYTES + 100);
        let (lines, note) = text.trim_end_matches(']').rsplit_once('[').unwrap();
        seen += lines;
        let Some((_, next)) = note.split_once("read on with offset ") else {
            break;
        };
        offset = next.parse().unwrap();
    }
    assert!(seen == content);
}

#[test]
fn an_offset_past_the_end_is_refused_with_the_number_of_lines() {
    check_error(
        read(b"1\n2\n", 3, 1),
        ErrorKind::InvalidInput,
        "has 2 lines",
    );
    check_error(
        read(b"1\n2\n", u64::MAX, u64::MAX),
        ErrorKind::InvalidInput,
        "has 2 lines",
    );
    check_error(read(b"1\n", 1, 0), ErrorKind::InvalidInput, "limit is 0");
}

#[test]
fn much_text_is_cut_at_a_line_end() {
    let content = format!("{}\n", "x".repeat(999)).repeat(1_000);
    let text = testing::text(read(content.as_bytes(), 1, 2_000));
    let (shown, note) = text.rsplit_once('\n').unwrap();
    assert_eq!(shown.len(), 262_000 - 1);
    assert_eq!(
        note,
        "[lines 1-262 of 1000, cut at 256 KiB; read on with offset 263]"
    );
}

#[test]
fn a_huge_line_is_clamped() {
    let mut content = "é".repeat(2_500_000).into_bytes();
    let shown = "é".repeat(2_000);
    let note = "[lines over 2000 characters are clamped]";
    check(
        &content,
        &format!("{shown}… [clamped: 5000000 bytes in this line]\n{note}"),
    );
    content.extend(b"\r\nnext\n");
    check(
        &content,
        &format!("{shown}… [clamped: 5000002 bytes in this line]\nnext\n{note}"),
    );
    check_lines(&content, 2, 1, "next\n[lines 2-2 of 2]");
}

#[test]
fn a_huge_line_is_not_cut_inside_a_character() {
    for padding in ["", "x", "xx"] {
        let content = padding.to_owned() + &"日".repeat(9_000);
        let text = testing::text(read(content.as_bytes(), 1, 1));
        assert!(
            text.ends_with("bytes in this line]\n[lines over 2000 characters are clamped]"),
            "{padding}"
        );
        assert_eq!(text.matches('日').count() + padding.len(), 2_000);
    }
}

#[test]
fn a_line_of_just_the_longest_length_is_not_clamped() {
    let line = format!("{}\r\n", "😀".repeat(2_000));
    check(line.as_bytes(), &line);
    let line = format!("{}\n", "x".repeat(2_001));
    assert!(testing::text(read(line.as_bytes(), 1, 1)).contains("x… [clamped: 2002 bytes"));
}

#[test]
fn a_byte_order_mark_is_not_shown() {
    check(b"\xef\xbb\xbfa\n", "a\n");
}

#[test]
fn utf16_is_decoded() {
    let text = "grün 😀\r\n日本\n";
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    check(
        &[b"\xfe\xff", &big[..]].concat(),
        &format!("{text}[not UTF-8; decoded from UTF-16 BE]"),
    );
    check(
        &[b"\xff\xfe", &little[..]].concat(),
        &format!("{text}[not UTF-8; decoded from UTF-16 LE]"),
    );
    check_lines(
        &[b"\xff\xfe", &little[..]].concat(),
        2,
        1,
        "日本\n[lines 2-2 of 2; not UTF-8; decoded from UTF-16 LE]",
    );
}

#[test]
fn utf16_is_decoded_across_chunks() {
    let text = "日😀x\n".repeat(50_000);
    let bytes = text.encode_utf16().flat_map(u16::to_le_bytes);
    let bytes: Vec<u8> = [0xff, 0xfe].into_iter().chain(bytes).collect();
    let shown = testing::text(read(&bytes, 40_001, 10_000));
    assert!(shown.starts_with(&"日😀x\n".repeat(10_000)));
    assert!(shown.ends_with("[lines 40001-50000 of 50000; not UTF-8; decoded from UTF-16 LE]"));
}

#[test]
fn other_bytes_are_read_as_windows_1252() {
    check(
        b"caf\xe9 \x80\n",
        "café €\n[not UTF-8; decoded as Windows-1252]",
    );
    check(b"caf\xe9", "café\n[not UTF-8; decoded as Windows-1252]");
}

#[test]
fn damaged_utf8_is_shown_with_replacement_characters() {
    let content = [b"\xc3\xbc\xc3\xb6\xc3\xa4 \xff!\n".as_slice(), b"a"].concat();
    check(
        &content,
        "üöä \u{fffd}!\na\n[damaged UTF-8: what is invalid is shown as \u{fffd}, 1 times]",
    );
}

#[test]
fn images_are_returned_as_blobs() {
    let content = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    let expect = Content::Blob(Blob {
        mime: "image/png".into(),
        data: content.to_vec(),
    });
    assert_eq!(read(content, 1, 2_000).unwrap(), [expect]);
    let mut large = content.to_vec();
    large.resize(5 * 1024 * 1024, 0);
    let text = testing::text(read(&large, 1, 2_000));
    assert!(
        text.contains("image (image/png) of 5242880 bytes, too large"),
        "{text}"
    );
}

#[test]
fn binary_files_are_described() {
    let file = file(b"\0asm\x0d\0\x01\0");
    let path = file.path().to_str().unwrap().to_owned();
    let expect =
        format!("[{path} is a binary file of 8 bytes (WebAssembly); its content is not shown]");
    assert_eq!(testing::text(read_file(path, 1, 1)), expect);
}

#[test]
fn what_is_no_file_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    check_error(
        read_file(at(""), 1, 1),
        ErrorKind::InvalidInput,
        "use list_dir",
    );
    fs::write(at("main.rs"), "").unwrap();
    check_error(
        read_file(at("mian.rs"), 1, 1),
        ErrorKind::NotFound,
        "did you mean",
    );
    check_error(
        read_file(at("sub/other"), 1, 1),
        ErrorKind::NotFound,
        "use list_dir on",
    );
    check_error(
        read_file(at("main.rs/x"), 1, 1),
        ErrorKind::InvalidInput,
        "main.rs is a file, not a directory",
    );
    check_error(
        read_file("a\0b".into(), 1, 1),
        ErrorKind::InvalidInput,
        "not a possible path",
    );
    #[cfg(unix)]
    check_error(
        read_file("/dev/zero".into(), 1, 1),
        ErrorKind::InvalidInput,
        "not a regular file",
    );
}

#[test]
fn arguments_have_defaults() {
    let file = file(b"a\nb\n");
    let output = testing::call::<read_file>(json!({"path": file.path()}));
    assert_eq!(testing::text(output), "a\nb\n");
    for arguments in [
        json!({}),
        json!({"path": "x", "offset": -1}),
        json!({"path": "x", "offset": "1"}),
    ] {
        let error = testing::call::<read_file>(arguments).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput);
    }
}
