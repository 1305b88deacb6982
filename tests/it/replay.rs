//! Recorded answers of real servers, sent byte for byte with their own framing to the real provider
//! plugins through the command.

use std::path::Path;
use std::sync::Mutex;

use loom_tests::cli::{Home, Loom, Ran};
use loom_tests::server::Server;
use serde_json::{Value, json};

use crate::home;

/// A recorded response, head and all.
fn recorded(name: &str) -> Vec<u8> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/llm");
    let path = fixtures.join(format!("{name}.response.http"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A server that gives these recordings, one per question, in this order.
async fn server(names: &[&str]) -> Server {
    let answers = Mutex::new(
        names
            .iter()
            .rev()
            .map(|name| recorded(name))
            .collect::<Vec<_>>(),
    );
    Server::start(move |_| answers.lock().unwrap().pop().expect("not asked more often")).await
}

/// `-m custom/local`, with an environment as for any server that speaks OpenAI's protocol.
fn openai(home: &Home, server: &Server) -> Loom {
    let run = home.with(["run", "-m", "custom/local", "--session", "replay", "--json"]);
    run.env("LLM_BASE_URL", format!("{}/v1", server.url()))
        .env("LLM_API_KEY", "sk-secret-key")
}

/// `-m anthropic`, with its usual variables.
fn anthropic(home: &Home, server: &Server) -> Loom {
    let run = home.with([
        "run",
        "-m",
        "anthropic/local",
        "--session",
        "replay",
        "--json",
    ]);
    run.env("ANTHROPIC_BASE_URL", server.url())
        .env("ANTHROPIC_API_KEY", "sk-secret-key")
}

type Provider = fn(&Home, &Server) -> Loom;

async fn ask(provider: Provider, names: &[&str]) -> (Ran, Vec<String>) {
    let (home, server) = (home(), server(names).await);
    // Each recording is played once.
    let once = ["-c", "failover.attempts=1"];
    let run = provider(&home, &server).args(once).arg("go");
    let ran = tokio::task::spawn_blocking(|| run.run()).await.unwrap();
    assert!(!ran.stdout.contains("sk-secret-key"), "{}", ran.stdout);
    assert!(!ran.stderr.contains("sk-secret-key"), "{}", ran.stderr);
    (ran, server.requests())
}

/// A recording of a whole answer in words.
async fn check_text(provider: Provider, name: &str, text: &str) {
    let (ran, requests) = ask(provider, &[name]).await;
    let last = ran.code(0).events().pop().unwrap();
    assert_eq!(last["text"], text, "{name}");
    assert!(
        last["usage"]["output_tokens"].as_u64() > Some(0),
        "{name}: {last}"
    );
    assert_eq!(requests.len(), 1, "{name}");
    assert!(
        requests[0].contains("sk-secret-key"),
        "{name}: the key did not arrive"
    );
}

#[tokio::test]
async fn a_plain_stream_is_the_answer() {
    let mock = "llmock-0.2.2/12-plain-stream-usage";
    let said = "Simulated answer from local for 'You are a helpful assistant. Use the tools when \
                needed. Say hi.'.";
    check_text(openai, mock, said).await;
    let llama = "llamacpp-b11434-qwen2.5-coder-1.5b-fenced/12-plain-stream-usage";
    check_text(openai, llama, "Hello! How can I assist you today?").await;
    let mock = "llmock-0.2.2/61-anthropic-stream";
    check_text(anthropic, mock, "Simulated success from local.").await;
    let litellm = "litellm-1.106.2-to-llamacpp-q15/61-anthropic-stream";
    check_text(anthropic, litellm, "Red, Blue, Yellow").await;
}

/// A recording that asks for tools, and then one in words: the calls are made, and the second question
/// has their results.
async fn check_calls(provider: Provider, names: [&str; 2], calls: &[(&str, Value)]) {
    let (ran, requests) = ask(provider, &names).await;
    let ran = ran.code(0);
    let events = ran.events();
    let completed = events
        .iter()
        .filter(|event| event["type"] == "item.completed");
    let items = completed.map(|event| &event["item"]);
    let items: Vec<_> = items.filter(|item| item["type"] == "tool_call").collect();
    let mut made: Vec<_> = items
        .iter()
        .map(|item| (item["name"].as_str().unwrap(), item["arguments"].clone()))
        .collect();
    made.sort_by_key(|(_, arguments)| arguments.to_string());
    assert_eq!(made, calls, "{names:?}");
    assert_eq!(requests.len(), 2, "{names:?}");
    for item in items {
        let id = item["call_id"].as_str().unwrap();
        let times = requests[1].matches(&format!("{id:?}")).count();
        assert_eq!(
            times, 2,
            "{id} belongs to the call and to its result: {}",
            requests[1]
        );
    }
}

#[tokio::test]
async fn a_stream_with_tool_calls_is_followed_by_their_results() {
    let expression = json!({ "expression": "mock-expression" });
    let mock = [
        "llmock-0.2.2/21-tool-stream",
        "llmock-0.2.2/12-plain-stream-usage",
    ];
    check_calls(openai, mock, &[("calculator", expression.clone())]).await;
    let mock = [
        "llmock-0.2.2/62-anthropic-tool-stream",
        "llmock-0.2.2/61-anthropic-stream",
    ];
    check_calls(anthropic, mock, &[("calculator", expression)]).await;

    let cities = [
        ("get_weather", json!({ "city": "Paris" })),
        ("get_weather", json!({ "city": "Tokyo" })),
    ];
    let llama = [
        "llamacpp-b11434-qwen2.5-coder-1.5b-fenced/28-parallel-fewshot-stream",
        "llmock-0.2.2/12-plain-stream-usage",
    ];
    check_calls(openai, llama, &cities).await;
    let litellm = [
        "litellm-1.106.2-to-llamacpp-q15/68-anthropic-parallel-fewshot-stream",
        "llmock-0.2.2/61-anthropic-stream",
    ];
    check_calls(anthropic, litellm, &cities).await;
}

/// A recording that is no answer: the run fails with this kind of error, and says this.
async fn check_failure(provider: Provider, name: &str, kind: &str, says: &str) {
    let (ran, _) = ask(provider, &[name]).await;
    let last = ran.code(1).events().pop().unwrap();
    assert_eq!(last["type"], "run.failed", "{name}");
    let error = &last["error"];
    assert_eq!(error["kind"], kind, "{name}: {error}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(says), "{name}: {message}");
    assert!(!error["advice"].as_str().unwrap().is_empty(), "{name}");
}

#[tokio::test]
async fn an_error_inside_a_stream_fails_the_run() {
    let llama = "llamacpp-b10434-qwen2.5-coder-0.5b-bare/24-tools-parallel-stream";
    check_failure(
        openai,
        llama,
        "unavailable",
        "does not match the expected peg-native format",
    )
    .await;
}

#[tokio::test]
async fn a_stream_that_is_cut_fails_the_run() {
    for folder in ["llmock-0.2.2-truncate", "llmock-0.2.2-disconnect"] {
        let stream = format!("{folder}/12-plain-stream-usage");
        check_failure(openai, &stream, "unavailable", "cut off").await;
        let stream = format!("{folder}/61-anthropic-stream");
        check_failure(anthropic, &stream, "unavailable", "cut off").await;
    }
}

#[tokio::test]
async fn a_key_that_is_refused_is_told_as_such() {
    let kind = "unauthenticated";
    check_failure(
        openai,
        "llmock-0.2.2-http401/12-plain-stream-usage",
        kind,
        "Unauthorized",
    )
    .await;
    check_failure(
        anthropic,
        "llmock-0.2.2-http401/61-anthropic-stream",
        kind,
        "Unauthorized",
    )
    .await;
    check_failure(
        openai,
        "llamacpp-b11434-badkey/11-plain-stream",
        kind,
        "Invalid API Key",
    )
    .await;
}

#[tokio::test]
async fn a_rate_limit_says_when_to_try_again() {
    for (provider, stream) in [
        (openai as Provider, "12-plain-stream-usage"),
        (anthropic, "61-anthropic-stream"),
    ] {
        let (ran, _) = ask(provider, &[&format!("llmock-0.2.2-http429/{stream}")]).await;
        let error = ran.code(1).events().pop().unwrap()["error"].clone();
        assert_eq!(error["kind"], "rate_limited");
        assert_eq!(error["http_status"], 429);
        assert_eq!(error["retry_after_ms"], 2000);
        assert_eq!(error["retryable"], true);
    }
}

#[tokio::test]
async fn nobody_there_is_told_with_the_address() {
    let home = home();
    let run = home.with(["run", "-m", "custom/local", "go"]);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let ran = run
        .env("LLM_BASE_URL", format!("http://{address}/v1"))
        .run();
    ran.code(1)
        .complains("error: ")
        .complains(&address.to_string());
}
