//! Kinds of refusals.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::time::Duration;

use super::*;

#[test]
fn a_status_becomes_the_kind_that_callers_match() {
    for (status, kind) in [
        (400, ErrorKind::InvalidInput),
        (401, ErrorKind::Unauthenticated),
        (403, ErrorKind::Denied),
        (404, ErrorKind::NotFound),
        (410, ErrorKind::NotFound),
        (429, ErrorKind::RateLimited),
        (500, ErrorKind::Unavailable),
        (503, ErrorKind::Unavailable),
    ] {
        let error = of_status(&Reply::empty(status), "no".to_owned());
        assert_eq!((error.kind, error.http_status), (kind, Some(status)));
        assert_eq!(error.retry_after_ms, None);
    }
}

#[test]
fn how_long_to_wait_is_passed_on() {
    let reply = Reply {
        retry_after: Some(Duration::from_secs(7)),
        ..Reply::empty(429)
    };
    let error = of_status(&reply, "slow down".to_owned());
    assert_eq!(error.retry_after_ms, Some(7000));
}

#[test]
fn the_advice_names_the_plugin_and_the_origin() {
    let url = Url::parse("https://a.example:8443/path?secret=1").unwrap();
    let advice = how_to_grant("web-fetch", &url);
    assert!(advice.contains("\"https://a.example:8443\""), "{advice}");
    assert!(advice.contains("[plugins.web-fetch.grants]"), "{advice}");
}
