//! Fetching over a canned network.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use crate::tests::{limits, redirect, reply};

use super::*;

fn settings(robots: bool) -> Settings {
    let setting = move |name: &str| (name == "robots").then(|| robots.to_string());
    Settings::read(&setting).unwrap()
}

/// Fetches; returns the URLs that were asked for.
fn fetch(
    url: &str,
    settings: &Settings,
    answer: impl Fn(&str) -> Result<Reply>,
) -> (Result<Fetched>, Vec<String>) {
    let mut asked = Vec::new();
    let fetched = run(
        parse_url(url).unwrap(),
        settings,
        &limits(1000),
        &mut |request| {
            let reply = answer(&request.url);
            asked.push(request.url);
            reply
        },
    );
    (fetched, asked)
}

fn denied() -> Error {
    Error::denied("the host does not allow it")
}

#[test]
fn robots_are_asked_first_and_once_for_each_origin() {
    let (fetched, asked) = fetch("https://a.example/1", &settings(true), |url| {
        Ok(match url {
            "https://a.example/1" => redirect("/2"),
            "https://a.example/2" => redirect("https://b.example/3"),
            url if url.ends_with("robots.txt") => reply(404, "", ""),
            _ => reply(200, "text/plain", "done"),
        })
    });
    let fetched = fetched.unwrap();
    assert_eq!(fetched.body, b"done");
    assert_eq!(fetched.url.as_str(), "https://b.example/3");
    assert_eq!(
        asked,
        [
            "https://a.example/robots.txt",
            "https://a.example/1",
            "https://a.example/2",
            "https://b.example/robots.txt",
            "https://b.example/3",
        ]
    );
}

#[test]
fn without_robots_only_the_page_is_asked_for() {
    let (fetched, asked) = fetch("https://a.example/1", &settings(false), |_| {
        Ok(reply(200, "", "x"))
    });
    assert!(fetched.is_ok());
    assert_eq!(asked, ["https://a.example/1"]);
}

#[test]
fn the_sixth_redirect_is_not_followed() {
    let (fetched, asked) = fetch("https://a.example/", &settings(false), |_| {
        Ok(redirect("/again"))
    });
    let error = fetched.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(
        error.message.contains("more than 5 redirects"),
        "{}",
        error.message
    );
    assert_eq!(asked.len(), 6);
}

#[test]
fn a_redirect_to_a_host_without_grant_names_that_host() {
    let (fetched, _) = fetch("https://a.example/", &settings(false), |url| {
        if url.contains("b.example") {
            Err(denied())
        } else {
            Ok(redirect("https://b.example/x"))
        }
    });
    let error = fetched.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied);
    assert!(
        error
            .message
            .starts_with("redirected to https://b.example/x"),
        "{}",
        error.message
    );
    assert!(
        error.message.contains("adds \"https://b.example\""),
        "{}",
        error.message
    );
}

#[test]
fn a_redirect_that_leads_nowhere_is_an_error() {
    for location in ["file:///etc/passwd", "http://["] {
        let (fetched, _) = fetch("https://a.example/", &settings(false), |_| {
            Ok(redirect(location))
        });
        assert_eq!(
            fetched.unwrap_err().kind,
            ErrorKind::Unavailable,
            "{location}"
        );
    }
}

#[test]
fn a_status_says_what_is_wrong_and_what_the_server_says_about_it() {
    let (fetched, _) = fetch("https://a.example/", &settings(false), |_| {
        Ok(reply(
            429,
            "application/json",
            "{\"message\":\n \"slow down\"}",
        ))
    });
    let error = fetched.unwrap_err();
    assert_eq!(
        (error.kind, error.http_status),
        (ErrorKind::RateLimited, Some(429))
    );
    assert!(error.message.contains("slow down"), "{}", error.message);
    let (fetched, _) = fetch("https://a.example/", &settings(false), |_| {
        Ok(reply(404, "text/html", "<h1>Whole page</h1>"))
    });
    let error = fetched.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert!(!error.message.contains("Whole page"), "{}", error.message);
    assert!(
        !error.message.contains("grants"),
        "a server's refusal is no missing grant"
    );
}

#[test]
fn a_refusal_of_the_server_is_not_taken_for_a_missing_grant() {
    let (fetched, _) = fetch("https://a.example/", &settings(false), |_| {
        Ok(reply(403, "text/plain", "no"))
    });
    let error = fetched.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied);
    assert!(!error.message.contains("grants"), "{}", error.message);
}

#[test]
fn what_cannot_be_unpacked_is_an_error() {
    let (fetched, _) = fetch("https://a.example/", &settings(false), |_| {
        let mut reply = reply(200, "text/html", "x");
        reply
            .headers
            .push(("content-encoding".to_owned(), "br".to_owned()));
        Ok(reply)
    });
    assert!(fetched.unwrap_err().message.contains("packed with br"));
}

#[test]
fn a_body_is_read_up_to_the_limit() {
    let (fetched, _) = fetch("https://a.example/", &settings(false), |_| {
        let mut reply = reply(200, "text/plain", "");
        reply.read = Box::new(|| Ok(Some(b"0123456789".repeat(30))));
        Ok(reply)
    });
    let fetched = fetched.unwrap();
    assert_eq!((fetched.body.len(), fetched.end), (1000, End::Cut));
}
