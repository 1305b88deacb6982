//! Stores that write to one session at once.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use loom_sdk::memory::Backups as _;

use super::*;

/// Writes in small pieces with chances for others to get in between, as WASI may.
const IN_PIECES: Calls = Calls {
    write: |file, bytes| {
        for piece in bytes.chunks(700) {
            file.write_all(piece)?;
            thread::yield_now();
        }
        Ok(())
    },
    sync: |_| Ok(()),
    wait: thread::sleep,
};

/// What a writer was told.
#[derive(Default)]
struct Told {
    /// By the seq of its first entry, the text of each accepted append and how many entries it has.
    accepted: BTreeMap<u64, (String, u64)>,
    refused: u64,
}

struct Race {
    calls: Calls,
    writers: u64,
    appends: u64,
    /// Of the longest text.
    bytes: u64,
    /// Whether backups are made and the log is written anew meanwhile.
    upkeep: bool,
}

/// Appends batches of different sizes; what is refused is tried again as another batch, so that a
/// refused one that turns up is noticed.
fn write(path: PathBuf, race: &Race, writer: u64) -> Told {
    let warn = |_: &str| {};
    let mut store = FileMemory::with_calls(path, warn, race.calls);
    let mut told = Told::default();
    let mut next = 0;
    while (told.accepted.len() as u64) < race.appends {
        let number = told.accepted.len() as u64;
        let count = 1 + (writer + number) % 4;
        let size = (number * 7919 + writer * 104_729) % race.bytes;
        let text = format!(
            "{writer}/{number}/{} {}",
            told.refused,
            "x".repeat(size as usize)
        );
        let batch = vec![entry(0, "user", &text); count as usize];
        match store.append("race", next, batch) {
            Ok(after) => {
                assert_eq!(after, next + count);
                told.accepted.insert(next, (text, count));
                next = after;
                if race.upkeep && told.accepted.len().is_multiple_of(100) {
                    // Writers that never rest leave no moment for a seal.
                    thread::sleep(Duration::from_millis(300));
                }
            }
            Err(error) => {
                assert!(
                    matches!(error.kind, ErrorKind::Conflict | ErrorKind::Unavailable),
                    "{error:?}"
                );
                told.refused += 1;
                next += store
                    .read("race", next, u32::MAX)
                    .map_or(0, |missed| missed.len() as u64);
            }
        }
    }
    told
}

fn run(race: &Race) {
    let shared = Shared::new();
    let told: Vec<Told> = thread::scope(|scope| {
        let path = shared.path();
        let writers: Vec<_> = (0..race.writers)
            .map(|writer| {
                let path = path.clone();
                scope.spawn(move || write(path, race, writer))
            })
            .collect();
        let mut store =
            FileMemory::with_calls(path, |message| unreachable!("{message}"), race.calls);
        let mut reclaimed = 0;
        while race.upkeep && writers.iter().any(|writer| !writer.is_finished()) {
            match store.maintain("race", 2) {
                Ok(upkeep) => reclaimed += upkeep.reclaimed_bytes,
                Err(error) => assert_eq!(error.kind, ErrorKind::NotFound, "{error:?}"),
            }
        }
        assert_eq!(race.upkeep, reclaimed > 0, "the log was never written anew");
        writers
            .into_iter()
            .map(|writer| writer.join().unwrap())
            .collect()
    });
    assert!(told.iter().any(|told| told.refused > 0), "nobody raced");
    let mut expect = Vec::new();
    let accepted: BTreeMap<_, _> = told.into_iter().flat_map(|told| told.accepted).collect();
    for (seq, (text, count)) in accepted {
        assert_eq!(
            seq,
            expect.len() as u64,
            "a gap, or two that were given the same place"
        );
        expect.extend((0..count).map(|_| text.clone()));
    }
    let entries = shared.open().store.read("race", 0, u32::MAX).unwrap();
    assert!((0..).zip(&entries).all(|(seq, entry)| entry.seq == seq));
    let texts: Vec<_> = entries.into_iter().map(|entry| entry.text).collect();
    assert!(
        texts == expect,
        "the entries are not those that were accepted"
    );
}

