#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::path::Path;

use super::*;

struct Sandbox(tempfile::TempDir);

impl Sandbox {
    fn new(content: &[u8]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("file"), content).unwrap();
        Self(directory)
    }

    fn path(&self) -> String {
        self.0.path().join("file").to_str().unwrap().to_owned()
    }

    fn edit(&self, old_text: &str, new_text: &str) -> Result<String, Error> {
        edit_file(self.path(), old_text.into(), new_text.into(), false)
    }

    fn edit_all(&self, old_text: &str, new_text: &str) -> Result<String, Error> {
        edit_file(self.path(), old_text.into(), new_text.into(), true)
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(self.path()).unwrap()
    }
}

#[track_caller]
fn check(content: &[u8], old_text: &str, new_text: &str, expect: &[u8]) {
    let sandbox = Sandbox::new(content);
    sandbox.edit(old_text, new_text).unwrap();
    assert_eq!(
        String::from_utf8_lossy(&sandbox.bytes()),
        String::from_utf8_lossy(expect)
    );
    assert_eq!(sandbox.bytes(), expect);
}

#[track_caller]
fn check_error(content: &[u8], old_text: &str, new_text: &str, kind: ErrorKind, part: &str) {
    let sandbox = Sandbox::new(content);
    let error = sandbox.edit(old_text, new_text).unwrap_err();
    assert_eq!(error.kind, kind, "{}", error.message);
    assert!(error.message.contains(part), "{}", error.message);
    assert_eq!(sandbox.bytes(), content, "the file was touched");
}

#[test]
fn the_old_text_is_replaced_and_the_change_shown() {
    let sandbox = Sandbox::new("one\nzwölf\nthree".as_bytes());
    let shown = sandbox.edit("zwölf", "twelve").unwrap();
    let expect = "edited FILE in 1 place\n@@ line 2 @@\n one\n-zwölf\n+twelve\n three";
    assert_eq!(shown, expect.replace("FILE", &sandbox.path()));
    assert_eq!(sandbox.bytes(), b"one\ntwelve\nthree");
}

#[test]
fn text_can_be_removed() {
    check(b"a\nb\nc\n", "b\n", "", b"a\nc\n");
    check(b"all", "all", "", b"");
}

#[test]
fn several_matches_are_refused_with_their_lines() {
    check_error(
        b"x\ny\nx\nx x\n",
        "x",
        "z",
        ErrorKind::InvalidInput,
        "4 times, at lines 1, 3, 4, 4;",
    );
    let many = "x\n".repeat(30);
    check_error(
        many.as_bytes(),
        "x",
        "z",
        ErrorKind::InvalidInput,
        "9, 10, …;",
    );
}

#[test]
fn all_matches_are_replaced_when_asked() {
    let sandbox = Sandbox::new(b"x\ny\nx\n");
    assert!(sandbox.edit_all("x", "xx").unwrap().contains("in 2 places"));
    assert_eq!(sandbox.bytes(), b"xx\ny\nxx\n");
}

#[test]
fn line_feeds_match_the_line_endings_of_a_windows_file() {
    check(
        b"a\r\nb\r\nc\r\n",
        "a\nb\n",
        "1\n2\n3\n",
        b"1\r\n2\r\n3\r\nc\r\n",
    );
    check(b"a\r\nb\r\n", "b", "2\n3", b"a\r\n2\r\n3\r\n");
    check(b"a\r\nb\r\n", "a\r\nb", "1\r\n2", b"1\r\n2\r\n");
    check(b"a\r\nb\r\n", "\nb", "\nc", b"a\r\nc\r\n");
    check(b"a.b\r\n(c)\r\n", "a.b\n(c)", "x", b"x\r\n");
}

#[test]
fn windows_line_endings_match_those_of_a_unix_file() {
    check(b"a\nb\nc\n", "a\r\nb", "1\r\n2", b"1\n2\nc\n");
}

#[test]
fn a_file_with_both_line_endings_keeps_those_that_are_not_edited() {
    check(b"a\nb\r\nc\r\n", "a\nb\n", "x\n", b"x\r\nc\r\n");
}

