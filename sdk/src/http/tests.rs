//! How long a server wants to be left alone.

use std::time::Duration;

use super::date::seconds;
use super::retry_after;

fn check(headers: &[(&str, &str)], expect: Option<Duration>) {
    let header = |name: &str| {
        let found = headers.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| *value)
    };
    assert_eq!(retry_after(header), expect, "{headers:?}");
}

#[test]
fn seconds_milliseconds_and_dates_are_read() {
    let (now, later) = (
        ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT"),
    );
    check(&[], None);
    check(&[("retry-after", " 2 ")], Some(Duration::from_secs(2)));
    check(&[("retry-after", "1.5")], Some(Duration::from_millis(1500)));
    let both = [("retry-after", "9"), ("retry-after-ms", "250")];
    check(&both, Some(Duration::from_millis(250)));
    check(&[now, later], Some(Duration::from_secs(30)));
    let past = ("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT");
    check(&[now, past], Some(Duration::ZERO));
}

#[test]
fn a_time_to_wait_that_makes_no_sense_is_none() {
    for value in ["", "-1", "soon", "inf", "NaN", "1e300"] {
        check(&[("retry-after", value)], None);
    }
    let later = ("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT");
    check(&[later], None);
    check(&[later, ("date", "yesterday")], None);
}

#[test]
fn the_three_forms_of_a_date_are_the_same_moment() {
    for text in [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ] {
        assert_eq!(seconds(text), Some(784_111_777), "{text}");
    }
    assert_eq!(seconds("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
    assert_eq!(
        seconds("Thu, 29 Feb 2024 00:00:00 GMT"),
        Some(1_709_164_800)
    );
    assert_eq!(
        seconds("Fri, 01 Mar 2024 00:00:00 GMT"),
        Some(1_709_251_200)
    );
    assert_eq!(
        seconds("Fri, 31 Dec 9999 23:59:60 GMT"),
        Some(253_402_300_800)
    );
}

#[test]
fn what_is_no_date_is_none() {
    for text in [
        "",
        "soon",
        "120",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Wed, 29 Feb 2023 08:49:37 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, 06 Nov 994 08:49:37 GMT",
        "Sun, 06 Nov 1969 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49 GMT",
        "Sun, 06 Nov 1994 08:49:37:1 GMT",
        "Sun, 99999999999999999999 Nov 1994 08:49:37 GMT",
    ] {
        assert_eq!(seconds(text), None, "{text}");
    }
}
