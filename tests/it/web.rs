//! Web search and web pages through the real components, from loopback servers: what reaches whom, and
//! that no page brings a call down. What engines and pages look like is tested beside the plugins.

use std::collections::BTreeMap;
use std::time::Duration;

use loom_tests::sandbox::{builtin, engine};
use loom_tests::server::{Server, response};
use loom_types::{Content, Error, ErrorKind, ToolContext};
use loom_wasm::{Grants, Secret, SecretGrant};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::home;

const ARTICLE: &str = include_str!("../fixtures/web/article.html");
const BOMB: &[u8] = include_bytes!("../fixtures/web/bomb.html.gz");
const BRAVE: &str = include_str!("../fixtures/web/brave.json");
const CHALLENGE: &str = include_str!("../fixtures/web/duckduckgo-challenge.html");
const LITE: &str = include_str!("../fixtures/web/duckduckgo-lite.html");
const KEY: &str = "bsa-very-secret-value";

fn network(patterns: &[&str]) -> Grants {
    let patterns = patterns.iter().map(|pattern| pattern.parse().unwrap());
    Grants {
        network: patterns.collect(),
        ..Grants::default()
    }
}

async fn call(
    plugin: &str,
    grants: Grants,
    settings: &[(&str, &str)],
    arguments: Value,
    time: Duration,
) -> Result<String, Error> {
    let configured = builtin(&engine(), plugin, grants, settings).await;
    let tools = configured.tools();
    let context = ToolContext::standalone(time);
    let content = tools[0].call(&arguments, &context).await?;
    let texts: Vec<String> = content.iter().map(Content::to_text).collect();
    Ok(texts.join("\n"))
}

async fn fetch(grants: Grants, arguments: Value) -> Result<String, Error> {
    call("web-fetch", grants, &[], arguments, Duration::from_secs(60)).await
}

/// Reads a page of a server that answers every request for it with these bytes.
async fn read(page: Vec<u8>) -> Result<String, Error> {
    let server = site("", page).await;
    fetch(
        network(&[&server.url()]),
        json!({ "url": format!("{}/page", server.url()) }),
    )
    .await
}

/// A server with a robots.txt and one response to everything else.
async fn site(robots: &'static str, page: Vec<u8>) -> Server {
    Server::start(move |request| {
        if request.starts_with("GET /robots.txt ") {
            response("200 OK", &[("content-type", "text/plain")], robots)
        } else {
            page.clone()
        }
    })
    .await
}

fn html(body: &str) -> Vec<u8> {
    response(
        "200 OK",
        &[("content-type", "text/html; charset=utf-8")],
        body,
    )
}

/// A server that sends a head and then the same piece for ever, or nothing more if it is empty.
async fn endless(piece: &'static [u8]) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let head = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n<p>begin";
                let _ = stream.write_all(head).await;
                if piece.is_empty() {
                    // Until the other side goes away.
                    let _ = stream.read(&mut request).await;
                }
                while stream.write_all(piece).await.is_ok() && !piece.is_empty() {}
            });
        }
    });
    (url, task)
}

#[tokio::test]
async fn a_page_becomes_markdown_after_robots_were_asked() {
    let server = site("User-agent: *\nDisallow: /private\n", html(ARTICLE)).await;
    let url = format!("{}/notes/tide.html", server.url());
    let text = fetch(network(&[&server.url()]), json!({ "url": url }))
        .await
        .unwrap();
    assert!(text.starts_with("# How a tide mill works\n"), "{text}");
    assert!(
        text.contains("## History") && text.contains("```python"),
        "{text}"
    );
    assert!(
        text.contains(&format!("({}/archive/excavations.html", server.url())),
        "{text}"
    );
    let paths: Vec<String> = server
        .requests()
        .iter()
        .map(|request| request[..20].to_owned())
        .collect();
    assert!(
        paths[0].starts_with("GET /robots.txt ") && paths[1].starts_with("GET /notes/tide"),
        "{paths:?}"
    );
    assert!(
        server.requests()[1].contains("Loom/"),
        "{:?}",
        server.requests()
    );
}

