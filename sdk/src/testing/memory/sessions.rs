//! Tests of `sessions`, `delete` and of what an id may be.

use super::{Check, entries, entry, fails, holds, numbered, ok, query};
use crate::error::ErrorKind;
use crate::memory::{Memory, SessionInfo};

pub(super) fn checks<M: Memory>() -> Vec<Check<M>> {
    vec![
        a_new_store_is_empty,
        the_list_says_what_each_session_holds,
        the_last_changed_session_comes_first,
        pages_of_any_size_give_the_whole_list,
        a_made_up_cursor_is_refused,
        a_list_that_changes_between_pages_shows_the_rest_once,
        a_deleted_session_is_gone,
        a_deleted_session_can_be_started_again,
        any_text_is_an_id,
    ]
}

fn a_new_store_is_empty<M: Memory>(store: &mut M) {
    assert_eq!(list(store, 10).len(), 0, "the sessions of a new store");
    let hits = ok(store.search(&query(), 10), "searching a new store");
    assert_eq!(hits.len(), 0, "the hits in a new store");
}

fn the_list_says_what_each_session_holds<M: Memory>(store: &mut M) {
    let [one, two, three] = [500, 700, 600].map(|time_ms| entry(time_ms, "user", "x"));
    ok(store.append("s", 0, vec![one, two]), "an append");
    ok(store.append("s", 2, vec![three]), "an append");
    let sessions = list(store, 10);
    let session = sessions.first().expect("the list has the session");
    assert_eq!((sessions.len(), session.id.as_str()), (1, "s"));
    assert_eq!(session.entries, 3, "the number of entries");
    assert_eq!(session.created_ms, 500, "the time of the first entry");
    assert_eq!(session.updated_ms, 600, "the time of the last entry");
}

fn the_last_changed_session_comes_first<M: Memory>(store: &mut M) {
    for (time_ms, id) in [(100, "a"), (200, "b"), (300, "c")] {
        ok(
            store.append(id, 0, vec![entry(time_ms, "user", "x")]),
            "an append",
        );
    }
    assert_eq!(ids(&list(store, 10)), ["c", "b", "a"]);
    ok(
        store.append("a", 1, vec![entry(400, "user", "x")]),
        "an append",
    );
    assert_eq!(ids(&list(store, 10)), ["a", "c", "b"]);
}

fn pages_of_any_size_give_the_whole_list<M: Memory>(store: &mut M) {
    let mut expect: Vec<_> = (0..7).map(|i| format!("session {i}")).collect();
    for (time_ms, id) in (100..).zip(&expect) {
        ok(
            store.append(id, 0, vec![entry(time_ms, "user", "x")]),
            "an append",
        );
    }
    expect.reverse();
    for limit in 1..9 {
        assert_eq!(ids(&list(store, limit)), expect, "in pages of {limit}");
    }
    let none = ok(store.sessions(0, None), "a page of no sessions");
    assert_eq!(none.sessions.len(), 0, "a page of no sessions");
}

fn a_list_that_changes_between_pages_shows_the_rest_once<M: Memory>(store: &mut M) {
    let at = |time_ms| vec![entry(time_ms, "user", "x")];
    for number in 0..10 {
        let id = format!("session {number}");
        ok(store.append(&id, 0, at(100 + number)), "an append");
    }
    let mut seen = Vec::new();
    let mut cursor = None;
    for page in 0.. {
        let found = ok(store.sessions(2, cursor.as_deref()), "a page");
        seen.extend(found.sessions.into_iter().map(|session| session.id));
        cursor = found.cursor;
        if cursor.is_none() {
            break;
        }
        match page {
            // The last of the first page, where the cursor stands; one of a page that comes; a new one.
            0 => ok(store.delete("session 8"), "deleting one that was shown"),
            1 => drop(ok(store.append("session 1", 1, at(500)), "an append")),
            2 => drop(ok(store.append("new", 0, at(600)), "a new session")),
            _ => {}
        }
    }
    for number in [0, 2, 3, 4, 5, 6, 7, 9] {
        let id = format!("session {number}");
        let times = seen.iter().filter(|seen| **seen == id).count();
        assert_eq!(times, 1, "how often the unchanged {id} was shown: {seen:?}");
    }
}

