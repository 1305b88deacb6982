//! HTTP with a host that is granted: headers that say too much, and answers that never end.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use loom_tests::guests::{INTRUDER, SNOOP};
use loom_tests::server::{Server, response};
use loom_types::{Error, ErrorKind};
use loom_wasm::{Grants, Limits};
use serde_json::{Value, json};

use super::host::{SECRET, guest_within};
use super::report::{Denied, denied, denied_as, harmless};

super::attempts!("requests":
    a_line_break_in_a_headers_value,
    a_line_break_in_a_headers_name,
    a_null_character_in_a_header,
    a_line_break_in_the_path,
    a_line_break_in_the_method,
    another_host_header,
    a_transfer_encoding,
    a_connection_header,
    an_upgrade,
    a_length_that_is_too_short,
    a_tunnel,
    a_trace_of_somebody_else,
    an_oversized_response,
    an_endless_response,
    an_endless_head,
    a_response_that_falls_silent,
    a_gzip_bomb,
    a_response_that_says_it_is_gzip,
    an_oversized_request,
    more_requests_than_allowed,
);

fn limits() -> Limits {
    Limits {
        http_response_bytes: 1 << 20,
        http_request_bytes: 1 << 20,
        http_requests: 10,
        http_timeout: Duration::from_secs(5),
        ..Limits::default()
    }
}

/// Calls a tool of a guest that is granted a host.
async fn call(url: &str, wasm: &[u8], tool: &str, arguments: Value) -> Result<String, Error> {
    let network = vec![url.parse().unwrap()];
    let grants = Grants {
        network,
        ..Grants::default()
    };
    guest_within(wasm, grants, limits())
        .await
        .call(tool, arguments)
        .await
}

/// Sends a request of which nothing must arrive that was not meant to.
async fn send(method: &str, path: &str, header: Option<(&str, &str)>, body: &str) -> Denied {
    let server = Server::text("hello").await;
    let url = server.url();
    let headers: Vec<_> = header.into_iter().collect();
    let arguments = json!({
        "url": format!("{url}{path}"), "method": method, "headers": headers, "body": body,
    });
    let sent = call(&url, INTRUDER, "fetch", arguments).await;
    assert!(server.requests().is_empty(), "{:?}", server.requests());
    denied(sent)
}

async fn a_line_break_in_a_headers_value() -> Denied {
    send("GET", "/", Some(("x-a", "b\r\nx-evil: 1")), "").await
}

async fn a_line_break_in_a_headers_name() -> Denied {
    send("GET", "/", Some(("x-a\r\nx-evil", "1")), "").await
}

async fn a_null_character_in_a_header() -> Denied {
    send("GET", "/", Some(("x-a", "b\0c")), "").await
}

async fn a_line_break_in_the_path() -> Denied {
    let server = Server::text("hello").await;
    let url = server.url();
    let arguments = json!({ "url": format!("{url}/ HTTP/1.1\r\nx-evil: 1\r\n\r\nGET /") });
    let sent = call(&url, SNOOP, "snoop_fetch", arguments).await;
    assert!(server.requests().is_empty(), "{:?}", server.requests());
    denied(sent)
}

async fn a_line_break_in_the_method() -> Denied {
    send("GET / HTTP/1.1\r\nx-evil: 1\r\n\r\nGET", "/", None, "").await
}

async fn another_host_header() -> Denied {
    send("GET", "/", Some(("host", "evil.example")), "").await
}

async fn a_transfer_encoding() -> Denied {
    send(
        "POST",
        "/",
        Some(("transfer-encoding", "chunked")),
        "0\r\n\r\nGET /evil HTTP/1.1\r\n",
    )
    .await
}

async fn a_connection_header() -> Denied {
    send("GET", "/", Some(("connection", "keep-alive, x-a")), "").await
}

async fn an_upgrade() -> Denied {
    send("GET", "/", Some(("upgrade", "websocket")), "").await
}

async fn a_length_that_is_too_short() -> Denied {
    let smuggled = "abcGET /evil HTTP/1.1\r\nhost: evil\r\n\r\n";
    let server = Server::text("hello").await;
    let url = server.url();
    let arguments = json!({
        "url": url, "method": "POST", "headers": [["content-length", "3"]], "body": smuggled,
    });
    let sent = call(&url, INTRUDER, "fetch", arguments).await;
    // Either it is refused, or it is one request with all of its body.
    assert!(server.requests().len() <= 1, "{:?}", server.requests());
    assert!(
        server
            .requests()
            .iter()
            .all(|it| !it.starts_with("GET /evil"))
    );
    harmless(sent, "evil")
}

