//! What these servers do beside what every model server does.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use loom_sdk::ErrorKind;

use super::*;

#[test]
fn a_report_that_is_none_is_still_a_failure() {
    assert_eq!(in_stream(json!({"error": null})), failed());
    assert_eq!(
        in_stream(json!({"error": {"code": 429}})).kind,
        ErrorKind::RateLimited
    );
}

#[test]
fn a_missing_list_of_models_points_at_the_setting() {
    let error = no_models(wire_error::from_response(404, b"", None));
    assert!(
        error.message.contains("setting models"),
        "{}",
        error.message
    );
    assert_eq!(
        (error.kind, error.http_status),
        (ErrorKind::NotFound, Some(404))
    );
    let details: Value = serde_json::from_str(&error.details.unwrap()).unwrap();
    assert_eq!(details["code"], "no_model_list");
}
