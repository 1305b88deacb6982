//! What every session store owes, as tests to run on one's own: the promises of `wit/memory.wit`
//! that can be seen from outside. What survives a crash can't, so that is not tested here. In a test of
//! the store's crate:
//!
//! ```
//! # use loom_sdk::error::{Error, Result};
//! # use loom_sdk::memory::{Entry, Hit, Memory, Page, Query, SessionInfo};
//! # #[derive(Default)]
//! # struct MyStore;
//! # impl Memory for MyStore {
//! #     fn append(&mut self, _: &str, _: u64, _: Vec<Entry>) -> Result<u64> { Ok(0) }
//! #     fn read(&mut self, _: &str, _: u64, _: u32) -> Result<Vec<Entry>> { Ok(vec![]) }
//! #     fn sessions(&mut self, _: u32, _: Option<&str>) -> Result<Page> { Err(Error::internal("")) }
//! #     fn delete(&mut self, _: &str) -> Result<()> { Ok(()) }
//! #     fn search(&mut self, _: &Query, _: u32) -> Result<Vec<Hit>> { Ok(vec![]) }
//! # }
//! fn my_store_keeps_the_contract() {
//!     loom_sdk::testing::memory::conformance(MyStore::default);
//! }
//! ```
//!
//! | test | what it takes | for which stores |
//! | --- | --- | --- |
//! | [`conformance`] | a function that gives a new, empty store | all |
//! | [`vector_search`] | the same | those that search by vector |
//! | [`shared()`] | a function that gives another store over the same storage | those that several hosts use at once |
//! | [`backups()`] | a function that gives a new, empty store | those that are [`Backups`](crate::memory::Backups) |
//! | [`shared_backups`] | a function that gives another store over the same storage | those that are both |

mod append;
mod backups;
mod search;
mod sessions;
mod shared;

pub use backups::{backups, shared_backups};
pub use shared::shared;

use std::fmt::Debug;

use crate::error::{ErrorKind, Result};
use crate::memory::{Entry, Memory, Query};

/// Tests a store. Each call of `make_store` gives a new, empty one.
///
/// # Panics
///
/// With what is wrong, if the store breaks a promise.
pub fn conformance<M: Memory>(mut make_store: impl FnMut() -> M) {
    for check in append::checks()
        .into_iter()
        .chain(sessions::checks())
        .chain(search::checks())
    {
        check(&mut make_store());
    }
}

/// Tests that a store searches by vector. The contract lets a store do without.
///
/// # Panics
///
/// With what is wrong, if the store breaks a promise.
pub fn vector_search<M: Memory>(mut make_store: impl FnMut() -> M) {
    for check in search::vector_checks() {
        check(&mut make_store());
    }
}

/// An entry of a kind with a text, at a time.
pub fn entry(time_ms: u64, kind: &str, text: &str) -> Entry {
    Entry {
        seq: 0,
        time_ms,
        kind: kind.into(),
        text: text.into(),
        vector: None,
        payload: "{}".into(),
    }
}

/// A query without conditions.
pub fn query() -> Query {
    Query {
        text: None,
        vector: None,
        session: None,
        kinds: Vec::new(),
        since_ms: None,
        until_ms: None,
    }
}

/// Whether two entries are the same, bit for bit.
pub fn same(a: &Entry, b: &Entry) -> bool {
    let bits = |entry: &Entry| {
        let vector = entry.vector.as_ref()?;
        Some(vector.iter().map(|x| x.to_bits()).collect::<Vec<_>>())
    };
    (a.seq, a.time_ms, &a.kind, &a.text, &a.payload)
        == (b.seq, b.time_ms, &b.kind, &b.text, &b.payload)
        && bits(a) == bits(b)
}

type Check<M> = fn(&mut M);

/// Entries with these texts, a millisecond apart.
fn entries(texts: &[&str]) -> Vec<Entry> {
    texts
        .iter()
        .zip(1000..)
        .map(|(text, time_ms)| entry(time_ms, "user", text))
        .collect()
}

/// What reading gives for entries that were appended from `seq` on.
fn numbered(entries: Vec<Entry>, seq: u64) -> Vec<Entry> {
    entries
        .into_iter()
        .zip(seq..)
        .map(|(entry, seq)| Entry { seq, ..entry })
        .collect()
}

/// Tests that a session holds exactly these entries.
fn holds<M: Memory>(store: &mut M, session: &str, expect: &[Entry]) {
    let what = format!("reading {session:.100?}");
    same_all(&ok(store.read(session, 0, u32::MAX), &what), expect, &what);
}

fn same_all(found: &[Entry], expect: &[Entry], what: &str) {
    assert_eq!(found.len(), expect.len(), "{what}: the number of entries");
    for (found, expect) in found.iter().zip(expect) {
        assert!(
            same(found, expect),
            "{what}: {found:.2000?} is not the entry that was appended: {expect:.2000?}"
        );
    }
}

#[expect(clippy::panic, reason = "a test wants to stop here")]
fn ok<T>(result: Result<T>, what: &str) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{what} failed: {error:?}"),
    }
}

#[expect(clippy::panic, reason = "a test wants to stop here")]
fn fails<T: Debug>(result: Result<T>, kind: ErrorKind, what: &str) {
    match result {
        Ok(value) => panic!("{what} must fail with {kind:?} but gave {value:.200?}"),
        Err(error) => {
            assert_eq!(error.kind, kind, "{what}: the kind of {error:?}");
            assert!(
                !error.message.is_empty(),
                "{what}: an error needs a message"
            );
        }
    }
}
