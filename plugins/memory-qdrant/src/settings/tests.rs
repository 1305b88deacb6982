//! Tests of the settings.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::time::Duration;

use super::Settings;

fn load(settings: &[(&str, &str)]) -> Result<Settings, String> {
    let get = |name: &str| {
        let found = settings.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    Settings::load(&get).map_err(|error| error.message)
}

#[test]
fn nothing_needs_to_be_set() {
    let settings = load(&[]).unwrap();
    assert_eq!(settings.url, "http://localhost:6333");
    assert_eq!(settings.collection, "loom");
    assert_eq!(settings.timeout, Duration::from_secs(30));
}

#[test]
fn an_address_may_have_a_path() {
    let settings = load(&[("url", " https://example.com/qdrant/ ")]).unwrap();
    assert_eq!(settings.url, "https://example.com/qdrant");
}

#[test]
fn what_cannot_be_used_is_named() {
    let bad = [
        ("url", "localhost:6333"),
        ("url", "http://"),
        ("url", "http://a?b"),
        ("collection", "a/b"),
        ("collection", ".."),
        ("collection", "ä"),
        ("timeout_ms", "0"),
        ("timeout_ms", "soon"),
    ];
    for (name, value) in bad {
        let message = load(&[(name, value)]).unwrap_err();
        assert!(
            message.contains(&format!("the setting {name} ")),
            "{message}"
        );
    }
}
