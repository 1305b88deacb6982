//! The store `memory-qdrant` as a component against a Qdrant server on loopback: the contract, what
//! servers do wrong, and the command.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use loom_qdrant_loopback::Qdrant;
use loom_sdk::testing::memory as suite;
use loom_tests::contract::Through;
use loom_tests::qdrant::{Loopback, answer};
use loom_tests::server::response;
use loom_types::{Entry, ErrorKind, Memory};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::home;

fn entry(text: &str) -> Entry {
    Entry {
        seq: 0,
        time_ms: 1,
        kind: "message".into(),
        text: text.into(),
        vector: None,
        payload: json!({ "said": text }),
    }
}

async fn texts(store: &dyn Memory, session: &str) -> Vec<String> {
    let entries = store.read(&session.into(), 0, u32::MAX).await.unwrap();
    entries.into_iter().map(|entry| entry.text).collect()
}

#[test]
fn the_component_keeps_the_contract() {
    let runtime = Runtime::new().unwrap();
    // Servers end with the runtime, so those of earlier stores may stay.
    let servers = std::cell::RefCell::new(Vec::new());
    let make = || {
        let (loopback, store) = runtime.block_on(async {
            let loopback = Loopback::start(Qdrant::default()).await;
            let store = loopback.store(None, &[]).await;
            (loopback, store)
        });
        servers.borrow_mut().push(loopback);
        let handle = runtime.handle().clone();
        Through { store, handle }
    };
    suite::conformance(make);
    suite::vector_search(make);
}

#[test]
fn components_over_one_server_keep_the_contract() {
    let runtime = Runtime::new().unwrap();
    let loopback = runtime.block_on(Loopback::start(Qdrant::default()));
    suite::shared(|| Through {
        store: runtime.block_on(loopback.store(None, &[])),
        handle: runtime.handle().clone(),
    });
}

#[tokio::test]
async fn the_key_goes_into_its_header_and_a_wrong_one_is_said() {
    let loopback = Loopback::start(Qdrant::new(Some("right"))).await;
    let store = loopback.store(Some("right"), &[]).await;
    store
        .append(&"s".into(), 0, vec![entry("hello")])
        .await
        .unwrap();
    assert_eq!(texts(store.as_ref(), "s").await, ["hello"]);
    for key in [Some("wrong"), None] {
        let store = loopback.store(key, &[]).await;
        let error = store.read(&"s".into(), 0, 1).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unauthenticated, "{error}");
        assert!(error.to_string().contains("secret api-key"), "{error}");
    }
}

#[tokio::test]
async fn what_a_server_does_wrong_is_an_error_with_advice() {
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"result\": ".to_vec();
    let cases = [
        (response("500 Oh", &[], "oh"), ErrorKind::Unavailable, "log"),
        (half, ErrorKind::Unavailable, ""),
        (
            response("200 OK", &[], "<html>Welcome"),
            ErrorKind::Unavailable,
            "check the setting url",
        ),
        (
            response("429 Slow down", &[("retry-after", "7")], ""),
            ErrorKind::RateLimited,
            "later",
        ),
        (Vec::new(), ErrorKind::Unavailable, ""),
    ];
    for (bytes, kind, advice) in cases {
        let meddle = move |_: &str| Some(bytes.clone());
        let loopback = Loopback::meddled(Qdrant::default(), meddle).await;
        let store = loopback.store(None, &[]).await;
        let append = store.append(&"s".into(), 0, vec![entry("a")]).await;
        for error in [
            append.unwrap_err(),
            store.read(&"s".into(), 0, 1).await.unwrap_err(),
        ] {
            assert_eq!(error.kind, kind, "{error}");
            assert!(error.to_string().contains(advice), "{error}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_comes_too_late_does_not_lose_the_outcome() {
    let qdrant = Arc::new(Qdrant::default());
    let (server, slow) = (Arc::clone(&qdrant), AtomicU32::new(0));
    let meddle = move |request: &str| {
        let bytes = answer(&server, request);
        let is_decisive = request.starts_with("PUT") && request.contains("\"role\":\"first\"");
        if is_decisive && slow.fetch_add(1, Ordering::SeqCst) == 0 {
            // Longer than the store waits; the write was done before.
            std::thread::sleep(Duration::from_millis(600));
        }
        Some(bytes)
    };
    let loopback = Loopback::meddled(Qdrant::default(), meddle).await;
    let store = loopback.store(None, &[("timeout_ms", "200")]).await;
    let next = store.append(&"s".into(), 0, vec![entry("a")]).await;
    assert_eq!(next.unwrap(), 1);
    assert_eq!(texts(store.as_ref(), "s").await, ["a"]);
}

#[tokio::test]
async fn a_server_that_is_not_granted_is_not_asked() {
    let loopback = Loopback::start(Qdrant::default()).await;
    let store = loopback.store(None, &[("url", "http://127.0.0.1:1")]).await;
    let error = store.read(&"s".into(), 0, 1).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied, "{error}");
    assert!(loopback.server.requests().is_empty());
}

/// The configuration that `default.toml` shows, for another address.
fn configuration(url: &str) -> String {
    format!(
        "memory.plugin = \"memory-qdrant\"\n\
         [plugins.memory-qdrant]\n\
         config = {{ url = \"{url}\", collection = \"loom\" }}\n\
         grants.network = [\"{url}\"]\n\
         grants.secrets = {{ api-key = {{ env = \"QDRANT_API_KEY\", hosts = [\"{url}\"] }} }}\n"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_in_qdrant_goes_on_in_another_process() {
    let loopback = Loopback::start(Qdrant::new(Some("sesame"))).await;
    let home = home();
    home.configure(&configuration(&loopback.server.url()));
    let script = json!([{ "text": "first" }, { "text": "second" }]);
    let run = |arguments: &[&str]| {
        let run = home.scripted(&script).env("QDRANT_API_KEY", "sesame");
        run.arg("run").args(arguments).run()
    };
    run(&["--session", "tea-talk", "one"]).code(0).says("first");
    run(&["--resume=tea", "two"]).code(0).says("second");
    let list = home.with(["session", "list"]);
    let list = list.env("QDRANT_API_KEY", "sesame");
    list.run().code(0).says("tea-talk");
    let stored = loopback.qdrant.payloads("loom");
    let said = |text: &str| stored.iter().any(|(_, payload)| payload["text"] == text);
    assert!(["one", "first", "two", "second"].into_iter().all(said));
    assert!(!home.sessions().exists(), "nothing is kept in files");

    let denied = home.scripted(&script).env("QDRANT_API_KEY", "barley");
    let denied = denied.args(["run", "--resume=tea", "three"]).run();
    denied.code(1).complains("set the secret api-key");
}
