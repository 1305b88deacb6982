#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::fs;

use loom_sdk::testing;
use loom_sdk::tool::Output;
use serde_json::{Value, json};

use super::*;

/// A directory with these files and contents.
fn tree(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    directory
}

fn usual() -> tempfile::TempDir {
    tree(&[
        ("a.txt", b"one\nTwo\nthree\nfour\nfive\nsix two\nseven\n"),
        ("sub/ü.rs", "zwei\r\nfn two() {}\r\n".as_bytes()),
        ("z.bin", b"two\0two"),
        (".hidden", b"two"),
    ])
}

fn call(directory: &tempfile::TempDir, mut arguments: Value) -> Output {
    let sub = arguments["path"].as_str().unwrap_or("").to_owned();
    arguments["path"] = json!(directory.path().join(sub));
    testing::call::<grep>(arguments)
}

/// The result, with paths relative to the directory.
fn found(directory: &tempfile::TempDir, arguments: Value) -> String {
    let text = testing::text(call(directory, arguments));
    let root = directory.path().to_str().unwrap();
    text.replace(&format!("{root}/"), "")
}

#[track_caller]
fn check(arguments: Value, expect: &str) {
    assert_eq!(found(&usual(), arguments), expect);
}

#[test]
fn matching_lines_have_path_and_number() {
    check(
        json!({"pattern": "two"}),
        "a.txt:6: six two\nsub/ü.rs:2: fn two() {}",
    );
    check(json!({"pattern": "^t.*e$"}), "a.txt:3: three");
    check(json!({"pattern": r"\(\) \{\}$"}), "sub/ü.rs:2: fn two() {}");
    check(
        json!({"pattern": "two", "ignore_case": true, "glob": "*.txt"}),
        "a.txt:2: Two\na.txt:6: six two",
    );
    check(
        json!({"pattern": "two", "glob": "sub/*"}),
        "sub/ü.rs:2: fn two() {}",
    );
}

#[test]
fn a_file_can_be_searched_by_name() {
    check(
        json!({"pattern": "two", "path": "a.txt"}),
        "a.txt:6: six two",
    );
    check(
        json!({"pattern": "two", "path": ".hidden"}),
        ".hidden:1: two",
    );
    let error = call(&usual(), json!({"pattern": "two", "path": "z.bin"})).unwrap_err();
    assert!(error.message.contains("binary"), "{}", error.message);
    let error = call(&usual(), json!({"pattern": "two", "path": "gone"})).unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
}

#[test]
fn context_is_shown_around_matches() {
    check(
        json!({"pattern": "Two|three|seven", "context": 1, "path": "a.txt"}),
        "a.txt-1- one\na.txt:2: Two\na.txt:3: three\na.txt-4- four\n--\na.txt-6- six two\na.txt:7: seven",
    );
    check(
        json!({"pattern": "seven|zwei", "context": 1}),
        "a.txt-6- six two\na.txt:7: seven\n--\nsub/ü.rs:1: zwei\nsub/ü.rs-2- fn two() {}",
    );
}

#[test]
fn only_paths_are_shown_when_asked() {
    check(
        json!({"pattern": "two", "files_only": true, "context": 3}),
        "a.txt\nsub/ü.rs",
    );
    check(
        json!({"pattern": "two", "files_only": true, "limit": 1}),
        "a.txt\n[1 of 2 files shown; narrow the pattern, the path or the glob, or raise limit]",
    );
}

#[test]
fn a_cut_result_tells_the_totals() {
    check(
        json!({"pattern": "e", "limit": 2}),
        "a.txt:1: one\na.txt:3: three\n[2 of 5 matching lines in 2 files shown; narrow the pattern, the path or the glob, or raise limit]",
    );
    let with_context = found(&usual(), json!({"pattern": "e", "limit": 1, "context": 1}));
    assert!(
        with_context.starts_with("a.txt:1: one\na.txt-2- Two\n[1 of 5"),
        "{with_context}"
    );
}

#[test]
fn no_match_tells_how_many_files_were_searched() {
    check(
        json!({"pattern": "no such"}),
        "[no match for no such in 2 files]",
    );
    check(
        json!({"pattern": "x", "glob": "*.zig"}),
        "[no match for x in 0 files]",
    );
    check(
        json!({"pattern": "xyz", "path": "a.txt"}),
        "[no match for xyz in 1 file]",
    );
}

#[test]
fn an_invalid_pattern_is_explained() {
    let error = call(&usual(), json!({"pattern": "f("})).unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidInput);
    assert!(
        error.message.contains("unclosed group"),
        "{}",
        error.message
    );
    let error = call(&usual(), json!({"pattern": "(?=x)"})).unwrap_err();
    assert!(error.message.contains("look-around"), "{}", error.message);
    let error = call(&usual(), json!({"pattern": "a\\nb"})).unwrap_err();
    assert!(
        error.message.contains("within one line"),
        "{}",
        error.message
    );
    let error = call(&usual(), json!({"pattern": "x", "glob": "a{"})).unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidInput);
}

#[test]
fn ignored_files_are_not_searched() {
    let directory = tree(&[(".gitignore", b"out/\n"), ("out/x", b"two"), ("x", b"two")]);
    assert_eq!(found(&directory, json!({"pattern": "two"})), "x:1: two");
    assert_eq!(
        found(&directory, json!({"pattern": "two", "path": "out"})),
        "out/x:1: two"
    );
}

#[test]
fn other_encodings_are_searched() {
    let utf16 = "\u{feff}grün\r\nx\r\n".encode_utf16();
    let utf16: Vec<u8> = utf16.flat_map(u16::to_le_bytes).collect();
    let directory = tree(&[
        ("1252", b"caf\xe9\ngr\xfcn\n"),
        ("16", &utf16),
        ("8", b"\xef\xbb\xbfgr\xc3\xbcn"),
    ]);
    assert_eq!(
        found(&directory, json!({"pattern": "^grün$"})),
        "1252:2: grün\n16:1: grün\n8:1: grün"
    );
}

#[test]
fn a_huge_line_is_shown_around_its_match() {
    let line = format!("{}needle{}", "x".repeat(5_000_000), "y".repeat(1_000));
    let directory = tree(&[("a", line.as_bytes())]);
    let shown = found(&directory, json!({"pattern": "needle"}));
    assert_eq!(
        shown,
        format!("a:1: …{}needle{}…", "x".repeat(100), "y".repeat(294))
    );
}

#[test]
fn a_line_that_does_not_fit_into_memory_is_noted() {
    let directory = tree(&[("a", b"two"), ("b", &vec![b'x'; MAX_LINE_BYTES + 1])]);
    let shown = found(&directory, json!({"pattern": "two"}));
    assert_eq!(shown, "a:1: two\n[files that could not be read: 1]");
}

#[test]
fn empty_files_match_nothing() {
    let directory = tree(&[("empty", b"")]);
    assert_eq!(
        found(&directory, json!({"pattern": ".*"})),
        "[no match for .* in 1 file]"
    );
}

#[cfg(unix)]
#[test]
fn link_loops_and_pipes_end_no_search() {
    use std::os::unix::fs::symlink;
    let directory = usual();
    symlink("..", directory.path().join("sub/up")).unwrap();
    symlink("loop", directory.path().join("loop")).unwrap();
    symlink("/dev/zero", directory.path().join("zero")).unwrap();
    let shown = found(&directory, json!({"pattern": "fn two"}));
    assert_eq!(shown, "sub/ü.rs:2: fn two() {}");
}
