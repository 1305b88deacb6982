//! What is accepted, what is refused, and what is sent.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use loom_sdk::ErrorKind;
use serde_json::json;

use super::*;

fn placeholder(name: &str) -> Result<String> {
    Ok(format!("<{name}>"))
}

fn order(method: &str, url: &str, headers: &[(&str, &str)], body: Option<Body>) -> Result<Order> {
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Order::new(method, url, headers.collect(), body, placeholder)
}

fn sent(order: &Order) -> Vec<(String, String)> {
    order.request(Duration::from_secs(1)).headers
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn a_request_is_normalised() {
    let order = order(
        " post ",
        " HTTPS://Bücher.example/a b?q=ü#part ",
        &[("X-Api-Key", "{{secret:key}}"), ("Accept", "*/*")],
        None,
    )
    .unwrap();
    let request = order.request(Duration::from_secs(7));
    assert_eq!(request.method, "POST");
    assert_eq!(
        request.url,
        "https://xn--bcher-kva.example/a%20b?q=%C3%BC#part"
    );
    assert_eq!(
        request.headers,
        [pair("accept", "*/*"), pair("x-api-key", "<key>")]
    );
    assert_eq!(request.timeout, Some(Duration::from_secs(7)));
    assert!(order.has_secret());
}

#[test]
fn a_body_gets_a_content_type_unless_it_has_one() {
    let body = |value| Some(serde_json::from_value::<Body>(value).unwrap());
    let url = "https://a.example/";
    for (value, bytes, content_type) in [
        (
            json!({"a": [1, null]}),
            r#"{"a":[1,null]}"#,
            "application/json",
        ),
        (json!([1, 2]), "[1,2]", "application/json"),
        (json!(" {\"a\": 1}"), " {\"a\": 1}", "application/json"),
        (
            json!("{not json}"),
            "{not json}",
            "text/plain; charset=utf-8",
        ),
        (json!("grüße"), "grüße", "text/plain; charset=utf-8"),
    ] {
        let order = order("POST", url, &[], body(value)).unwrap();
        assert_eq!(order.body, bytes.as_bytes());
        assert_eq!(sent(&order), [pair("content-type", content_type)]);
    }
    let own = [("Content-Type", "application/x-www-form-urlencoded")];
    let order = order("POST", url, &own, body(json!("a=1"))).unwrap();
    assert_eq!(
        sent(&order),
        [pair("content-type", "application/x-www-form-urlencoded")]
    );
}

#[test]
fn a_body_of_another_type_is_refused() {
    for value in [json!(1), json!(true), json!(null)] {
        assert!(serde_json::from_value::<Body>(value).is_err());
    }
}

#[test]
fn headers_that_the_client_writes_itself_are_left_out() {
    let copied = [
        ("Connection", "keep-alive"),
        ("Content-Length", "5"),
        ("keep-alive", "timeout=5"),
    ];
    let order = order("GET", "https://a.example/", &copied, None).unwrap();
    assert_eq!(sent(&order), []);
}

#[test]
fn what_cannot_be_sent_is_refused_with_advice() {
    let text = |text: &str| Some(Body::Text(text.to_owned()));
    let fine = "https://a.example/";
    let long = format!("https://{}/", "a".repeat(100_000));
    for (result, expected) in [
        (
            order("GET", "a.example", &[], None),
            "write an absolute one",
        ),
        (order("GET", "", &[], None), "is not a URL"),
        (order("GET", &long, &[], None), "more than the 8000"),
        (
            order("GET", "ftp://a.example/", &[], None),
            "only http and https can be requested, not ftp",
        ),
        (order("GET", "file:///etc/passwd", &[], None), "not file"),
        (
            order("GET", "https://me:pw@a.example/", &[], None),
            "header authorization",
        ),
        (
            order("GET", "https://a.example/{{secret:k}}", &[], None),
            "not in the URL",
        ),
        (
            order("POST", fine, &[], text("k={{secret:k}}")),
            "not in the body",
        ),
        (order("", fine, &[], None), "is not an HTTP method"),
        (order("GET /", fine, &[], None), "is not an HTTP method"),
        (order("GÉT", fine, &[], None), "is not an HTTP method"),
        (
            order("GET", fine, &[("", "x")], None),
            "not the name of a header",
        ),
        (
            order("GET", fine, &[("a b", "x")], None),
            "not the name of a header",
        ),
        (
            order("GET", fine, &[("a:", "x")], None),
            "not the name of a header",
        ),
        (
            order("GET", fine, &[("a", "x\r\nb: y")], None),
            "line break",
        ),
        (
            order("GET", fine, &[("a", "{{secret:")], None),
            "is missing",
        ),
    ] {
        let error = result.unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput, "{expected}");
        assert!(error.message.contains(expected), "{}", error.message);
        assert!(error.message.len() < 1000, "{} bytes", error.message.len());
    }
}
