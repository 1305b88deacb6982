//! Tests of stores that keep backups.

use std::thread;

use super::{entries, entry, fails, holds, numbered, ok, query};
use crate::error::ErrorKind;
use crate::memory::{Backup, Backups, Entry};

/// How many entries are appended beside the upkeep.
const ENTRIES: u64 = 200;

type Check<M> = fn(&mut M);

/// Tests a store's backups. Each call of `make_store` gives a new, empty one.
///
/// # Panics
///
/// With what is wrong, if the store breaks a promise.
pub fn backups<M: Backups>(mut make_store: impl FnMut() -> M) {
    let checks: [Check<M>; 8] = [
        a_new_store_has_no_backups,
        a_backup_is_made_when_the_session_has_changed,
        the_newest_backups_are_kept,
        upkeep_changes_nothing_that_can_be_seen,
        a_restored_session_is_what_it_was,
        what_a_restored_session_was_before_can_be_restored,
        a_deleted_session_can_be_restored,
        what_does_not_exist_is_not_found,
    ];
    for check in checks {
        check(&mut make_store());
    }
}

/// Tests upkeep beside stores that append, over one storage. `open` gives another store over the same
/// storage, which is empty at first; it is called from several threads.
///
/// # Panics
///
/// With what is wrong, if the stores break a promise.
pub fn shared_backups<M: Backups>(open: impl Fn() -> M + Sync) {
    let expect: Vec<_> = (0..ENTRIES).map(|i| entry(i, "user", "x")).collect();
    thread::scope(|scope| {
        let open = &open;
        let writer = scope.spawn(move || {
            let mut store = open();
            for number in 0..ENTRIES {
                let next = store.append("s", number, vec![entry(number, "user", "x")]);
                assert_eq!(ok(next, "an append beside the upkeep"), number + 1);
            }
        });
        let mut store = open();
        while !writer.is_finished() {
            if let Err(error) = store.maintain("s", 2) {
                let is_expected =
                    matches!(error.kind, ErrorKind::NotFound | ErrorKind::Unavailable);
                assert!(is_expected, "upkeep beside appends: {error:?}");
            }
        }
    });
    let mut store = open();
    ok(store.maintain("s", 2), "upkeep");
    holds(&mut store, "s", &numbered(expect.clone(), 0));
    for backup in list(&mut store, Some("s")) {
        ok(store.restore("s", &backup.id), "restoring");
        let then = &expect[..backup.entries as usize];
        holds(&mut open(), "s", &numbered(then.to_vec(), 0));
    }
}

fn a_new_store_has_no_backups<M: Backups>(store: &mut M) {
    assert_eq!(list(store, None), [], "the backups of a new store");
    ok(store.append("s", 0, entries(&["x"])), "an append");
    assert_eq!(list(store, Some("s")), [], "the backups of a new session");
}

fn a_backup_is_made_when_the_session_has_changed<M: Backups>(store: &mut M) {
    ok(store.append("s", 0, entries(&["one", "two"])), "an append");
    ok(store.append("other", 0, entries(&["x"])), "an append");
    let made = ok(store.maintain("s", 5), "the first upkeep").made;
    let made = made.expect("the first upkeep makes a backup");
    assert_eq!(
        (made.session.as_str(), made.entries),
        ("s", 2),
        "what was backed up"
    );
    let upkeep = ok(store.maintain("s", 5), "a second upkeep");
    assert_eq!(upkeep.made, None, "a backup of a session that is the same");
    ok(store.append("s", 2, entries(&["three"])), "an append");
    let second = ok(store.maintain("s", 5), "a third upkeep").made;
    let second = second.expect("a changed session is backed up");
    assert_ne!(made.id, second.id, "the names of two backups");
    let expect = [second, made];
    assert_eq!(list(store, Some("s")), expect, "the backups, newest first");
    assert_eq!(list(store, None), expect, "all backups");
    assert_eq!(
        list(store, Some("other")),
        [],
        "the backups of another session"
    );
}

fn the_newest_backups_are_kept<M: Backups>(store: &mut M) {
    let mut made = Vec::new();
    for seq in 0..5 {
        ok(store.append("s", seq, entries(&["x"])), "an append");
        let upkeep = ok(store.maintain("s", 2), "upkeep");
        assert_eq!(
            upkeep.removed,
            u32::from(seq >= 2),
            "how many backups made room"
        );
        made.insert(0, upkeep.made.expect("the session has changed"));
    }
    assert_eq!(list(store, Some("s")), made[..2], "the newest two");
    ok(store.append("s", 5, entries(&["x"])), "an append");
    let upkeep = ok(store.maintain("s", 0), "upkeep without backups");
    assert_eq!(
        (upkeep.made, upkeep.removed),
        (None, 0),
        "upkeep without backups"
    );
}

