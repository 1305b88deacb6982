//! The store: what is kept, what is refused, and what happens when two write.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::fs;
use std::path::Path;
use std::thread;

use loom_core::{Effect, Judgement, Rule};
use loom_types::{
    AccessMode, CallId, Footprint, PermissionRequest, Resource, RunId, Safety, Touch,
};
use tempfile::TempDir;

use super::{Store, policy};
use crate::config::Config;

fn store() -> (TempDir, Store) {
    let directory = TempDir::new().unwrap();
    let store = Store::new(directory.path().join("state/permissions.toml"));
    (directory, store)
}

fn rule(text: &str) -> Rule {
    text.parse().unwrap()
}

fn rules(store: &Store) -> Vec<String> {
    let stored = store.read().unwrap().into_iter();
    stored.map(|it| it.rule.to_string()).collect()
}

fn put(store: &Store, text: &str) {
    fs::create_dir_all(store.file().parent().unwrap()).unwrap();
    fs::write(store.file(), text).unwrap();
}

/// A call that writes a file of the workspace.
fn write(workspace: &Path, name: &str) -> PermissionRequest {
    PermissionRequest {
        run_id: RunId::from("run"),
        call_id: CallId::from("call"),
        tool: "write_file".to_owned(),
        arguments: serde_json::json!({}),
        safety: Safety::Cautious,
        footprint: Footprint::Resources(vec![Touch {
            mode: AccessMode::Write,
            resource: Resource::File {
                path: workspace.canonicalize().unwrap().join(name),
                identity: None,
            },
        }]),
        agents: Vec::new(),
    }
}

#[test]
fn what_is_stored_is_read_back_whatever_the_rule() {
    let (_directory, store) = store();
    assert_eq!(rules(&store), Vec::<String>::new());
    let texts = [
        "write_file(src/main.rs)",
        r#"run({"command":"say \"hi\" # '''\n"})"#,
        "write_file(a\\*\\u{202e}\\xff\\\\)",
        "read_*",
    ];
    for text in texts {
        assert!(store.allow(&rule(text), Path::new("/a \"b\"")).unwrap());
        assert!(
            !store.allow(&rule(text), Path::new("/a \"b\"")).unwrap(),
            "twice"
        );
    }
    assert_eq!(rules(&store), texts);
    assert!(store.allow(&rule("read_*"), Path::new("/other")).unwrap());
}

