//! What becomes of failures on their way to the person and to the model: model servers that fail in
//! every way, through the real provider plugins; HTTP, tools and session stores that fail.

mod pool;

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use loom::Loom;
use loom_core::Agent;
use loom_tests::faults::{
    Answer, Asked, Decision, Fault, FaultServer, RetryAfter, Seen, counting_answers, random,
    stress, table,
};
use loom_tests::guests;
use loom_tests::sandbox::Guest;
use loom_types::{
    Category, Entry, Error, ErrorKind, Outcome, Provider, RunEvent, SessionId, ToolContext,
};
use loom_wasm::{Grants, Limits};
use serde_json::json;

use crate::home;

/// What a provider bears of a server's silence. Longer than a busy machine is silent.
const TIMEOUT_MS: u32 = 1500;

/// What an error has to be.
#[derive(Debug, PartialEq)]
struct Expect {
    kind: ErrorKind,
    category: Category,
    http_status: Option<u16>,
    retry_after_ms: Option<u128>,
    /// In the message.
    says: &'static str,
}

/// What each fault has to become; none if the answer is right all the same.
fn expect(fault: Fault) -> Option<Expect> {
    use Category as C;
    use ErrorKind as K;
    let (kind, category, http_status, says) = match fault {
        Fault::RateLimit(_) => (K::RateLimited, C::RateLimit, Some(429), "limits requests"),
        Fault::NoCredit => (K::Denied, C::Permission, Some(429), "its credit"),
        Fault::ServerError => (K::Unavailable, C::Service, Some(500), "has a problem"),
        Fault::Unavailable => (K::Unavailable, C::Service, Some(503), "the server starts"),
        Fault::GatewayTimeout => (K::Timeout, C::Timeout, Some(504), "upstream is slow"),
        Fault::Overloaded => (K::Unavailable, C::Service, Some(529), "overloaded"),
        Fault::StallBeforeHead | Fault::StallBeforeEvents => {
            (K::Timeout, C::Timeout, None, "did not answer in time")
        }
        Fault::StallInStream => (K::Timeout, C::Timeout, None, "the answer was cut off: "),
        Fault::ResetBeforeHead => (K::Unavailable, C::Network, None, "closed the connection"),
        Fault::ResetInStream | Fault::HalfChunk => (
            K::Unavailable,
            C::Network,
            None,
            "cut off: the server: it closed",
        ),
        Fault::NotHttp => (K::Unavailable, C::Network, None, "HTTP"),
        Fault::InvalidJson => (K::Unavailable, C::Service, None, "something that is not a"),
        Fault::Garbage | Fault::Empty | Fault::NoEnd => {
            (K::Unavailable, C::Service, None, "the answer was cut off")
        }
        Fault::SlowDrip => return None,
        Fault::WebPage => (K::NotFound, C::NotFound, None, "a web page"),
        Fault::Unauthenticated => (K::Unauthenticated, C::Authentication, Some(401), "key"),
        Fault::Forbidden => (K::Denied, C::Permission, Some(403), "not for this key"),
        Fault::ModelNotFound => (K::NotFound, C::NotFound, Some(404), "model's name"),
        Fault::ContextOverflow => (K::InvalidInput, C::Validation, Some(400), "larger window"),
        Fault::BadRequest => (K::InvalidInput, C::Validation, Some(400), "is odd"),
        Fault::TooLarge => (K::InvalidInput, C::Validation, Some(413), "too large"),
        Fault::ErrorEvent => (K::Unavailable, C::Service, Some(529), "is overloaded"),
        Fault::Redirect => (K::NotFound, C::NotFound, Some(307), "check base_url"),
        Fault::GzipGarbage => (K::Unavailable, C::Service, Some(200), "packed"),
        Fault::Endless => (
            K::Unavailable,
            C::Service,
            Some(200),
            "larger than the host",
        ),
    };
    let retry_after_ms = match fault {
        Fault::RateLimit(Some(RetryAfter::Seconds(1) | RetryAfter::Date(1)))
        | Fault::Unavailable => Some(1000),
        Fault::RateLimit(Some(RetryAfter::Milliseconds(250))) => Some(250),
        _ => None,
    };
    Some(Expect {
        kind,
        category,
        http_status,
        retry_after_ms,
        says,
    })
}

