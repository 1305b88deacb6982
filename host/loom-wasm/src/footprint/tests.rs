//! What calls may write, by what they declare.

use loom_types::Access;
use serde_json::json;

use super::*;
use crate::grants::{DirectoryGrant, FileAccess};

/// Two writable directories, `.` and `/other`.
fn directories() -> (tempfile::TempDir, Directories) {
    let home = tempfile::tempdir().expect("a temporary directory");
    let grant = |guest_path: &str| DirectoryGrant {
        host_path: home.path().to_owned(),
        guest_paths: vec![guest_path.to_owned()],
        access: FileAccess::ReadWrite,
    };
    let directories = Directories::open(&[grant("."), grant("/other")]);
    (home, directories.expect("the directories are there"))
}

fn tool(safety: Safety, accesses: &[(AccessMode, &str, &str)]) -> ToolDefinition {
    let access = |(mode, scheme, argument): &(AccessMode, &str, &str)| Access {
        mode: *mode,
        scheme: (*scheme).to_owned(),
        argument: (*argument).to_owned(),
    };
    ToolDefinition {
        safety,
        accesses: accesses.iter().map(access).collect(),
        ..ToolDefinition::new("tool", "A test", json!({"type": "object"}))
    }
}

fn check(definition: &ToolDefinition, arguments: &Value, expected: Writing) {
    let (_home, directories) = directories();
    let found = writing(definition, &directories, arguments);
    assert_eq!(found, expected, "{arguments}");
}

#[test]
fn a_call_that_declares_no_written_file_writes_nothing() {
    let reads = (AccessMode::Read, "file", "/path");
    let url = (AccessMode::Write, "url", "/path");
    let arguments = json!({"path": "a"});
    check(
        &tool(Safety::Cautious, &[reads]),
        &arguments,
        Writing::Nothing,
    );
    check(
        &tool(Safety::Cautious, &[url]),
        &arguments,
        Writing::Nothing,
    );
}

#[test]
fn a_safe_call_writes_nothing_whatever_it_declares() {
    let writes = (AccessMode::Write, "file", "/path");
    let tool = tool(Safety::Safe, &[writes]);
    check(&tool, &json!({"path": "a"}), Writing::Nothing);
}

#[test]
fn a_call_that_declares_nothing_or_is_alone_writes_what_is_granted() {
    let reads = (AccessMode::Read, "file", "/path");
    check(&tool(Safety::Cautious, &[]), &json!({}), Writing::Granted);
    let alone = tool(Safety::Exclusive, &[reads]);
    check(&alone, &json!({"path": "a"}), Writing::Granted);
}

#[test]
fn a_call_writes_only_in_the_directory_of_the_file_it_names() {
    let writes = |argument| (AccessMode::Write, "file", argument);
    let tool = tool(Safety::Cautious, &[writes("/to"), writes("/log")]);
    let only = |to: &str, log: &str, expected| {
        check(&tool, &json!({"to": to, "log": log}), expected);
    };
    only("a", "b/c", Writing::Only(0));
    only("/other/a", "/other/b", Writing::Only(1));
    only("a", "/other/b", Writing::Granted);
    only("a", "../b", Writing::Granted);
    check(&tool, &json!({"to": "a"}), Writing::Granted);
}
