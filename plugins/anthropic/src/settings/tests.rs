//! Settings as they come from a configuration, and the addresses and headers that follow.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use super::*;

fn load(settings: &[(&str, &str)]) -> Result<Settings, Error> {
    Settings::load(&|name| {
        let found = settings.iter().find(|(key, _)| *key == name)?;
        Some(found.1.to_owned())
    })
}

fn header(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn without_settings_it_is_anthropic() {
    let settings = load(&[]).unwrap();
    assert_eq!(
        settings.url("/messages"),
        "https://api.anthropic.com/v1/messages"
    );
    let headers = settings.headers(Ok("placeholder".to_owned())).unwrap();
    let expected = [
        header("anthropic-version", "2023-06-01"),
        header("x-api-key", "placeholder"),
    ];
    assert_eq!(headers, expected);
    assert!(settings.cache);
    assert_eq!(settings.thinking_budget_tokens, None);
}

#[test]
fn an_address_may_be_given_with_more_than_its_base() {
    for url in [
        "http://localhost:8080",
        " http://localhost:8080/ ",
        "http://localhost:8080/v1",
        "http://localhost:8080/v1/",
        "http://localhost:8080/v1/messages",
    ] {
        let settings = load(&[("base_url", url)]).unwrap();
        assert_eq!(
            settings.url("/models"),
            "http://localhost:8080/v1/models",
            "{url}"
        );
    }
}

#[test]
fn version_beta_and_extra_headers_are_sent() {
    let settings = load(&[
        ("version", "2030-01-01"),
        ("beta", "a,b"),
        ("headers", r#"{"X-Title": "loom"}"#),
    ]);
    let headers = settings.unwrap().headers(Err(Error::not_found("unset")));
    assert_eq!(headers.unwrap_err().kind, ErrorKind::Unauthenticated);
    let settings = load(&[
        ("beta", "a,b"),
        ("headers", r#"{"Authorization": "Bearer x"}"#),
    ]);
    let headers = settings
        .unwrap()
        .headers(Ok("placeholder".to_owned()))
        .unwrap();
    let expected = [
        header("anthropic-version", "2023-06-01"),
        header("anthropic-beta", "a,b"),
        header("Authorization", "Bearer x"),
    ];
    assert_eq!(headers, expected);
}

#[test]
fn only_anthropic_itself_needs_a_key() {
    let missing = || Err(Error::denied("no grant"));
    let error = load(&[]).unwrap().headers(missing()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unauthenticated);
    assert!(
        error.message.contains("ANTHROPIC_API_KEY"),
        "{}",
        error.message
    );
    for url in [
        "http://localhost/v1",
        "https://api.anthropic.com.evil.example",
        "https://api.anthropic.com@evil.example",
    ] {
        let settings = load(&[("base_url", url)]).unwrap();
        assert_eq!(settings.headers(missing()).unwrap().len(), 1, "{url}");
        let error = settings
            .headers(Err(Error::internal("broken")))
            .unwrap_err();
        assert_eq!(error.kind, ErrorKind::Internal);
    }
}

#[test]
fn a_setting_that_cannot_be_used_is_named() {
    for (name, value) in [
        ("cache", "yes"),
        ("thinking_budget_tokens", "0"),
        ("thinking_budget_tokens", "many"),
        ("max_tokens", "-1"),
        ("max_tokens", "99999999999"),
        ("timeout_ms", "1.5"),
        ("headers", "[]"),
        ("headers", r#"{"a": null}"#),
        ("models", "claude"),
        ("models", "[{}]"),
    ] {
        let error = load(&[(name, value)]).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput, "{name} {value}");
        assert!(error.message.contains(name), "{}", error.message);
    }
    assert_eq!(
        load(&[("cache", " "), ("max_tokens", "")]).unwrap(),
        load(&[]).unwrap()
    );
}
