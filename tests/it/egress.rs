//! HTTP of guests with what they are granted. What they try beyond that is in `security`.

use std::collections::BTreeMap;

use loom_tests::guests;
use loom_tests::sandbox::Guest;
use loom_tests::server::{Server, response};
use loom_types::ErrorKind;
use loom_wasm::{Grants, Secret, SecretGrant};
use serde_json::json;

fn network(patterns: &[&str]) -> Grants {
    Grants {
        network: patterns
            .iter()
            .map(|pattern| pattern.parse().unwrap())
            .collect(),
        ..Grants::default()
    }
}

#[tokio::test]
async fn a_host_granted_by_name_is_reached() {
    let server = Server::text("hello").await;
    let snoop = Guest::new(guests::SNOOP, network(&[&server.url()])).await;
    let body = snoop
        .call(
            "snoop_fetch",
            json!({ "url": format!("{}/a?b=c", server.url()) }),
        )
        .await
        .unwrap();
    assert_eq!(body, "200 \nhello");
    assert!(
        server.requests()[0].starts_with("GET /a?b=c HTTP/1.1"),
        "{:?}",
        server.requests()
    );
}

#[tokio::test]
async fn a_secret_goes_to_its_host_only_and_never_comes_back() {
    let echo = |request: &str| {
        let authorization = request
            .lines()
            .find(|line| line.to_lowercase().starts_with("authorization"))
            .unwrap_or("none");
        response(
            "200 OK",
            &[("x-echo", authorization)],
            &format!("you sent {authorization}"),
        )
    };
    let (bound, other) = (Server::start(echo).await, Server::start(echo).await);
    let secrets = BTreeMap::from([(
        "key".to_owned(),
        SecretGrant {
            value: Some(Secret::new("sk-very-secret-value")),
            hosts: vec![bound.url().parse().unwrap()],
            hint: String::new(),
        },
    )]);
    let snoop = Guest::new(
        guests::SNOOP,
        Grants {
            secrets,
            ..network(&[&bound.url(), &other.url()])
        },
    )
    .await;

    let answer = snoop
        .call(
            "snoop_fetch_with_secret",
            json!({ "url": bound.url(), "secret": "key" }),
        )
        .await
        .unwrap();
    assert!(
        bound.requests()[0].contains("Bearer sk-very-secret-value"),
        "{:?}",
        bound.requests()
    );
    assert!(!answer.contains("sk-very-secret-value"), "{answer}");
    assert!(
        answer.contains("you sent authorization: Bearer loom-secret-"),
        "{answer}"
    );

    let refused = snoop
        .call(
            "snoop_fetch_with_secret",
            json!({ "url": other.url(), "secret": "key" }),
        )
        .await;
    assert_eq!(refused.unwrap_err().kind, ErrorKind::Denied);
    assert!(other.requests().is_empty(), "{:?}", other.requests());
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("http://127.0.0.1:{port}");
    let snoop = Guest::new(guests::SNOOP, network(&[&url])).await;
    let error = snoop
        .call("snoop_fetch", json!({ "url": url }))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(error.message.contains("refused the connection"), "{error}");
}
