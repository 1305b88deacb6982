#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::fs;

use loom_sdk::testing;
use serde_json::json;

use super::*;

fn write(path: &Path, content: &str) -> Result<String, Error> {
    write_file(path.to_str().unwrap().to_owned(), content.to_owned())
}

#[test]
fn a_file_is_created_with_its_parents_and_then_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a/b/日本 ü.txt");
    let name = path.display();
    assert_eq!(
        write(&path, "grün").unwrap(),
        format!("created {name} (5 bytes)")
    );
    assert_eq!(
        write(&path, "").unwrap(),
        format!("replaced {name} (0 bytes)")
    );
    assert_eq!(fs::read(&path).unwrap(), b"");
}

#[test]
fn a_directory_is_not_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let error = write(directory.path(), "x").unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidInput);
    assert!(
        error.message.contains("is a directory"),
        "{}",
        error.message
    );
}

#[test]
fn a_path_that_names_no_file_is_refused() {
    for path in ["", "new/", "."] {
        let error = write(Path::new(path), "x").unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput, "{path}");
    }
}

#[test]
fn a_parent_that_is_a_file_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "x").unwrap();
    let error = write(&file.join("sub/new.txt"), "x").unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidInput);
    let expect = format!("{} is a file, not a directory", file.display());
    assert!(error.message.contains(&expect), "{}", error.message);
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link_and_its_file_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let (link, file) = (directory.path().join("link"), directory.path().join("file"));
    std::os::unix::fs::symlink("file", &link).unwrap();
    write(&link, "new").unwrap();
    assert!(link.is_symlink());
    assert_eq!(fs::read(&file).unwrap(), b"new");
}

#[cfg(unix)]
#[test]
fn a_pipe_is_not_replaced() {
    let error = write(Path::new("/dev/null"), "x").unwrap_err();
    assert!(
        error.message.contains("not a regular file"),
        "{}",
        error.message
    );
}

#[test]
fn a_path_with_a_nul_is_invalid_input() {
    let error = write(Path::new("a\0b"), "x").unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidInput);
}

#[test]
fn wrong_arguments_are_refused() {
    for arguments in [
        json!({"path": "x"}),
        json!({"path": 1, "content": ""}),
        json!({"path": "x", "content": "", "mode": 7}),
    ] {
        let error = testing::call::<write_file>(arguments).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput);
    }
}
