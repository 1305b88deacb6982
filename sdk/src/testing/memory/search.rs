//! Tests of `search`. How a store weighs words is its own affair, so only clear cases are tested.

use super::{Check, entries, entry, ok, query, same};
use crate::memory::{Entry, Hit, Memory, Query};

pub(super) fn checks<M: Memory>() -> Vec<Check<M>> {
    vec![
        words_are_found_in_any_case,
        more_of_the_words_is_better,
        a_search_for_what_is_not_there_finds_nothing,
        the_limit_holds,
        filters_hold,
        hits_are_whole_entries,
        both_ends_of_a_time_span_belong_to_it,
        words_are_found_in_other_scripts_and_in_huge_texts,
        what_was_just_appended_is_found,
    ]
}

pub(super) fn vector_checks<M: Memory>() -> Vec<Check<M>> {
    vec![
        the_nearest_vector_comes_first,
        words_and_vector_work_together,
        filters_hold_for_vectors,
        vectors_without_a_direction_are_no_hits,
    ]
}

fn words_are_found_in_any_case<M: Memory>(store: &mut M) {
    ok(
        store.append("s", 0, entries(&["The Red APPLE", "a pear", "ÉCOLE"])),
        "an append",
    );
    assert_eq!(found(store, &text("apple")), ["The Red APPLE"]);
    assert_eq!(found(store, &text("PEAR")), ["a pear"]);
    assert_eq!(found(store, &text("école")), ["ÉCOLE"]);
}

fn more_of_the_words_is_better<M: Memory>(store: &mut M) {
    let texts = [
        "red pear here",
        "red apple here",
        "nothing of that",
        "green apple here",
    ];
    ok(store.append("s", 0, entries(&texts)), "an append");
    let found = found(store, &text("red apple"));
    assert_eq!(
        found.first().map(String::as_str),
        Some("red apple here"),
        "the best hit"
    );
    assert!(
        !found.contains(&"nothing of that".to_owned()),
        "a hit without any of the words"
    );
}

fn a_search_for_what_is_not_there_finds_nothing<M: Memory>(store: &mut M) {
    ok(store.append("s", 0, entries(&["apple"])), "an append");
    assert_eq!(found(store, &text("zebra")), [""; 0]);
    let elsewhere = Query {
        session: Some("none".into()),
        ..text("apple")
    };
    assert_eq!(
        found(store, &elsewhere),
        [""; 0],
        "in a session that does not exist"
    );
}

fn the_limit_holds<M: Memory>(store: &mut M) {
    ok(store.append("s", 0, entries(&["apple"; 20])), "an append");
    for limit in [0, 1, 7, 20, 100] {
        let hits = ok(store.search(&text("apple"), limit), "a search");
        assert_eq!(
            hits.len(),
            (limit as usize).min(20),
            "hits with a limit of {limit}"
        );
    }
}

fn filters_hold<M: Memory>(store: &mut M) {
    let texts = [
        (100, "user"),
        (200, "assistant"),
        (300, "tool"),
        (400, "user"),
    ];
    for session in ["s", "t"] {
        let entries = texts.map(|(time_ms, kind)| {
            entry(time_ms, kind, &format!("apple {session} {kind} {time_ms}"))
        });
        ok(store.append(session, 0, entries.to_vec()), "an append");
    }
    let check = |store: &mut M, query: Query, expect: &[&str]| {
        for query in [
            &query,
            &Query {
                text: Some("apple".into()),
                ..query.clone()
            },
        ] {
            let mut found = found(store, query);
            found.sort_unstable();
            assert_eq!(found, expect, "{query:?}");
        }
    };
    let session = Query {
        session: Some("t".into()),
        ..query()
    };
    let kinds = Query {
        kinds: vec!["tool".into(), "assistant".into()],
        ..session.clone()
    };
    check(store, kinds, &["apple t assistant 200", "apple t tool 300"]);
    let since = Query {
        since_ms: Some(250),
        ..session.clone()
    };
    check(store, since, &["apple t tool 300", "apple t user 400"]);
    let until = Query {
        until_ms: Some(150),
        ..query()
    };
    check(store, until, &["apple s user 100", "apple t user 100"]);
    let all = Query {
        since_ms: Some(150),
        until_ms: Some(350),
        kinds: vec!["tool".into()],
        ..session
    };
    check(store, all, &["apple t tool 300"]);
}

fn hits_are_whole_entries<M: Memory>(store: &mut M) {
    let whole = Entry {
        vector: Some(vec![0.5, 0.25]),
        payload: r#"{"a": 1}"#.into(),
        ..entry(123, "user", "apple")
    };
    ok(store.append("s", 0, entries(&["pear"])), "an append");
    ok(store.append("s", 1, vec![whole.clone()]), "an append");
    let hits = ok(store.search(&text("apple"), 5), "a search");
    let hit = hits.first().expect("the entry is found");
    assert_eq!(hit.session, "s", "the session of a hit");
    assert!(
        same(&hit.entry, &Entry { seq: 1, ..whole }),
        "the entry of a hit: {:?}",
        hit.entry
    );
}

fn the_nearest_vector_comes_first<M: Memory>(store: &mut M) {
    let near = |text: &str, vector: &[f32]| Entry {
        vector: Some(vector.into()),
        ..entry(1, "user", text)
    };
    let all = vec![
        near("far", &[0.0, 1.0, 0.0]),
        near("near", &[10.0, 1.0, 0.0]),
        near("other model", &[1.0, 0.0]),
        entry(1, "user", "no vector"),
        near("nearer", &[0.1, 0.0, 0.0]),
    ];
    ok(store.append("s", 0, all), "an append");
    let query = Query {
        vector: Some(vec![1.0, 0.0, 0.0]),
        ..query()
    };
    let found = found(store, &query);
    assert_eq!(found, ["nearer", "near", "far"], "the nearest vectors");
}