fn a_made_up_cursor_is_refused<M: Memory>(store: &mut M) {
    let page = store.sessions(10, Some("no page gave this: 🦀"));
    fails(
        page.map(|_| ()),
        ErrorKind::InvalidInput,
        "a made-up cursor",
    );
}

fn a_deleted_session_is_gone<M: Memory>(store: &mut M) {
    ok(store.append("s", 0, entries(&["apple"])), "an append");
    ok(store.append("other", 0, entries(&["pear"])), "an append");
    ok(store.delete("s"), "deleting the session");
    fails(
        store.read("s", 0, 1),
        ErrorKind::NotFound,
        "reading a deleted session",
    );
    fails(store.delete("s"), ErrorKind::NotFound, "deleting it again");
    let append = store.append("s", 1, entries(&["x"]));
    fails(append, ErrorKind::Conflict, "continuing a deleted session");
    assert_eq!(ids(&list(store, 10)), ["other"]);
    let hits = ok(store.search(&query(), 10), "a search");
    assert!(
        hits.iter().all(|hit| hit.session == "other"),
        "hits in a deleted session"
    );
    holds(store, "other", &numbered(entries(&["pear"]), 0));
}

fn a_deleted_session_can_be_started_again<M: Memory>(store: &mut M) {
    ok(store.append("s", 0, entries(&["one", "two"])), "an append");
    ok(store.delete("s"), "deleting the session");
    assert_eq!(
        ok(store.append("s", 0, entries(&["new"])), "a new start"),
        1
    );
    holds(store, "s", &numbered(entries(&["new"]), 0));
    let sessions = list(store, 10);
    assert_eq!(
        (sessions.len(), sessions.first().map(|s| s.entries)),
        (1, Some(1))
    );
}

fn any_text_is_an_id<M: Memory>(store: &mut M) {
    let long = "x".repeat(3000);
    let other_long = format!("{}y", "x".repeat(2999));
    let ids = [
        "",
        " ",
        ".",
        "..",
        "../s",
        "/etc/passwd",
        "a/b",
        "a\\b",
        "a:b",
        "a%2fb",
        "%",
        "~",
        "*",
        "a.",
        "a",
        "A",
        "con",
        "NUL",
        "é",
        "e\u{301}",
        "東京",
        "🦀",
        "\u{0}",
        "a\nb",
        "a\tb",
        "-rf",
        "s-a.log",
        long.as_str(),
        other_long.as_str(),
    ];
    for id in ids {
        ok(
            store.append(id, 0, entries(&[id])),
            &format!("an append to {id:.100?}"),
        );
    }
    for id in ids {
        holds(store, id, &numbered(entries(&[id]), 0));
    }
    let mut found: Vec<_> = list(store, 4)
        .into_iter()
        .map(|session| session.id)
        .collect();
    let mut expect = ids.to_vec();
    found.sort_unstable();
    expect.sort_unstable();
    assert_eq!(found, expect, "the ids in the list");
    for id in ids {
        ok(store.delete(id), &format!("deleting {id:.100?}"));
    }
    assert_eq!(list(store, 10).len(), 0, "sessions left");
}

fn ids(sessions: &[SessionInfo]) -> Vec<&str> {
    sessions.iter().map(|session| session.id.as_str()).collect()
}

/// The whole list, in pages.
fn list<M: Memory>(store: &mut M, limit: u32) -> Vec<SessionInfo> {
    let mut sessions = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = ok(
            store.sessions(limit, cursor.as_deref()),
            "the list of sessions",
        );
        assert!(
            page.sessions.len() <= limit as usize,
            "a page larger than its limit of {limit}"
        );
        assert!(
            page.cursor.is_none() || !page.sessions.is_empty(),
            "an empty page with a cursor"
        );
        sessions.extend(page.sessions);
        cursor = page.cursor;
        if cursor.is_none() {
            return sessions;
        }
    }
}