fn upkeep_changes_nothing_that_can_be_seen<M: Backups>(store: &mut M) {
    let all: Vec<Entry> = (0..300).map(|i| entry(i, "user", "apple")).collect();
    for (seq, entry) in (0..).zip(&all) {
        ok(store.append("s", seq, vec![entry.clone()]), "an append");
    }
    for _ in 0..2 {
        ok(store.maintain("s", 2), "upkeep");
        holds(store, "s", &numbered(all.clone(), 0));
        let page = ok(store.sessions(9, None), "the list of sessions").sessions;
        assert_eq!(page.len(), 1, "the sessions after upkeep");
        let info = (page[0].entries, page[0].created_ms, page[0].updated_ms);
        assert_eq!(info, (300, 0, 299), "the session after upkeep");
    }
    let stale = store.append("s", 299, entries(&["x"]));
    fails(stale, ErrorKind::Conflict, "a stale append after upkeep");
    ok(
        store.append("s", 300, entries(&["x"])),
        "an append after upkeep",
    );
}

fn a_restored_session_is_what_it_was<M: Backups>(store: &mut M) {
    let whole = Entry {
        vector: Some(vec![0.5, -0.0]),
        payload: "{\n \"a\": 1.00 }".into(),
        ..entry(u64::MAX, "user\n", "Zürich 🦀 \u{0}")
    };
    let then = vec![whole.clone(), whole];
    ok(store.append("s", 0, then.clone()), "an append");
    let made = ok(store.maintain("s", 5), "upkeep").made;
    let made = made.expect("the session is new");
    ok(store.append("s", 2, entries(&["later apple"])), "an append");
    let restored = ok(store.restore("s", &made.id), "restoring");
    assert_eq!(restored, made, "what restoring returns");
    holds(store, "s", &numbered(then, 0));
    let hits = ok(store.search(&query(), 10), "a search").len();
    assert_eq!(hits, 2, "the hits in the restored session");
    let stale = store.append("s", 3, entries(&["x"]));
    fails(stale, ErrorKind::Conflict, "continuing what was undone");
    let next = store.append("s", 2, entries(&["new"]));
    assert_eq!(ok(next, "continuing what was restored"), 3);
}

fn what_a_restored_session_was_before_can_be_restored<M: Backups>(store: &mut M) {
    ok(store.append("s", 0, entries(&["one"])), "an append");
    let made = ok(store.maintain("s", 1), "upkeep").made;
    let first = made.expect("the session is new");
    ok(store.append("s", 1, entries(&["two"])), "an append");
    ok(store.restore("s", &first.id), "restoring");
    let before = list(store, Some("s")).into_iter().next();
    let before = before.expect("what it was before is backed up");
    assert_eq!(before.entries, 2, "what it was before");
    ok(store.restore("s", &before.id), "undoing that");
    let texts: Vec<_> = ok(store.read("s", 0, 9), "reading it")
        .into_iter()
        .map(|entry| entry.text)
        .collect();
    assert_eq!(texts, ["one", "two"], "the session as it was before");
}

fn a_deleted_session_can_be_restored<M: Backups>(store: &mut M) {
    ok(store.append("s", 0, entries(&["one", "two"])), "an append");
    ok(store.maintain("s", 5), "upkeep");
    ok(store.append("s", 2, entries(&["three"])), "an append");
    ok(store.delete("s"), "deleting it");
    fails(
        store.read("s", 0, 9),
        ErrorKind::NotFound,
        "reading what was deleted",
    );
    fails(
        store.maintain("s", 5),
        ErrorKind::NotFound,
        "upkeep of what was deleted",
    );
    let all = list(store, None);
    let newest = all.first().expect("its backups are listed");
    assert_eq!(newest.entries, 3, "the last backup has all");
    ok(store.append("s", 0, entries(&["new"])), "a new start");
    ok(store.restore("s", &newest.id), "restoring it");
    let texts: Vec<_> = ok(store.read("s", 0, 9), "reading it")
        .into_iter()
        .map(|entry| entry.text)
        .collect();
    assert_eq!(texts, ["one", "two", "three"], "the restored session");
}

fn what_does_not_exist_is_not_found<M: Backups>(store: &mut M) {
    let what = "upkeep of no session";
    fails(store.maintain("s", 5), ErrorKind::NotFound, what);
    fails(store.maintain("s", 0), ErrorKind::NotFound, what);
    let what = "restoring a session without backups";
    fails(store.restore("s", "x"), ErrorKind::NotFound, what);
    ok(store.append("s", 0, entries(&["one"])), "an append");
    ok(store.maintain("s", 5), "upkeep");
    for id in ["", "x", "../x", "🦀"] {
        let what = format!("restoring no backup {id:?}");
        fails(store.restore("s", id), ErrorKind::NotFound, &what);
    }
    let id = list(store, Some("s")).remove(0).id;
    let what = "restoring another session's backup";
    fails(store.restore("other", &id), ErrorKind::NotFound, what);
    assert_eq!(
        list(store, Some("other")),
        [],
        "the backups of what does not exist"
    );
}

fn list<M: Backups>(store: &mut M, session: Option<&str>) -> Vec<Backup> {
    ok(store.backups(session), "the list of backups")
}
