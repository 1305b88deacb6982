//! The store over the loopback server, in the process: the contract, and what a server may do wrong.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use loom_qdrant_loopback::{Qdrant, Request as Asked};
use loom_sdk::error::Result;
use loom_sdk::http::Request;
use loom_sdk::memory::Memory as _;
use loom_sdk::testing::memory::{conformance, entry, query, shared, vector_search};
use loom_sdk::{Error, ErrorKind};
use serde_json::json;

use crate::QdrantMemory;
use crate::client::{Answer, Client};
use crate::settings::Settings;

fn settings() -> Settings {
    Settings::load(&|_| None).unwrap()
}

/// What the server makes of a request.
fn ask(server: &Qdrant, request: &Request) -> Answer {
    let target = request.url.strip_prefix("http://localhost:6333").unwrap();
    let key = request.headers.iter().find(|(name, _)| name == "api-key");
    let (status, body) = server.answer(Asked {
        method: &request.method,
        target,
        api_key: key.map(|(_, value)| value.as_str()),
        body: std::str::from_utf8(&request.body).unwrap(),
    });
    Answer {
        status,
        body: body.into_bytes(),
        retry_after: None,
    }
}

fn store(server: &Arc<Qdrant>) -> QdrantMemory {
    let server = Arc::clone(server);
    with(move |request| Ok(ask(&server, &request)))
}

fn with(transport: impl Fn(Request) -> Result<Answer> + 'static) -> QdrantMemory {
    QdrantMemory {
        client: Some(Client::new(settings(), transport)),
        ..QdrantMemory::default()
    }
}

/// A store whose requests pass a function that may do something else instead.
fn meddled(
    server: &Arc<Qdrant>,
    meddle: impl Fn(&Request, &dyn Fn() -> Answer) -> Result<Answer> + 'static,
) -> QdrantMemory {
    let server = Arc::clone(server);
    with(move |request| meddle(&request, &|| ask(&server, &request)))
}

fn status(status: u16, body: &str) -> Answer {
    Answer {
        status,
        body: body.as_bytes().to_vec(),
        retry_after: None,
    }
}

fn one(text: &str) -> Vec<loom_sdk::memory::Entry> {
    vec![entry(1, "user", text)]
}

fn texts(store: &mut QdrantMemory, session: &str) -> Vec<String> {
    let entries = store.read(session, 0, u32::MAX).unwrap();
    entries.into_iter().map(|entry| entry.text).collect()
}

/// Whether a request writes an entry that decides an append.
fn is_decisive(request: &Request) -> bool {
    request.method == "PUT"
        && request.url.contains("/points?")
        && String::from_utf8_lossy(&request.body).contains("\"role\":\"first\"")
}

#[test]
fn it_keeps_the_contract() {
    conformance(|| store(&Arc::default()));
    vector_search(|| store(&Arc::default()));
}

#[test]
fn it_can_be_shared() {
    let server = Arc::default();
    shared(|| store(&server));
}

#[test]
fn writes_are_waited_for_and_ordered() {
    let server: Arc<Qdrant> = Arc::default();
    let seen = Rc::new(RefCell::new(Vec::new()));
    let urls = Rc::clone(&seen);
    let mut store = meddled(&server, move |request, go| {
        urls.borrow_mut()
            .push(format!("{} {}", request.method, request.url));
        Ok(go())
    });
    store.append("s", 0, one("a")).unwrap();
    seen.borrow_mut().clear();
    store.append("s", 1, one("b")).unwrap();
    let expect = [
        "PUT http://localhost:6333/collections/loom/points?wait=true&ordering=strong",
        "POST http://localhost:6333/collections/loom/points?consistency=majority",
    ];
    assert_eq!(*seen.borrow(), expect);
}

#[test]
fn entries_of_an_append_that_was_interrupted_are_not_seen() {
    let server: Arc<Qdrant> = Arc::default();
    let mut dying = meddled(&server, |request, go| match is_decisive(request) {
        true => Err(Error::internal("the process was killed")),
        false => Ok(go()),
    });
    let entries = ["apple", "pear", "plum"].map(|text| entry(1, "user", text));
    dying.append("s", 0, entries.to_vec()).unwrap_err();
    let left = server.payloads("loom").len();
    assert_eq!(left, 3, "the session and two entries without their first");

    let mut store = store(&server);
    assert_eq!(texts(&mut store, "s"), [""; 0]);
    assert_eq!(store.search(&query(), 10).unwrap().len(), 0);
    store.append("s", 0, entries.to_vec()).unwrap();
    assert_eq!(texts(&mut store, "s"), ["apple", "pear", "plum"]);
    assert_eq!(store.search(&query(), 10).unwrap().len(), 3);
}

#[test]
fn a_lost_answer_does_not_lose_the_outcome() {
    let server: Arc<Qdrant> = Arc::default();
    let mut store = meddled(&server, |request, go| {
        let answer = go();
        match is_decisive(request) {
            true => Err(Error::timeout("it did not answer in time")),
            false => Ok(answer),
        }
    });
    assert_eq!(store.append("s", 0, one("a")).unwrap(), 1);
    assert_eq!(texts(&mut store, "s"), ["a"]);
}

