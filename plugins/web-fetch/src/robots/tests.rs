//! What robots.txt forbids, and what its absence means.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use loom_http_exchange::transport::Reply;

use crate::tests::{limits, redirect, reply};

use super::*;

fn check_with(page: &str, answer: impl Fn(&str) -> Result<Reply>) -> Result<()> {
    let settings = Settings::read(&|_| None).unwrap();
    let mut robots = Robots::new(&settings);
    robots.check(&Url::parse(page).unwrap(), &limits(10), &mut |request| {
        answer(&request.url)
    })
}

fn is_allowed(rules: &str, path: &str) -> bool {
    let page = format!("https://a.example{path}");
    match check_with(&page, |_| Ok(reply(200, "text/plain", rules))) {
        Ok(()) => true,
        Err(error) => {
            assert_eq!(error.kind, ErrorKind::Denied, "{}", error.message);
            false
        }
    }
}

#[test]
fn the_group_of_this_reader_counts_before_that_of_all() {
    let rules = "User-agent: *\nDisallow: /\n\nUser-agent: Loom\nDisallow: /private\nAllow: /private/open$\n";
    for (path, expected) in [
        ("/", true),
        ("/page", true),
        ("/private", false),
        ("/private/x?y", false),
        ("/private/open", true),
        ("/private/open/x", false),
        ("/robots.txt", true),
    ] {
        assert_eq!(is_allowed(rules, path), expected, "{path}");
    }
    assert!(!is_allowed("User-agent: *\nDisallow: /*.pdf", "/a/b.pdf"));
    assert!(is_allowed("User-agent: loomis\nDisallow: /", "/"));
    assert!(is_allowed("", "/"));
    assert!(is_allowed("User-agent: *\nDisallow:", "/"));
}

#[test]
fn a_refusal_says_who_refuses_and_how_to_read_on() {
    let error = check_with("https://a.example/x", |_| {
        Ok(reply(200, "", "User-agent: *\nDisallow: /"))
    });
    let error = error.unwrap_err();
    assert!(
        error.message.contains("robots.txt of https://a.example"),
        "{}",
        error.message
    );
    assert!(
        error.message.contains("robots = false"),
        "{}",
        error.message
    );
    assert!(
        error.details.is_some(),
        "so that it is told from a missing grant"
    );
}

#[test]
fn a_file_that_is_not_there_allows_everything_and_a_broken_server_nothing() {
    for (status, kind) in [
        (404, None),
        (403, None),
        (401, None),
        (429, Some(ErrorKind::RateLimited)),
        (500, Some(ErrorKind::Unavailable)),
        (503, Some(ErrorKind::Unavailable)),
    ] {
        let checked = check_with("https://a.example/x", |_| Ok(reply(status, "", "")));
        assert_eq!(checked.err().map(|error| error.kind), kind, "{status}");
    }
    let checked = check_with("https://a.example/x", |_| {
        Err(Error::unavailable("refused"))
    });
    assert_eq!(checked.unwrap_err().kind, ErrorKind::Unavailable);
}

#[test]
fn redirects_are_followed() {
    let checked = check_with("https://a.example/x", |url| {
        Ok(if url == "https://a.example/robots.txt" {
            redirect("https://www.a.example/robots.txt")
        } else {
            reply(200, "", "User-agent: *\nDisallow: /x")
        })
    });
    assert_eq!(checked.unwrap_err().kind, ErrorKind::Denied);
    let checked = check_with("https://a.example/x", |_| Ok(redirect("/robots.txt")));
    assert!(
        checked.is_ok(),
        "more than five redirects count as none there"
    );
}

#[test]
fn hostile_files_are_read_in_time() {
    let many_anchors = format!("User-agent: *\n{}", "Disallow: /*a*b*c$\n".repeat(2000));
    assert!(!is_allowed(&many_anchors, "/xaxbxc"));
    let long_rule = format!("User-agent: *\nDisallow: /{}$\n", "*a".repeat(2000));
    assert!(is_allowed(&long_rule, "/x"));
    let stars = format!("User-agent: *\nDisallow: /{}\n", "*".repeat(10_000));
    assert!(!is_allowed(&stars, "/x"));
    assert!(is_allowed(&"\0\u{fffd}<html>".repeat(5000), "/x"));
}

#[test]
fn only_the_first_500_kib_count() {
    let rules = format!(
        "User-agent: *\n{}Disallow: /x",
        format!("# {}\n", "x".repeat(5000)).repeat(120)
    );
    assert!(is_allowed(&rules, "/x"));
}
