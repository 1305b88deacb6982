//! Bodies of failures as servers send them, and what they are read into.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use serde_json::json;

use super::*;

fn check(status: u16, body: &str, kind: ErrorKind, reason: &str) -> Error {
    let error = from_response(status, body.as_bytes(), None);
    assert_eq!(error.kind, kind, "{body}");
    assert_eq!(error.http_status, Some(status));
    assert!(error.message.contains(reason), "{body}: {}", error.message);
    assert!(!error.message.ends_with('.'), "{}", error.message);
    error
}

fn code(error: &Error) -> Option<String> {
    let details: Value = serde_json::from_str(error.details.as_ref()?).unwrap();
    Some(details["code"].as_str()?.to_owned())
}

#[test]
fn the_kind_follows_the_status() {
    use ErrorKind::*;
    let kinds = [
        (400, InvalidInput),
        (401, Unauthenticated),
        (402, Denied),
        (403, Denied),
        (404, NotFound),
        (408, Timeout),
        (409, Conflict),
        (413, InvalidInput),
        (418, InvalidInput),
        (422, InvalidInput),
        (429, RateLimited),
        (500, Unavailable),
        (501, InvalidInput),
        (502, Unavailable),
        (503, Unavailable),
        (504, Timeout),
        (529, Unavailable),
        (302, NotFound),
        (307, NotFound),
    ];
    for (status, kind) in kinds {
        check(status, "", kind, &format!("(HTTP {status})"));
    }
}

#[test]
fn every_known_shape_of_body_gives_its_reason() {
    use ErrorKind::InvalidInput;
    let bodies = [
        r#"{"error":{"message":"why","type":"t","param":null,"code":null}}"#,
        r#"{"error":{"message":"why","code":"400"}}"#,
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"why"}}"#,
        r#"[{"error":{"code":400,"message":"why","status":"INVALID_ARGUMENT"}}]"#,
        r#"{"error":"why"}"#,
        r#"{"error":{"error":{"message":"why"}}}"#,
        r#"{"error":{"detail":"why"}}"#,
        r#"{"detail":"why"}"#,
        r#"{"detail":[{"loc":["body","messages",0],"msg":"why","type":"missing"}]}"#,
        r#"{"detail":{"error":"why"}}"#,
        r#"{"message":"why"}"#,
        r#"{"object":"error","message":"why","type":"BadRequestError","code":400}"#,
        r#"{"object":"error","message":{"detail":[{"loc":["body"],"msg":"why"}]}}"#,
        r#"{"errors":[{"code":7,"message":"why"}],"success":false}"#,
        r#"{"title":"Bad Request","detail":"why","status":400}"#,
        "why.",
        " why \r\n",
        "<html><head><TITLE>why</TITLE></head></html>",
    ];
    for body in bodies {
        let error = check(400, body, InvalidInput, "(HTTP 400): ");
        assert!(error.message.contains("why;"), "{body}: {}", error.message);
    }
    let error = check(422, bodies[8], InvalidInput, "body.messages.0: why");
    assert_eq!(error.details, None);
}

#[test]
fn a_body_without_a_reason_is_no_trouble() {
    for body in [
        "",
        "   ",
        "{}",
        "[]",
        "null",
        "7",
        "<p>",
        r#"{"error":null}"#,
        r#"{"error":{}}"#,
    ] {
        let error = check(
            500,
            body,
            ErrorKind::Unavailable,
            "the model server failed (HTTP 500); ",
        );
        assert_eq!(error.details, None, "{body}");
    }
}

#[test]
fn a_reason_is_one_short_line() {
    let long = "ż".repeat(5000);
    let error = from_response(500, format!("a\u{1b}[31m\n\tb {long}").as_bytes(), None);
    assert!(error.message.contains(": a [31m b ż"));
    assert!(error.message.chars().count() < 700);
    assert!(!error.message.contains(char::is_control));
    let _ = from_response(500, b"\xff\xfe\x00", None);
}

