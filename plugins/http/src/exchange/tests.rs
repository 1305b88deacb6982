//! Exchanges over a canned transport.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::collections::{BTreeMap, VecDeque};

use loom_http_exchange::transport::Reply;
use loom_sdk::http::Request;

use std::time::Instant;

use super::*;

fn order(url: &str) -> Order {
    let headers = [("authorization", "{{secret:key}}"), ("accept", "*/*")];
    let headers: BTreeMap<_, _> = headers.map(|(n, v)| (n.to_owned(), v.to_owned())).into();
    Order::new("GET", url, headers, None, |name| Ok(name.to_owned())).unwrap()
}

fn limits(max_bytes: usize) -> Limits {
    Limits {
        deadline: Instant::now() + Duration::from_secs(60),
        max_bytes,
    }
}

fn pieces(pieces: Vec<Result<Option<Vec<u8>>>>) -> Box<dyn FnMut() -> Result<Option<Vec<u8>>>> {
    let mut pieces = VecDeque::from(pieces);
    Box::new(move || pieces.pop_front().unwrap_or(Ok(None)))
}

fn redirect(location: &str) -> Reply {
    Reply {
        headers: vec![("location".to_owned(), location.to_owned())],
        read: Box::new(|| panic!("the body of a redirect is not read")),
        ..Reply::empty(302)
    }
}

fn page(body: Vec<Result<Option<Vec<u8>>>>) -> Reply {
    Reply {
        read: pieces(body),
        ..Reply::empty(200)
    }
}

/// Carries out an exchange; returns the requests too.
fn exchange(
    url: &str,
    limits: &Limits,
    answer: impl Fn(&Request) -> Result<Reply>,
) -> (Result<Answer>, Vec<Request>) {
    let mut requests = Vec::new();
    let answer = run(order(url), limits, &mut |request| {
        let reply = answer(&request);
        requests.push(request);
        reply
    });
    (answer, requests)
}

#[test]
fn redirects_are_followed_and_the_final_url_is_known() {
    let (answer, requests) = exchange("https://a.example/1", &limits(100), |request| {
        Ok(match request.url.as_str() {
            "https://a.example/1" => redirect("/2"),
            "https://a.example/2" => redirect("https://b.example/3"),
            _ => page(vec![Ok(Some(b"done".to_vec()))]),
        })
    });
    let answer = answer.unwrap();
    assert_eq!(answer.body, b"done");
    assert_eq!(answer.end, End::Complete);
    assert_eq!(
        answer.redirected_to.unwrap().as_str(),
        "https://b.example/3"
    );
    assert_eq!(answer.dropped_headers, ["authorization"]);
    let names = |request: &Request| request.headers.len();
    assert_eq!(requests.iter().map(names).collect::<Vec<_>>(), [2, 2, 1]);
}

#[test]
fn a_credential_does_not_come_back_with_the_origin() {
    let (_, requests) = exchange("https://a.example/1", &limits(100), |request| {
        Ok(match request.url.as_str() {
            "https://a.example/1" => redirect("https://b.example/2"),
            "https://b.example/2" => redirect("https://a.example/3"),
            _ => page(vec![]),
        })
    });
    assert_eq!(requests.len(), 3);
    assert!(
        requests[2]
            .headers
            .iter()
            .all(|(name, _)| name != "authorization")
    );
}

#[test]
fn a_circle_of_redirects_ends_after_ten() {
    let (answer, requests) = exchange("https://a.example/", &limits(100), |_| {
        Ok(redirect("/again"))
    });
    let error = answer.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(
        error.message.contains("more than 10 redirects"),
        "{}",
        error.message
    );
    assert_eq!(requests.len(), 11);
}

#[test]
fn ten_redirects_are_still_followed() {
    let (answer, _) = exchange("https://a.example/0", &limits(100), |request| {
        let step: usize = request.url.rsplit('/').next().unwrap().parse().unwrap();
        Ok(if step == 10 {
            page(vec![])
        } else {
            redirect(&format!("/{}", step + 1))
        })
    });
    assert_eq!(answer.unwrap().redirected_to.unwrap().path(), "/10");
}

