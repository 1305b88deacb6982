//! The tool as the host calls it, and a network that the engines' tests share.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use loom_http_exchange::transport::Reply;
use loom_sdk::error::Result;
use loom_sdk::http::Request;
use loom_sdk::testing::call;
use loom_sdk::tool::{Safety, Tool};
use serde_json::json;

use super::*;

/// One of the pages in `tests/fixtures/web`.
macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/fixtures/web/",
            $name
        ))
    };
}
pub(crate) use fixture;

/// An answer with a body.
pub(crate) fn reply(status: u16, body: &str) -> Reply {
    let mut body = Some(body.as_bytes().to_vec());
    Reply {
        read: Box::new(move || Ok(body.take())),
        ..Reply::empty(status)
    }
}

/// Searches with settings and a network of functions; returns the requests too. `brave` and `tavily`
/// are secrets that are there if `keys` names them.
pub(crate) fn search(
    asked: Option<Engine>,
    settings: &[(&str, &str)],
    keys: &[&str],
    answer: impl Fn(&Request) -> Result<Reply>,
) -> (Result<Found>, Vec<Request>) {
    let setting = |name: &str| {
        let found = settings.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let secret = |name: &str| {
        if keys.contains(&name) {
            Ok(format!("loom-secret-{name}"))
        } else {
            Err(Error::denied(format!("the secret {name} is not granted")))
        }
    };
    let mut requests = Vec::new();
    let mut transport = |request: Request| {
        let reply = answer(&request);
        requests.push(request);
        reply
    };
    let mut network = Network {
        limits: Limits {
            deadline: Instant::now() + Duration::from_secs(60),
            max_bytes: MAX_BYTES,
        },
        transport: &mut transport,
    };
    let query = Query::new(
        "wasm component model",
        5,
        Some(Freshness::Week),
        Some("docs.rs"),
    );
    let settings = Settings {
        setting: &setting,
        secret: &secret,
    };
    let found = engine::search(asked, &query.unwrap(), &settings, &mut network);
    (found, requests)
}

#[test]
fn a_search_only_reads() {
    let definition = <web_search as Tool>::definition();
    assert_eq!(definition.safety, Safety::Safe);
    assert!(definition.idempotent);
    assert!(
        definition.input_schema.contains("duckduckgo"),
        "{}",
        definition.input_schema
    );
}

#[test]
fn a_host_that_is_not_granted_is_denied_with_the_grant_to_add() {
    let error = call::<web_search>(json!({"query": "x"})).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied);
    assert!(
        error
            .message
            .contains("adds \"https://html.duckduckgo.com\" to `network`"),
        "{}",
        error.message
    );
}

#[test]
fn arguments_that_do_not_fit_are_refused() {
    for arguments in [
        json!({}),
        json!({"query": ""}),
        json!({"query": "x", "count": 0}),
        json!({"query": "x", "count": 21}),
        json!({"query": "x", "count": -1}),
        json!({"query": "x", "engine": "altavista"}),
        json!({"query": "x", "freshness": "yesterday"}),
        json!({"query": "x", "site": "not a name"}),
        json!({"query": "x".repeat(401)}),
        json!({"query": "x", "page": 2}),
    ] {
        let error = call::<web_search>(arguments.clone()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput, "{arguments}");
    }
}

#[test]
fn a_call_without_time_left_times_out() {
    let mut context = loom_sdk::testing::context();
    context.deadline_ms = 0;
    let error = <web_search as Tool>::call(r#"{"query": "x"}"#, &context).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Timeout);
}
