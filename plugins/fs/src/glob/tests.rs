#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::fs;

use loom_sdk::testing;
use serde_json::json;

use super::*;

/// A directory with these files and contents.
fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
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
        ("top.rs", ""),
        ("src/lib.rs", ""),
        ("src/deep/ünï.rs", ""),
        ("src/page.tsx", ""),
        ("src/page.ts", ""),
        (".github/ci.yml", ""),
        (".env", ""),
    ])
}

/// The paths that were found, relative to the directory.
fn found(directory: &tempfile::TempDir, arguments: serde_json::Value) -> String {
    let root = directory.path().to_str().unwrap();
    let mut arguments = arguments;
    arguments["path"] = json!(root);
    let text = testing::text(testing::call::<glob>(arguments));
    text.replace(&format!("{root}/"), "")
}

#[track_caller]
fn check(pattern: &str, expect: &str) {
    assert_eq!(
        found(&usual(), json!({"pattern": pattern})),
        expect,
        "{pattern}"
    );
}

#[test]
fn patterns_select_files() {
    check("*.rs", "src/deep/ünï.rs\nsrc/lib.rs\ntop.rs");
    check("**/*.rs", "src/deep/ünï.rs\nsrc/lib.rs\ntop.rs");
    check("./*.rs", "top.rs");
    check("src/*.rs", "src/lib.rs");
    check(
        "src/**",
        "src/deep/ünï.rs\nsrc/lib.rs\nsrc/page.ts\nsrc/page.tsx",
    );
    check("*.{ts,tsx}", "src/page.ts\nsrc/page.tsx");
    check("pag?.ts", "src/page.ts");
    check("[tl]*.rs", "src/lib.rs\ntop.rs");
}

#[test]
fn hidden_files_are_found_when_asked_or_named() {
    let nothing = found(&usual(), json!({"pattern": "*.yml"}));
    assert!(nothing.starts_with("[no file matches *.yml"), "{nothing}");
    check(".github/*.yml", ".github/ci.yml");
    check(".env*", ".env");
    assert_eq!(
        found(&usual(), json!({"pattern": "*.yml", "hidden": true})),
        ".github/ci.yml"
    );
}

#[test]
fn nested_ignore_files_are_honoured() {
    let directory = tree(&[
        (".gitignore", "*.log\n/build\n!important.log\n"),
        ("a.log", ""),
        ("important.log", ""),
        ("build/out.txt", ""),
        ("sub/build/out.txt", ""),
        ("sub/.gitignore", "!b.log\nsecret/\n"),
        ("sub/b.log", ""),
        ("sub/c.log", ""),
        ("sub/secret/x.txt", ""),
        (".git/HEAD", ""),
        (".git/info/exclude", "private.txt"),
        ("private.txt", ""),
    ]);
    let expect = "important.log\nsub/b.log\nsub/build/out.txt";
    assert_eq!(found(&directory, json!({"pattern": "*"})), expect);
    let all = found(
        &directory,
        json!({"pattern": "*", "ignored": true, "hidden": true}),
    );
    assert_eq!(all.lines().count(), 12, "{all}");
    let hidden = found(&directory, json!({"pattern": "*", "hidden": true}));
    assert!(!hidden.contains(".git/"), "{hidden}");
}

#[test]
fn ignore_files_above_the_searched_directory_count_up_to_the_repository() {
    let directory = tree(&[
        (".gitignore", "*.txt\n"),
        ("repository/.git/HEAD", ""),
        ("repository/.gitignore", "*.log\n/sub/deep/x.md\n"),
        ("repository/sub/deep/a.log", ""),
        ("repository/sub/deep/a.txt", ""),
        ("repository/sub/deep/x.md", ""),
    ]);
    let path = directory.path().join("repository/sub");
    let text = glob("*".into(), path.to_str().unwrap().into(), false, false, 9).unwrap();
    assert_eq!(text, path.join("deep/a.txt").to_str().unwrap());
    assert_eq!(
        found(&directory, json!({"pattern": "a.*"})),
        "repository/sub/deep/a.txt"
    );
}

#[test]
fn a_directory_that_is_ignored_can_be_searched_by_name() {
    let directory = tree(&[(".gitignore", "target/\n"), ("target/debug/x", "")]);
    let path = directory.path().join("target");
    let text = glob("*".into(), path.to_str().unwrap().into(), false, false, 9).unwrap();
    assert!(text.ends_with("target/debug/x"), "{text}");
}

#[test]
fn a_cut_result_tells_the_total() {
    let shown = found(&usual(), json!({"pattern": "*.rs", "limit": 1}));
    let note = "[1 of 3 files shown; narrow the pattern or raise limit]";
    assert_eq!(shown, format!("src/deep/ünï.rs\n{note}"));
}

#[test]
fn no_match_is_said() {
    let directory = usual();
    let path = directory.path().to_str().unwrap();
    let text = testing::text(testing::call::<glob>(
        json!({"pattern": "*.zig", "path": path}),
    ));
    assert_eq!(text, format!("[no file matches *.zig in {path}]"));
}

#[test]
fn a_pattern_that_can_match_nothing_is_refused() {
    for pattern in ["", "src/", "a{b", "[z"] {
        let error = testing::call::<glob>(json!({"pattern": pattern})).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput, "{pattern}");
        assert!(error.message.contains(pattern), "{}", error.message);
    }
}

#[test]
fn an_absolute_pattern_names_the_directory_too() {
    let directory = usual();
    let root = directory.path().to_str().unwrap();
    let pattern = format!("{root}/src/*.rs");
    let text = testing::text(testing::call::<glob>(json!({"pattern": pattern})));
    assert_eq!(text, format!("{root}/src/lib.rs"));
}

#[test]
fn paths_are_relative_to_the_working_directory_or_as_given() {
    let text = testing::text(testing::call::<glob>(json!({"pattern": "lib.rs"})));
    assert_eq!(text, "src/lib.rs");
    let text = testing::text(testing::call::<glob>(
        json!({"pattern": "lib.rs", "path": "./src/"}),
    ));
    assert_eq!(text, "src/lib.rs");
    let text = testing::text(testing::call::<glob>(
        json!({"pattern": "lib.rs", "path": "../fs/src"}),
    ));
    assert_eq!(text, "../fs/src/lib.rs");
    assert_eq!(shown_path("/", "etc"), "/etc");
}

#[cfg(unix)]
#[test]
fn links_to_files_are_found_and_links_to_directories_not_entered() {
    use std::os::unix::fs::symlink;
    let directory = usual();
    symlink("top.rs", directory.path().join("link.rs")).unwrap();
    symlink("gone.rs", directory.path().join("dangling.rs")).unwrap();
    symlink("..", directory.path().join("src/up")).unwrap();
    let expect = "link.rs\nsrc/deep/ünï.rs\nsrc/lib.rs\ntop.rs";
    assert_eq!(found(&directory, json!({"pattern": "*.rs"})), expect);
}

#[test]
fn a_deep_tree_is_searched_to_the_limit_of_depth() {
    let directory = tempfile::tempdir().unwrap();
    let deep = directory.path().join("d/".repeat(300));
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("x"), "").unwrap();
    fs::write(directory.path().join("d/d/d/x"), "").unwrap();
    let shown = found(&directory, json!({"pattern": "x"}));
    assert!(
        shown.starts_with("d/d/d/x\n[could not read all of d/d/d"),
        "{shown}"
    );
}
