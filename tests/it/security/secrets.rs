//! The environment of the host, and the values of secrets: a guest has nothing but placeholders.

use std::collections::BTreeMap;

use loom_tests::guests::{COMMAND, INTRUDER, SNOOP};
use loom_tests::server::{Server, response};
use loom_types::{Error, ErrorKind};
use loom_wasm::{Grants, Secret, SecretGrant};
use serde_json::{Value, json};

use super::host::{command, guest};
use super::report::{Denied, denied_as, ended, harmless};

super::attempts!("secrets":
    the_environment_without_a_grant,
    the_environment_beside_a_granted_variable,
    the_environment_of_a_command,
    a_secret_that_is_not_granted,
    the_value_of_a_granted_secret,
    a_secret_in_a_url,
    a_secret_in_a_body,
    a_secret_for_another_host,
    a_secret_for_another_port_of_its_host,
    a_secret_in_the_name_of_a_header,
    a_secret_told_back_in_a_body,
    a_secret_told_back_in_a_header,
    a_secret_told_back_letter_by_letter,
    a_secret_told_back_with_an_error,
    the_placeholder_of_another_plugin,
    a_secret_in_the_log_of_the_command,
    the_settings_of_the_host,
);

const VALUE: &str = "sk-very-secret-value";

fn secret(server: &Server) -> Grants {
    granted(&[server], server)
}

/// Hosts to reach, and one of them to which a secret may go.
fn granted(servers: &[&Server], bound: &Server) -> Grants {
    let grant = SecretGrant {
        value: Some(Secret::new(VALUE)),
        hosts: vec![bound.url().parse().unwrap()],
        hint: String::new(),
    };
    let network = servers.iter().map(|server| server.url().parse().unwrap());
    Grants {
        network: network.collect(),
        secrets: BTreeMap::from([("key".to_owned(), grant)]),
        ..Grants::default()
    }
}

/// Calls a tool of the snoop with the placeholder of the secret, which it has from the host.
async fn with_placeholder(
    grants: Grants,
    tool: &str,
    arguments: impl FnOnce(&str) -> Value,
) -> Result<String, Error> {
    let snoop = guest(SNOOP, grants).await;
    let placeholder = snoop.call("snoop_secret", json!({ "name": "key" })).await?;
    snoop.call(tool, arguments(&placeholder)).await
}

async fn the_environment_without_a_grant() -> Denied {
    assert!(
        std::env::var_os("PATH").is_some(),
        "there is something to see"
    );
    let snoop = guest(SNOOP, Grants::default()).await;
    let seen = snoop.call("snoop_environment", json!({})).await;
    assert_eq!(seen.as_deref(), Ok(""));
    harmless(seen, "PATH")
}

async fn the_environment_beside_a_granted_variable() -> Denied {
    let environment = BTreeMap::from([("LANG".to_owned(), "C".to_owned())]);
    let grants = Grants {
        environment,
        ..Grants::default()
    };
    let seen = guest(SNOOP, grants)
        .await
        .call("snoop_environment", json!({}))
        .await;
    assert_eq!(seen.as_deref(), Ok("LANG=C"));
    harmless(seen, "PATH")
}

async fn the_environment_of_a_command() -> Denied {
    let ran = command(|home| {
        let program = home.install("command", COMMAND);
        let sandbox = home
            .loom()
            .env("API_KEY", VALUE)
            .arg("sandbox")
            .arg(program);
        sandbox.arg("environment").run()
    });
    let ran = ran.await;
    assert_eq!(ran.stdout, "");
    ended(ran, 0)
}

async fn a_secret_that_is_not_granted() -> Denied {
    let snoop = guest(SNOOP, Grants::default()).await;
    let told = snoop.call("snoop_secret", json!({ "name": "key" })).await;
    denied_as(ErrorKind::Denied, told)
}

async fn the_value_of_a_granted_secret() -> Denied {
    let server = Server::text("hello").await;
    let snoop = guest(SNOOP, secret(&server)).await;
    harmless(
        snoop.call("snoop_secret", json!({ "name": "key" })).await,
        VALUE,
    )
}

async fn a_secret_in_a_url() -> Denied {
    let server = Server::text("hello").await;
    let url = |placeholder: &str| json!({ "url": format!("{}/?q={placeholder}", server.url()) });
    let fetched = with_placeholder(secret(&server), "snoop_fetch", url).await;
    assert!(
        !server.requests()[0].contains(VALUE),
        "{:?}",
        server.requests()
    );
    harmless(fetched, VALUE)
}

async fn a_secret_in_a_body() -> Denied {
    let server = Server::text("hello").await;
    let intruder = guest(INTRUDER, secret(&server)).await;
    let placeholder = intruder
        .call("secret", json!({ "name": "key" }))
        .await
        .unwrap();
    let arguments = json!({
        "url": server.url(), "method": "POST", "headers": [], "body": placeholder,
    });
    let sent = intruder.call("fetch", arguments).await;
    assert!(
        server.requests()[0].contains(&placeholder),
        "{:?}",
        server.requests()
    );
    assert!(
        !server.requests()[0].contains(VALUE),
        "{:?}",
        server.requests()
    );
    harmless(sent, VALUE)
}