#[tokio::test]
async fn a_page_that_robots_forbid_is_not_requested() {
    let server = site("User-agent: loom\nDisallow: /page\n", html(ARTICLE)).await;
    let arguments = json!({ "url": format!("{}/page", server.url()) });
    let error = fetch(network(&[&server.url()]), arguments.clone())
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied);
    assert!(error.message.contains("robots.txt"), "{error}");
    assert_eq!(server.requests().len(), 1, "{:?}", server.requests());
    let settings = [("robots", "false")];
    let grants = network(&[&server.url()]);
    let read = call(
        "web-fetch",
        grants,
        &settings,
        arguments,
        Duration::from_secs(60),
    )
    .await;
    assert!(read.is_ok(), "{read:?}");
}

#[tokio::test]
async fn a_redirect_to_a_host_without_grant_is_not_followed() {
    let other = Server::text("other").await;
    let location = format!("{}/secret", other.url());
    let server = site("", response("302 Found", &[("location", &location)], "")).await;
    let arguments = json!({ "url": server.url() });
    let error = fetch(network(&[&server.url()]), arguments.clone())
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied);
    assert!(
        error.message.contains(&format!("adds \"{}\"", other.url())),
        "{error}"
    );
    assert!(other.requests().is_empty());
    let text = fetch(network(&[&server.url(), &other.url()]), arguments)
        .await
        .unwrap();
    assert!(text.ends_with("other"), "{text}");
}

#[tokio::test]
async fn every_public_host_does_not_mean_this_machine() {
    let server = Server::text("internal").await;
    let read = fetch(network(&["*"]), json!({ "url": server.url() })).await;
    assert!(read.is_err(), "{read:?}");
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_packed_bomb_is_read_up_to_the_limit() {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        BOMB.len()
    );
    let text = read([head.as_bytes(), BOMB].concat()).await;
    match text {
        Ok(text) => assert!(text.contains("larger than the 2097152 bytes"), "{text}"),
        Err(error) => assert_eq!(error.kind, ErrorKind::Unavailable, "{error}"),
    }
}

#[tokio::test]
async fn a_body_without_end_is_read_up_to_the_limit() {
    let (url, server) = endless(b"<p>and more of it</p>\n").await;
    let settings = [("robots", "false"), ("max_bytes", "100000")];
    let arguments = json!({ "url": url, "max_chars": 1000 });
    let text = call(
        "web-fetch",
        network(&[&url]),
        &settings,
        arguments,
        Duration::from_secs(60),
    )
    .await;
    let text = text.unwrap();
    assert!(text.contains("larger than the 100000 bytes"), "{text}");
    assert!(text.contains("call again with offset=1000"), "{text}");
    server.abort();
}

#[tokio::test]
async fn a_server_that_falls_silent_costs_the_rest_of_the_page() {
    let (url, server) = endless(b"").await;
    // The plugin keeps three seconds of a call for its own work.
    let time = Duration::from_millis(3500);
    let arguments = json!({ "url": url });
    let text = call(
        "web-fetch",
        network(&[&url]),
        &[("robots", "false")],
        arguments,
        time,
    )
    .await;
    let text = text.unwrap();
    assert!(
        text.contains("begin") && text.contains("too slow"),
        "{text}"
    );
    server.abort();
}

#[tokio::test]
async fn hostile_pages_bring_no_call_down() {
    let deep = "text and more of it, ".repeat(30);
    for (what, page) in [
        (
            "100,000 elements deep",
            format!("{}{deep}", "<div>".repeat(100_000)),
        ),
        (
            "as deep as allowed",
            format!("{}{deep}", "<div><ul><li><b>".repeat(60)),
        ),
        (
            "deep quotes",
            format!("{}{deep}", "<blockquote>".repeat(240)),
        ),
        (
            "deep tables",
            format!("{}{deep}", "<table><tr><td>".repeat(60)),
        ),
        (
            "many attributes",
            format!("<p {}>{deep}", "a=1 ".repeat(200_000)),
        ),
        (
            "repeated formatting",
            format!(
                "{}{}",
                "<font a=1>".repeat(20_000),
                format!("<p>{deep}").repeat(1000)
            ),
        ),
        (
            "one long line",
            format!("<p>{deep}{}", "x".repeat(5_000_000)),
        ),
        (
            "scripts",
            format!(
                "{deep}{}",
                "<script>if (a<b) '<div>'</script>".repeat(50_000)
            ),
        ),
        (
            "elements",
            format!("<article>{}", "<p>some words, and more</p>".repeat(20_000)),
        ),
    ] {
        let text = read(html(&page)).await;
        let text = text.unwrap_or_else(|error| panic!("{what}: {error}"));
        let expected = if what == "elements" {
            "some words"
        } else {
            "text and more of it"
        };
        assert!(
            text.contains(expected),
            "{what}: {}",
            &text[..text.len().min(300)]
        );
    }
}

