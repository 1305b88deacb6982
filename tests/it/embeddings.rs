//! Embedding models: the openai component against a server that behaves as real ones do, a component
//! that lies, and what a plugin gets of the host's model.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use loom_tests::guests;
use loom_tests::sandbox::{self, Guest};
use loom_tests::server::{Server, response};
use loom_types::{Embedder, Error, ErrorKind, Result, ToolContext};
use loom_wasm::{EmbeddingGrant, Grants, Limits};
use serde_json::{Value, json};

use crate::home;

/// What a real server (llama.cpp with all-MiniLM-L6-v2) says to a text that is too long.
const TOO_LONG: &str = r#"{"error":{"code":500,"message":"input (2002 tokens) is too large to process. increase the physical batch size (current batch size: 512)","type":"server_error"}}"#;

/// A server of embeddings that takes texts of 2,000 bytes; a vector tells the length of its text.
async fn server() -> Server {
    Server::start(|request| {
        let (_, body) = request.split_once("\r\n\r\n").unwrap();
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        let texts = body["input"].as_array().cloned().unwrap_or_default();
        let texts: Vec<_> = texts.iter().filter_map(Value::as_str).collect();
        if texts.iter().any(|text| text.len() > 2000) {
            return response("500 Internal Server Error", &[], TOO_LONG);
        }
        let data = texts.iter().enumerate().map(|(index, text)| {
            json!({"index": index, "object": "embedding", "embedding": [text.len(), 0.5]})
        });
        let answer =
            json!({"object": "list", "data": data.rev().collect::<Vec<_>>(), "model": "m"});
        response(
            "200 OK",
            &[("content-type", "application/json")],
            &answer.to_string(),
        )
    })
    .await
}

