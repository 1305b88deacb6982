//! Files: what is granted can be used, nothing else can be reached, from inside a real guest that
//! asks for everything.

use std::fs;
use std::os::unix::fs::symlink;

use loom_tests::guests;
use loom_tests::sandbox::{Guest, directory};
use loom_types::ErrorKind;
use loom_wasm::{FileAccess, Grants};
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
async fn a_plugin_without_grants_reads_and_lists_nothing() {
    let snoop = Guest::new(guests::SNOOP, Grants::default()).await;
    for path in [
        "/etc/passwd",
        "/",
        ".",
        "/proc/self/environ",
        "/dev/null",
        "note.txt",
    ] {
        assert!(
            snoop
                .call("snoop_read", json!({ "path": path }))
                .await
                .is_err(),
            "read {path}"
        );
        assert!(
            snoop
                .call("snoop_list", json!({ "path": path }))
                .await
                .is_err(),
            "listed {path}"
        );
        assert!(
            snoop
                .call("snoop_write", json!({ "path": path, "text": "x" }))
                .await
                .is_err(),
            "wrote {path}"
        );
    }
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
async fn a_tool_declared_safe_cannot_write_whatever_was_granted() {
    let (_outside, inside) = world();
    let snoop = Guest::new(guests::SNOOP, directory(&inside, FileAccess::ReadWrite)).await;
    assert_eq!(
        snoop
            .call("snoop_read_safe", json!({ "path": "note.txt" }))
            .await
            .unwrap(),
        "granted text"
    );
    assert!(
        snoop
            .call(
                "snoop_write_safe",
                json!({ "path": "note.txt", "text": "x" })
            )
            .await
            .is_err()
    );
    assert_eq!(
        fs::read_to_string(inside.join("note.txt")).unwrap(),
        "granted text"
    );
}

#[tokio::test]
async fn no_path_leads_out_of_a_granted_directory() {
    let (outside, inside) = world();
    let secret = outside.path().join("secret.txt");
    let snoop = Guest::new(guests::SNOOP, directory(&inside, FileAccess::ReadWrite)).await;
    let absolute = secret.to_str().unwrap();
    for path in [
        "../secret.txt",
        "./../secret.txt",
        "note.txt/../../secret.txt",
        "../granted/../secret.txt",
        absolute,
        "//etc/passwd",
        "/proc/self/root/etc/passwd",
        "..\\secret.txt",
        "..%2fsecret.txt",
        "\u{2025}/secret.txt",
    ] {
        let read = snoop.call("snoop_read", json!({ "path": path })).await;
        assert!(read.is_err(), "{path} gave {read:?}");
        let written = snoop
            .call("snoop_write", json!({ "path": path, "text": "x" }))
            .await;
        let stayed = written.is_err() || !path.contains('/') || path.starts_with('\u{2025}');
        assert!(stayed, "{path} was written");
    }
    assert_eq!(fs::read_to_string(secret).unwrap(), "secret text");
}

#[tokio::test]
async fn symbolic_links_out_are_not_followed() {
    let (outside, inside) = world();
    symlink(outside.path().join("secret.txt"), inside.join("absolute")).unwrap();
    symlink("../secret.txt", inside.join("relative")).unwrap();
    symlink("..", inside.join("parent")).unwrap();
    symlink("note.txt", inside.join("good")).unwrap();
    let snoop = Guest::new(guests::SNOOP, directory(&inside, FileAccess::ReadWrite)).await;
    assert_eq!(
        snoop
            .call("snoop_read", json!({ "path": "good" }))
            .await
            .unwrap(),
        "granted text"
    );
    for path in ["absolute", "relative", "parent/secret.txt"] {
        let read = snoop.call("snoop_read", json!({ "path": path })).await;
        assert!(read.is_err(), "{path} gave {read:?}");
        assert!(
            snoop
                .call("snoop_write", json!({ "path": path, "text": "x" }))
                .await
                .is_err(),
            "{path} was written"
        );
    }
    assert!(
        snoop
            .call("snoop_list", json!({ "path": "parent" }))
            .await
            .is_err()
    );
    assert_eq!(
        fs::read_to_string(outside.path().join("secret.txt")).unwrap(),
        "secret text"
    );
}

#[tokio::test]
async fn links_that_the_guest_makes_lead_nowhere() {
    let (outside, inside) = world();
    let secret = outside.path().join("secret.txt");
    let snoop = Guest::new(guests::SNOOP, directory(&inside, FileAccess::ReadWrite)).await;
    for (number, target) in ["../secret.txt", secret.to_str().unwrap(), "/etc/passwd"]
        .into_iter()
        .enumerate()
    {
        for hard in [false, true] {
            let link = format!("link-{number}-{hard}");
            let read = snoop
                .call(
                    "snoop_link",
                    json!({ "target": target, "link": link, "hard": hard }),
                )
                .await;
            assert!(read.is_err(), "a link to {target} gave {read:?}");
        }
    }
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