async fn a_tunnel() -> Denied {
    let forbidden = Server::text(SECRET).await;
    let address = format!("127.0.0.1:{}", forbidden.port());
    let server = Server::text("hello").await;
    let url = server.url();
    let arguments = json!({
        "url": url, "method": "CONNECT", "headers": [["x-to", address]], "body": "",
    });
    let sent = call(&url, INTRUDER, "fetch", arguments).await;
    assert!(forbidden.requests().is_empty());
    harmless(sent, SECRET)
}

async fn a_trace_of_somebody_else() -> Denied {
    let trace = "00-11111111111111111111111111111111-2222222222222222-01";
    let server = Server::text("hello").await;
    let url = server.url();
    let arguments = json!({
        "url": url, "method": "GET", "headers": [["traceparent", trace]], "body": "",
    });
    let sent = call(&url, INTRUDER, "fetch", arguments).await;
    assert!(
        !server.requests()[0].contains(trace),
        "{:?}",
        server.requests()
    );
    harmless(sent, trace)
}

/// Fetches from a server that answers with these bytes, and with these for as long as it is heard.
async fn answered(start: Vec<u8>, again: Vec<u8>) -> Result<String, Error> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        let mut sent = stream.write_all(&start);
        while sent.is_ok() && !again.is_empty() {
            sent = stream.write_all(&again);
        }
        // Until the other side has enough.
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let fetched = call(&url, SNOOP, "snoop_fetch", json!({ "url": url })).await;
    tokio::task::spawn_blocking(|| server.join())
        .await
        .unwrap()
        .unwrap();
    fetched
}

async fn an_oversized_response() -> Denied {
    let body = response("200 OK", &[], &"x".repeat(2 << 20));
    denied_as(ErrorKind::Unavailable, answered(body, Vec::new()).await)
}

async fn an_endless_response() -> Denied {
    let head = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    denied(answered(head, vec![b'x'; 64 << 10]).await)
}

async fn an_endless_head() -> Denied {
    let head = b"HTTP/1.1 200 OK\r\n".to_vec();
    denied(answered(head, b"x-more: and more\r\n".to_vec()).await)
}

async fn a_response_that_falls_silent() -> Denied {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf".to_vec();
    denied_as(ErrorKind::Timeout, answered(head, Vec::new()).await)
}

/// A gzip stream of zeros without end, a thousandth part of what it unpacks to: one deflate block with
/// the fixed code, in which a zero is followed by copies of the 258 bytes before.
fn bomb(copies: usize) -> Vec<u8> {
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    // Last block, fixed code; a literal zero (eight bits, 00110000).
    let mut bits = vec![true, true, false];
    bits.extend([false, false, true, true, false, false, false, false]);
    for _ in 0..copies {
        // Length 258 (11000101), distance 1 (00000).
        bits.extend([true, true, false, false, false, true, false, true]);
        bits.extend([false; 5]);
    }
    let pack = |bits: &[bool]| {
        (0..)
            .zip(bits)
            .map(|(at, bit)| u8::from(*bit) << at)
            .sum::<u8>()
    };
    bytes.extend(bits.chunks(8).map(pack));
    bytes
}

fn gzipped(body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

async fn a_gzip_bomb() -> Denied {
    // 258 MB in 1.6 MB.
    let bomb = bomb(1_000_000);
    denied_as(
        ErrorKind::Unavailable,
        answered(gzipped(&bomb), Vec::new()).await,
    )
}

async fn a_response_that_says_it_is_gzip() -> Denied {
    let answer = gzipped(b"it is not");
    denied(answered(answer, Vec::new()).await)
}

async fn an_oversized_request() -> Denied {
    let server = Server::text("hello").await;
    let url = server.url();
    let sent = call(
        &url,
        INTRUDER,
        "upload",
        json!({ "url": url, "mebibytes": 20 }),
    )
    .await;
    assert!(server.requests().is_empty());
    denied(sent)
}

async fn more_requests_than_allowed() -> Denied {
    let server = Server::text("hello").await;
    let url = server.url();
    let sent = call(&url, INTRUDER, "fetch_forever", json!({ "url": url })).await;
    assert_eq!(server.requests().len(), 10);
    denied(sent)
}
