//! Tests of `append` and `read`.

use super::{Check, entries, entry, fails, holds, numbered, ok, query, same_all};
use crate::error::ErrorKind;
use crate::memory::{Entry, Memory, Query};

pub(super) fn checks<M: Memory>() -> Vec<Check<M>> {
    vec![
        the_first_append_creates_the_session,
        appends_continue_where_the_last_one_ended,
        reading_starts_and_stops_where_it_is_told,
        a_wrong_expectation_is_a_conflict_and_writes_nothing,
        an_append_of_nothing_creates_the_session,
        a_session_that_does_not_exist_is_not_found,
        entries_come_back_unchanged,
        payloads_come_back_letter_by_letter,
        many_and_large_entries_come_back,
        a_huge_entry_comes_back,
        a_conflict_leaves_no_trace,
    ]
}

fn the_first_append_creates_the_session<M: Memory>(store: &mut M) {
    let first = entries(&["one", "two"]);
    assert_eq!(
        ok(store.append("s", 0, first.clone()), "the first append"),
        2
    );
    holds(store, "s", &numbered(first, 0));
}

fn appends_continue_where_the_last_one_ended<M: Memory>(store: &mut M) {
    let all = entries(&["one", "two", "three", "four"]);
    for (seq, entry) in (0..).zip(&all) {
        let wrong_seq = Entry {
            seq: 77,
            ..entry.clone()
        };
        let next = ok(store.append("s", seq, vec![wrong_seq]), "an append");
        assert_eq!(next, seq + 1, "append returns the next seq");
    }
    holds(store, "s", &numbered(all, 0));
}

fn reading_starts_and_stops_where_it_is_told<M: Memory>(store: &mut M) {
    let all = numbered(entries(&["a", "b", "c", "d", "e"]), 0);
    ok(store.append("s", 0, all[..2].to_vec()), "an append");
    ok(store.append("s", 2, all[2..].to_vec()), "an append");
    for from in 0..=6_usize {
        for limit in 0..=6_usize {
            let what = format!("reading {limit} entries from {from}");
            let found = ok(store.read("s", from as u64, limit as u32), &what);
            let from = from.min(all.len());
            let expect = &all[from..all.len().min(from + limit)];
            same_all(&found, expect, &what);
        }
    }
    let found = ok(
        store.read("s", u64::MAX, u32::MAX),
        "reading from the largest seq",
    );
    same_all(&found, &[], "reading from the largest seq");
}

fn a_wrong_expectation_is_a_conflict_and_writes_nothing<M: Memory>(store: &mut M) {
    let first = entries(&["one", "two"]);
    ok(store.append("s", 0, first.clone()), "the first append");
    for expected in [0, 1, 3, u64::MAX] {
        let what = format!("an append that expects {expected} of 2 entries");
        fails(
            store.append("s", expected, entries(&["x"])),
            ErrorKind::Conflict,
            &what,
        );
        fails(
            store.append("s", expected, Vec::new()),
            ErrorKind::Conflict,
            &what,
        );
    }
    holds(store, "s", &numbered(first, 0));
    let what = "an append that expects entries in a session that does not exist";
    fails(
        store.append("new", 1, entries(&["x"])),
        ErrorKind::Conflict,
        what,
    );
    fails(store.read("new", 0, 1), ErrorKind::NotFound, "reading it");
}

fn an_append_of_nothing_creates_the_session<M: Memory>(store: &mut M) {
    assert_eq!(
        ok(store.append("s", 0, Vec::new()), "an append of nothing"),
        0
    );
    holds(store, "s", &[]);
    assert_eq!(ok(store.append("s", 0, Vec::new()), "a second one"), 0);
    ok(store.append("s", 0, entries(&["one"])), "an append");
    assert_eq!(ok(store.append("s", 1, Vec::new()), "a third one"), 1);
    holds(store, "s", &numbered(entries(&["one"]), 0));
}

fn a_session_that_does_not_exist_is_not_found<M: Memory>(store: &mut M) {
    fails(
        store.read("s", 0, 1),
        ErrorKind::NotFound,
        "reading no session",
    );
    fails(
        store.delete("s"),
        ErrorKind::NotFound,
        "deleting no session",
    );
}

