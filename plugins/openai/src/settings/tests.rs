//! Settings as they come from a configuration, and the addresses and headers that follow.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use super::*;

fn load(settings: &[(&str, &str)]) -> Result<Settings, Error> {
    Settings::load(&|name| {
        let found = settings.iter().find(|(key, _)| *key == name)?;
        Some(found.1.to_owned())
    })
}

fn at(base_url: &str) -> Settings {
    load(&[("base_url", base_url)]).unwrap()
}

fn key() -> Result<String, Error> {
    Ok("placeholder".to_owned())
}

#[test]
fn without_settings_it_is_openai() {
    let settings = load(&[]).unwrap();
    assert_eq!(settings.server, Server::OpenAi);
    assert_eq!(settings.max_tokens_field, "max_completion_tokens");
    assert!(settings.stream_usage && settings.text_tool_calls && !settings.api_key_optional);
    assert_eq!(
        settings.model_url("gpt-4o", "/chat/completions"),
        "https://api.openai.com/v1/chat/completions"
    );
    assert_eq!(settings.url("/models"), "https://api.openai.com/v1/models");
}

#[test]
fn another_server_needs_no_key_and_knows_the_older_field() {
    let settings = at(" http://LOCALHOST:8080/v1/ ");
    assert_eq!(settings.server, Server::Other);
    assert_eq!(settings.max_tokens_field, "max_tokens");
    assert_eq!(settings.url("/models"), "http://LOCALHOST:8080/v1/models");
    let missing = Err(Error::not_found("unset"));
    assert_eq!(settings.headers(missing).unwrap(), []);
}

#[test]
fn an_address_with_the_operation_in_it_is_understood() {
    let settings = at("http://localhost/v1/chat/completions");
    assert_eq!(
        settings.url("/embeddings"),
        "http://localhost/v1/embeddings"
    );
}

#[test]
fn names_that_only_look_like_openai_are_other_servers() {
    for url in [
        "https://api.openai.com.evil.example/v1",
        "https://evil.example/api.openai.com",
        "https://api.openai.com@evil.example/v1",
        "https://openai.azure.com.evil.example",
    ] {
        assert_eq!(at(url).server, Server::Other, "{url}");
    }
    assert_eq!(at("https://API.openai.com:443/v1").server, Server::OpenAi);
}

#[test]
fn azure_names_the_deployment_in_the_path() {
    let settings = at("https://me.openai.azure.com/");
    assert_eq!(settings.server, Server::Azure);
    assert_eq!(
        settings.model_url("my gpt/4", "/chat/completions"),
        "https://me.openai.azure.com/openai/deployments/my%20gpt%2F4/chat/completions?api-version=2024-10-21"
    );
    let settings = load(&[
        ("base_url", "https://gateway.example/openai"),
        ("azure", "true"),
        ("api_version", "2025-01-01-preview"),
    ]);
    assert_eq!(
        settings.unwrap().model_url("m", "/embeddings"),
        "https://gateway.example/openai/deployments/m/embeddings?api-version=2025-01-01-preview"
    );
}

#[test]
fn azure_v1_is_addressed_like_openai() {
    let settings = at("https://me.openai.azure.com/openai/v1");
    assert_eq!(
        settings.model_url("m", "/chat/completions"),
        "https://me.openai.azure.com/openai/v1/chat/completions"
    );
    let settings = load(&[
        ("base_url", "https://me.services.ai.azure.com/openai/v1/"),
        ("api_version", "preview"),
    ]);
    assert_eq!(
        settings.unwrap().url("/models"),
        "https://me.services.ai.azure.com/openai/v1/models?api-version=preview"
    );
}

#[test]
fn azure_can_be_switched_off() {
    let settings = load(&[
        ("base_url", "https://me.openai.azure.com/v1"),
        ("azure", "false"),
    ]);
    assert_eq!(settings.unwrap().server, Server::Other);
}

#[test]
fn the_key_goes_where_the_server_looks_for_it() {
    let bearer = ("authorization".to_owned(), "Bearer placeholder".to_owned());
    assert_eq!(load(&[]).unwrap().headers(key()).unwrap(), [bearer]);
    let azure = at("https://me.openai.azure.com");
    let expected = ("api-key".to_owned(), "placeholder".to_owned());
    assert_eq!(azure.headers(key()).unwrap(), [expected]);
}

#[test]
fn organization_project_and_extra_headers_are_sent() {
    let settings = load(&[
        ("organization", "org"),
        ("project", "proj"),
        ("headers", r#"{"X-Title": "loom"}"#),
    ]);
    let headers = settings.unwrap().headers(key()).unwrap();
    let names: Vec<_> = headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "X-Title",
            "openai-organization",
            "openai-project",
            "authorization"
        ]
    );
}

#[test]
fn an_authorization_of_ones_own_replaces_the_key() {
    let settings = load(&[("headers", r#"{"Authorization": "Basic x"}"#)]).unwrap();
    let missing = Err(Error::denied("no grant"));
    assert_eq!(settings.headers(missing).unwrap().len(), 1);
    assert_eq!(settings.headers(key()).unwrap().len(), 1);
}

#[test]
fn a_missing_key_says_which_variable_to_set() {
    for (url, variable) in [
        ("https://api.openai.com/v1", "OPENAI_API_KEY"),
        ("https://me.openai.azure.com", "AZURE_OPENAI_API_KEY"),
    ] {
        for why in [Error::denied("no grant"), Error::not_found("not set")] {
            let error = at(url).headers(Err(why)).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Unauthenticated);
            assert!(error.message.contains(variable), "{}", error.message);
        }
    }
    let strict = load(&[
        ("base_url", "http://localhost/v1"),
        ("api_key_optional", "false"),
    ]);
    let error = strict
        .unwrap()
        .headers(Err(Error::not_found("not set")))
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unauthenticated);
    let loose = load(&[("api_key_optional", "true")]).unwrap();
    assert_eq!(loose.headers(Err(Error::not_found("not set"))).unwrap(), []);
}

#[test]
fn a_key_that_cannot_be_read_is_not_passed_over() {
    let error = at("http://localhost/v1")
        .headers(Err(Error::internal("broken")))
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Internal);
}

#[test]
fn a_setting_that_cannot_be_used_is_named() {
    for (name, value) in [
        ("azure", "yes"),
        ("stream_usage", "1"),
        ("text_tool_calls", "\"true\""),
        ("api_key_optional", "TRUE"),
        ("timeout_ms", "0"),
        ("timeout_ms", "-1"),
        ("timeout_ms", "1.5"),
        ("timeout_ms", "99999999999999999999999"),
        ("headers", "x"),
        ("headers", "[]"),
        ("headers", r#"{"a": 1}"#),
        ("models", "gpt-4o"),
        ("models", "{}"),
        ("models", "[1]"),
        ("models", r#"[{"name": "a"}]"#),
    ] {
        let error = load(&[(name, value)]).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput, "{name} {value}");
        assert!(error.message.contains(name), "{}", error.message);
    }
}

#[test]
fn an_empty_setting_counts_as_unset() {
    let settings = load(&[("base_url", " "), ("headers", ""), ("timeout_ms", "")]).unwrap();
    assert_eq!(settings, load(&[]).unwrap());
    let timeout = load(&[("timeout_ms", "250")]).unwrap().timeout;
    assert_eq!(timeout, Some(Duration::from_millis(250)));
}
