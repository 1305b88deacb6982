//! Ways to hosts that were not granted: other names, redirects, addresses in disguise, answers of the
//! name service that change, raw sockets.

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use loom_tests::guests::{INTRUDER, SNOOP};
use loom_tests::sandbox::Guest;
use loom_tests::server::{Server, response};
use loom_types::ErrorKind;
use loom_wasm::{Engine, EngineConfig, Grants, Limits, NameResolver};
use serde_json::{Value, json};

use super::host::{SECRET, command, guest};
use super::report::{Denied, denied, denied_as, ended, harmless};

super::attempts!("network":
    a_host_without_any_grant,
    another_port,
    another_scheme,
    a_granted_host_as_the_user_of_another,
    a_granted_host_as_a_subdomain_of_another,
    a_file_url,
    a_redirect_that_the_host_might_follow,
    a_redirect_that_the_guest_follows,
    loopback_in_decimal,
    loopback_in_octal,
    loopback_in_hexadecimal,
    loopback_shortened,
    loopback_with_full_width_digits,
    loopback_in_ipv6,
    loopback_mapped_into_ipv6,
    loopback_compatible_with_ipv6,
    loopback_behind_nat64,
    loopback_behind_a_local_nat64,
    loopback_in_6to4,
    loopback_in_teredo,
    the_unspecified_address,
    a_private_address,
    a_link_local_address,
    a_unique_local_address,
    the_name_of_loopback,
    the_name_of_loopback_with_a_dot,
    a_name_below_loopback,
    the_metadata_of_clouds,
    the_metadata_of_clouds_in_ipv6,
    the_metadata_of_azure,
    the_metadata_of_alibaba,
    a_name_that_leads_to_loopback,
    a_name_whose_answers_change,
    a_raw_socket_to_a_granted_host,
    a_raw_socket_to_loopback,
    a_datagram,
    a_listening_socket,
    a_name_looked_up,
    a_proxy_in_the_environment,
    a_command_without_a_grant,
);

fn network(patterns: &[&str]) -> Grants {
    let patterns = patterns.iter().map(|pattern| pattern.parse().unwrap());
    Grants {
        network: patterns.collect(),
        ..Grants::default()
    }
}

/// A server that no guest may reach.
struct Forbidden(Server);

impl Forbidden {
    async fn start() -> Self {
        Self(Server::text(SECRET).await)
    }

    fn port(&self) -> u16 {
        self.0.port()
    }

    /// Fetches a URL with what is granted.
    async fn fetch(&self, grants: &[&str], url: &str) -> Denied {
        let snoop = guest(SNOOP, network(grants)).await;
        let fetched = snoop.call("snoop_fetch", json!({ "url": url })).await;
        self.is_untouched();
        denied(fetched)
    }

    /// Fetches from a host that every wildcard there is seems to allow, at this server's port.
    async fn behind(&self, host: &str) -> Denied {
        let url = format!("http://{host}:{}/", self.port());
        let grants = ["*", "http://*.localhost:*"];
        self.fetch(&grants, &url).await
    }

    #[track_caller]
    fn is_untouched(&self) {
        assert!(self.0.requests().is_empty(), "{:?}", self.0.requests());
    }
}

async fn behind(host: &str) -> Denied {
    Forbidden::start().await.behind(host).await
}

async fn a_host_without_any_grant() -> Denied {
    let server = Forbidden::start().await;
    server.fetch(&[], &server.0.url()).await
}

async fn another_port() -> Denied {
    let (granted, server) = (Server::text("granted").await, Forbidden::start().await);
    server.fetch(&[&granted.url()], &server.0.url()).await
}

async fn another_scheme() -> Denied {
    let server = Forbidden::start().await;
    let granted = server.0.url().replace("http", "https");
    server.fetch(&[&granted], &server.0.url()).await
}

async fn a_granted_host_as_the_user_of_another() -> Denied {
    let (granted, server) = (Server::text("granted").await, Forbidden::start().await);
    let user = format!(
        "http://127.0.0.1:{}@127.0.0.1:{}/",
        granted.port(),
        server.port()
    );
    server.fetch(&[&granted.url()], &user).await
}

