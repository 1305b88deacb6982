//! Random operations on two stores over one directory, compared with the store in memory.

use loom_plugin_memory_ram::RamMemory;
use std::collections::HashMap;

use loom_sdk::memory::{Backups as _, Hit, Memory, Query};
use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Operation {
    /// Expecting the right seq plus `off`.
    Append {
        session: usize,
        off: i8,
        texts: Vec<String>,
    },
    Read {
        session: usize,
        from_seq: u64,
        limit: u32,
    },
    Delete {
        session: usize,
    },
    Sessions {
        limit: u32,
    },
    Search {
        query: Query,
        limit: u32,
    },
    Maintain {
        session: usize,
        keep: u32,
    },
    /// From one of its backups, if it has any.
    Restore {
        session: usize,
        backup: usize,
    },
    /// The first store is replaced by a new one.
    Reopen,
    /// What a crashed writer leaves at the end of the file.
    Tear {
        session: usize,
        junk: Vec<u8>,
    },
}

const SESSIONS: [&str; 4] = ["a", "A", "../b", "🦀"];

fn operation() -> impl Strategy<Value = Operation> {
    let session = 0..SESSIONS.len();
    prop_oneof![
        8 => (session.clone(), prop_oneof![6 => Just(0_i8), 1 => -2..3_i8], prop::collection::vec(text(), 0..4))
            .prop_map(|(session, off, texts)| Operation::Append { session, off, texts }),
        4 => (session.clone(), 0..12_u64, 0..8_u32)
            .prop_map(|(session, from_seq, limit)| Operation::Read { session, from_seq, limit }),
        1 => session.clone().prop_map(|session| Operation::Delete { session }),
        2 => (0..5_u32).prop_map(|limit| Operation::Sessions { limit }),
        2 => (search_query(), 0..9_u32).prop_map(|(query, limit)| Operation::Search { query, limit }),
        2 => (session.clone(), 0..4_u32).prop_map(|(session, keep)| Operation::Maintain { session, keep }),
        1 => (session.clone(), 0..4_usize).prop_map(|(session, backup)| Operation::Restore { session, backup }),
        1 => Just(Operation::Reopen),
        1 => (session, prop::collection::vec(prop_oneof![any::<u8>(), Just(b'\n'), Just(b'{')], 1..30))
            .prop_map(|(session, junk)| Operation::Tear { session, junk }),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["(apple|pear|red|\n|é| ){0,5}", any::<String>()]
}

fn search_query() -> impl Strategy<Value = Query> {
    let text = prop::option::of(text());
    let session = prop::option::of(0..SESSIONS.len());
    (
        text,
        session,
        prop::option::of(0..9_u64),
        prop::option::of(0..9_u64),
    )
        .prop_map(|(text, session, since_ms, until_ms)| Query {
            text,
            session: session.map(|session| SESSIONS[session].into()),
            since_ms,
            until_ms,
            ..query()
        })
}

/// The two stores and the model after the same operations.
struct Compared {
    shared: Shared,
    stores: Vec<Watched>,
    model: RamMemory,
    /// By session and id, what each backup has.
    backups: HashMap<(usize, String), Vec<Entry>>,
    clock: u64,
}

impl Compared {
    fn new() -> Self {
        let shared = Shared::new();
        let stores = vec![shared.open(), shared.open()];
        Self {
            shared,
            stores,
            model: RamMemory::default(),
            backups: HashMap::new(),
            clock: 0,
        }
    }

    /// Notes what is in the backups that an operation has made: what the session was before it.
    fn note_backups(&mut self, session: usize, before: &[Entry]) {
        let store = &mut self.stores[0].store;
        for backup in store.backups(Some(SESSIONS[session])).unwrap() {
            let noted = self
                .backups
                .entry((session, backup.id))
                .or_insert_with(|| before.to_vec());
            assert_eq!(noted.len() as u64, backup.entries);
        }
    }

    fn restore(&mut self, turn: usize, session: usize, backup: usize) {
        let id = SESSIONS[session];
        let store = &mut self.stores[turn % 2].store;
        let backups = store.backups(Some(id)).unwrap();
        let Some(backup) = backups.get(backup % backups.len().max(1)) else {
            return;
        };
        let before = self.model.read(id, 0, u32::MAX).unwrap_or_default();
        store.restore(id, &backup.id).unwrap();
        self.note_backups(session, &before);
        let _ = self.model.delete(id);
        let restored = self.backups[&(session, backup.id.clone())].clone();
        self.model.append(id, 0, restored).unwrap();
    }

    fn apply(&mut self, turn: usize, operation: Operation) {
        let store = &mut self.stores[turn % 2].store;
        match operation {
            Operation::Append {
                session,
                off,
                texts,
            } => {
                let session = SESSIONS[session];
                let known = self.model.read(session, 0, u32::MAX).unwrap_or_default();
                let seq = (known.len() as u64).saturating_add_signed(off.into());
                let entries = texts.iter().map(|text| {
                    self.clock += 1;
                    Entry {
                        payload: text.clone(),
                        ..entry(self.clock, "user", text)
                    }
                });
                let entries: Vec<_> = entries.collect();
                let expect = self.model.append(session, seq, entries.clone());
                alike(store.append(session, seq, entries), expect, |next| *next);
            }
            Operation::Read {
                session,
                from_seq,
                limit,
            } => {
                let session = SESSIONS[session];
                let expect = self.model.read(session, from_seq, limit);
                alike(store.read(session, from_seq, limit), expect, |entries| {
                    format!("{entries:?}")
                });
            }
            Operation::Delete { session } => {
                let id = SESSIONS[session];
                let before = self.model.read(id, 0, u32::MAX).unwrap_or_default();
                alike(store.delete(id), self.model.delete(id), |()| ());
                self.note_backups(session, &before);
            }
            Operation::Maintain { session, keep } => {
                let known = self.model.read(SESSIONS[session], 0, u32::MAX);
                let done = store.maintain(SESSIONS[session], keep);
                alike(done.map(drop), known.clone().map(drop), |()| ());
                self.note_backups(session, &known.unwrap_or_default());
            }
            Operation::Restore { session, backup } => self.restore(turn, session, backup),
            Operation::Sessions { limit } => self.compare_lists(turn, limit),
            Operation::Search { query, limit } => {
                let found = store.search(&query, limit).unwrap();
                let expect = self.model.search(&query, limit).unwrap();
                assert_eq!(hits(&found), hits(&expect), "{query:?}");
            }
            Operation::Reopen => self.stores[0] = self.shared.open(),
            Operation::Tear { session, junk } => {
                let file = self.shared.file(SESSIONS[session]);
                if file.exists() {
                    add(&file, &junk);
                }
            }
        }
    }

    fn compare_lists(&mut self, turn: usize, limit: u32) {
        let store = &mut self.stores[turn % 2].store;
        let mut cursor = None;
        loop {
            let found = store.sessions(limit, cursor.as_deref()).unwrap();
            let expect = self.model.sessions(limit, cursor.as_deref()).unwrap();
            assert_eq!(format!("{found:?}"), format!("{expect:?}"));
            cursor = found.cursor;
            if cursor.is_none() {
                return;
            }
        }
    }
}

fn alike<T, V: PartialEq + std::fmt::Debug>(
    found: Result<T, Error>,
    expect: Result<T, Error>,
    view: impl Fn(&T) -> V,
) {
    let view = |result: &Result<T, Error>| result.as_ref().map(&view).map_err(|error| error.kind);
    assert_eq!(view(&found), view(&expect));
}

/// Scores to nine digits: sums of the same floats in another order.
fn hits(hits: &[Hit]) -> Vec<String> {
    hits.iter()
        .map(|hit| format!("{} {:?} {:.9}", hit.session, hit.entry, hit.score))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn two_stores_answer_as_one_in_memory(operations in prop::collection::vec(operation(), 1..60)) {
        let mut compared = Compared::new();
        for (turn, operation) in operations.into_iter().enumerate() {
            compared.apply(turn, operation);
        }
        compared.compare_lists(0, 9);
        compared.compare_lists(1, 9);
    }
}