#[test]
fn the_file_explains_itself() {
    let (_directory, store) = store();
    store
        .allow(&rule("write_file(a)"), Path::new("/work"))
        .unwrap();
    let text = fs::read_to_string(store.file()).unwrap();
    let (before, date) = text.split_once("added = ").unwrap();
    insta::assert_snapshot!(before, @r#"
    # What was answered with "always". You may edit this; a mistake denies every call until it is mended.
    # effect is allow, ask or deny; directory is where the rule holds, "*" is everywhere.

    [[rule]]
    effect = "allow"
    rule = "write_file(a)"
    directory = "/work"
    "#);
    assert_eq!(date.trim().len(), "\"2026-01-31\"".len(), "{date}");
}

#[cfg(unix)]
#[test]
fn the_file_is_private_and_a_link_to_it_stays() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let (directory, store) = store();
    store.allow(&rule("a"), Path::new("/work")).unwrap();
    let mode = fs::metadata(store.file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let link = directory.path().join("link.toml");
    symlink(store.file(), &link).unwrap();
    Store::new(&link)
        .allow(&rule("b"), Path::new("/work"))
        .unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(rules(&store), ["a", "b"]);
}

#[test]
fn what_a_person_wrote_stays() {
    let (_directory, store) = store();
    put(
        &store,
        "# mine\n\n# about a\n[[rule]]\neffect = \"deny\" # never\nrule = \"a\"\ndirectory = \"*\"\nadded = 2026-01-02\n\n# about b\n[[rule]]\nrule = \"b\"\neffect = \"ask\"\n# why\ndirectory = \"/w\"\n\n# the end",
    );
    store.allow(&rule("c"), Path::new("/w")).unwrap();
    assert_eq!(rules(&store), ["a", "b", "c"]);
    let removed = store.remove(|_, it| it.rule.as_str() == "b").unwrap();
    assert_eq!(removed.len(), 1);
    assert_eq!(rules(&store), ["a", "c"]);
    let text = fs::read_to_string(store.file()).unwrap();
    for line in [
        "# mine",
        "# about a",
        "# never",
        "# the end",
        "added = 2026-01-02",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains("# why"), "{text}");
}

#[test]
fn rules_in_another_form_are_removed_as_well() {
    let (_directory, store) = store();
    put(
        &store,
        "rule = [{ effect = \"allow\", rule = \"a\", directory = \"*\" }, { effect = \"deny\", rule = \"b\", directory = \"*\" }]",
    );
    assert_eq!(store.remove(|index, _| index == 0).unwrap().len(), 1);
    let left = store.read().unwrap();
    assert_eq!((left.len(), left[0].effect), (1, Effect::Deny));
    assert!(store.remove(|_, _| false).unwrap().is_empty());
}

#[test]
fn a_malformed_file_is_named_by_line_and_left_alone() {
    for (text, line, reason) in [
        ("[[rule]]\neffect = \"allow\"\nru", 3, ""),
        (
            "[[rule]]\neffect = \"alow\"\nrule = \"a\"\ndirectory = \"*\"",
            2,
            "alow",
        ),
        (
            "[[rule]]\neffect = \"allow\"\nrule = \"a(\"\ndirectory = \"*\"",
            3,
            "is not a rule",
        ),
        (
            "[[rule]]\neffect = \"allow\"\nrule = \"a\"\ndirectory = \"b\"",
            4,
            "not absolute",
        ),
        (
            "\n[[rule]]\neffect = \"allow\"\nrule = \"a\"",
            2,
            "directory",
        ),
        ("[[rules]]\n", 1, "rules"),
        (
            "[[rule]]\neffect = \"deny\"\nrule = \"a\"\ndirectory = \"*\"\nmode = \"x\"",
            5,
            "mode",
        ),
    ] {
        let (_directory, store) = store();
        put(&store, text);
        let error = store.read().unwrap_err().to_string();
        assert!(error.contains(&format!("line {line}: ")), "{text}: {error}");
        assert!(
            error.contains(reason) && error.contains("mend or delete"),
            "{error}"
        );
        store.allow(&rule("b"), Path::new("/work")).unwrap_err();
        store.remove(|_, _| true).unwrap_err();
        assert_eq!(fs::read_to_string(store.file()).unwrap(), text);
    }
}

#[test]
fn a_file_that_is_no_text_is_left_alone() {
    let (_directory, store) = store();
    fs::create_dir_all(store.file().parent().unwrap()).unwrap();
    fs::write(store.file(), b"\xff").unwrap();
    store.allow(&rule("b"), Path::new("/work")).unwrap_err();
    assert_eq!(fs::read(store.file()).unwrap(), b"\xff");
}

#[test]
fn writers_at_the_same_time_lose_nothing() {
    let (_directory, store) = store();
    thread::scope(|scope| {
        for writer in 0..4 {
            let store = store.clone();
            scope.spawn(move || {
                for index in 0..10 {
                    let rule = rule(&format!("tool_{writer}_{index}"));
                    store.allow(&rule, Path::new("/work")).unwrap();
                }
            });
        }
    });
    assert_eq!(rules(&store).len(), 40);
}

#[test]
fn a_stored_rule_holds_in_its_directory() {
    let (here, there, state) = (TempDir::new().unwrap(), TempDir::new().unwrap(), store());
    let mut config = Config::in_directory(here.path(), "").unwrap();
    config.permissions.file = state.1.file().to_owned();
    config.permissions.ask = vec!["write_file".to_owned()];
    let mut elsewhere = Config::in_directory(there.path(), "").unwrap();
    elsewhere.permissions.file = state.1.file().to_owned();
    let call = write(here.path(), "a");
    assert!(matches!(
        policy(&config).unwrap().judge(&call),
        Judgement::Ask { .. }
    ));
    state.1.allow(&rule("write_file(a)"), here.path()).unwrap();
    assert!(matches!(
        policy(&config).unwrap().judge(&call),
        Judgement::Allow(_)
    ));
    let other = write(there.path(), "a");
    assert!(matches!(
        policy(&elsewhere).unwrap().judge(&other),
        Judgement::Ask { .. }
    ));
}

#[test]
fn nothing_may_run_while_a_rule_cannot_be_read() {
    let (here, (_directory, store)) = (TempDir::new().unwrap(), store());
    let mut config = Config::in_directory(here.path(), "").unwrap();
    config.permissions.file = store.file().to_owned();
    config.permissions.mode = loom_types::PermissionMode::Auto;
    let call = write(here.path(), "a");
    let problem = |config: &Config| {
        let policy = policy(config).unwrap();
        let denied = matches!(policy.judge(&call), Judgement::Deny { .. });
        assert_eq!(denied, policy.problem().is_some());
        policy.problem().map(str::to_owned)
    };
    assert_eq!(problem(&config), None);
    config.permissions.allow = vec!["write_file(".to_owned()];
    assert!(
        problem(&config)
            .unwrap()
            .contains("`write_file(` is not a rule")
    );
    config.permissions.allow.clear();
    put(&store, "[[rule]]\neffect = ");
    assert!(problem(&config).unwrap().contains("line 2: "));
}
