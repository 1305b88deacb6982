//! How times are read.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use loom_sdk::ErrorKind;

use super::*;

/// Saturday, 2025-11-22T23:30:00Z: already Sunday in Berlin.
fn clock() -> Result<Timestamp, Error> {
    Ok("2025-11-22T23:30:00Z".parse().unwrap())
}

fn no_clock() -> Result<Timestamp, Error> {
    Err(Error::denied("no clock"))
}

fn read(text: &str, zone: &str) -> Result<Parsed, Error> {
    parse(text, &crate::zone::parse(zone).unwrap(), &clock)
}

fn check(text: &str, zone: &str, expected: &str) {
    let found = match read(text, zone).unwrap().point {
        Point::Date(date) => date.to_string(),
        Point::Moment(moment) => moment.to_string(),
    };
    assert_eq!(found, expected, "{text} in {zone}");
}

#[test]
fn times_are_read_in_all_usual_forms() {
    for (text, expected) in [
        (
            "2025-07-01T09:00",
            "2025-07-01T09:00:00+02:00[Europe/Berlin]",
        ),
        (
            "2025-07-01 09:00:30.5",
            "2025-07-01T09:00:30.5+02:00[Europe/Berlin]",
        ),
        (
            " 2025-01-01T09:00 ",
            "2025-01-01T09:00:00+01:00[Europe/Berlin]",
        ),
        ("2025-07-01T09:00Z", "2025-07-01T09:00:00+00:00[UTC]"),
        (
            "2025-07-01T09:00-04:00",
            "2025-07-01T09:00:00-04:00[-04:00]",
        ),
        (
            "2025-07-01T09:00-04:00[America/New_York]",
            "2025-07-01T09:00:00-04:00[America/New_York]",
        ),
        (
            "2025-07-01T09:00[Asia/Tokyo]",
            "2025-07-01T09:00:00+09:00[Asia/Tokyo]",
        ),
        (
            "Tue, 01 Jul 2025 09:00:00 +0000",
            "2025-07-01T09:00:00+00:00[UTC]",
        ),
        ("2025-07-01", "2025-07-01"),
        ("20250701", "2025-07-01"),
        ("@0", "1970-01-01T00:00:00+00:00[UTC]"),
        ("@-1", "1969-12-31T23:59:59+00:00[UTC]"),
        ("1700000000", "2023-11-14T22:13:20+00:00[UTC]"),
        ("1700000000123", "2023-11-14T22:13:20.123+00:00[UTC]"),
        ("0001-01-01", "0001-01-01"),
        ("2024-02-29", "2024-02-29"),
    ] {
        check(text, "Europe/Berlin", expected);
    }
}

#[test]
fn a_time_without_a_date_is_today_in_its_zone() {
    for (text, expected) in [
        ("now", "2025-11-23T00:30:00+01:00[Europe/Berlin]"),
        ("NOW", "2025-11-23T00:30:00+01:00[Europe/Berlin]"),
        ("today", "2025-11-23"),
        ("14:30", "2025-11-23T14:30:00+01:00[Europe/Berlin]"),
        ("14:30:15", "2025-11-23T14:30:15+01:00[Europe/Berlin]"),
        ("2pm", "2025-11-23T14:00:00+01:00[Europe/Berlin]"),
        ("2:30 PM", "2025-11-23T14:30:00+01:00[Europe/Berlin]"),
        ("12am", "2025-11-23T00:00:00+01:00[Europe/Berlin]"),
        ("12 pm", "2025-11-23T12:00:00+01:00[Europe/Berlin]"),
    ] {
        check(text, "Europe/Berlin", expected);
    }
    check("today", "UTC", "2025-11-22");
    check("14:30", "-10", "2025-11-22T14:30:00-10:00[-10:00]");
}

#[test]
fn the_clock_is_only_asked_when_the_time_depends_on_it() {
    for text in ["2025-07-01", "2025-07-01T09:00", "@5"] {
        assert!(parse(text, &TimeZone::UTC, &no_clock).is_ok(), "{text}");
    }
    for text in ["now", "today", "14:30"] {
        let error = parse(text, &TimeZone::UTC, &no_clock).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Denied, "{text}");
    }
}

#[test]
fn what_daylight_saving_time_skips_or_repeats_is_noted() {
    check(
        "2025-03-30T02:30",
        "Europe/Berlin",
        "2025-03-30T03:30:00+02:00[Europe/Berlin]",
    );
    let note = read("2025-03-30T02:30", "Europe/Berlin")
        .unwrap()
        .note
        .unwrap();
    assert!(note.contains("does not exist in Europe/Berlin"), "{note}");
    check(
        "2025-10-26T02:30",
        "Europe/Berlin",
        "2025-10-26T02:30:00+02:00[Europe/Berlin]",
    );
    let note = read("2025-10-26T02:30", "Europe/Berlin")
        .unwrap()
        .note
        .unwrap();
    assert!(note.contains("happens twice"), "{note}");
    assert_eq!(
        read("2025-10-26T04:30", "Europe/Berlin").unwrap().note,
        None
    );
}

#[test]
fn what_is_no_time_is_refused() {
    for (text, expected) in [
        ("", "is not a time"),
        ("soon", "is not a time; write 2025-01-31"),
        ("2025-02-30", "`2025-02-30` is not a time ("),
        ("2025-13-01", "is not a time ("),
        ("2025-07-01T25:00", "is not a time ("),
        ("2025-07-01T09:00[Mars/Olympus]", "Mars/Olympus"),
        ("13pm", "is not a time"),
        ("0am", "is not a time"),
        ("25:00", "is not a time"),
        ("@", "is not a time"),
        ("@12x", "is not a time"),
        ("@999999999999999", "to 9999"),
        ("999999999999999999999999", "to 9999"),
        ("२०२५-०१-०१", "is not a time"),
        ("2025-07-01\u{0}", "is not a time"),
        ("-", "is not a time"),
    ] {
        let error = read(text, "UTC").unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput, "{text}");
        assert!(
            error.message.contains(expected),
            "{text}: {}",
            error.message
        );
    }
    let error = read(&"9".repeat(100_000), "UTC").unwrap_err();
    assert!(
        error.message.contains("at most 100 bytes"),
        "{}",
        error.message
    );
}