#[test]
fn an_unknown_outcome_is_said_and_trying_again_is_safe() {
    let server: Arc<Qdrant> = Arc::default();
    store(&server).append("s", 0, one("a")).unwrap();
    let is_down = Cell::new(false);
    let mut broken = meddled(&server, move |request, go| {
        if is_down.get() {
            return Err(Error::unavailable("it closed the connection"));
        }
        is_down.set(is_decisive(request));
        let answer = go();
        match is_decisive(request) {
            true => Err(Error::timeout("it did not answer in time")),
            false => Ok(answer),
        }
    });
    let error = broken.append("s", 1, one("b")).unwrap_err();
    assert!(error.message.contains("is not known"), "{error:?}");
    let again = store(&server).append("s", 1, one("b")).unwrap_err();
    assert_eq!(again.kind, ErrorKind::Conflict, "{again:?}");
    assert_eq!(texts(&mut store(&server), "s"), ["a", "b"]);
}

#[test]
fn a_write_that_vanished_is_no_success() {
    let server: Arc<Qdrant> = Arc::default();
    let mut store = meddled(&server, |request, go| match is_decisive(request) {
        true => Ok(status(
            200,
            r#"{"result":{"operation_id":1,"status":"completed"},"status":"ok"}"#,
        )),
        false => Ok(go()),
    });
    let error = store.append("s", 0, one("a")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(error.message.contains("does not have it"), "{error:?}");
}

/// Runs something right before the write that decides an append, once.
fn racing(server: &Arc<Qdrant>, first: impl Fn(&mut QdrantMemory) + 'static) -> QdrantMemory {
    let other = RefCell::new(Some(store(server)));
    meddled(server, move |request, go| {
        if is_decisive(request)
            && let Some(mut other) = other.borrow_mut().take()
        {
            first(&mut other);
        }
        Ok(go())
    })
}

#[test]
fn a_writer_that_comes_second_is_told_and_leaves_nothing_behind() {
    let server: Arc<Qdrant> = Arc::default();
    let mut late = racing(&server, |other| {
        other.append("s", 0, one("first")).unwrap();
    });
    let error = late.append("s", 0, vec![entry(1, "user", "x"); 3]);
    let error = error.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(error.message.contains("has 1 entries, not 0"), "{error:?}");
    assert_eq!(texts(&mut late, "s"), ["first"]);
    assert_eq!(
        server.payloads("loom").len(),
        2,
        "the session and its entry"
    );
}

#[test]
fn a_writer_into_a_session_that_is_deleted_meanwhile_is_told() {
    for starts_anew in [false, true] {
        let server: Arc<Qdrant> = Arc::default();
        store(&server).append("s", 0, one("old")).unwrap();
        let mut late = racing(&server, move |other| {
            other.delete("s").unwrap();
            if starts_anew {
                other.append("s", 0, one("new")).unwrap();
            }
        });
        let error = late.append("s", 1, vec![entry(1, "user", "x"); 3]);
        assert_eq!(error.unwrap_err().kind, ErrorKind::Conflict);
        let left = if starts_anew { 2 } else { 0 };
        assert_eq!(server.payloads("loom").len(), left);
        if starts_anew {
            assert_eq!(texts(&mut late, "s"), ["new"]);
        }
    }
}

#[test]
fn a_removal_that_was_interrupted_is_finished() {
    for then_append in [false, true] {
        let server: Arc<Qdrant> = Arc::default();
        let mut dying = meddled(&server, |request, go| {
            match request.url.contains("/points/delete") {
                true => Err(Error::unavailable("it closed the connection")),
                false => Ok(go()),
            }
        });
        dying.append("s", 0, one("secret")).unwrap();
        dying.delete("s").unwrap_err();
        let mut store = store(&server);
        let gone = store.read("s", 0, 1).unwrap_err();
        assert_eq!(gone.kind, ErrorKind::NotFound);
        assert_eq!(store.search(&query(), 9).unwrap().len(), 0);
        assert!(store.sessions(9, None).unwrap().sessions.is_empty());
        if then_append {
            store.append("s", 0, one("new")).unwrap();
            assert_eq!(texts(&mut store, "s"), ["new"]);
        } else {
            store.delete("s").unwrap();
        }
        let left = server.payloads("loom");
        let is_left = |(_, payload): &(_, serde_json::Value)| payload["text"] == "secret";
        assert!(!left.iter().any(is_left), "{left:?}");
    }
}

#[test]
fn a_collection_that_was_removed_is_made_again() {
    let server: Arc<Qdrant> = Arc::default();
    let mut store = store(&server);
    store.append("s", 0, one("a")).unwrap();
    server.answer(Asked {
        method: "DELETE",
        target: "/collections/loom",
        api_key: None,
        body: "",
    });
    assert_eq!(
        store.append("s", 1, one("b")).unwrap_err().kind,
        ErrorKind::Conflict
    );
    store.append("s", 0, one("new")).unwrap();
    assert_eq!(texts(&mut store, "s"), ["new"]);
}

#[test]
fn a_collection_of_somebody_else_is_not_written_into() {
    let server: Arc<Qdrant> = Arc::default();
    let body = json!({ "vectors": { "size": 4, "distance": "Dot" } }).to_string();
    server.answer(Asked {
        method: "PUT",
        target: "/collections/loom",
        api_key: None,
        body: &body,
    });
    let error = store(&server).append("s", 0, one("a")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidInput);
    assert!(error.message.contains("was not made by Loom"), "{error:?}");
}

#[test]
fn an_old_server_is_refused_before_anything_is_written() {
    let server = Arc::new(Qdrant::default().with_version("1.16.3"));
    let error = store(&server).append("s", 0, one("a")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidInput);
    assert!(error.message.contains("upgrade to 1.18"), "{error:?}");
    assert!(server.payloads("loom").is_empty());
}

#[test]
fn vectors_of_several_models_are_kept_apart() {
    let server: Arc<Qdrant> = Arc::default();
    let mut store = store(&server);
    let with = |text: &str, vector: &[f32]| loom_sdk::memory::Entry {
        vector: Some(vector.to_vec()),
        ..entry(1, "user", text)
    };
    let all = vec![
        with("two", &[1.0, 0.0]),
        with("three", &[1.0, 0.0, 0.0]),
        with("none", &[0.0, 0.0]),
        with("huge", &[f32::MAX, f32::MAX]),
        with("not a number", &[f32::NAN, 1.0]),
    ];
    store.append("s", 0, all).unwrap();
    let mut nearest = |vector: &[f32]| {
        let query = loom_sdk::memory::Query {
            vector: Some(vector.to_vec()),
            ..query()
        };
        let hits = store.search(&query, 10).unwrap();
        hits.into_iter()
            .map(|hit| hit.entry.text)
            .collect::<Vec<_>>()
    };
    assert_eq!(nearest(&[1.0, 0.0]), ["two", "huge"]);
    assert_eq!(nearest(&[1.0, 0.0, 0.0]), ["three"]);
    assert_eq!(nearest(&[1.0; 7]), [""; 0]);
    assert_eq!(nearest(&[0.0, 0.0]), [""; 0]);
}

#[test]
fn a_lost_entry_is_told_and_not_passed_over() {
    let server: Arc<Qdrant> = Arc::default();
    let mut store = store(&server);
    store
        .append("s", 0, vec![entry(1, "user", "x"); 3])
        .unwrap();
    let points = server.payloads("loom");
    let (id, _) = points
        .iter()
        .find(|(_, payload)| payload["seq"] == 1)
        .unwrap();
    server.lose("loom", id);
    let error = store.read("s", 0, 9).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Internal);
    assert!(error.message.contains("lacks some"), "{error:?}");
}

