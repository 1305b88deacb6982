#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::time::Duration;

use loom_types::{Error, ErrorKind};

use super::{Decision, Facts, Others, Patience, decide};

const BACKOFF: Duration = Duration::from_millis(300);

const NOBODY: Others = Others {
    any: false,
    fresh: false,
    equal: false,
    larger: false,
};
const LEFT_OUT: Others = Others {
    any: true,
    ..NOBODY
};
const LOWER: Others = Others {
    fresh: true,
    ..LEFT_OUT
};
const EQUAL: Others = Others {
    equal: true,
    ..LOWER
};

fn error(kind: ErrorKind, retry_after: Option<u64>) -> Error {
    Error {
        retry_after: retry_after.map(Duration::from_secs),
        ..Error::new(kind, "x")
    }
}

fn decision(error: &Error, others: Others, failures: u32, is_out: bool) -> Decision {
    let facts = Facts {
        failures,
        backoff: BACKOFF,
        is_out,
        others,
    };
    let patience = Patience {
        shared: Duration::from_secs(30),
        alone: Duration::from_secs(60),
        retries: 2,
    };
    decide(error, &facts, &patience)
}

/// `R` retry after the backoff, `R9` after 9 s, `F` fail over, `G` give up; for nobody else, one that is
/// left out, one of lower priority, an equal one.
fn check(error: &Error, expect: &str) {
    let decisions = [NOBODY, LEFT_OUT, LOWER, EQUAL].map(|others| {
        let decision = decision(error, others, 1, false);
        match decision {
            Decision::Retry(BACKOFF) => "R".to_owned(),
            Decision::Retry(wait) => format!("R{}", wait.as_secs()),
            Decision::FailOver => "F".to_owned(),
            Decision::GiveUp => "G".to_owned(),
        }
    });
    assert_eq!(decisions.join(" "), expect, "{error:?}");
}

#[test]
fn each_kind_has_its_decisions() {
    use ErrorKind::*;
    for kind in [InvalidInput, Cancelled] {
        check(&error(kind, None), "G G G G");
    }
    for kind in [Unauthenticated, NotFound, Denied, ResourceExhausted] {
        check(&error(kind, None), "G F F F");
        check(&error(kind, Some(1)), "G F F F");
    }
    for kind in [Unavailable, Internal, Conflict] {
        check(&error(kind, None), "R R R F");
        check(&error(kind, Some(0)), "R R R F");
        check(&error(kind, Some(30)), "R30 R30 R30 F");
        check(&error(kind, Some(31)), "R31 F F F");
        check(&error(kind, Some(61)), "G F F F");
    }
    for kind in [RateLimited, Timeout] {
        check(&error(kind, None), "R R F F");
        check(&error(kind, Some(30)), "R30 R30 F F");
        check(&error(kind, Some(31)), "R31 F F F");
        check(&error(kind, Some(61)), "G F F F");
    }
}

#[test]
fn a_status_says_more_than_a_vague_kind() {
    let bad = |kind, status| Error {
        http_status: Some(status),
        ..error(kind, None)
    };
    for kind in [ErrorKind::Unavailable, ErrorKind::Internal] {
        check(&bad(kind, 400), "G G G G");
        check(&bad(kind, 401), "G F F F");
        check(&bad(kind, 404), "G F F F");
        check(&bad(kind, 408), "R R F F");
        check(&bad(kind, 429), "R R F F");
        check(&bad(kind, 500), "R R R F");
    }
    check(&bad(ErrorKind::InvalidInput, 501), "G F F F");
    check(&bad(ErrorKind::Unauthenticated, 400), "G F F F");
}

#[test]
fn too_many_failures_or_being_left_out_make_it_leave_for_a_lower_priority() {
    let error = error(ErrorKind::Unavailable, None);
    assert_eq!(decision(&error, LOWER, 2, false), Decision::Retry(BACKOFF));
    assert_eq!(decision(&error, LOWER, 3, false), Decision::FailOver);
    assert_eq!(decision(&error, LOWER, 1, true), Decision::FailOver);
    assert_eq!(decision(&error, NOBODY, 9, true), Decision::Retry(BACKOFF));
}

#[test]
fn what_is_too_long_needs_a_larger_window() {
    let mut error = error(ErrorKind::InvalidInput, None);
    error.details = Some(Box::new(
        serde_json::from_str(r#"{"context_overflow": true}"#).unwrap(),
    ));
    check(&error, "G G G G");
    let larger = Others {
        larger: true,
        ..LOWER
    };
    assert_eq!(decision(&error, larger, 1, false), Decision::FailOver);
}
