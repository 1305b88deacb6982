//! The tool as the host calls it, and a network that the other tests share.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use loom_http_exchange::transport::Reply;
use loom_sdk::testing::call;
use loom_sdk::tool::{AccessMode, Safety, Tool};
use serde_json::json;

use super::*;

/// A response with a type and a body.
pub(crate) fn reply(status: u16, content_type: &str, body: &str) -> Reply {
    let mut body = Some(body.as_bytes().to_vec());
    Reply {
        headers: vec![("content-type".to_owned(), content_type.to_owned())],
        read: Box::new(move || Ok(body.take())),
        ..Reply::empty(status)
    }
}

pub(crate) fn redirect(location: &str) -> Reply {
    Reply {
        headers: vec![("location".to_owned(), location.to_owned())],
        ..Reply::empty(302)
    }
}

pub(crate) fn limits(max_bytes: usize) -> Limits {
    Limits {
        deadline: Instant::now() + Duration::from_secs(60),
        max_bytes,
    }
}

#[test]
fn a_read_is_declared_for_its_url() {
    let definition = <web_fetch as Tool>::definition();
    assert_eq!(definition.safety, Safety::Safe);
    let access = &definition.accesses[0];
    assert_eq!(
        (
            access.mode,
            access.scheme.as_str(),
            access.argument.as_str()
        ),
        (AccessMode::Read, "url", "/url")
    );
}

#[test]
fn a_host_that_is_not_granted_is_denied_with_the_grant_to_add() {
    let error = call::<web_fetch>(json!({"url": "https://a.example/x"})).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied);
    assert!(
        error
            .message
            .contains("adds \"https://a.example\" to `network` under [plugins.web-fetch.grants]"),
        "{}",
        error.message
    );
}

#[test]
fn arguments_that_do_not_fit_are_refused() {
    for arguments in [
        json!({}),
        json!({"url": "example.com"}),
        json!({"url": "file:///etc/passwd"}),
        json!({"url": "https://user:pw@a.example"}),
        json!({"url": format!("https://a.example/{}", "x".repeat(8000))}),
        json!({"url": "https://a.example", "max_chars": 0}),
        json!({"url": "https://a.example", "max_chars": 200_001}),
        json!({"url": "https://a.example", "offset": -1}),
        json!({"url": "https://a.example", "depth": 2}),
    ] {
        let error = call::<web_fetch>(arguments.clone()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput, "{arguments}");
    }
}

#[test]
fn settings_that_cannot_be_read_are_told() {
    for (name, value) in [
        ("robots", "no"),
        ("max_bytes", "2MB"),
        ("max_bytes", "0"),
        ("max_bytes", "99999999"),
    ] {
        let setting = |asked: &str| (asked == name).then(|| value.to_owned());
        let error = Settings::read(&setting).err().unwrap();
        assert_eq!(error.kind, ErrorKind::InvalidInput);
        assert!(error.message.contains(name), "{}", error.message);
    }
    let settings = Settings::read(&|_| None).unwrap();
    assert!(
        settings.robots && settings.max_bytes == 2 << 20 && settings.user_agent.contains("Loom/")
    );
}

#[test]
fn a_call_without_time_left_times_out() {
    let mut context = loom_sdk::testing::context();
    context.deadline_ms = 0;
    let error = <web_fetch as Tool>::call(r#"{"url": "https://a.example"}"#, &context).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Timeout);
}