#[test]
fn an_entry_that_could_not_come_back_is_refused() {
    let server: Arc<Qdrant> = Arc::default();
    let error = store(&server).append("s", 0, one(&"x".repeat(9 << 20)));
    assert_eq!(error.unwrap_err().kind, ErrorKind::InvalidInput);
    assert!(server.payloads("loom").is_empty());
}

#[test]
fn statuses_become_kinds_with_advice() {
    let cases = [
        (401, ErrorKind::Unauthenticated, "api-key"),
        (403, ErrorKind::Denied, "read and write"),
        (404, ErrorKind::Unavailable, "check the setting url"),
        (408, ErrorKind::Timeout, "try again"),
        (413, ErrorKind::InvalidInput, "append less"),
        (429, ErrorKind::RateLimited, "later"),
        (500, ErrorKind::Unavailable, "log"),
        (507, ErrorKind::Unavailable, "storage"),
        (302, ErrorKind::InvalidInput, "url"),
    ];
    for (code, kind, advice) in cases {
        let mut store = with(move |_| Ok(status(code, r#"{"status":{"error":"Oh no"}}"#)));
        let error = store.append("s", 0, one("a")).unwrap_err();
        assert_eq!(error.kind, kind, "{error:?}");
        assert!(error.message.contains(advice), "{error:?}");
    }
}

#[test]
fn what_is_not_qdrant_is_said() {
    for body in [
        "<html>hello</html>",
        "{}",
        "[]",
        "",
        "{\"result\":[{\"id\":7}]}",
        "{\"ver",
    ] {
        let mut store = with(move |_| Ok(status(200, body)));
        let error = store.append("s", 0, one("a")).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unavailable, "{body}: {error:?}");
        let error = store.read("s", 0, 1).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unavailable, "{body}: {error:?}");
    }
}

#[test]
fn a_server_that_asks_to_wait_is_quoted() {
    let mut store = with(|_| {
        Ok(Answer {
            retry_after: Some(Duration::from_secs(3)),
            ..status(429, "Rate limiting exceeded")
        })
    });
    let error = store.search(&query(), 1).unwrap_err();
    assert_eq!(error.kind, ErrorKind::RateLimited);
    assert_eq!(error.retry_after_ms, Some(3000));
}
