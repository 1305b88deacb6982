//! Where redirects lead and what they take along.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::collections::BTreeMap;

use crate::order::Body;

use super::*;

fn order(method: &str, url: &str) -> Order {
    let headers = [
        ("Accept", "*/*"),
        ("Authorization", "Bearer x"),
        ("Cookie", "a=b"),
        ("X-Custom", "{{secret:key}}"),
        ("X-Plain", "1"),
    ];
    let headers: BTreeMap<_, _> = headers.map(|(n, v)| (n.to_owned(), v.to_owned())).into();
    Order::new(method, url, headers, None, |name| Ok(name.to_owned())).unwrap()
}

fn reply(status: u16, location: Option<&str>) -> Reply {
    let headers = location.map(|location| ("location".to_owned(), location.to_owned()));
    Reply {
        headers: headers.into_iter().collect(),
        ..Reply::empty(status)
    }
}

#[test]
fn locations_are_resolved_against_the_request() {
    for (location, expected) in [
        ("https://b.example/x", Some("https://b.example/x")),
        ("/x", Some("https://a.example/x")),
        ("x?y=1", Some("https://a.example/dir/x?y=1")),
        ("../x", Some("https://a.example/x")),
        ("?q", Some("https://a.example/dir/page?q")),
        ("//b.example", Some("https://b.example/")),
        (" /x ", Some("https://a.example/x")),
        ("/ü", Some("https://a.example/%C3%BC")),
        ("", Some("https://a.example/dir/page")),
        ("https://u:p@b.example/", Some("https://b.example/")),
        ("http://a.example/", Some("http://a.example/")),
        ("ftp://b.example/", None),
        ("javascript:alert(1)", None),
        ("https://", None),
    ] {
        let target = target(
            &order("GET", "https://a.example/dir/page"),
            &reply(302, Some(location)),
        );
        assert_eq!(target.map(String::from).as_deref(), expected, "{location}");
    }
}

#[test]
fn only_reading_requests_follow_and_only_redirects_are_followed() {
    let check = |method: &str, status, follows: bool| {
        let target = target(
            &order(method, "https://a.example/"),
            &reply(status, Some("/x")),
        );
        assert_eq!(target.is_some(), follows, "{method} {status}");
    };
    for status in [301, 302, 303, 307, 308] {
        check("GET", status, true);
        check("HEAD", status, true);
        for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            check(method, status, false);
        }
    }
    for status in [200, 201, 300, 304, 305, 306, 404, 500] {
        check("GET", status, false);
    }
    assert_eq!(
        target(&order("GET", "https://a.example/"), &reply(302, None)),
        None
    );
}

#[test]
fn a_request_with_a_body_is_not_sent_on() {
    let headers = BTreeMap::new();
    let body = Some(Body::Text("x".to_owned()));
    let order = Order::new("GET", "https://a.example/", headers, body, |name| {
        Ok(name.to_owned())
    });
    assert_eq!(target(&order.unwrap(), &reply(302, Some("/x"))), None);
}

#[test]
fn headers_that_say_who_asks_stay_with_their_origin() {
    for (target, kept) in [
        ("https://a.example/other", true),
        ("https://a.example:443/other", true),
        ("https://b.example/", false),
        ("https://sub.a.example/", false),
        ("http://a.example/", false),
        ("https://a.example:8443/", false),
    ] {
        let mut order = order("GET", "https://a.example/");
        let dropped = turn(&mut order, Url::parse(target).unwrap());
        assert_eq!(
            order.url.as_str().trim_end_matches('/'),
            target.replace(":443", "").trim_end_matches('/')
        );
        let names: Vec<&str> = order.headers.iter().map(|h| h.name.as_str()).collect();
        if kept {
            assert!(dropped.is_empty(), "{target}");
            assert_eq!(names.len(), 5, "{target}");
        } else {
            assert_eq!(dropped, ["authorization", "cookie", "x-custom"], "{target}");
            assert_eq!(names, ["accept", "x-plain"], "{target}");
        }
    }
}
