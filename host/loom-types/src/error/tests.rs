//! What class an error belongs to, and what follows from it.

use std::collections::HashSet;

use serde_json::json;

use super::*;

/// Every kind, alone and with what changes its class.
fn every() -> Vec<(Error, Category)> {
    use Category as C;
    use ErrorKind as K;
    let with_status = |kind, status| Error {
        http_status: Some(status),
        ..Error::new(kind, "x")
    };
    vec![
        (Error::new(K::InvalidInput, "x"), C::Validation),
        (Error::new(K::NotFound, "x"), C::NotFound),
        (Error::new(K::Denied, "x"), C::Permission),
        (with_status(K::Denied, 403), C::Permission),
        (Error::new(K::Unauthenticated, "x"), C::Authentication),
        (Error::new(K::RateLimited, "x"), C::RateLimit),
        (Error::new(K::Timeout, "x"), C::Timeout),
        (with_status(K::Timeout, 504), C::Timeout),
        (Error::new(K::Cancelled, "x"), C::Internal),
        (Error::new(K::Conflict, "x"), C::Validation),
        (Error::new(K::Unavailable, "x"), C::Service),
        (with_status(K::Unavailable, 503), C::Service),
        (
            Error::new(K::Unavailable, "x").with_detail(Error::NETWORK, "dns"),
            C::Network,
        ),
        (Error::new(K::ResourceExhausted, "x"), C::Validation),
        (Error::new(K::Internal, "x"), C::Internal),
        (with_status(K::Internal, 500), C::Service),
    ]
}

#[test]
fn every_error_kind_has_a_category_and_the_nine_are_all_reachable() {
    for (error, category) in every() {
        assert_eq!(error.category(), category, "{error:?}");
    }
    let kinds: HashSet<_> = every().iter().map(|(error, _)| error.kind).collect();
    assert_eq!(kinds.len(), 11, "{kinds:?}");
    let reached: HashSet<_> = every().iter().map(|(_, category)| *category).collect();
    assert_eq!(reached, HashSet::from(Category::ALL));
}

#[test]
fn the_advice_says_try_again_where_that_can_help_and_nowhere_else() {
    for (error, _) in every() {
        let advice = error.advice();
        let again = advice.contains("try again") || advice.contains("trying again");
        assert_eq!(again, error.is_retryable(), "{:?}: {advice}", error.kind);
        assert!(!advice.ends_with('.'), "{advice}");
    }
}

#[test]
fn the_words_for_people_are_those_for_programs() {
    for category in Category::ALL {
        let name = category.to_string().replace(' ', "_");
        assert_eq!(json!(category), name);
    }
}

#[test]
fn a_context_overflow_is_told_by_its_detail_only() {
    let error = Error::invalid_input("maximum context length exceeded");
    assert!(!error.is_context_overflow());
    for value in [json!(false), json!("true"), json!(null)] {
        let error = error.clone().with_detail(Error::CONTEXT_OVERFLOW, value);
        assert!(!error.is_context_overflow(), "{error:?}");
    }
    let error = error.with_detail(Error::CONTEXT_OVERFLOW, true);
    assert!(error.is_context_overflow());
    assert_eq!(error.category(), Category::Validation);
    assert!(!error.is_retryable());
    assert!(error.advice().contains("larger context window"));
}

#[test]
fn details_are_added_to_and_what_is_no_object_is_replaced() {
    let error = Error::internal("x")
        .with_detail("a", 1)
        .with_detail("b", "c");
    assert_eq!(error.details.as_deref(), Some(&json!({"a": 1, "b": "c"})));
    let mut error = Error::internal("x");
    error.details = Some(Box::new(json!([1])));
    assert_eq!(
        error.with_detail("a", 1).details.as_deref(),
        Some(&json!({"a": 1}))
    );
}
