//! What can be typed, and what it means.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use super::*;

#[test]
fn a_directory_has_a_place_inside_and_an_access() {
    let check = |text: &str, host: &str, guest: &str, access: FileAccess| {
        let expected = Directory {
            host: host.into(),
            guest: guest.into(),
            access,
        };
        assert_eq!(Directory::parse(text), Ok(expected), "{text}");
    };
    let (rw, ro) = (FileAccess::ReadWrite, FileAccess::ReadOnly);
    check("/data::/work", "/data", "/work", rw);
    check("/data::/work:ro", "/data", "/work", ro);
    check("src", "src", "src", rw);
    check(".:ro", ".", ".", ro);
    check("/a:b::/c", "/a:b", "/c", rw);
    check("/a::b::/c", "/a::b", "/c", rw);
    check("/odd:ro:rw", "/odd:ro", "/odd:ro", rw);
    check("../up::/up", "../up", "/up", rw);
}

#[test]
fn half_a_directory_is_refused() {
    for text in [
        "",
        "::/work",
        "/data::",
        ":ro",
        "::",
        "../up",
        "/a::/b/../c",
    ] {
        assert!(Directory::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_host_without_a_scheme_means_both() {
    let texts = |text: &str| -> Vec<String> {
        hosts(text)
            .unwrap()
            .0
            .iter()
            .map(ToString::to_string)
            .collect()
    };
    assert_eq!(texts("https://a.example"), ["https://a.example"]);
    assert_eq!(texts("*"), ["*"]);
    assert_eq!(
        texts("localhost:8080"),
        ["https://localhost:8080", "http://localhost:8080"]
    );
    for bad in ["", "ftp://a.example", "a b", "https://a.example/path"] {
        assert!(hosts(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_variable_may_hold_what_it_likes() {
    let parsed = Variable::parse("A=b=c ").unwrap();
    assert_eq!(parsed.resolve().unwrap(), ("A".into(), "b=c ".into()));
    assert!(Variable::parse("=b").is_err());
    let unset = Variable::parse("LOOM_TEST_IS_NOT_SET").unwrap().resolve();
    assert!(
        unset
            .unwrap_err()
            .to_string()
            .contains("LOOM_TEST_IS_NOT_SET")
    );
}

#[test]
fn limits_have_names_and_units() {
    let mut limits = Limits::default();
    for text in [
        "memory=1MiB",
        "time=2s",
        "output=3KiB",
        "host_calls=4",
        "http_requests=5",
        "http_response=6B",
    ] {
        LimitOption::parse(text).unwrap().set(&mut limits);
    }
    let expected = Limits {
        memory_bytes: 1 << 20,
        time: Duration::from_secs(2),
        output_bytes: 3 << 10,
        host_calls: 4,
        http_requests: 5,
        http_response_bytes: 6,
        ..Limits::default()
    };
    assert_eq!(limits, expected);
    for bad in [
        "memory",
        "memory=",
        "memory=1",
        "time=0s",
        "cpu=2",
        "host_calls=-1",
    ] {
        assert!(LimitOption::parse(bad).is_err(), "{bad}");
    }
}