#[test]
fn small_appends_are_there_exactly_once() {
    run(&Race {
        calls: quick(),
        writers: 4,
        appends: 1000,
        bytes: 50,
        upkeep: false,
    });
}

#[test]
fn appends_that_are_written_in_pieces_are_there_exactly_once() {
    run(&Race {
        calls: IN_PIECES,
        writers: 3,
        appends: 200,
        bytes: 6000,
        upkeep: false,
    });
}

#[test]
fn appends_that_reach_the_disk_are_there_exactly_once() {
    run(&Race {
        calls: Calls::default(),
        writers: 2,
        appends: 100,
        bytes: 2000,
        upkeep: false,
    });
}

#[test]
fn appends_are_there_exactly_once_while_the_log_is_written_anew() {
    run(&Race {
        calls: IN_PIECES,
        writers: 3,
        appends: 400,
        bytes: 20,
        upkeep: true,
    });
}

#[test]
fn sessions_that_are_deleted_restored_and_kept_up_in_a_race_stay_whole() {
    let shared = Shared::new();
    thread::scope(|scope| {
        for writer in 0..4 {
            let path = shared.path();
            scope.spawn(move || {
                let warn = |message: &str| unreachable!("{message}");
                let mut store = FileMemory::with_calls(path, warn, IN_PIECES);
                for number in 0..150 {
                    let done = match (number * 7 + writer) % 20 {
                        0 => store.delete("s"),
                        1 | 2 => restore_any(&mut store, number),
                        3..6 => store.maintain("s", 3).map(drop),
                        _ => Ok(()),
                    };
                    expect_a_race(done);
                    let known = store.read("s", 0, u32::MAX).unwrap_or_default();
                    check_chain(&known);
                    let next = known.len() as u64;
                    let batch = entries(next, &[&format!("{next}"), &format!("{}", next + 1)]);
                    expect_a_race(store.append("s", next, batch).map(drop));
                }
            });
        }
    });
    let mut store = shared.open().store;
    check_chain(&store.read("s", 0, u32::MAX).unwrap_or_default());
    for backup in store.backups(Some("s")).unwrap() {
        store.restore("s", &backup.id).unwrap();
        let restored = store.read("s", 0, u32::MAX).unwrap();
        assert_eq!(restored.len() as u64, backup.entries);
        check_chain(&restored);
    }
}

fn restore_any(store: &mut FileMemory, number: usize) -> Result<(), Error> {
    let backups = store.backups(Some("s"))?;
    match backups.get(number % backups.len().max(1)) {
        Some(backup) => store.restore("s", &backup.id).map(drop),
        None => Ok(()),
    }
}

/// Others may be in the way, but nothing else may go wrong.
fn expect_a_race(result: Result<(), Error>) {
    if let Err(error) = result {
        let kinds = [
            ErrorKind::Conflict,
            ErrorKind::NotFound,
            ErrorKind::Unavailable,
        ];
        assert!(kinds.contains(&error.kind), "{error:?}");
    }
}

#[test]
fn sessions_that_are_deleted_and_started_in_a_race_stay_whole() {
    let shared = Shared::new();
    thread::scope(|scope| {
        for writer in 0..3 {
            let path = shared.path();
            scope.spawn(move || {
                let mut store = FileMemory::with_calls(path, |_| {}, IN_PIECES);
                for number in 0..200 {
                    if number % 5 == writer {
                        let _ = store.delete("s");
                    }
                    let known = store.read("s", 0, u32::MAX).unwrap_or_default();
                    check_chain(&known);
                    let next = known.len() as u64;
                    let batch = entries(next, &[&format!("{next}"), &format!("{}", next + 1)]);
                    if let Err(error) = store.append("s", next, batch) {
                        assert_eq!(error.kind, ErrorKind::Conflict, "{error:?}");
                    }
                }
            });
        }
    });
    check_chain(
        &shared
            .open()
            .store
            .read("s", 0, u32::MAX)
            .unwrap_or_default(),
    );
}

/// Every text is the seq of its entry: no log is part of one session and part of another.
fn check_chain(entries: &[Entry]) {
    for (seq, entry) in (0..).zip(entries) {
        assert_eq!((entry.seq, &entry.text), (seq, &seq.to_string()));
    }
}