/// The name of a provider whose server has this fault.
fn name(index: usize) -> String {
    format!("fault{index}")
}

/// A host with one provider for each fault. The servers live as long as they are held.
async fn host(plugin: &str) -> (Loom, Vec<FaultServer>, loom_tests::cli::Home) {
    let home = home();
    let servers = Fault::ALL.map(|fault| FaultServer::always(fault, "all is well"));
    let servers = join_all(servers).await;
    let providers = servers.iter().enumerate();
    let toml: String = providers
        .map(|(index, server)| server.provider(&name(index), plugin, TIMEOUT_MS))
        .collect();
    let loom = Loom::open(&home.config(&toml)).await.unwrap();
    (loom, servers, home)
}

async fn run(provider: Arc<dyn Provider>) -> Outcome {
    let agent = Agent::builder(provider, "m").build().unwrap();
    agent.run("go").outcome().await
}

/// Drives each fault through a plugin without a pool: every error reaches the person as it is.
async fn check_all(plugin: &str) {
    let (loom, servers, _home) = host(plugin).await;
    let loom = &loom;
    let runs = (0..servers.len())
        .map(|index| async move { run(loom.provider(&name(index)).await.unwrap()).await });
    let outcomes = join_all(runs).await;
    let mut rows = Vec::new();
    for ((fault, outcome), server) in Fault::ALL.into_iter().zip(outcomes).zip(&servers) {
        let told = check(fault, &outcome);
        assert_eq!(server.asked().len(), 1, "{fault}: nobody asks twice");
        assert_eq!(server.given(), BTreeMap::from([(Some(fault), 1)]));
        let done = "nothing".to_owned();
        rows.push(Seen { fault, done, told });
    }
    println!("{}", table(&rows));
}

