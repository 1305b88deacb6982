//! What may be made where, and that nothing in a project leans on Loom's workspace.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::os::unix::fs::MetadataExt as _;

use toml::{Table, Value};

use super::*;

fn scaffold(name: &str, directory: impl Into<PathBuf>) -> Scaffold {
    Scaffold {
        name: name.to_owned(),
        directory: directory.into(),
    }
}

fn refusal(name: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let error = create(&scaffold(name, directory.path().join("x"))).unwrap_err();
    assert!(matches!(error, ScaffoldError::Name { .. }), "{error}");
    assert!(entries(directory.path()).unwrap().is_empty());
    error.to_string()
}

#[test]
fn a_name_is_one_that_cargo_and_loom_both_take() {
    for good in ["a", "weather", "my-tool", "my_tool2", &"x".repeat(64)] {
        assert!(name::check(good).is_ok(), "{good}");
    }
    let long = "x".repeat(65);
    for bad in [
        "", "-", "_a", "2fast", "My-Tool", "a b", "a/b", "..", "é", "a\n", "ａ", &long,
    ] {
        let error = refusal(bad);
        assert!(error.contains("a to z, digits"), "{bad:?}: {error}");
    }
}

#[test]
fn a_name_that_is_taken_says_by_whom() {
    for (name, taken) in [
        ("fn", "Rust"),
        ("proc-macro", "Rust"),
        ("loom-sdk", "a crate"),
        ("serde_json", "a crate"),
        ("loom_sdk_macros", "a crate"),
        ("fs", "built-in"),
        ("memory_file", "built-in"),
    ] {
        let error = refusal(name);
        assert!(error.contains(taken), "{name}: {error}");
    }
}

#[test]
fn a_project_is_made_with_the_directories_above_it_and_nothing_beside_it() {
    let root = tempfile::tempdir().unwrap();
    let directory = root.path().join("a/b/my-tool");
    let made = create(&scaffold("my-tool", &directory)).unwrap();
    assert_eq!(made, directory);
    assert!(directory.join("vendor/sdk/macros/src/lib.rs").is_file());
    assert_eq!(entries(directory.parent().unwrap()).unwrap(), ["my-tool"]);
    let error = create(&scaffold("my-tool", &directory)).unwrap_err();
    assert!(matches!(error, ScaffoldError::Occupied(_)), "{error}");
}

#[test]
fn an_empty_directory_is_filled_and_stays_the_same_directory() {
    let root = tempfile::tempdir().unwrap();
    let inode = || fs::metadata(root.path()).unwrap().ino();
    let before = inode();
    create(&scaffold("my-tool", root.path())).unwrap();
    let mut names = entries(root.path()).unwrap();
    names.sort();
    let expected = [
        ".gitignore",
        "Cargo.lock",
        "Cargo.toml",
        "README.md",
        "plugin.toml",
        "rust-toolchain.toml",
        "src",
        "vendor",
    ];
    assert_eq!(names, expected);
    assert_eq!(inode(), before);
}

#[test]
fn what_is_there_stays_as_it_is() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("notes");
    fs::write(&file, "mine").unwrap();
    for directory in [root.path(), &file] {
        let error = create(&scaffold("my-tool", directory)).unwrap_err();
        assert!(matches!(error, ScaffoldError::Occupied(_)), "{error}");
    }
    let below_a_file = create(&scaffold("my-tool", file.join("x/y"))).unwrap_err();
    assert!(below_a_file.to_string().contains("notes"), "{below_a_file}");
    assert_eq!(entries(root.path()).unwrap(), ["notes"]);
    assert_eq!(fs::read_to_string(file).unwrap(), "mine");
}

#[test]
fn a_project_that_cannot_get_its_place_leaves_nothing() {
    let root = tempfile::tempdir().unwrap();
    let place = root.path().join("place");
    fs::write(&place, "mine").unwrap();
    make(&place, "my-tool").unwrap_err();
    assert_eq!(entries(root.path()).unwrap(), ["place"]);
}

#[test]
fn every_toml_can_be_read_and_none_inherits() {
    let files = files("my-tool");
    let manifests: Vec<_> = files
        .iter()
        .filter(|(name, _)| name.ends_with(".toml") || name.ends_with(".lock"))
        .collect();
    assert_eq!(manifests.len(), 6, "{manifests:?}");
    for (name, text) in manifests {
        let table: Table = text
            .parse()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!inherits(&Value::Table(table)), "{name}:\n{text}");
    }
}

fn inherits(value: &Value) -> bool {
    match value {
        Value::Table(table) => table
            .iter()
            .any(|(key, value)| (key == "workspace" && value.is_bool()) || inherits(value)),
        Value::Array(all) => all.iter().any(inherits),
        _ => false,
    }
}

#[test]
fn nothing_is_left_to_be_filled_in() {
    for (name, text) in files("my-tool") {
        let own = !name.starts_with("vendor/");
        assert!(!(own && text.contains("{{")), "{name}:\n{text}");
    }
}

#[test]
fn the_manifest_has_the_names_and_the_versions_of_the_workspace() {
    let files = files("my-tool");
    let read = |wanted: &str| -> Table {
        let (_, text) = files.iter().find(|(name, _)| name == wanted).unwrap();
        text.parse().unwrap()
    };
    let cargo = read("Cargo.toml");
    assert_eq!(cargo["package"]["name"].as_str(), Some("my-tool"));
    assert_eq!(cargo["profile"]["release"]["panic"].as_str(), Some("abort"));
    assert_eq!(read("plugin.toml")["name"].as_str(), Some("my-tool"));
    let sdk = read("vendor/sdk/Cargo.toml");
    let macros = sdk["dependencies"]["loom-sdk-macros"]["path"].as_str();
    assert_eq!(macros, Some("../sdk/macros"));
    let edition = env!("CARGO_PKG_RUST_VERSION");
    assert_eq!(cargo["package"]["rust-version"].as_str(), Some(edition));
    assert_eq!(sdk["package"]["rust-version"].as_str(), Some(edition));
}

#[test]
fn the_sdk_comes_without_its_own_tests() {
    let files = files("my-tool");
    let has = |wanted: &str| files.iter().any(|(name, _)| name == wanted);
    assert!(has("vendor/sdk/src/testing.rs") && has("vendor/wit/tool.wit"));
    assert!(!has("vendor/sdk/src/sse/tests.rs"));
}

#[test]
fn the_lock_file_is_closed_and_without_what_only_the_host_needs() {
    let packages = lock::packages();
    let has = |name: &str| packages.iter().any(|package| package.name == name);
    assert!(has("wit-bindgen") && has("syn") && !has("wasmtime"));
    let lock: Table = lock::derive("my-tool").parse().unwrap();
    assert_eq!(
        lock["package"].as_array().unwrap().len(),
        packages.len() + 1
    );
}
