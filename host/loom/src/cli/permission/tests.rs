//! What is listed, and what can be taken back.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::fs;

use loom_core::{Effect, Policy};
use loom_types::{
    AccessMode, CallId, Footprint, PermissionMode, PermissionRequest, Resource, RunId, Safety,
    Touch,
};
use tempfile::TempDir;

use super::{explain, listed, remove, word};
use crate::config::Config;
use crate::permission::Store;

/// A configuration with rules of its own and three stored ones, one of them for another directory.
fn config() -> (TempDir, Config) {
    let directory = TempDir::new().unwrap();
    let mut config = Config::in_directory(directory.path(), "").unwrap();
    config.permissions.file = directory.path().join("permissions.toml");
    config.permissions.allow = vec!["read_*".to_owned()];
    config.permissions.deny = vec!["run(".to_owned()];
    let workspace = directory.path().canonicalize().unwrap();
    let store = Store::new(&config.permissions.file);
    let rule = |text: &str| text.parse().unwrap();
    store
        .allow(&rule("elsewhere"), "/elsewhere".as_ref())
        .unwrap();
    store.allow(&rule("write_file(a)"), &workspace).unwrap();
    store.allow(&rule("write_file(b)"), &workspace).unwrap();
    (directory, config)
}

fn lines(config: &Config) -> Vec<String> {
    let listed = listed(config).unwrap();
    let line = listed.iter().map(|it| {
        let number = it.number.map_or("-".to_owned(), |it| it.to_string());
        format!("{number} {} {}", word(it.effect), it.rule)
    });
    line.collect()
}

#[test]
fn what_holds_here_is_listed_strongest_first() {
    let (_directory, config) = config();
    assert_eq!(
        lines(&config),
        [
            "- deny run( (not a rule: everything is denied)",
            "2 answered write_file(a)",
            "3 answered write_file(b)",
            "- allow read_*",
        ]
    );
}

#[test]
fn only_what_holds_here_is_removed_by_number_or_by_text() {
    let (_directory, config) = config();
    for wanted in ["1", "4", "0", "elsewhere", "read_*", ""] {
        let error = remove(&config, wanted, true).unwrap_err();
        assert!(
            error.to_string().contains("no stored rule"),
            "{wanted}: {error}"
        );
    }
    remove(&config, "write_file(b)", true).unwrap();
    remove(&config, "2", true).unwrap();
    assert_eq!(lines(&config).len(), 2);
    let text = fs::read_to_string(&config.permissions.file).unwrap();
    assert!(text.contains("elsewhere"), "{text}");
}

#[test]
fn an_explanation_names_who_decides_and_the_rules_that_would_allow() {
    let request = PermissionRequest {
        run_id: RunId::from("run"),
        call_id: CallId::from("call"),
        tool: "write_file".to_owned(),
        arguments: serde_json::json!({}),
        safety: Safety::Cautious,
        footprint: Footprint::Resources(vec![Touch {
            mode: AccessMode::Write,
            resource: Resource::File {
                path: "/work/src/main.rs".into(),
                identity: None,
            },
        }]),
        agents: Vec::new(),
    };
    let policy = Policy::builder(PermissionMode::Ask, "/work");
    insta::assert_snapshot!(explain::to_text(&request, &policy.clone().build()), @r"
    asked, because the mode is ask
    touches: write /work/src/main.rs
    exactly this call: write_file(src/main.rs)
    calls like it: write_file(src/**)
    ");
    let denying = policy.rules(Effect::Deny, ["*(src/**)"]).build();
    insta::assert_snapshot!(explain::to_text(&request, &denying), @r"
    denied, because of the rule *(src/**)
    the model is told: a rule forbids it (*(src/**)); go on without this call, and don't reach for it another way
    touches: write /work/src/main.rs
    exactly this call: write_file(src/main.rs)
    calls like it: write_file(src/**)
    ");
}
