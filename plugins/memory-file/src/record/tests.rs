//! Tests of the records.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use loom_sdk::testing::memory::{entry, same};

use super::*;

fn json(entries: &[Entry]) -> String {
    let record = Record {
        seq: 7,
        base: 100,
        writer: Mark {
            writer: 0xab,
            count: 3,
        },
        entries: entries.iter().map(StoredEntry::of).collect(),
    };
    serde_json::to_string(&record).unwrap()
}

fn check_round_trip(entry: &Entry) {
    let json = json(std::slice::from_ref(entry));
    assert!(!json.contains('\n'), "{json}");
    let Some(Content::Record(mut record)) = Content::parse(json.as_bytes()) else {
        unreachable!("{json}");
    };
    let found = record.entries.remove(0).into_entry(entry.seq);
    assert!(same(&found, entry), "{found:?} is not {entry:?}");
}

#[test]
fn a_record_is_readable_json() {
    let entry = Entry {
        vector: Some(vec![1.0]),
        payload: r#"{"a": 1}"#.into(),
        ..entry(5, "user", "hi")
    };
    assert_eq!(
        json(&[entry]),
        r#"{"seq":7,"base":100,"writer":"00000000000000ab-3","entries":[{"time_ms":5,"kind":"user","text":"hi","vector":"AACAPw==","payload":{"a": 1}}]}"#
    );
}

#[test]
fn any_payload_comes_back_letter_by_letter() {
    let deep = "[".repeat(200_000) + &"]".repeat(200_000);
    for payload in [
        "",
        " ",
        "null",
        " null",
        "nul",
        "\"null\"",
        "{}",
        "[1,\n2]",
        "[1,\r2]",
        "[1,\u{2028}2]",
        "{",
        "\u{0}",
        r#"{"payload_text":"x"}"#,
        "1e999",
        "🦀",
        "\"\\ud800\"",
        "{} {}",
        &deep,
    ] {
        check_round_trip(&Entry {
            payload: payload.into(),
            ..entry(1, "k", "t")
        });
    }
}

#[test]
fn any_vector_comes_back_bit_by_bit() {
    for vector in [
        vec![],
        vec![0.0, -0.0, f32::NAN, f32::INFINITY, f32::MIN_POSITIVE / 2.0],
        vec![0.1; 3000],
    ] {
        check_round_trip(&Entry {
            vector: Some(vector),
            ..entry(1, "k", "t")
        });
    }
}

#[test]
fn what_is_neither_header_nor_record_says_nothing() {
    for json in [
        "",
        "{}",
        "[]",
        r#"{"loom-session":"x","id":"a"}"#,
        r#"{"seq":0,"base":0,"writer":"1-1","entries":[]}"#,
        r#"{"seq":-1,"base":0,"writer":"1-1","entries":[{"time_ms":1,"kind":"k"}]}"#,
        r#"{"seq":0,"base":0,"writer":"x","entries":[{"time_ms":1,"kind":"k"}]}"#,
        r#"{"seq":0,"base":0,"writer":"1-1","entries":[{"time_ms":1,"kind":"k","vector":"AAA="}]}"#,
        r#"{"seq":0,"base":0,"writer":"1-1","entries":[{"time_ms":1,"kind":"k","vector":"?"}]}"#,
    ] {
        assert!(Content::parse(json.as_bytes()).is_none(), "{json}");
    }
    assert!(Content::parse(b"\xff").is_none());
}

#[test]
fn fields_of_later_versions_are_passed_over() {
    let json = r#"{"seq":0,"new":1,"base":0,"writer":"1-1","entries":[{"time_ms":1,"kind":"k","new":{}}]}"#;
    assert!(matches!(
        Content::parse(json.as_bytes()),
        Some(Content::Record(_))
    ));
}
