//! Environment, clock, secrets and settings: what a guest sees of the machine around it.

use std::collections::BTreeMap;

use loom_tests::guests;
use loom_tests::sandbox::Guest;
use loom_types::ErrorKind;
use loom_wasm::{Grants, Limits, Secret, SecretGrant};
use serde_json::json;

#[tokio::test]
async fn a_plugin_without_grants_sees_no_environment_and_no_time() {
    let snoop = Guest::new(guests::SNOOP, Grants::default()).await;
    assert!(
        std::env::vars().count() > 0,
        "the test itself has an environment"
    );
    assert_eq!(
        snoop.call("snoop_environment", json!({})).await.unwrap(),
        ""
    );
    assert_eq!(snoop.call("snoop_clock", json!({})).await.unwrap(), "0");
}

#[tokio::test]
async fn granted_variables_are_all_the_environment() {
    let environment = BTreeMap::from([("LANG".to_owned(), "C".to_owned())]);
    let snoop = Guest::new(
        guests::SNOOP,
        Grants {
            environment,
            clock: true,
            ..Grants::default()
        },
    )
    .await;
    assert_eq!(
        snoop.call("snoop_environment", json!({})).await.unwrap(),
        "LANG=C"
    );
    let seconds: u64 = snoop
        .call("snoop_clock", json!({}))
        .await
        .unwrap()
        .parse()
        .unwrap();
    assert!(seconds > 1_700_000_000, "{seconds} lies in the past");
}

#[tokio::test]
async fn a_grant_that_was_not_asked_for_is_told() {
    let environment = BTreeMap::from([("LANG".to_owned(), "C".to_owned())]);
    let effects = Guest::new(
        guests::EFFECTS,
        Grants {
            environment,
            clock: true,
            ..Grants::default()
        },
    )
    .await;
    assert_eq!(
        effects.configured.surplus_grants(),
        ["environment variable LANG", "clock"]
    );
}

#[tokio::test]
async fn a_secret_is_a_placeholder_or_an_error() {
    let grant = |value: Option<&str>| SecretGrant {
        value: value.map(Secret::new),
        hosts: Vec::new(),
        hint: "set the environment variable EMPTY".into(),
    };
    let secrets = BTreeMap::from([
        ("full".to_owned(), grant(Some("sk-real-value"))),
        ("empty".to_owned(), grant(None)),
    ]);
    let snoop = Guest::new(
        guests::SNOOP,
        Grants {
            secrets,
            ..Grants::default()
        },
    )
    .await;
    let placeholder = snoop
        .call("snoop_secret", json!({ "name": "full" }))
        .await
        .unwrap();
    assert!(placeholder.starts_with("loom-secret-"), "{placeholder}");
    let missing = snoop
        .call("snoop_secret", json!({ "name": "empty" }))
        .await
        .unwrap_err();
    assert_eq!(missing.kind, ErrorKind::NotFound);
    assert!(
        missing
            .message
            .contains("set the environment variable EMPTY"),
        "{missing}"
    );
    let denied = snoop
        .call("snoop_secret", json!({ "name": "other" }))
        .await
        .unwrap_err();
    assert_eq!(denied.kind, ErrorKind::Denied);
}

#[tokio::test]
async fn a_plugin_sees_its_own_settings() {
    let snoop = Guest::with(
        guests::SNOOP,
        Grants::default(),
        Limits::default(),
        &[("color", "blue")],
    )
    .await;
    assert_eq!(
        snoop
            .call("snoop_setting", json!({ "name": "color" }))
            .await
            .unwrap(),
        "blue"
    );
    assert_eq!(
        snoop
            .call("snoop_setting", json!({ "name": "size" }))
            .await
            .unwrap(),
        "unset"
    );
}
