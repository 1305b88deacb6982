//! Files: what is granted can be used, from inside a real guest that asks for everything. What it
//! tries beyond that is in `security`.

use std::fs;
use std::os::unix::fs::symlink;

use loom_tests::guests;
use loom_tests::sandbox::{Guest, directory};
use loom_types::ErrorKind;
use loom_wasm::FileAccess;
use serde_json::json;
use tempfile::TempDir;

/// A granted directory with a file, inside a directory with a secret.
fn world() -> (TempDir, std::path::PathBuf) {
    let outside = tempfile::tempdir().unwrap();
    let inside = outside.path().join("granted");
    fs::create_dir(&inside).unwrap();
    fs::write(inside.join("note.txt"), "granted text").unwrap();
    fs::write(outside.path().join("secret.txt"), "secret text").unwrap();
    (outside, inside)
}

#[tokio::test]
async fn a_read_only_directory_is_read_and_not_written() {
    let (_outside, inside) = world();
    let snoop = Guest::new(guests::SNOOP, directory(&inside, FileAccess::ReadOnly)).await;
    assert_eq!(
        snoop
            .call("snoop_read", json!({ "path": "note.txt" }))
            .await
            .unwrap(),
        "granted text"
    );
    for path in ["note.txt", "new.txt"] {
        assert!(
            snoop
                .call("snoop_write", json!({ "path": path, "text": "x" }))
                .await
                .is_err(),
            "wrote {path}"
        );
    }
    assert!(
        snoop
            .call(
                "snoop_rename",
                json!({ "from": "note.txt", "to": "moved.txt" })
            )
            .await
            .is_err()
    );
    assert_eq!(
        fs::read_to_string(inside.join("note.txt")).unwrap(),
        "granted text"
    );
    assert_eq!(fs::read_dir(&inside).unwrap().count(), 1);
}

#[tokio::test]
async fn a_writable_directory_is_written() {
    let (_outside, inside) = world();
    let snoop = Guest::new(guests::SNOOP, directory(&inside, FileAccess::ReadWrite)).await;
    snoop
        .call("snoop_write", json!({ "path": "new.txt", "text": "x" }))
        .await
        .unwrap();
    assert_eq!(fs::read_to_string(inside.join("new.txt")).unwrap(), "x");
}

#[tokio::test]
async fn a_missing_file_inside_is_not_found() {
    let (_outside, inside) = world();
    let snoop = Guest::new(guests::SNOOP, directory(&inside, FileAccess::ReadOnly)).await;
    let error = snoop
        .call("snoop_read", json!({ "path": "none.txt" }))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert_eq!(error.origin.as_deref(), Some("snoop 1.0.0"));
}

#[tokio::test]
async fn a_link_within_a_granted_directory_is_followed() {
    let (_outside, inside) = world();
    symlink("note.txt", inside.join("link")).unwrap();
    let snoop = Guest::new(guests::SNOOP, directory(&inside, FileAccess::ReadOnly)).await;
    let read = snoop.call("snoop_read", json!({ "path": "link" })).await;
    assert_eq!(read.unwrap(), "granted text");
}
