//! What these servers do beside what every model server does.
use serde_json::json;

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
fn a_missing_list_of_models_points_at_the_setting_but_a_missing_key_does_not() {
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
    let error = wire_error::from_response(401, b"", None);
    assert_eq!(no_models(error.clone()), error);
}