async fn a_granted_host_as_a_subdomain_of_another() -> Denied {
    let server = Forbidden::start().await;
    let url = format!("http://api.example.com.localhost:{}/", server.port());
    let granted = format!("http://api.example.com:{}", server.port());
    server
        .fetch(&[&granted, "http://*.example.com:*"], &url)
        .await
}

async fn a_file_url() -> Denied {
    Forbidden::start()
        .await
        .fetch(&["*"], "file:///etc/passwd")
        .await
}

async fn redirect_to(server: &Forbidden) -> Server {
    let redirect = response("302 Found", &[("location", &server.0.url())], "");
    Server::start(move |_| redirect.clone()).await
}

async fn a_redirect_that_the_host_might_follow() -> Denied {
    let server = Forbidden::start().await;
    let redirect = redirect_to(&server).await;
    let snoop = guest(SNOOP, network(&[&redirect.url()])).await;
    let fetched = snoop
        .call("snoop_fetch", json!({ "url": redirect.url() }))
        .await;
    server.is_untouched();
    harmless(fetched, SECRET)
}

async fn a_redirect_that_the_guest_follows() -> Denied {
    let server = Forbidden::start().await;
    let redirect = redirect_to(&server).await;
    let intruder = guest(INTRUDER, network(&[&redirect.url()])).await;
    let followed = intruder
        .call("follow", json!({ "url": redirect.url() }))
        .await;
    server.is_untouched();
    denied_as(ErrorKind::Denied, followed)
}

async fn loopback_in_decimal() -> Denied {
    behind("2130706433").await
}

async fn loopback_in_octal() -> Denied {
    behind("0177.0.0.01").await
}

async fn loopback_in_hexadecimal() -> Denied {
    behind("0x7f000001").await
}

async fn loopback_shortened() -> Denied {
    behind("127.1").await
}

async fn loopback_with_full_width_digits() -> Denied {
    behind("\u{ff11}\u{ff12}\u{ff17}.0.0.1").await
}

async fn loopback_in_ipv6() -> Denied {
    behind("[::1]").await
}

async fn loopback_mapped_into_ipv6() -> Denied {
    behind("[::ffff:7f00:1]").await
}

async fn loopback_compatible_with_ipv6() -> Denied {
    behind("[::127.0.0.1]").await
}

async fn loopback_behind_nat64() -> Denied {
    behind("[64:ff9b::127.0.0.1]").await
}

async fn loopback_behind_a_local_nat64() -> Denied {
    behind("[64:ff9b:1::127.0.0.1]").await
}

async fn loopback_in_6to4() -> Denied {
    behind("[2002:7f00:1::]").await
}

async fn loopback_in_teredo() -> Denied {
    behind("[2001:0:7f00:1::80ff:fffe]").await
}

async fn the_unspecified_address() -> Denied {
    behind("0.0.0.0").await
}

async fn a_private_address() -> Denied {
    behind("10.0.0.1").await
}

async fn a_link_local_address() -> Denied {
    behind("[fe80::1]").await
}

async fn a_unique_local_address() -> Denied {
    behind("[fd00::1]").await
}

async fn the_name_of_loopback() -> Denied {
    behind("localhost").await
}

async fn the_name_of_loopback_with_a_dot() -> Denied {
    behind("LOCALHOST.").await
}

async fn a_name_below_loopback() -> Denied {
    behind("a.localhost").await
}

async fn the_metadata_of_clouds() -> Denied {
    behind("169.254.169.254").await
}

async fn the_metadata_of_clouds_in_ipv6() -> Denied {
    behind("[fd00:ec2::254]").await
}

async fn the_metadata_of_azure() -> Denied {
    behind("168.63.129.16").await
}

async fn the_metadata_of_alibaba() -> Denied {
    behind("100.100.100.200").await
}

/// A name service of an attacker: it gives one answer after another.
#[derive(Debug)]
struct Rebinding {
    answers: Mutex<VecDeque<IpAddr>>,
}

#[async_trait]
impl NameResolver for Rebinding {
    async fn resolve(&self, _name: &str) -> io::Result<Vec<IpAddr>> {
        let next = self.answers.lock().unwrap().pop_front();
        next.map(|answer| vec![answer])
            .ok_or_else(|| io::Error::other("it was asked once more than there were requests"))
    }
}

