#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use loom_types::{Error, ErrorKind};
use serde_json::json;

use super::{Failed, summarise};

fn failed(member: &str, error: Error) -> Failed {
    Failed {
        member: member.to_owned(),
        error,
    }
}

#[test]
fn a_single_error_goes_out_as_it_is() {
    let error = Error::unavailable("down").from_origin("openai 0.1.0");
    assert_eq!(summarise(&[failed("a/m", error.clone())]), error);
}

#[test]
fn the_error_that_may_pass_tells_most_and_keeps_its_details() {
    let busy = Error {
        details: Some(Box::new(json!({"code": "overloaded"}))),
        ..Error::new(ErrorKind::RateLimited, "busy")
    };
    let unfit = Error::new(ErrorKind::Unauthenticated, "no key");
    let error = summarise(&[failed("a/m", busy), failed("b/m", unfit)]);
    assert_eq!(error.kind, ErrorKind::RateLimited);
    assert_eq!(
        error.message,
        "no model answered in 2 attempts: a/m: busy; b/m: no key"
    );
    let details = error.details.unwrap();
    assert_eq!(details["code"], "overloaded");
    assert_eq!(details["attempts"][1]["kind"], "unauthenticated");
}

#[test]
fn the_only_member_that_was_asked_is_named_once() {
    let down = || {
        failed(
            "a/m",
            Error::unavailable("down").from_origin("openai 0.1.0"),
        )
    };
    let error = summarise(&[down(), down()]);
    assert_eq!(error.to_string(), "a/m: no answer in 2 attempts: down");
}
