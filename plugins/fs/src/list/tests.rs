#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::fs;
use std::time::Duration;

use loom_sdk::testing;
use serde_json::json;

use super::*;

/// A directory with these files; a name that ends with `/` is a directory.
fn tree(names: &[&str]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for name in names {
        let path = directory.path().join(name);
        if name.ends_with('/') {
            fs::create_dir_all(path).unwrap();
        } else {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
    }
    directory
}

fn list_at(directory: &tempfile::TempDir, depth: u32, hidden: bool, limit: u32) -> String {
    let path = directory.path().to_str().unwrap().to_owned();
    list_dir(path, depth, hidden, limit).unwrap()
}

#[test]
fn entries_are_sorted_and_marked() {
    let directory = tree(&["b.txt", "a/", "ünï 日本.md", "C", ".hidden", "a/deep"]);
    let expect = "C  1 bytes\na/\nb.txt  5 bytes\nünï 日本.md  15 bytes";
    assert_eq!(list_at(&directory, 1, false, 1_000), expect);
    assert!(list_at(&directory, 1, true, 1_000).starts_with(".hidden  7 bytes\nC "));
}

#[test]
fn deeper_levels_follow_their_directory() {
    let directory = tree(&["a/b/c", "a.txt", "z"]);
    assert_eq!(
        list_at(&directory, 2, false, 1_000),
        "a/\na/b/\na.txt  5 bytes\nz  1 bytes"
    );
    assert!(list_at(&directory, u32::MAX, false, 1_000).contains("a/b/c  5 bytes"));
    assert!(!list_at(&directory, 0, false, 1_000).contains("a/b"));
}

#[test]
fn what_git_keeps_is_not_listed() {
    let directory = tree(&[".git/config", "target/x", ".gitignore"]);
    fs::write(directory.path().join(".gitignore"), "target").unwrap();
    let expect = ".git/\n.gitignore  6 bytes\ntarget/\ntarget/x  8 bytes";
    assert_eq!(list_at(&directory, 3, true, 1_000), expect);
}

#[test]
fn a_cut_list_says_how_much_is_left_out() {
    let names: Vec<String> = (0..25).map(|number| format!("{number:02}")).collect();
    let directory = tree(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let shown = list_at(&directory, 1, false, 2);
    let note = "[2 of 25 entries shown, 23 left out; list a subdirectory or raise limit]";
    assert_eq!(shown, format!("00  2 bytes\n01  2 bytes\n{note}"));
    assert!(list_at(&directory, 1, false, 0).starts_with("[0 of 25"));
}

#[test]
fn an_empty_directory_is_said_to_be_empty() {
    let directory = tree(&[]);
    assert!(list_at(&directory, 1, true, 9).ends_with("is empty]"));
    assert!(list_at(&directory, 1, false, 9).contains("but for hidden names"));
}

#[cfg(unix)]
#[test]
fn links_show_their_target_and_are_not_followed() {
    use std::os::unix::fs::symlink;
    let directory = tree(&["sub/file"]);
    symlink("..", directory.path().join("sub/up")).unwrap();
    symlink("gone", directory.path().join("dangling")).unwrap();
    symlink("self", directory.path().join("self")).unwrap();
    let expect = "dangling -> gone\nself -> self\nsub/\nsub/file  8 bytes\nsub/up -> ..";
    assert_eq!(list_at(&directory, 50, false, 1_000), expect);
}

#[cfg(unix)]
#[test]
fn strange_names_stay_on_their_line_or_are_counted() {
    use std::os::unix::ffi::OsStrExt;
    let directory = tree(&["a\nb", "c"]);
    let name = std::ffi::OsStr::from_bytes(b"bad\xff");
    // Some file systems refuse such a name.
    let has_bad_name = fs::write(directory.path().join(name), "").is_ok();
    let shown = list_at(&directory, 1, false, 9);
    assert!(shown.starts_with("a\\nb  3 bytes\nc  1 bytes"), "{shown}");
    assert_eq!(
        shown.contains("[entries left out because their names are not Unicode: 1]"),
        has_bad_name
    );
}

#[test]
fn a_file_or_nothing_is_refused() {
    let directory = tree(&["file"]);
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let error = list_dir(path("file"), 1, false, 9).unwrap_err();
    assert!(error.message.contains("use read_file"), "{}", error.message);
    let error = list_dir(path("missing"), 1, false, 9).unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
}

#[test]
fn a_spent_budget_is_noted() {
    let directory = tree(&["a", "b", "c"]);
    let place = Place::to_read(directory.path().to_str().unwrap()).unwrap();
    let options = Options {
        hidden: false,
        ignored: true,
        git_internals: false,
        depth: 1,
    };
    let few = Budget::new(2, Duration::from_secs(60));
    let shown = list(&place, options, 9, &few).unwrap();
    assert!(
        shown.starts_with("a  1 bytes\nb  1 bytes\n[stopped after"),
        "{shown}"
    );
    let no_time = Budget::new(9, Duration::ZERO);
    let shown = list(&place, options, 9, &no_time).unwrap();
    assert!(shown.starts_with("[stopped after 20 seconds"), "{shown}");
}

#[test]
fn the_working_directory_is_the_default() {
    let shown = testing::text(testing::call::<list_dir>(json!({})));
    assert!(shown.contains("Cargo.toml  "), "{shown}");
    let error = testing::call::<list_dir>(json!({"depth": "2"})).unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidInput);
}
