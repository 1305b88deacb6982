//! Tests of the ranking.

use super::*;

fn query() -> Query {
    Query {
        text: None,
        vector: None,
        session: None,
        kinds: Vec::new(),
        since_ms: None,
        until_ms: None,
    }
}

fn text(text: &str) -> Query {
    Query {
        text: Some(text.into()),
        ..query()
    }
}

fn vector(vector: &[f32]) -> Query {
    Query {
        vector: Some(vector.into()),
        ..query()
    }
}

/// The places of the best texts.
fn check(query: &Query, texts: &[&str], expect: &[usize]) {
    let mut ranking = Ranking::new(query);
    for (key, text) in texts.iter().enumerate() {
        ranking.look_at(candidate(text, None), key);
    }
    let keys: Vec<_> = ranking.best(10).into_iter().map(|r| r.key).collect();
    assert_eq!(keys, expect);
}

/// The places of the best vectors, and their scores.
fn check_vectors(query: &Query, vectors: &[(&str, Option<&[f32]>)]) -> Vec<Ranked<usize>> {
    let mut ranking = Ranking::new(query);
    for (key, (text, vector)) in vectors.iter().enumerate() {
        ranking.look_at(candidate(text, *vector), key);
    }
    ranking.best(10)
}

fn candidate<'a>(text: &'a str, vector: Option<&'a [f32]>) -> Candidate<'a> {
    Candidate {
        session: "s",
        time_ms: 0,
        kind: "user",
        text,
        vector,
    }
}

#[test]
fn more_of_the_words_is_better_and_none_is_no_answer() {
    check(
        &text("Red APPLE"),
        &[
            "a green pear",
            "a red pear on the table",
            "a red apple on the table",
        ],
        &[2, 1],
    );
}

#[test]
fn a_rare_word_counts_more_than_a_common_one() {
    check(
        &text("the zebra"),
        &["the cat", "the dog", "zebra here", "the cow"],
        &[2, 3, 1, 0],
    );
}

#[test]
fn a_short_text_beats_a_long_one_with_the_same_word() {
    check(
        &text("error"),
        &[
            "an error somewhere in a very long line of other things",
            "error 7",
        ],
        &[1, 0],
    );
}

#[test]
fn a_word_is_no_part_of_a_word() {
    check(&text("cat"), &["concatenate", "cat"], &[1]);
}

#[test]
fn a_text_without_words_is_no_condition() {
    check(&text("…?"), &["a", "b"], &[1, 0]);
}

#[test]
fn vectors_are_ranked_by_direction() {
    let found = check_vectors(
        &vector(&[1.0, 0.0]),
        &[
            ("", Some(&[-3.0, 0.0])),
            ("", Some(&[100.0, 100.0])),
            ("", Some(&[0.5, 0.0])),
        ],
    );
    let keys: Vec<_> = found.iter().map(|r| r.key).collect();
    assert_eq!(keys, [2, 1, 0]);
    assert!((found[0].score - 1.0).abs() < 1e-9 && (found[2].score + 1.0).abs() < 1e-9);
}

#[test]
fn vectors_that_cannot_be_compared_are_no_answer() {
    let found = check_vectors(
        &vector(&[1.0, 0.0]),
        &[
            ("", None),
            ("", Some(&[])),
            ("", Some(&[1.0])),
            ("", Some(&[0.0, 0.0])),
            ("", Some(&[f32::NAN, 0.0])),
            ("", Some(&[f32::INFINITY, 0.0])),
            ("", Some(&[f32::MAX, f32::MAX])),
        ],
    );
    assert_eq!(found.iter().map(|r| r.key).collect::<Vec<_>>(), [6]);
    assert!(check_vectors(&vector(&[]), &[("", Some(&[]))]).is_empty());
}

#[test]
fn words_and_vector_must_both_hold_and_both_count() {
    let query = Query {
        text: Some("apple".into()),
        ..vector(&[1.0, 0.0])
    };
    let found = check_vectors(
        &query,
        &[
            ("apple", None),
            ("pear", Some(&[1.0, 0.0])),
            ("apple", Some(&[0.0, 1.0])),
            ("apple", Some(&[1.0, 0.1])),
        ],
    );
    assert_eq!(found.iter().map(|r| r.key).collect::<Vec<_>>(), [3, 2]);
}

#[test]
fn filters_let_through_what_matches_all_of_them() {
    let query = Query {
        session: Some("s".into()),
        kinds: vec!["user".into(), "tool".into()],
        since_ms: Some(10),
        until_ms: Some(20),
        ..query()
    };
    let at = |session, kind, time_ms| Candidate {
        session,
        time_ms,
        kind,
        text: "",
        vector: None,
    };
    let mut ranking = Ranking::new(&query);
    let candidates = [
        at("s", "user", 10),
        at("t", "user", 15),
        at("s", "other", 15),
        at("s", "tool", 20),
        at("s", "user", 9),
        at("s", "user", 21),
    ];
    for (key, candidate) in candidates.into_iter().enumerate() {
        ranking.look_at(candidate, key);
    }
    let keys: Vec<_> = ranking.best(10).into_iter().map(|r| r.key).collect();
    assert_eq!(keys, [3, 0], "the newest first");
}

#[test]
fn the_limit_keeps_the_best() {
    let query = text("word");
    let mut ranking = Ranking::new(&query);
    for key in 0..20 {
        ranking.look_at(
            candidate(if key == 13 { "word word" } else { "word x" }, None),
            key,
        );
    }
    assert_eq!(ranking.best(1)[0].key, 13);
    assert!(Ranking::<u8>::new(&query).best(0).is_empty());
}
