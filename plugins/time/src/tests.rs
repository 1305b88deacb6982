//! The tools as the host calls them. The clock is the machine's own.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use loom_sdk::testing::{call, text};
use loom_sdk::tool::Tool;
use serde_json::{Value, json};

use super::*;

fn answer<T: Tool>(arguments: Value) -> Value {
    serde_json::from_str(&text(call::<T>(arguments))).unwrap()
}

fn refusal<T: Tool>(arguments: Value, expected: &str) {
    let error = call::<T>(arguments).unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidInput);
    assert!(error.message.contains(expected), "{}", error.message);
}

#[test]
fn the_current_time_is_the_clocks_in_the_zone_asked_for() {
    let before = jiff::Timestamp::now().as_second();
    let utc = answer::<current_time>(json!({}));
    let after = jiff::Timestamp::now().as_second();
    assert!((before..=after).contains(&utc["unix_seconds"].as_i64().unwrap()));
    assert_eq!(utc["timezone"], "UTC");
    let time = utc["time"].as_str().unwrap();
    assert!(time.ends_with("+00:00") && !time.contains('.'), "{time}");
    let tokyo = answer::<current_time>(json!({"timezone": "Asia/Tokyo"}));
    assert!(tokyo["time"].as_str().unwrap().ends_with("+09:00"));
    let offset = answer::<current_time>(json!({"timezone": "-02:30"}));
    assert_eq!(offset["timezone"], "-02:30");
    refusal::<current_time>(json!({"timezone": "Berlin"}), "did you mean Europe/Berlin?");
}

#[test]
fn a_time_is_converted_with_weekday_and_week() {
    let answer = answer::<convert_time>(json!({
        "time": "2024-12-30 20:00", "from": "America/New_York", "to": "Asia/Tokyo"
    }));
    assert_eq!(
        answer,
        json!({
            "from": {
                "time": "2024-12-30T20:00:00-05:00", "timezone": "America/New_York",
                "weekday": "Monday", "iso_week": "2025-W01", "unix_seconds": 1_735_606_800
            },
            "to": {
                "time": "2024-12-31T10:00:00+09:00", "timezone": "Asia/Tokyo",
                "weekday": "Tuesday", "iso_week": "2025-W01", "unix_seconds": 1_735_606_800
            }
        })
    );
}

#[test]
fn an_offset_in_the_time_wins_over_the_zone() {
    let answer = answer::<convert_time>(json!({
        "time": "2025-07-01T09:00-04:00", "from": "Asia/Tokyo", "to": "UTC"
    }));
    assert_eq!(answer["to"]["time"], "2025-07-01T13:00:00+00:00");
    assert_eq!(answer["from"]["timezone"], "-04:00");
}

#[test]
fn a_skipped_hour_is_noted_in_the_answer() {
    let answer = answer::<convert_time>(json!({
        "time": "2025-03-09T02:30", "from": "America/New_York", "to": "UTC"
    }));
    assert_eq!(answer["to"]["time"], "2025-03-09T07:30:00+00:00");
    assert!(answer["note"].as_str().unwrap().contains("does not exist"));
}

#[test]
fn the_difference_of_days_has_words_totals_and_business_days() {
    for (start, end, words, total, business) in [
        ("2025-01-31", "2025-12-25", "10 months, 25 days", 328, 234),
        (
            "2025-12-25",
            "2025-01-31",
            "10 months, 25 days ago",
            -328,
            -234,
        ),
        ("2024-02-28", "2024-03-01", "2 days", 2, 2),
        ("2025-11-21", "2025-11-24", "3 days", 3, 1),
        ("2025-11-22", "2025-11-23", "1 day", 1, 0),
        ("2025-11-22", "2025-11-22", "0 days", 0, 0),
        ("2000-01-01", "2025-01-01", "25 years", 9132, 6522),
    ] {
        let answer = answer::<date_math>(json!({"start": start, "end": end}));
        assert_eq!(answer["difference"], words, "{start} {end}");
        assert_eq!(answer["total_days"], total, "{start} {end}");
        assert_eq!(answer["business_days"], business, "{start} {end}");
    }
}

#[test]
fn the_difference_of_times_knows_daylight_saving_time() {
    let answer = answer::<date_math>(json!({
        "start": "2025-03-29T12:00", "end": "2025-03-30T12:00", "timezone": "Europe/Berlin"
    }));
    assert_eq!(answer["difference"], "1 day");
    assert_eq!(answer["total_seconds"], 23 * 3600);
    assert_eq!(answer["total_hours"], 23.0);
}

#[test]
fn a_day_and_a_time_are_compared_from_midnight() {
    let answer = answer::<date_math>(json!({"start": "2025-01-01", "end": "2025-01-02T01:30Z"}));
    assert_eq!(answer["difference"], "1 day, 1 hour, 30 minutes");
    assert_eq!(answer["total_hours"], 25.5);
}

#[test]
fn durations_are_added() {
    for (start, add, expected) in [
        ("2025-01-31", "1 month", "2025-02-28"),
        ("2024-01-31", "1 month", "2024-02-29"),
        ("2025-03-01", "-6 weeks", "2025-01-18"),
        ("2025-03-01", "6 weeks ago", "2025-01-18"),
        ("2025-01-01", "1 year 2 months 3 days", "2026-03-04"),
        ("2025-01-01", "P1Y2M3D", "2026-03-04"),
        ("2025-01-01", "90d", "2025-04-01"),
        ("2025-01-01", "0 days", "2025-01-01"),
    ] {
        let answer = answer::<date_math>(json!({"start": start, "add": add}));
        assert_eq!(answer["date"], expected, "{start} + {add}");
    }
    let zoned = answer::<date_math>(json!({
        "start": "2025-03-29T12:00", "add": "24h", "timezone": "Europe/Berlin"
    }));
    assert_eq!(zoned["time"], "2025-03-30T13:00:00+02:00");
    assert_eq!(zoned["weekday"], "Sunday");
    let from_midnight = answer::<date_math>(json!({"start": "2025-01-01", "add": "36 hours"}));
    assert_eq!(from_midnight["time"], "2025-01-02T12:00:00+00:00");
}

#[test]
fn date_math_wants_exactly_one_of_end_and_add() {
    refusal::<date_math>(json!({"start": "2025-01-01"}), "needs `end`");
    refusal::<date_math>(
        json!({"start": "2025-01-01", "end": "2025-01-02", "add": "1 day"}),
        "not both",
    );
}

#[test]
fn bad_durations_and_dates_out_of_range_are_refused() {
    let add = |add: &str| json!({"start": "2025-01-01", "add": add});
    refusal::<date_math>(add("a while"), "`a while` is not a duration");
    refusal::<date_math>(add(""), "is not a duration");
    refusal::<date_math>(add("5 business days"), "is not a duration");
    refusal::<date_math>(add("9000 years"), "cannot be calculated");
    refusal::<date_math>(add("999999999999999999999 days"), "is not a duration");
    refusal::<date_math>(json!({"start": "2025-02-30", "end": "today"}), "2025-02-30");
}

#[test]
fn examples_of_the_definitions_work() {
    let definitions = [
        <current_time as Tool>::definition(),
        <convert_time as Tool>::definition(),
        <date_math as Tool>::definition(),
    ];
    for definition in definitions {
        for example in definition.examples {
            let arguments: Value = serde_json::from_str(&example.arguments).unwrap();
            let output = match definition.name.as_str() {
                "convert_time" => call::<convert_time>(arguments),
                _ => call::<date_math>(arguments),
            };
            assert!(output.is_ok(), "{}: {output:?}", example.title);
        }
    }
}
