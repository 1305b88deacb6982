//! Who is asked.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use crate::tests::{reply, search};

use super::*;

/// The host that is asked.
fn asked(asked: Option<Engine>, settings: &[(&str, &str)], keys: &[&str]) -> String {
    let (_, requests) = search(asked, settings, keys, |_| Ok(reply(200, "{}")));
    let url = Url::parse(&requests[0].url).unwrap();
    url.host_str().unwrap().to_owned()
}

#[test]
fn without_a_setting_the_first_that_is_set_up_is_asked() {
    let searxng = [("searxng_url", "https://search.example")];
    assert_eq!(asked(None, &[], &[]), "html.duckduckgo.com");
    assert_eq!(asked(None, &searxng, &[]), "search.example");
    assert_eq!(asked(None, &searxng, &["tavily"]), "api.tavily.com");
    assert_eq!(
        asked(None, &searxng, &["tavily", "brave"]),
        "api.search.brave.com"
    );
}

#[test]
fn the_setting_wins_over_keys_and_the_argument_over_the_setting() {
    let settings = [("engine", "duckduckgo")];
    assert_eq!(asked(None, &settings, &["brave"]), "html.duckduckgo.com");
    assert_eq!(
        asked(Some(Engine::Brave), &settings, &["brave"]),
        "api.search.brave.com"
    );
    assert_eq!(
        asked(None, &[("engine", "auto")], &["brave"]),
        "api.search.brave.com"
    );
}

#[test]
fn urls_can_be_set() {
    for (engine, setting) in [
        (Engine::Brave, "brave_url"),
        (Engine::Tavily, "tavily_url"),
        (Engine::SearXng, "searxng_url"),
        (Engine::DuckDuckGo, "duckduckgo_url"),
    ] {
        let settings = [(setting, "http://127.0.0.1:1/x")];
        assert_eq!(
            asked(Some(engine), &settings, &["brave", "tavily"]),
            "127.0.0.1"
        );
    }
}

#[test]
fn settings_that_cannot_be_read_are_told() {
    for settings in [
        [("engine", "google")],
        [("duckduckgo_url", "html.duckduckgo.com")],
        [("duckduckgo_url", "file:///etc/passwd")],
    ] {
        let (found, requests) = search(None, &settings, &[], |_| Ok(reply(200, "")));
        let error = found.unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput);
        assert!(error.message.contains(settings[0].0), "{}", error.message);
        assert!(requests.is_empty());
    }
}

#[test]
fn answers_that_are_not_whole_are_errors() {
    let endless = || {
        let mut reply = reply(200, "");
        reply.read = Box::new(|| Ok(Some(vec![b' '; 1 << 20])));
        reply
    };
    let (found, _) = search(Some(Engine::Brave), &[], &["brave"], |_| Ok(endless()));
    let error = found.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(error.message.contains("too large"), "{}", error.message);
}

#[test]
fn redirects_are_not_followed() {
    let (found, requests) = search(Some(Engine::Brave), &[], &["brave"], |_| Ok(reply(302, "")));
    assert_eq!(found.unwrap_err().kind, ErrorKind::Unavailable);
    assert_eq!(requests.len(), 1);
}