#[tokio::test]
async fn a_key_goes_to_its_engine_and_nowhere_else() {
    let echo = |request: &str| {
        let has_key = request.contains(KEY);
        let body = BRAVE.replace("Vergleich: A < B & C", &format!("{KEY} {has_key}"));
        response("200 OK", &[("content-type", "application/json")], &body)
    };
    let (bound, other) = (Server::start(echo).await, Server::start(echo).await);
    let grants = || Grants {
        secrets: BTreeMap::from([(
            "brave".to_owned(),
            SecretGrant {
                value: Some(Secret::new(KEY)),
                hosts: vec![bound.url().parse().unwrap()],
                hint: String::new(),
            },
        )]),
        ..network(&[&bound.url(), &other.url()])
    };
    let arguments = json!({ "query": "wasm component model" });
    let search = |url: String| {
        let (grants, arguments) = (grants(), arguments.clone());
        async move {
            let settings = [("brave_url", url.as_str())];
            call(
                "web-search",
                grants,
                &settings,
                arguments,
                Duration::from_secs(20),
            )
            .await
        }
    };
    let found = search(bound.url()).await.unwrap();
    assert!(
        bound.requests()[0]
            .to_lowercase()
            .contains("x-subscription-token: bsa-very")
    );
    assert!(
        found.contains("\"engine\":\"brave\"") && found.contains("true"),
        "{found}"
    );
    assert!(!found.contains(KEY), "{found}");
    let error = search(other.url()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied);
    assert!(other.requests().is_empty(), "{:?}", other.requests());
}

#[tokio::test]
async fn the_simple_page_of_duckduckgo_stands_in_for_its_puzzle() {
    let server = Server::start(|request| {
        if request.starts_with("POST /lite/") {
            html(LITE)
        } else {
            response("202 Accepted", &[("content-type", "text/html")], CHALLENGE)
        }
    })
    .await;
    let (first, second) = (
        format!("{}/html/", server.url()),
        format!("{}/lite/", server.url()),
    );
    let settings = [
        ("duckduckgo_url", first.as_str()),
        ("duckduckgo_lite_url", second.as_str()),
    ];
    let grants = || network(&[&server.url()]);
    let arguments = json!({ "query": "größe & \"wasm\"", "count": 2 });
    let time = Duration::from_secs(20);
    let found = call("web-search", grants(), &settings, arguments.clone(), time)
        .await
        .unwrap();
    let found: Value = serde_json::from_str(&found).unwrap();
    assert_eq!(found["engine"], "duckduckgo");
    assert_eq!(found["results"].as_array().unwrap().len(), 2, "{found}");
    assert!(
        server.requests()[1].ends_with("q=gr%C3%B6%C3%9Fe+%26+%22wasm%22"),
        "{:?}",
        server.requests()
    );

    let settings = [
        ("duckduckgo_url", first.as_str()),
        ("duckduckgo_lite_url", first.as_str()),
    ];
    let error = call("web-search", grants(), &settings, arguments, time)
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind, error.retry_after),
        (ErrorKind::RateLimited, Some(Duration::from_secs(60)))
    );
}

#[test]
fn without_a_grant_the_command_says_what_to_add() {
    let home = home();
    let ran = home
        .with([
            "tool",
            "call",
            "web_fetch",
            r#"{"url": "https://a.example/"}"#,
        ])
        .run();
    ran.complains("adds \"https://a.example\" to `network` under [plugins.web-fetch.grants]");
    let ran = home.with(["help", "web"]).run().code(0);
    ran.says("web_search");
}
