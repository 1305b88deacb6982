//! Responses as the model sees them.

use loom_sdk::testing;
use url::Url;

use super::*;

fn answer(content_type: &str, body: &[u8]) -> Answer {
    Answer {
        status: 200,
        headers: vec![("content-type".to_owned(), content_type.to_owned())],
        body: body.to_vec(),
        max_bytes: 1000,
        end: End::Complete,
        redirected_to: None,
        dropped_headers: Vec::new(),
    }
}

fn check(answer: Answer, expected: &str) {
    assert_eq!(testing::text(Ok(content(answer))), expected);
}

fn add(answer: &mut Answer, name: &str, value: &str) {
    answer.headers.push((name.to_owned(), value.to_owned()));
}

#[test]
fn text_follows_the_status_line() {
    check(
        answer("text/html; charset=utf-8", b"<p>hi</p>"),
        "HTTP 200 text/html; charset=utf-8 (9 bytes)\n\n<p>hi</p>",
    );
    check(
        answer("text/plain", b"x"),
        "HTTP 200 text/plain (1 byte)\n\nx",
    );
}

#[test]
fn an_empty_body_leaves_the_head_alone() {
    let mut empty = answer("", b"");
    empty.status = 204;
    empty.headers.clear();
    check(empty, "HTTP 204 (0 bytes)");
}

#[test]
fn useful_headers_are_shown_and_others_are_not() {
    let mut full = answer("application/json", b"{}");
    full.status = 429;
    add(&mut full, "server", "nginx");
    add(&mut full, "retry-after", "5");
    add(&mut full, "x-ratelimit-remaining", "0");
    add(&mut full, "content-security-policy", "default-src 'self'");
    add(&mut full, "set-cookie", "a=1");
    add(&mut full, "set-cookie", "b=2");
    check(
        full,
        "HTTP 429 application/json (2 bytes)\nretry-after: 5\nx-ratelimit-remaining: 0\nset-cookie: a=1\nset-cookie: b=2\n\n{}",
    );
}

#[test]
fn a_long_header_is_shortened() {
    let mut long = answer("text/plain", b"x");
    add(&mut long, "link", &"ü".repeat(5000));
    let text = testing::text(Ok(content(long)));
    assert!(text.contains(&format!("link: {}…\n", "ü".repeat(1000))));
}

#[test]
fn a_redirect_shows_the_final_url_and_what_was_not_sent_there() {
    let mut redirected = answer("text/plain", b"x");
    redirected.redirected_to = Url::parse("https://b.example/x").ok();
    redirected.dropped_headers = vec!["authorization".to_owned(), "cookie".to_owned()];
    check(
        redirected,
        "HTTP 200 text/plain (1 byte)\nurl: https://b.example/x\nnot sent to another origin: authorization, cookie\n\nx",
    );
}

#[test]
fn an_image_is_a_blob() {
    let content = content(answer("image/png", b"\x89PNG"));
    let blob = Blob {
        mime: "image/png".to_owned(),
        data: b"\x89PNG".to_vec(),
    };
    let head = "HTTP 200 image/png (4 bytes)".to_owned();
    assert_eq!(content, [Content::Text(head), Content::Blob(blob)]);
}

#[test]
fn half_an_image_is_described() {
    let mut half = answer("image/png", b"\x89PNG");
    half.end = End::Cut;
    check(
        half,
        "HTTP 200 image/png (first 4 bytes)\n\n[not shown: image/png; cut after 1000 bytes; raise max_bytes or send the header range for more]",
    );
}

#[test]
fn binary_data_is_described() {
    check(
        answer("application/zip", b"PK\x03\x04\x00"),
        "HTTP 200 application/zip (5 bytes)\n\n[not shown: application/zip]",
    );
    let mut unknown = answer("", b"\x00");
    unknown.headers.clear();
    check(
        unknown,
        "HTTP 200 (1 byte)\n\n[not shown: binary data of unknown type]",
    );
}

#[test]
fn packed_text_is_not_shown_as_text() {
    let mut packed = answer("text/html", b"abc");
    add(&mut packed, "content-encoding", "br");
    check(
        packed,
        "HTTP 200 text/html (3 bytes)\n\n[not shown: text/html, packed with br]",
    );
    let mut plain = answer("text/html", b"abc");
    add(&mut plain, "content-encoding", "identity");
    check(plain, "HTTP 200 text/html (3 bytes)\n\nabc");
}

#[test]
fn an_incomplete_body_says_so() {
    for (end, note) in [
        (
            End::Cut,
            "cut after 1000 bytes; raise max_bytes or send the header range for more",
        ),
        (
            End::TimedOut,
            "the time was up before the end; raise timeout_ms for more",
        ),
        (End::Broken("reset".to_owned()), "incomplete: reset"),
    ] {
        let mut partial = answer("text/plain", b"half\xc3");
        partial.end = end;
        check(
            partial,
            &format!("HTTP 200 text/plain (first 5 bytes)\n\nhalf\n\n[{note}]"),
        );
    }
}

#[test]
fn at_the_largest_limit_the_advice_is_another() {
    let mut full = answer("application/zip", b"PK\x00");
    full.end = End::Cut;
    full.max_bytes = MAX_BYTES;
    check(
        full,
        "HTTP 200 application/zip (first 3 bytes)\n\n[not shown: application/zip; cut after 1000000 bytes; send the header range for more]",
    );
}

#[test]
fn text_that_grows_when_decoded_is_cut_between_characters() {
    let grown = answer("text/plain; charset=iso-8859-1", &[0xfc; 999]);
    let text = testing::text(Ok(content(grown)));
    let body = text.split("\n\n").nth(1);
    assert_eq!(body.map(str::len), Some(1000));
    assert!(text.ends_with("for more]"), "{text}");
}
