//! HTTP of guests: allow-list, guarded addresses, secrets, limits.

use std::collections::BTreeMap;

use loom_tests::guests;
use loom_tests::sandbox::Guest;
use loom_tests::server::{Server, response};
use loom_types::ErrorKind;
use loom_wasm::{Grants, Limits, Secret, SecretGrant};
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
async fn a_plugin_without_grants_reaches_nothing() {
    let server = Server::text("hello").await;
    let snoop = Guest::new(guests::SNOOP, Grants::default()).await;
    let error = snoop
        .call("snoop_fetch", json!({ "url": server.url() }))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied);
    assert!(server.requests().is_empty());
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
async fn a_wildcard_does_not_reach_private_addresses_however_written() {
    let server = Server::text("hello").await;
    let port = server.port();
    let snoop = Guest::new(guests::SNOOP, network(&["*", "http://*.localhost:*"])).await;
    for host in [
        "127.0.0.1",
        "localhost",
        "a.localhost",
        "2130706433",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "0.0.0.0",
        "169.254.169.254",
        "10.0.0.1",
    ] {
        let url = format!("http://{host}:{port}/");
        let fetched = snoop.call("snoop_fetch", json!({ "url": url })).await;
        assert!(fetched.is_err(), "{url} gave {fetched:?}");
    }
    assert!(server.requests().is_empty(), "{:?}", server.requests());
}

#[tokio::test]
async fn neither_another_port_nor_another_scheme_nor_a_user_part_helps() {
    let (granted, other) = (Server::text("granted").await, Server::text("other").await);
    let snoop = Guest::new(guests::SNOOP, network(&[&granted.url()])).await;
    let trick = format!(
        "http://127.0.0.1:{}@127.0.0.1:{}/",
        granted.port(),
        other.port()
    );
    for url in [
        other.url(),
        granted.url().replace("http", "https"),
        trick,
        "file:///etc/passwd".into(),
    ] {
        assert!(
            snoop
                .call("snoop_fetch", json!({ "url": url }))
                .await
                .is_err(),
            "{url} was fetched"
        );
    }
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn a_redirect_is_not_followed_behind_the_guests_back() {
    let other = Server::text("other").await;
    let location = format!("{}/", other.url());
    let redirect = response("302 Found", &[("location", &location)], "");
    let server = Server::start(move |_| redirect.clone()).await;
    let snoop = Guest::new(guests::SNOOP, network(&[&server.url()])).await;
    let body = snoop
        .call("snoop_fetch", json!({ "url": server.url() }))
        .await
        .unwrap();
    assert!(body.starts_with("302"), "{body}");
    assert!(other.requests().is_empty());
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
async fn a_placeholder_in_the_url_stays_a_placeholder() {
    let server = Server::text("hello").await;
    let secrets = BTreeMap::from([(
        "key".to_owned(),
        SecretGrant {
            value: Some(Secret::new("sk-very-secret-value")),
            hosts: vec![server.url().parse().unwrap()],
            hint: String::new(),
        },
    )]);
    let snoop = Guest::new(
        guests::SNOOP,
        Grants {
            secrets,
            ..network(&[&server.url()])
        },
    )
    .await;
    let placeholder = snoop
        .call("snoop_secret", json!({ "name": "key" }))
        .await
        .unwrap();
    snoop
        .call(
            "snoop_fetch",
            json!({ "url": format!("{}/{placeholder}", server.url()) }),
        )
        .await
        .unwrap();
    assert!(
        !server.requests()[0].contains("sk-very-secret-value"),
        "{:?}",
        server.requests()
    );
}

#[tokio::test]
async fn header_injection_is_refused() {
    let server = Server::text("hello").await;
    let snoop = Guest::new(guests::SNOOP, network(&[&server.url()])).await;
    for header in [
        ["x-a", "b\r\nx-evil: 1"],
        ["x-a\r\nx-evil", "1"],
        ["host", "evil.example"],
        ["transfer-encoding", "chunked"],
    ] {
        let fetched = snoop
            .call(
                "snoop_fetch",
                json!({ "url": server.url(), "header": header }),
            )
            .await;
        assert_eq!(
            fetched.unwrap_err().kind,
            ErrorKind::InvalidInput,
            "{header:?}"
        );
    }
}

#[tokio::test]
async fn an_oversized_response_is_cut_off() {
    let server = Server::text(&"x".repeat(100_000)).await;
    let limits = Limits {
        http_response_bytes: 50_000,
        ..Limits::default()
    };
    let snoop = Guest::with(guests::SNOOP, network(&[&server.url()]), limits, &[]).await;
    let error = snoop
        .call("snoop_fetch", json!({ "url": server.url() }))
        .await
        .unwrap_err();
    assert!(
        error.message.contains("larger than the host allows"),
        "{error}"
    );
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
