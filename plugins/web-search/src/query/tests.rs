//! Queries as models write them.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use super::*;

#[test]
fn a_site_may_be_written_as_name_or_url() {
    for (site, expected) in [
        ("docs.rs", "docs.rs"),
        ("site:docs.rs", "docs.rs"),
        ("https://docs.rs/serde?x#y", "docs.rs"),
        (" WWW.Example.ORG ", "www.example.org"),
        ("*.example.org", "example.org"),
        ("bücher.example", "xn--bcher-kva.example"),
    ] {
        let query = Query::new("x", 1, None, Some(site)).unwrap();
        assert_eq!(query.site.as_deref(), Some(expected), "{site}");
        assert_eq!(query.with_site(), format!("x site:{expected}"));
    }
}

#[test]
fn what_is_no_site_is_refused() {
    for site in ["", "a b", "127.0.0.1", "[::1]", "a b OR site:evil.example"] {
        let error = Query::new("x", 1, None, Some(site)).unwrap_err();
        assert_eq!(error.kind, loom_sdk::ErrorKind::InvalidInput, "{site}");
    }
}

#[test]
fn space_around_words_does_not_count() {
    let query = Query::new(" a\n\t b  ", 1, None, None).unwrap();
    assert_eq!(query.text, "a b");
}

#[test]
fn length_counts_characters() {
    assert!(Query::new(&"字".repeat(400), 1, None, None).is_ok());
    assert!(Query::new(&"字".repeat(401), 1, None, None).is_err());
}