/// Checks how a run ended; what the person saw of it.
fn check(fault: Fault, outcome: &Outcome) -> String {
    let Some(expect) = expect(fault) else {
        assert!(outcome.is_completed(), "{fault}: {outcome:?}");
        assert_eq!(outcome.text(), "all is well", "{fault}");
        return outcome.text().to_owned();
    };
    let Outcome::Failed { error, .. } = outcome else {
        panic!("{fault}: {outcome:?}");
    };
    let found = Expect {
        kind: error.kind,
        category: error.category(),
        http_status: error.http_status,
        retry_after_ms: error.retry_after.map(|wait| wait.as_millis()),
        says: expect.says,
    };
    assert_eq!(found, expect, "{fault}: {error:?}");
    assert!(error.message.contains(expect.says), "{fault}: {error}");
    let retryable = fault.decision() == Decision::TryAgain;
    assert_eq!(error.is_retryable(), retryable, "{fault}: {error:?}");
    let is_overflow = fault == Fault::ContextOverflow;
    assert_eq!(error.is_context_overflow(), is_overflow, "{fault}");
    assert!(!error.message.ends_with('.'), "{fault}: {error}");
    assert!(error.origin.is_some(), "{fault}: {error:?}");
    format!("{error} ({}); {}", error.category(), error.advice())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_a_chat_server_is_an_error_of_the_right_class() {
    check_all("openai").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_a_messages_server_is_an_error_of_the_right_class() {
    check_all("anthropic").await;
}

#[test]
fn chance_is_the_same_for_the_same_seed_and_about_as_likely_as_asked() {
    let faults = |seed| {
        let choose = random(seed, 0.3, &Fault::PASSING);
        let asked = |number| Asked {
            number,
            head: String::new(),
            body: json!(null),
        };
        let given: Vec<_> = (0..1000).map(|number| choose(&asked(number))).collect();
        given
    };
    assert_eq!(faults(1), faults(1));
    assert_ne!(faults(1), faults(2));
    let count = faults(1).iter().flatten().count();
    assert!((250..350).contains(&count), "{count} of 1000");
}

/// Runs without a pool against a server that fails by chance: what fails is told, and what a model
/// asked for once is done once.
#[tokio::test(flavor = "multi_thread")]
async fn under_stress_runs_fail_where_the_server_failed_and_no_tool_runs_twice() {
    let home = home();
    let right = FaultServer::start(|_| None, counting_answers).await;
    let faults = random(7, 0.3, &Fault::PASSING);
    let failing = FaultServer::start(faults, counting_answers).await;
    let toml = right.provider("right", "openai", TIMEOUT_MS)
        + &failing.provider("failing", "openai", TIMEOUT_MS);
    let loom = Loom::open(&home.config(&toml)).await.unwrap();

    let provider = loom.provider("right").await.unwrap();
    let stressed = stress(provider, "m", 40, 20).await;
    assert_eq!((stressed.completed, stressed.wrong), (40, Vec::new()));
    assert_eq!(stressed.repeated, BTreeMap::new());
    assert_eq!(right.given(), BTreeMap::from([(None, 120)]));

    let provider = loom.provider("failing").await.unwrap();
    let stressed = stress(provider, "m", 40, 20).await;
    let given = failing.given();
    let harmful = given.iter().filter(|(fault, _)| match fault {
        Some(fault) => !fault.is_harmless(),
        None => false,
    });
    let harmful: usize = harmful.map(|(_, times)| times).sum();
    assert_eq!(stressed.wrong.len(), harmful, "{:?}", stressed.wrong);
    assert!(harmful > 0 && stressed.completed > 0, "{stressed:?}");
    assert_eq!(stressed.repeated, BTreeMap::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_person_reads_the_class_in_words_and_scripts_read_it_as_a_field() {
    let home = home();
    let limit = Fault::RateLimit(Some(RetryAfter::Date(7)));
    let server = FaultServer::always(limit, "").await;
    let url = format!("{}/v1", server.url());
    let run = |arguments: &[&str]| {
        let run = home.with(["run", "-m", "custom/m", "-c", "failover.attempts=1", "go"]);
        let run = run.args(arguments);
        let run = run.env("LLM_BASE_URL", &url);
        tokio::task::spawn_blocking(|| run.run())
    };
    let ran = run(&[]).await.unwrap().code(1);
    ran.complains("(rate limit)")
        .complains("hint: wait before trying again");
    let error = run(&["--json"]).await.unwrap().code(1).events().pop();
    let error = &error.unwrap()["error"];
    assert_eq!(error["category"], "rate_limit");
    assert_eq!(error["retryable"], true);
    assert_eq!(error["http_status"], 429);
    assert_eq!(error["retry_after_ms"], 7000);
}

/// A request of a guest to `url`, under grants for `network`.
async fn fetch(url: &str, network: &[&str], limits: Limits) -> Error {
    let grants = Grants {
        network: network.iter().map(|each| each.parse().unwrap()).collect(),
        ..Grants::default()
    };
    let snoop = Guest::with(guests::SNOOP, grants, limits, &[]).await;
    let fetched = snoop.call("snoop_fetch", json!({ "url": url })).await;
    fetched.unwrap_err()
}

/// The address of a server that says this to whoever connects, and goes.
fn speaks_first(bytes: &'static [u8]) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // What the client says is read, or closing would be a reset.
        let _ = stream.read(&mut [0; 4096]);
        stream.write_all(bytes).unwrap();
    });
    url
}

fn class(error: &Error, category: Category, detail: Option<&str>, says: &str) {
    assert_eq!(error.category(), category, "{error:?}");
    let found = error.details.as_ref().map(|all| &all[Error::NETWORK]);
    assert_eq!(found.and_then(|word| word.as_str()), detail, "{error:?}");
    assert!(error.message.contains(says), "{error}");
}

#[tokio::test]
async fn a_request_that_is_refused_by_the_host_is_a_matter_of_permission() {
    let error = fetch("http://127.0.0.1:9/", &[], Limits::default()).await;
    class(&error, Category::Permission, None, "does not allow");
    let limits = Limits {
        http_requests: 0,
        ..Limits::default()
    };
    let error = fetch("http://127.0.0.1:9/", &["http://127.0.0.1:9"], limits).await;
    class(&error, Category::Permission, None, "no more requests");
}

#[tokio::test]
async fn what_fails_on_the_way_is_the_network_with_a_word_for_it() {
    let network = Category::Network;
    let check = async |url: &str, word: &str, says: &str| {
        let error = fetch(url, &[url], Limits::default()).await;
        class(&error, network, Some(word), says);
        assert!(error.is_retryable());
    };
    // RFC 6761 reserves the name.
    check("http://nowhere.invalid", "dns", "cannot be resolved").await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    check(&url, "refused", "refused the connection").await;
    let url = speaks_first(b"HTTP/1.1 400 Bad Request\r\n\r\n").replace("http:", "https:");
    check(&url, "tls", "begins with http:// or https://").await;
    let server = loom_tests::server::Server::start(|_| b"SSH-2.0-x\r\n".to_vec()).await;
    check(&server.url(), "http", "HTTP").await;
    let server = loom_tests::server::Server::start(|_| Vec::new()).await;
    check(&server.url(), "closed", "closed").await;
}

#[tokio::test]
async fn a_tool_that_fails_has_the_class_of_its_failure() {
    let limits = Limits {
        memory_bytes: 32 << 20,
        ..Limits::default()
    };
    let rogue = Guest::with(guests::ROGUE, Grants::default(), limits, &[]).await;
    let check = async |tool: &str, category: Category, retryable: bool| {
        let context = ToolContext::standalone(Duration::from_secs(2));
        let called = rogue.call_within(tool, json!({}), &context).await;
        let error = called.unwrap_err();
        let found = (error.category(), error.is_retryable());
        assert_eq!(found, (category, retryable), "{tool}: {error:?}");
    };
    check("panic", Category::Internal, false).await;
    check("exit", Category::Internal, false).await;
    check("allocate_forever", Category::Validation, false).await;
    check("loop_forever", Category::Timeout, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_store_that_fails_has_the_class_of_its_failure() {
    let entry = || Entry {
        seq: 0,
        time_ms: 0,
        kind: "message".to_owned(),
        text: "hello".to_owned(),
        vector: None,
        payload: json!({}),
    };
    let home = home();
    let loom = Loom::open(&home.config("")).await.unwrap();
    let (memory, session) = (loom.memory().await.unwrap(), SessionId::from("s"));
    memory.append(&session, 0, vec![entry()]).await.unwrap();
    let error = memory.append(&session, 0, vec![entry()]).await.unwrap_err();
    class(&error, Category::Validation, None, "");
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(error.advice().contains("meanwhile"), "{}", error.advice());
    let missing = memory.read(&SessionId::from("t"), 0, 1).await.unwrap_err();
    class(&missing, Category::NotFound, None, "");

    let read_only =
        "plugins.memory-file.grants.files = [{ path = \"$memory\", access = \"read-only\" }]";
    let loom = Loom::open(&home.config(read_only)).await.unwrap();
    let memory = loom.memory().await.unwrap();
    let error = memory.append(&session, 1, vec![entry()]).await.unwrap_err();
    class(&error, Category::Permission, None, "");
}

/// What the model reads of a call that failed.
#[tokio::test(flavor = "multi_thread")]
async fn the_model_reads_the_class_and_whether_trying_again_can_help() {
    let home = home();
    let server = FaultServer::start(
        |_| None,
        |asked| match asked.tool_results() {
            0 => Answer::call("read_file", json!({ "path": "nowhere.txt" })),
            _ => Answer::text("done"),
        },
    );
    let server = server.await;
    let toml = server.provider("server", "openai", TIMEOUT_MS);
    let config = home.config(&format!("model = \"server/m\"\n{toml}"));
    let loom = Loom::open(&config).await.unwrap();
    let agent = loom.agent().await.unwrap().build().unwrap();
    let mut run = agent.run("go");
    let mut results = Vec::new();
    while let Some(event) = run.next().await {
        if let RunEvent::ToolCompleted { result, .. } = event {
            results.push(result.text());
        }
    }
    assert!(
        results[0].starts_with("error (not_found): fs "),
        "{results:?}"
    );
    assert!(
        results[0].ends_with("list what exists first"),
        "{results:?}"
    );
    let told = server.asked()[1].body.to_string();
    assert!(told.contains("error (not_found): fs "), "{told}");
}