/// Fetches once for each answer of a name service that says what it likes.
async fn rebind(answers: &[&str]) -> Denied {
    let server = Forbidden::start().await;
    let answers = answers.iter().map(|answer| answer.parse().unwrap());
    let resolver = Arc::new(Rebinding {
        answers: Mutex::new(answers.collect()),
    });
    let requests = resolver.answers.lock().unwrap().len();
    let config = EngineConfig {
        max_instances: 4,
        resolver: Some(Arc::clone(&resolver) as _),
        ..EngineConfig::default()
    };
    let engine = Engine::new(&config).unwrap();
    let grants = network(&["http://*.attacker.example:*"]);
    let snoop = Guest::on(&engine, SNOOP, grants, Limits::default(), &[]).await;
    let url = format!("http://www.attacker.example:{}/", server.port());
    let mut outcome = None;
    for _ in 0..requests {
        outcome = Some(denied(
            snoop.call("snoop_fetch", json!({ "url": url })).await,
        ));
        server.is_untouched();
    }
    // What is looked at is what is connected to: there is no second question.
    assert!(
        resolver.answers.lock().unwrap().is_empty(),
        "it was asked too seldom"
    );
    outcome.unwrap()
}

async fn a_name_that_leads_to_loopback() -> Denied {
    rebind(&["127.0.0.1"]).await
}

async fn a_name_whose_answers_change() -> Denied {
    rebind(&[
        "10.0.0.1",
        "127.0.0.1",
        "::ffff:127.0.0.1",
        "169.254.169.254",
        "::1",
    ])
    .await
}

/// Uses a raw socket though HTTP to everywhere is granted.
async fn socket(wasm: &[u8], tool: &str, arguments: impl FnOnce(&str) -> Value) -> Denied {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let grants = network(&["*", &format!("http://{address}")]);
    let used = guest(wasm, grants)
        .await
        .call(tool, arguments(&address))
        .await;
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "somebody connected");
    denied(used)
}

async fn a_raw_socket_to_a_granted_host() -> Denied {
    socket(
        SNOOP,
        "snoop_connect",
        |address| json!({ "address": address }),
    )
    .await
}

async fn a_raw_socket_to_loopback() -> Denied {
    let address = |address: &str| address.replace("127.0.0.1", "[::ffff:127.0.0.1]");
    socket(
        SNOOP,
        "snoop_connect",
        |it| json!({ "address": address(it) }),
    )
    .await
}

async fn a_datagram() -> Denied {
    socket(
        INTRUDER,
        "send_datagram",
        |address| json!({ "address": address }),
    )
    .await
}

async fn a_listening_socket() -> Denied {
    socket(INTRUDER, "listen", |_| json!({ "address": "127.0.0.1:0" })).await
}

async fn a_name_looked_up() -> Denied {
    socket(INTRUDER, "resolve", |_| json!({ "name": "localhost:80" })).await
}

async fn a_proxy_in_the_environment() -> Denied {
    let (granted, proxy) = (Server::text("granted").await, Forbidden::start().await);
    let (url, proxy_url) = (granted.url(), proxy.0.url());
    let ran = command(move |home| {
        let program = home.install("command", loom_tests::guests::COMMAND);
        let sandbox = home.with(["sandbox", "--net", &url]).arg(program);
        let sandbox = sandbox.args(["fetch", &url]).env("HTTP_PROXY", &proxy_url);
        sandbox
            .env("http_proxy", &proxy_url)
            .env("ALL_PROXY", proxy_url)
            .run()
    });
    let ran = ran.await.code(0);
    proxy.is_untouched();
    harmless(Ok(ran.stdout), SECRET)
}

async fn a_command_without_a_grant() -> Denied {
    let server = Forbidden::start().await;
    let url = server.0.url();
    let ran = command(move |home| {
        let program = home.install("command", loom_tests::guests::COMMAND);
        home.loom()
            .arg("sandbox")
            .arg(program)
            .args(["fetch", &url])
            .run()
    });
    let outcome = ended(ran.await, 1);
    server.is_untouched();
    outcome
}