async fn a_secret_for_another_host() -> Denied {
    let (bound, other) = (Server::text("bound").await, Server::text("other").await);
    let snoop = guest(SNOOP, granted(&[&bound, &other], &bound)).await;
    let arguments = json!({ "url": other.url(), "secret": "key" });
    let sent = snoop.call("snoop_fetch_with_secret", arguments).await;
    assert!(other.requests().is_empty(), "{:?}", other.requests());
    denied_as(ErrorKind::Denied, sent)
}

async fn a_secret_for_another_port_of_its_host() -> Denied {
    let (bound, other) = (Server::text("bound").await, Server::text("other").await);
    let snoop = guest(SNOOP, granted(&[&other], &bound)).await;
    let trick = format!(
        "http://127.0.0.1:{}/?host=127.0.0.1:{}",
        other.port(),
        bound.port()
    );
    let arguments = json!({ "url": trick, "secret": "key" });
    let sent = snoop.call("snoop_fetch_with_secret", arguments).await;
    assert!(other.requests().is_empty(), "{:?}", other.requests());
    denied_as(ErrorKind::Denied, sent)
}

async fn a_secret_in_the_name_of_a_header() -> Denied {
    let server = Server::text("hello").await;
    let header = |placeholder: &str| json!({ "url": server.url(), "header": [placeholder, "1"] });
    let fetched = with_placeholder(secret(&server), "snoop_fetch", header).await;
    assert!(server.requests().iter().all(|it| !it.contains(VALUE)));
    harmless(fetched, VALUE)
}

/// The `authorization` header of a request.
fn authorization(request: &str) -> String {
    let mut lines = request.lines();
    let line = lines.find(|line| line.to_lowercase().starts_with("authorization"));
    line.unwrap_or("none").to_owned()
}

/// Lets a server tell back the secret that it was sent.
async fn told_back(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Denied {
    let server = Server::start(move |request| answer(&authorization(request))).await;
    let snoop = guest(SNOOP, secret(&server)).await;
    let arguments = json!({ "url": server.url(), "secret": "key" });
    let told = snoop.call("snoop_fetch_with_secret", arguments).await;
    assert!(server.requests()[0].contains(VALUE), "the server has it");
    harmless(told, VALUE)
}

async fn a_secret_told_back_in_a_body() -> Denied {
    told_back(|sent| response("200 OK", &[], sent)).await
}

async fn a_secret_told_back_in_a_header() -> Denied {
    let server =
        Server::start(|request| response("200 OK", &[("x-echo", &authorization(request))], ""));
    let server = server.await;
    let header = |placeholder: &str| json!({ "url": server.url(), "header": ["authorization", placeholder] });
    let told = with_placeholder(secret(&server), "snoop_fetch", header).await;
    assert!(server.requests()[0].contains(VALUE), "the server has it");
    harmless(told, VALUE)
}

async fn a_secret_told_back_letter_by_letter() -> Denied {
    told_back(|sent| {
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n";
        let chunks = sent.chars().map(|letter| format!("1\r\n{letter}\r\n"));
        format!("{head}{}0\r\n\r\n", chunks.collect::<String>()).into_bytes()
    })
    .await
}

async fn a_secret_told_back_with_an_error() -> Denied {
    told_back(|sent| response("401 Unauthorized", &[], &format!("wrong: {sent}"))).await
}

async fn the_placeholder_of_another_plugin() -> Denied {
    let server = Server::text("hello").await;
    let owner = guest(SNOOP, secret(&server)).await;
    let placeholder = owner
        .call("snoop_secret", json!({ "name": "key" }))
        .await
        .unwrap();
    let thief = guest(INTRUDER, secret(&server)).await;
    let arguments = json!({
        "url": server.url(), "method": "GET", "headers": [["authorization", placeholder]], "body": "",
    });
    let sent = thief.call("fetch", arguments).await;
    assert!(
        !server.requests()[0].contains(VALUE),
        "{:?}",
        server.requests()
    );
    harmless(sent, VALUE)
}

async fn a_secret_in_the_log_of_the_command() -> Denied {
    let server = Server::start(|request| response("200 OK", &[], &authorization(request))).await;
    let url = server.url();
    let ran = command(move |home| {
        home.install("snoop", SNOOP);
        let grants = format!(
            "[plugins.snoop.grants]\nnetwork = [{url:?}]\n\
             secrets = {{ key = {{ env = \"TEST_KEY\", hosts = [{url:?}] }} }}\n"
        );
        home.configure(&grants);
        let arguments = json!({ "url": url, "secret": "key" }).to_string();
        let call = home
            .with_plugins()
            .env("TEST_KEY", VALUE)
            .env("LOOM_LOG", "trace")
            .env("LOOM_LOG_CONTENT", "1");
        call.args(["tool", "call", "snoop_fetch_with_secret", &arguments])
            .run()
    });
    let ran = ran.await.code(0);
    assert!(server.requests()[0].contains(VALUE), "the server has it");
    let logged = ran.stderr.contains("placeholder ");
    assert!(logged, "there is a log: {}", ran.stderr);
    assert!(!ran.stderr.contains(VALUE), "it is in the log");
    harmless(Ok(ran.stdout), VALUE)
}

async fn the_settings_of_the_host() -> Denied {
    let snoop = guest(SNOOP, Grants::default()).await;
    let told = snoop
        .call(
            "snoop_setting",
            json!({ "name": "providers.anthropic.api_key" }),
        )
        .await;
    assert_eq!(told.as_deref(), Ok("unset"));
    harmless(told, VALUE)
}