#[test]
fn the_encoding_and_its_mark_are_kept() {
    check(b"\xef\xbb\xbfa\n", "a", "\u{fc}", b"\xef\xbb\xbf\xc3\xbc\n");
    check(b"\xff\xfea\0\n\0", "a", "日", b"\xff\xfe\xe5\x65\n\0");
    check(b"\xfe\xff\0a\0\r\0\n", "a\n", "b\n", b"\xfe\xff\0b\0\r\0\n");
    check(b"caf\xe9\n", "café", "thé", b"th\xe9\n");
    check(
        "ü ö\n\u{e4} "
            .bytes()
            .chain([0xff])
            .collect::<Vec<_>>()
            .as_slice(),
        "ö",
        "o",
        b"\xc3\xbc o\n\xc3\xa4 \xff",
    );
}

#[test]
fn characters_that_the_encoding_lacks_are_refused() {
    check_error(
        b"caf\xe9\n",
        "caf",
        "日本",
        ErrorKind::InvalidInput,
        "Windows-1252, lacks",
    );
}

#[test]
fn a_miss_names_the_most_similar_line() {
    let file = b"fn main() {\n    let value = compute(1);\n}\n";
    check_error(
        file,
        "let value = compute(2);",
        "x",
        ErrorKind::NotFound,
        "line 2 is similar: let value = compute(1);",
    );
    check_error(
        file,
        "\tlet value = compute(1);",
        "x",
        ErrorKind::NotFound,
        "line 2 differs only in white space",
    );
    check_error(
        file,
        "fn main() {\nlet",
        "x",
        ErrorKind::NotFound,
        "first line is at line 1",
    );
    check_error(
        file,
        "zzzz",
        "x",
        ErrorKind::NotFound,
        "read the file again",
    );
    check_error(b"", "zzzz", "x", ErrorKind::NotFound, "read the file again");
    check_error(b"a\n", "\n\n", "x", ErrorKind::NotFound, "is not in");
}

#[test]
fn useless_edits_are_refused() {
    check_error(b"a", "", "b", ErrorKind::InvalidInput, "old_text is empty");
    check_error(b"a", "a", "a", ErrorKind::InvalidInput, "nothing to change");
}

#[test]
fn only_text_files_are_edited() {
    check_error(b"a\0b", "a", "b", ErrorKind::InvalidInput, "binary");
    check_error(
        b"\xff\xfea\0\x3d\xd8b\0",
        "a",
        "b",
        ErrorKind::InvalidInput,
        "damaged UTF-16",
    );
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let error = edit_file(path(""), "a".into(), "b".into(), false).unwrap_err();
    assert!(
        error.message.contains("is a directory"),
        "{}",
        error.message
    );
    let error = edit_file(path("missing"), "a".into(), "b".into(), false).unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
}

#[test]
fn a_huge_file_is_refused_before_it_is_read() {
    let sandbox = Sandbox::new(b"a");
    let file = fs::OpenOptions::new().write(true).open(sandbox.path());
    file.unwrap().set_len(MAX_BYTES + 1).unwrap();
    let error = sandbox.edit("a", "b").unwrap_err();
    assert!(error.message.contains("16 MiB"), "{}", error.message);
}

#[test]
fn a_change_by_somebody_else_is_a_conflict() {
    let sandbox = Sandbox::new(b"old");
    let place = Place::to_write(&sandbox.path()).unwrap();
    let (_, before) = open(&place).unwrap();
    fs::write(sandbox.path(), "theirs").unwrap();
    let error = store(&place, &before, b"ours").unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert_eq!(sandbox.bytes(), b"theirs");
}

#[test]
fn a_large_old_text_is_found_in_a_windows_file() {
    let line = "a line of some length with (parentheses) and [brackets]";
    let text = format!("{line}\n").repeat(5_000);
    let sandbox = Sandbox::new(text.replace('\n', "\r\n").as_bytes());
    sandbox.edit(&text, "gone\n").unwrap();
    assert_eq!(sandbox.bytes(), b"gone\r\n");
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link_and_its_file_is_edited() {
    let sandbox = Sandbox::new(b"old");
    let link = Path::new(&sandbox.path()).with_file_name("link");
    std::os::unix::fs::symlink("file", &link).unwrap();
    let path = link.to_str().unwrap().to_owned();
    edit_file(path, "old".into(), "new".into(), false).unwrap();
    assert!(link.is_symlink());
    assert_eq!(sandbox.bytes(), b"new");
}