#[test]
fn a_context_overflow_is_recognised_in_every_shape() {
    let reports = [
        (
            400,
            "This model's maximum context length is 8192 tokens. However, you requested 9000",
        ),
        (400, "prompt is too long: 210000 tokens > 200000 maximum"),
        (
            400,
            "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
        ),
        (
            400,
            "litellm.ContextWindowExceededError: litellm.BadRequestError: …",
        ),
        (
            400,
            "request (20026 tokens) exceeds the available context size (8192 tokens)",
        ),
        (
            500,
            "input (2002 tokens) is too large to process. increase the physical batch size",
        ),
        (
            400,
            "The input token count (1200000) exceeds the maximum number of tokens allowed",
        ),
        (413, "Input is too long for requested model"),
    ];
    for (status, message) in reports {
        let body = json!({"error": {"message": message, "code": "400", "type": "t"}}).to_string();
        let error = check(status, &body, ErrorKind::InvalidInput, "context window");
        assert_eq!(code(&error).unwrap(), CONTEXT_LENGTH_EXCEEDED);
        let details: Value = serde_json::from_str(&error.details.unwrap()).unwrap();
        assert_eq!(details[Error::CONTEXT_OVERFLOW], true);
    }
    for name in [CONTEXT_LENGTH_EXCEEDED, "exceed_context_size_error"] {
        for key in ["code", "type"] {
            let body = json!({"error": {"message": "no", key: name}}).to_string();
            let error = check(400, &body, ErrorKind::InvalidInput, "context window");
            assert_eq!(code(&error).unwrap(), CONTEXT_LENGTH_EXCEEDED);
        }
    }
}

#[test]
fn a_limit_on_tokens_per_minute_is_no_context_overflow() {
    let body = r#"{"error":{"message":"Request too large: please reduce the length of the messages","code":"rate_limit_exceeded"}}"#;
    let error = check(429, body, ErrorKind::RateLimited, "limits requests");
    assert_eq!(code(&error).unwrap(), "rate_limit_exceeded");
    assert!(!error.details.unwrap().contains(Error::CONTEXT_OVERFLOW));
}

#[test]
fn an_account_without_credit_is_no_rate_limit() {
    let body = r#"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}"#;
    check(429, body, ErrorKind::Denied, "and its credit");
    let error = from_value(&serde_json::from_str(body).unwrap()).unwrap();
    assert_eq!(
        (error.kind, error.http_status),
        (ErrorKind::Denied, Some(429))
    );
}

#[test]
fn a_redirect_points_at_the_address() {
    check(
        308,
        "",
        ErrorKind::NotFound,
        "another address (HTTP 308); check base_url",
    );
}

#[test]
fn litellm_without_a_database_means_the_key() {
    let body = r#"{"error":{"message":"No connected db.","type":"no_db_connection","code":"400"}}"#;
    check(
        400,
        body,
        ErrorKind::Unauthenticated,
        "refused the API key (HTTP 400)",
    );
}

#[test]
fn the_time_to_wait_is_kept() {
    let error = from_response(429, b"", Some(Duration::from_millis(2500)));
    assert_eq!(error.retry_after_ms, Some(2500));
    let error = from_response(429, b"", Some(Duration::MAX));
    assert_eq!(error.retry_after_ms, Some(u64::MAX));
}

#[test]
fn an_error_in_a_good_answer_is_found_with_its_status() {
    let statuses = [
        (
            json!({"error": {"code": 500, "message": "m", "type": "server_error"}}),
            Some(500),
        ),
        (json!({"error": {"code": "429", "message": "m"}}), Some(429)),
        (
            json!({"error": {"code": "odd", "type": "rate_limit_error"}}),
            Some(429),
        ),
        (
            json!({"type": "error", "error": {"type": "overloaded_error", "message": "m"}}),
            Some(529),
        ),
        (
            json!({"object": "error", "message": "m", "code": 400}),
            Some(400),
        ),
        (json!({"error": {"code": 7, "message": "m"}}), None),
        (json!({"error": "m", "choices": []}), None),
    ];
    for (value, status) in statuses {
        let error = from_value(&value).unwrap();
        assert_eq!(error.http_status, status, "{value}");
    }
    let untyped = from_value(&json!({"type": "error", "error": {"message": "m"}})).unwrap();
    assert_eq!((untyped.http_status, untyped.details), (None, None));
    let error = from_value(&json!({"error": "m"})).unwrap();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert_eq!(error.message, "the model server failed: m; try again later");
}

#[test]
fn what_reports_no_error_is_none() {
    for value in [
        json!({"choices": []}),
        json!({"error": null}),
        json!([]),
        json!("error"),
    ] {
        assert_eq!(from_value(&value), None);
    }
}