#[test]
fn an_error_status_is_a_result() {
    let (answer, _) = exchange("https://a.example/", &limits(100), |_| {
        Ok(Reply {
            status: 500,
            ..page(vec![Ok(Some(b"sorry".to_vec()))])
        })
    });
    let answer = answer.unwrap();
    assert_eq!(
        (answer.status, answer.body.as_slice()),
        (500, &b"sorry"[..])
    );
}

#[test]
fn a_denied_host_is_explained_with_the_grant_to_add() {
    let refuse = |_: &Request| Err(Error::denied("the host does not allow requests to it"));
    let (answer, _) = exchange("https://a.example:8443/x?y=1", &limits(100), refuse);
    let error = answer.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied);
    assert!(
        error.message.contains("\"https://a.example:8443\""),
        "{}",
        error.message
    );
    assert!(
        error.message.contains("[plugins.http.grants]"),
        "{}",
        error.message
    );
    assert!(error.message.contains("bound to"), "{}", error.message);
}

#[test]
fn a_denied_redirect_names_where_it_led() {
    let (answer, _) = exchange("https://a.example/", &limits(100), |request| {
        if request.url.starts_with("https://a.") {
            Ok(redirect("http://169.254.169.254/latest"))
        } else {
            Err(Error::denied("no"))
        }
    });
    let error = answer.unwrap_err();
    assert!(
        error
            .message
            .starts_with("redirected to http://169.254.169.254: "),
        "{}",
        error.message
    );
    assert!(!error.message.contains("bound to"), "{}", error.message);
}

#[test]
fn a_body_is_cut_at_the_limit() {
    let body = || vec![Ok(Some(b"abc".to_vec())), Ok(Some(b"def".to_vec()))];
    for (max_bytes, expected, end) in [
        (0, "", End::Cut),
        (2, "ab", End::Cut),
        (3, "abc", End::Cut),
        (5, "abcde", End::Cut),
        (6, "abcdef", End::Complete),
        (7, "abcdef", End::Complete),
    ] {
        let (answer, _) = exchange("https://a.example/", &limits(max_bytes), |_| {
            Ok(page(body()))
        });
        let answer = answer.unwrap();
        assert_eq!(answer.body, expected.as_bytes(), "{max_bytes}");
        assert_eq!(answer.end, end, "{max_bytes}");
    }
}

#[test]
fn an_endless_body_ends_at_the_limit() {
    let (answer, _) = exchange("https://a.example/", &limits(1000), |_| {
        Ok(Reply {
            read: Box::new(|| Ok(Some(vec![b'x'; 64]))),
            ..page(vec![])
        })
    });
    assert_eq!(answer.unwrap().body.len(), 1000);
}

#[test]
fn what_came_before_a_failure_is_kept() {
    for (error, end) in [
        (Error::timeout("silence"), End::TimedOut),
        (Error::unavailable("reset"), End::Broken("reset".to_owned())),
    ] {
        let (answer, _) = exchange("https://a.example/", &limits(100), |_| {
            Ok(page(vec![Ok(Some(b"half".to_vec())), Err(error.clone())]))
        });
        let answer = answer.unwrap();
        assert_eq!((answer.body.as_slice(), answer.end), (&b"half"[..], end));
        let (answer, _) = exchange("https://a.example/", &limits(100), |_| {
            Ok(page(vec![Err(error.clone())]))
        });
        assert_eq!(answer.unwrap_err().kind, error.kind);
    }
}

#[test]
fn nothing_is_sent_after_the_deadline() {
    let limits = Limits {
        deadline: Instant::now(),
        max_bytes: 100,
    };
    let (answer, requests) = exchange("https://a.example/", &limits, |_| Ok(page(vec![])));
    let error = answer.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Timeout);
    assert!(error.message.contains("timeout_ms"), "{}", error.message);
    assert!(requests.is_empty());
}

#[test]
fn a_request_waits_no_longer_than_the_deadline() {
    let (_, requests) = exchange("https://a.example/", &limits(100), |_| Ok(page(vec![])));
    assert!(requests[0].timeout.unwrap() <= Duration::from_secs(60));
}