async fn openai(server: &Server) -> Arc<dyn Embedder> {
    let url = server.url();
    let grants = Grants {
        network: vec![url.parse().unwrap()],
        ..Grants::default()
    };
    let settings = [("base_url", format!("{url}/v1"))];
    let settings: Vec<_> = settings
        .iter()
        .map(|(key, it)| (*key, it.as_str()))
        .collect();
    let plugin = sandbox::builtin(&sandbox::engine(), "openai", grants, &settings).await;
    plugin.embedder("local", "minilm")
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[tokio::test]
async fn texts_become_vectors_in_their_order() {
    let server = server().await;
    let embedder = openai(&server).await;
    assert_eq!(embedder.model(), "local/minilm");
    let vectors = embedder.embed(texts(&["a", "bb", "🦀"])).await.unwrap();
    assert_eq!(vectors, [[1.0, 0.5], [2.0, 0.5], [4.0, 0.5]]);
    let requests = server.requests();
    assert!(requests[0].starts_with("POST /v1/embeddings HTTP/1.1"));
    assert!(
        requests[0].contains(r#""model":"minilm""#),
        "{}",
        requests[0]
    );
    assert!(embedder.embed(Vec::new()).await.unwrap().is_empty());
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_text_that_is_too_long_for_the_server_stands_for_its_beginning() {
    let server = server().await;
    let embedder = openai(&server).await;
    let all = vec!["x".repeat(10), "y".repeat(6000), "z".repeat(20)];
    let vectors = embedder.embed(all).await.unwrap();
    assert_eq!(vectors, [[10.0, 0.5], [1500.0, 0.5], [20.0, 0.5]]);
}

#[tokio::test]
async fn many_texts_are_sent_in_batches() {
    let server = server().await;
    let vectors = openai(&server).await.embed(vec!["x".to_owned(); 200]).await;
    assert_eq!(vectors.unwrap().len(), 200);
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn a_recorded_server_is_understood() {
    let recorded =
        include_bytes!("../fixtures/llm/llamacpp-b11434-minilm-embeddings/e2-batch.response.http");
    let server = Server::start(|_| recorded.to_vec()).await;
    let vectors = openai(&server).await.embed(texts(&["a", "b", "c"])).await;
    let vectors = vectors.unwrap();
    assert_eq!(vectors.len(), 3);
    assert!(vectors.iter().all(|vector| vector.len() == 384));
}

#[tokio::test]
async fn a_server_that_is_down_or_refuses_is_an_error_value() {
    let server = Server::start(|_| response("503 Service Unavailable", &[], "busy")).await;
    let error = openai(&server)
        .await
        .embed(texts(&["a"]))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    let server = Server::start(|_| {
        response(
            "404 Not Found",
            &[],
            r#"{"error":{"message":"no such model"}}"#,
        )
    });
    let error = openai(&server.await).await.embed(texts(&["a"])).await;
    assert_eq!(error.unwrap_err().kind, ErrorKind::NotFound);
}

async fn lying(model: &str, limits: Limits) -> Arc<dyn Embedder> {
    let guest = Guest::with(guests::EMBEDDER, Grants::default(), limits, &[]).await;
    guest.configured.embedder("bad", model)
}

#[tokio::test]
async fn vectors_that_are_none_are_refused() {
    for (model, what) in [
        ("fewer", "1 vectors for 2 texts"),
        ("more", "3 vectors for 2 texts"),
        ("ragged", "different lengths"),
        ("empty", "a vector of 0 numbers"),
        ("nan", "a number that is none"),
        ("infinite", "a number that is none"),
        ("panic", "boom"),
    ] {
        let embedder = lying(model, Limits::default()).await;
        let error = embedder.embed(texts(&["a", "b"])).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Internal, "{model}");
        assert!(error.message.contains(what), "{model}: {error}");
        assert_eq!(error.origin.as_deref(), Some("embedder 0.1.0"));
    }
    let embedder = lying("grows", Limits::default()).await;
    embedder.embed(texts(&["a"])).await.unwrap();
    let error = embedder.embed(texts(&["a", "b"])).await.unwrap_err();
    assert!(
        error.message.contains("3 numbers after ones of 2"),
        "{error}"
    );
}

#[tokio::test]
async fn an_embedder_that_computes_for_ever_is_stopped() {
    let limits = Limits {
        time: Duration::from_millis(200),
        ..Limits::default()
    };
    let embedder = lying("spin", limits).await;
    let error = embedder.embed(texts(&["a"])).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Timeout);
}

/// The host's model: a vector is the length of its text.
#[derive(Default)]
struct HostModel {
    hangs: bool,
    dropped: Arc<AtomicBool>,
}

struct SaysDropped(Arc<AtomicBool>);

impl Drop for SaysDropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[async_trait]
impl Embedder for HostModel {
    fn model(&self) -> &'static str {
        "host/model"
    }

    async fn embed(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>> {
        if self.hangs {
            let _guard = SaysDropped(Arc::clone(&self.dropped));
            return std::future::pending().await;
        }
        if texts[0] == "fail" {
            let error = Error::unavailable("the model is down");
            return Err(error.from_origin("openai 0.1.0"));
        }
        Ok(texts.iter().map(|text| vec![text.len() as f32]).collect())
    }
}

fn granted(model: Option<HostModel>) -> Grants {
    let model = model.map(|model| Arc::new(model) as Arc<dyn Embedder>);
    Grants {
        embeddings: EmbeddingGrant::Granted(model),
        ..Grants::default()
    }
}

async fn ask(guest: &Guest, texts: &[&str]) -> Result<String> {
    guest.call("host_embed", json!({ "texts": texts })).await
}

#[tokio::test]
async fn a_plugin_that_asks_and_is_granted_uses_the_hosts_model() {
    let guest = Guest::new(guests::EMBEDDER, granted(Some(HostModel::default()))).await;
    let model = guest.call("host_model", json!({})).await.unwrap();
    assert_eq!(model, "host/model");
    assert_eq!(ask(&guest, &["a", "bcd"]).await.unwrap(), "[[1.0], [3.0]]");
    assert_eq!(ask(&guest, &[]).await.unwrap(), "[]");
    let error = ask(&guest, &["fail"]).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(error.message.contains("openai 0.1.0: the model is down"));
}

#[tokio::test]
async fn without_a_grant_there_is_no_model_and_embedding_is_denied() {
    let guest = Guest::new(guests::EMBEDDER, Grants::default()).await;
    assert_eq!(guest.call("host_model", json!({})).await.unwrap(), "none");
    let error = ask(&guest, &["a"]).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied);
    assert!(error.message.contains("grants.embeddings"), "{error}");
    let guest = Guest::new(guests::EMBEDDER, granted(None)).await;
    assert_eq!(guest.call("host_model", json!({})).await.unwrap(), "none");
    let error = ask(&guest, &["a"]).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn a_grant_that_the_manifest_does_not_ask_for_does_not_hold() {
    let guest = Guest::new(guests::SNOOP, granted(Some(HostModel::default()))).await;
    let surplus = guest.configured.surplus_grants();
    assert_eq!(surplus, ["embeddings"]);
}

#[tokio::test]
async fn embedding_counts_as_calls_to_the_host() {
    let limits = Limits {
        host_calls: 500,
        ..Limits::default()
    };
    let grants = granted(Some(HostModel::default()));
    let guest = Guest::with(guests::EMBEDDER, grants, limits, &[]).await;
    let arguments = json!({ "texts": ["a"], "times": 10_000 });
    let error = guest.call("host_embed", arguments).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::ResourceExhausted);
}

#[tokio::test]
async fn a_call_that_waits_for_vectors_ends_with_its_time_and_with_its_cancellation() {
    let hanging = || HostModel {
        hangs: true,
        ..HostModel::default()
    };
    let model = hanging();
    let dropped = Arc::clone(&model.dropped);
    let guest = Guest::new(guests::EMBEDDER, granted(Some(model))).await;
    let context = ToolContext::standalone(Duration::from_millis(300));
    let arguments = json!({ "texts": ["a"] });
    let late = guest.call_within("host_embed", arguments.clone(), &context);
    assert_eq!(late.await.unwrap_err().kind, ErrorKind::Timeout);
    assert!(dropped.load(Ordering::SeqCst));

    let guest = Guest::new(guests::EMBEDDER, granted(Some(hanging()))).await;
    let context = ToolContext::standalone(Duration::from_secs(60));
    let cancel = context.cancel.clone();
    let start = Instant::now();
    let call = guest.call_within("host_embed", arguments, &context);
    let (result, ()) = tokio::join!(call, async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        cancel.cancel();
    });
    assert_eq!(result.unwrap_err().kind, ErrorKind::Cancelled);
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn plugins_that_wait_for_embeddings_leave_them_their_places() {
    let engine = sandbox::engine_for(2);
    let inner = sandbox::configured(&engine, "embedder", guests::EMBEDDER, Grants::default());
    let inner = inner.await.embedder("inner", "good");
    let grants = Grants {
        embeddings: EmbeddingGrant::Granted(Some(inner)),
        ..Grants::default()
    };
    let outer = sandbox::configured(&engine, "embedder", guests::EMBEDDER, grants).await;
    let tools = outer.tools();
    let tool = tools.iter().find(|it| it.definition().name == "host_embed");
    let tool = tool.unwrap();
    let context = ToolContext::standalone(Duration::from_secs(30));
    let arguments = json!({ "texts": ["a"] });
    let calls = (0..20).map(|_| tool.call(&arguments, &context));
    for result in futures::future::join_all(calls).await {
        assert_eq!(result.unwrap()[0].to_text(), "[[1.0, 1.0]]");
    }
}

#[tokio::test]
async fn a_person_can_try_the_configured_model() {
    let server = server().await;
    let home = home();
    let url = server.url();
    home.configure(&format!(
        "[providers.local]\nplugin = \"openai\"\nbase_url = \"{url}/v1\"\n[embedding]\nmodel = \"local/minilm\"\n"
    ));
    let embed = home.with(["model", "embed", "tea", "kettle"]);
    let embedded = tokio::task::spawn_blocking(move || embed.run().code(0).json());
    let embedded = embedded.await.unwrap();
    assert_eq!(embedded["model"], "local/minilm");
    assert_eq!(embedded["length"], 2);
    assert_eq!(embedded["vectors"], json!([[3.0, 0.5], [6.0, 0.5]]));
}

#[test]
fn without_a_model_the_person_is_told_how_to_name_one() {
    let home = home();
    let ran = home.with(["model", "embed", "tea"]).run().code(1);
    ran.complains("there is no embedding model")
        .complains("-m PROVIDER/MODEL");
    let ran = home
        .with(["model", "embed", "-m", "anthropic/x", "tea"])
        .run();
    ran.code(1)
        .complains("the plugin anthropic has no embeddings");
    let ran = home.with(["model", "embed", "-m", "ollama", "tea"]).run();
    ran.code(2).complains("names no embedding model");
}
