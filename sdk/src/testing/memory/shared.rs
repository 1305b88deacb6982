//! Tests of a store that several hosts use at once.

use std::thread;

use super::{entries, entry, fails, holds, numbered, ok, query};
use crate::error::ErrorKind;
use crate::memory::Memory;

/// How many writers race, and how many entries each has to get in.
const WRITERS: u64 = 4;
const ENTRIES_PER_WRITER: u64 = 100;

/// Tests stores over one storage, as different hosts open them. `open` gives another one over the
/// same storage, which is empty at first; it is called from several threads.
///
/// # Panics
///
/// With what is wrong, if the stores break a promise.
pub fn shared<M: Memory>(open: impl Fn() -> M + Sync) {
    one_sees_what_the_other_does(&mut open(), &mut open());
    what_was_stored_is_there_for_a_new_store(&mut open(), &mut open());
    every_entry_that_was_accepted_is_there_once(&open);
    only_one_can_be_first(&open);
    an_append_is_seen_as_a_whole(&open);
}

fn one_sees_what_the_other_does<M: Memory>(one: &mut M, other: &mut M) {
    ok(one.append("seen", 0, entries(&["one"])), "an append");
    holds(other, "seen", &numbered(entries(&["one"]), 0));
    ok(
        other.append("seen", 1, entries(&["two"])),
        "the other's append",
    );
    let stale = one.append("seen", 1, entries(&["three"]));
    fails(
        stale,
        ErrorKind::Conflict,
        "an append that does not know of the other's",
    );
    assert_eq!(
        ok(one.read("seen", 1, 9), "reading the other's entry").len(),
        1
    );
    ok(other.delete("seen"), "the other's deletion");
    fails(
        one.read("seen", 0, 1),
        ErrorKind::NotFound,
        "reading what the other deleted",
    );
    let gone = one.append("seen", 2, entries(&["x"]));
    fails(
        gone,
        ErrorKind::Conflict,
        "continuing what the other deleted",
    );
    ok(
        other.append("seen", 0, entries(&["new"])),
        "the other's new start",
    );
    holds(one, "seen", &numbered(entries(&["new"]), 0));
    ok(one.delete("seen"), "deleting it");
}

fn what_was_stored_is_there_for_a_new_store<M: Memory>(one: &mut M, new: &mut M) {
    ok(one.append("stored", 0, entries(&["apple"])), "an append");
    let page = ok(new.sessions(10, None), "the list of a new store");
    assert_eq!(page.sessions.len(), 1, "the sessions of a new store");
    assert_eq!(
        ok(new.search(&query(), 10), "a search").len(),
        1,
        "hits of a new store"
    );
    assert_eq!(
        ok(new.append("stored", 1, Vec::new()), "an append of nothing"),
        1
    );
    ok(new.delete("stored"), "deleting it");
}

fn every_entry_that_was_accepted_is_there_once<M: Memory>(open: &(impl Fn() -> M + Sync)) {
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            scope.spawn(move || write_all(&mut open(), writer));
        }
    });
    let mut store = open();
    let all = ok(store.read("race", 0, u32::MAX), "reading the race");
    assert!(
        (0..).zip(&all).all(|(seq, entry)| seq == entry.seq),
        "a gap in seq"
    );
    for writer in 0..WRITERS {
        let own = all.iter().filter(|entry| entry.kind == writer.to_string());
        let own: Vec<_> = own.map(|entry| entry.time_ms).collect();
        let expect: Vec<_> = (0..ENTRIES_PER_WRITER).collect();
        assert_eq!(
            own, expect,
            "the entries of writer {writer}, once each and in order"
        );
    }
    ok(store.delete("race"), "deleting the race");
}

/// Appends entries one by one; after a conflict it reads what it missed, as a host does.
fn write_all<M: Memory>(store: &mut M, writer: u64) {
    let mut next = 0;
    for number in 0..ENTRIES_PER_WRITER {
        let entry = entry(number, &writer.to_string(), "x");
        loop {
            match store.append("race", next, vec![entry.clone()]) {
                Ok(after) => {
                    assert_eq!(after, next + 1, "append returns the next seq");
                    next = after;
                    break;
                }
                Err(error) if error.kind == ErrorKind::Conflict => {
                    let missed = ok(
                        store.read("race", next, u32::MAX),
                        "reading after a conflict",
                    );
                    assert!(
                        !missed.is_empty(),
                        "a conflict without anything new to read"
                    );
                    next += missed.len() as u64;
                }
                other => drop(ok(other, "an append in a race")),
            }
        }
    }
}

fn only_one_can_be_first<M: Memory>(open: &(impl Fn() -> M + Sync)) {
    for round in 0..20 {
        let session = format!("first {round}");
        let append = |writer: u64| {
            let mut store = open();
            let entries = vec![entry(writer, "user", "x"); 3];
            match store.append(&session, 0, entries) {
                Ok(next) => Some(next),
                Err(error) => {
                    assert_eq!(error.kind, ErrorKind::Conflict, "{error:?}");
                    None
                }
            }
        };
        let accepted: Vec<_> = thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|w| scope.spawn(move || append(w)))
                .collect();
            let results = writers
                .into_iter()
                .map(|w| w.join().expect("a writer ends"));
            results.flatten().collect()
        });
        assert_eq!(accepted, [3], "the appends that were first");
        let mut store = open();
        assert_eq!(ok(store.read(&session, 0, 99), "reading").len(), 3);
        ok(store.delete(&session), "deleting");
    }
}

fn an_append_is_seen_as_a_whole<M: Memory>(open: &(impl Fn() -> M + Sync)) {
    let text = "x".repeat(20_000);
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut store = open();
            for batch in 0..30 {
                let entries = vec![entry(batch, "user", &text); 3];
                ok(store.append("whole", batch * 3, entries), "an append");
            }
        });
        let mut store = open();
        while !writer.is_finished() {
            let seen = match store.read("whole", 0, u32::MAX) {
                Ok(entries) => entries.len(),
                Err(error) => {
                    assert_eq!(error.kind, ErrorKind::NotFound, "reading: {error:?}");
                    0
                }
            };
            assert_eq!(seen % 3, 0, "a part of an append was seen");
        }
    });
    ok(open().delete("whole"), "deleting it");
}