fn entries_come_back_unchanged<M: Memory>(store: &mut M) {
    let texts = [
        "",
        " leading and trailing \t",
        "lines\nand\r\nmore\n",
        "quotes \" \\ and \u{0} \u{1} \u{7f} \u{2028}",
        "Zürich 東京 🦀 e\u{301} \u{200f}",
    ];
    let vectors = [
        None,
        Some(vec![]),
        Some(vec![0.1, -0.0, f32::MIN_POSITIVE, f32::MAX, 1.0e-45]),
    ];
    let mut all = Vec::new();
    for text in texts {
        for vector in &vectors {
            all.push(Entry {
                kind: text.into(),
                vector: vector.clone(),
                ..entry(u64::MAX, "", text)
            });
        }
    }
    ok(store.append("s", 0, all.clone()), "an append");
    holds(store, "s", &numbered(all, 0));
}

fn payloads_come_back_letter_by_letter<M: Memory>(store: &mut M) {
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    let payloads = [
        "null",
        " { \"a\" :\n\t1 }\n",
        r#"{"a":1,"a":2}"#,
        r#""\u00e9\/é\n""#,
        "[1.0, 1.00, 1e400, -0, 123456789012345678901234567890]",
        deep.as_str(),
    ];
    let all: Vec<_> = payloads
        .iter()
        .map(|payload| Entry {
            payload: (*payload).into(),
            ..entry(1, "k", "")
        })
        .collect();
    ok(store.append("s", 0, all.clone()), "an append");
    holds(store, "s", &numbered(all, 0));
}

fn many_and_large_entries_come_back<M: Memory>(store: &mut M) {
    let mut all = entries(&["ä".repeat(300_000).as_str()]);
    all.extend((0..3000).map(|i| entry(i, "user", &format!("entry {i}"))));
    ok(store.append("s", 0, all.clone()), "a large append");
    ok(store.append("s", 3001, all.clone()), "another large append");
    let mut expect = numbered(all.clone(), 0);
    expect.extend(numbered(all, 3001));
    holds(store, "s", &expect);
    let found = ok(store.read("s", 3001, 1), "reading one entry");
    same_all(&found, &expect[3001..3002], "reading one entry");
}

fn a_huge_entry_comes_back<M: Memory>(store: &mut M) {
    let text = "Zürich 東京 🦀 e\u{301} ".repeat(60_000);
    let huge = Entry {
        payload: format!("{{\"output\":\"{}\"}}", "x".repeat(2 << 20)),
        vector: Some(vec![0.25; 4096]),
        ..entry(1, "tool_result", &text)
    };
    let all = vec![entry(0, "user", "before"), huge, entry(2, "user", "after")];
    ok(store.append("s", 0, all.clone()), "an append of 4 MB");
    let found = ok(store.read("s", 2, 1), "reading what is behind it");
    same_all(
        &found,
        &numbered(all[2..].to_vec(), 2),
        "reading what is behind it",
    );
    holds(store, "s", &numbered(all, 0));
}

fn a_conflict_leaves_no_trace<M: Memory>(store: &mut M) {
    ok(store.append("s", 0, entries(&["one", "two"])), "an append");
    let refused = store.append("s", 1, entries(&["refused", "refused"]));
    fails(refused, ErrorKind::Conflict, "a stale append");
    let refused = store.append("new", 3, entries(&["refused"]));
    fails(refused, ErrorKind::Conflict, "an append to no session");
    let page = ok(store.sessions(9, None), "the list of sessions");
    let infos: Vec<_> = page
        .sessions
        .iter()
        .map(|s| (s.id.as_str(), s.entries))
        .collect();
    assert_eq!(infos, [("s", 2)], "the sessions after refused appends");
    let text = Some("refused".to_owned());
    let hits = ok(store.search(&Query { text, ..query() }, 9), "a search");
    assert_eq!(hits.len(), 0, "hits in what was refused");
    let next = store.append("s", 2, entries(&["three"]));
    assert_eq!(ok(next, "the append after what was read"), 3);
}
