//! Tests of what arguments ask of the host.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use loom_types::ErrorKind;
use serde_json::json;

use super::*;

fn calls() -> Calls {
    Calls {
        session: Some("session".to_owned()),
        timeout: Some("timeout_ms".to_owned()),
    }
}

#[test]
fn what_is_absent_or_null_asks_for_nothing() {
    for arguments in [json!({}), json!({"session": null, "timeout_ms": null})] {
        assert_eq!(
            Asked::of(&calls(), &arguments).unwrap(),
            Asked::default(),
            "{arguments}"
        );
    }
}

#[test]
fn arguments_that_the_manifest_does_not_name_are_the_plugins_own() {
    let arguments = json!({"session": 5, "timeout_ms": "soon"});
    let asked = Asked::of(&Calls::default(), &arguments).unwrap();
    assert_eq!(asked, Asked::default());
}

#[test]
fn a_time_limit_is_a_whole_number_of_milliseconds_above_zero() {
    for (value, milliseconds) in [(json!(1), 1), (json!(1500), 1500), (json!(2000.0), 2000)] {
        let asked = Asked::of(&calls(), &json!({"timeout_ms": value})).unwrap();
        assert_eq!(asked.timeout, Some(Duration::from_millis(milliseconds)));
    }
    for value in [
        json!(0),
        json!(-1),
        json!(0.5),
        json!(1.5),
        json!("10"),
        json!([10]),
    ] {
        let error = Asked::of(&calls(), &json!({"timeout_ms": value})).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput, "{value}");
        assert!(error.message.contains("timeout_ms"), "{error}");
    }
}

#[test]
fn a_session_has_a_name_that_is_neither_empty_nor_endless() {
    let named = |value| Asked::of(&calls(), &json!({ "session": value }));
    assert_eq!(named(json!("ä b")).unwrap().session.as_deref(), Some("ä b"));
    for value in [json!(""), json!("x".repeat(257)), json!(7), json!({})] {
        let error = named(value.clone()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput, "{value}");
    }
}