fn words_and_vector_work_together<M: Memory>(store: &mut M) {
    let all = [("apple", 0.0), ("apple", 1.0), ("pear", 1.0)];
    let all = all.map(|(text, x)| Entry {
        vector: Some(vec![x, 1.0]),
        ..entry(1, "user", text)
    });
    ok(store.append("s", 0, all.to_vec()), "an append");
    let query = Query {
        vector: Some(vec![1.0, 1.0]),
        ..text("apple")
    };
    let hits = ok(store.search(&query, 10), "a search");
    let seqs: Vec<_> = hits.iter().map(|hit| hit.entry.seq).collect();
    assert_eq!(seqs, [1, 0], "hits that have the word, the nearest first");
}

fn both_ends_of_a_time_span_belong_to_it<M: Memory>(store: &mut M) {
    let all = [100, 200, 300].map(|time_ms| entry(time_ms, "user", &time_ms.to_string()));
    ok(store.append("s", 0, all.to_vec()), "an append");
    let mut check = |since_ms, until_ms, expect: &[&str]| {
        let span = Query {
            since_ms,
            until_ms,
            ..query()
        };
        let mut found = found(store, &span);
        found.sort_unstable();
        assert_eq!(found, expect, "from {since_ms:?} to {until_ms:?}");
    };
    check(Some(200), None, &["200", "300"]);
    check(None, Some(200), &["100", "200"]);
    check(Some(200), Some(200), &["200"]);
    check(Some(201), Some(299), &[]);
    check(Some(300), Some(100), &[]);
    check(Some(0), Some(u64::MAX), &["100", "200", "300"]);
}

fn words_are_found_in_other_scripts_and_in_huge_texts<M: Memory>(store: &mut M) {
    let huge = format!("{} needle {}", "hay ".repeat(50_000), "hay ".repeat(50_000));
    let texts = ["Привет мир", "Καλημέρα κόσμε", "東京 2024", huge.as_str()];
    ok(store.append("s", 0, entries(&texts)), "an append");
    for (word, expect) in [
        ("ПРИВЕТ", texts[0]),
        ("κόσμε", texts[1]),
        ("東京", texts[2]),
        ("needle", texts[3]),
    ] {
        assert!(found(store, &text(word)) == [expect], "searching {word}");
    }
}

fn what_was_just_appended_is_found<M: Memory>(store: &mut M) {
    for seq in 0..20 {
        let word = format!("word{seq}");
        assert_eq!(
            found(store, &text(&word)),
            [""; 0],
            "{word} before it is there"
        );
        ok(store.append("s", seq, entries(&[&word])), "an append");
        assert_eq!(found(store, &text(&word)), [word.as_str()]);
        assert_eq!(found(store, &query()).len() as u64, seq + 1, "all entries");
    }
    ok(store.delete("s"), "deleting it");
    ok(store.append("s", 0, entries(&["new"])), "a new start");
    assert_eq!(found(store, &text("word3")), [""; 0], "what was deleted");
}

fn filters_hold_for_vectors<M: Memory>(store: &mut M) {
    for session in ["s", "t"] {
        let all = [(1, "user"), (2, "tool"), (3, "user")].map(|(time_ms, kind)| Entry {
            vector: Some(vec![1.0, time_ms as f32]),
            ..entry(time_ms, kind, &format!("{session}{time_ms}"))
        });
        ok(store.append(session, 0, all.to_vec()), "an append");
    }
    let near = Query {
        vector: Some(vec![1.0, 0.0]),
        session: Some("t".into()),
        kinds: vec!["user".into()],
        ..query()
    };
    assert_eq!(found(store, &near), ["t1", "t3"], "the nearest of a kind");
    let since = Query {
        since_ms: Some(2),
        ..near
    };
    assert_eq!(found(store, &since), ["t3"], "the nearest since then");
    let hits = ok(
        store.search(
            &Query {
                vector: Some(vec![1.0, 0.0]),
                ..query()
            },
            3,
        ),
        "a search",
    );
    assert_eq!(hits.len(), 3, "hits with a limit of 3");
}

fn vectors_without_a_direction_are_no_hits<M: Memory>(store: &mut M) {
    let with = |text: &str, vector: Vec<f32>| Entry {
        vector: Some(vector),
        ..entry(1, "user", text)
    };
    let all = vec![
        with("zero", vec![0.0, 0.0]),
        with("empty", vec![]),
        with("not a number", vec![f32::NAN, 1.0]),
        with("fine", vec![1.0, 1.0]),
    ];
    ok(store.append("s", 0, all), "an append");
    let query = Query {
        vector: Some(vec![1.0, 0.0]),
        ..query()
    };
    assert_eq!(found(store, &query), ["fine"], "hits with a direction");
}

fn text(text: &str) -> Query {
    Query {
        text: Some(text.into()),
        ..query()
    }
}

/// The texts of the hits.
fn found<M: Memory>(store: &mut M, query: &Query) -> Vec<String> {
    let hits: Vec<Hit> = ok(store.search(query, 100), "a search");
    assert!(
        hits.windows(2).all(|pair| pair[0].score >= pair[1].score),
        "hits are not sorted by score"
    );
    assert!(
        hits.iter().all(|hit| hit.score.is_finite()),
        "a score is not a number"
    );
    hits.into_iter().map(|hit| hit.entry.text).collect()
}
