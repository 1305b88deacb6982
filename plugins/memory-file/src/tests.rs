//! Tests of the store as a whole: several stores over one directory stand for several processes.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

mod backups;
mod damage;
mod model;
mod race;

use std::cell::RefCell;
use std::fs;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use loom_sdk::memory::{Entry, Memory as _};
use loom_sdk::testing::memory::{self as testing, entry, query};
use loom_sdk::{Error, ErrorKind};
use tempfile::TempDir;

use crate::FileMemory;
use crate::disk::Calls;

/// A directory that stores can share.
struct Shared {
    directory: TempDir,
}

/// A store, and what it has warned of.
struct Watched {
    store: FileMemory,
    warnings: Rc<RefCell<Vec<String>>>,
}

impl Shared {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("sessions")).unwrap();
        Self { directory }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("sessions")
    }

    fn file(&self, session: &str) -> PathBuf {
        self.path().join(crate::name::file_name(session))
    }

    fn open(&self) -> Watched {
        self.open_with(quick())
    }

    fn open_with(&self, calls: Calls) -> Watched {
        let warnings = Rc::new(RefCell::new(Vec::new()));
        let given = Rc::clone(&warnings);
        let warn = move |message: &str| given.borrow_mut().push(message.to_owned());
        let store = FileMemory::with_calls(self.path(), warn, calls);
        Watched { store, warnings }
    }
}

impl Watched {
    fn append(&mut self, seq: u64, texts: &[&str]) -> Result<u64, Error> {
        self.store.append("s", seq, entries(seq, texts))
    }

    fn read(&mut self) -> Result<Vec<Entry>, Error> {
        self.store.read("s", 0, u32::MAX)
    }

    fn texts(&mut self) -> Vec<String> {
        let entries = self.read().unwrap();
        assert!((0..).zip(&entries).all(|(seq, entry)| entry.seq == seq));
        entries.into_iter().map(|entry| entry.text).collect()
    }

    fn warnings(&self) -> Vec<String> {
        self.warnings.borrow().clone()
    }

    /// The one warning there is.
    fn warning(&self) -> String {
        let warnings = self.warnings();
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        warnings[0].clone()
    }
}

/// Calls that do not wait for the disk.
fn quick() -> Calls {
    Calls {
        sync: |_| Ok(()),
        wait: |_| std::thread::yield_now(),
        ..Calls::default()
    }
}

fn entries(seq: u64, texts: &[&str]) -> Vec<Entry> {
    texts
        .iter()
        .zip(seq..)
        .map(|(text, time_ms)| entry(time_ms, "user", text))
        .collect()
}

fn kind<T>(result: Result<T, Error>) -> ErrorKind {
    result.map(|_| ()).unwrap_err().kind
}

fn add(path: &Path, bytes: &[u8]) {
    let mut file = File::options().append(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
}

#[test]
fn it_keeps_the_contract() {
    let mut directories = Vec::new();
    let mut make_store = || {
        directories.push(Shared::new());
        let path = directories.last().unwrap().path();
        FileMemory::new(path, |message| unreachable!("{message}"))
    };
    testing::conformance(&mut make_store);
    testing::vector_search(&mut make_store);
    testing::backups(&mut make_store);
}

#[test]
fn it_can_be_shared() {
    let shared = Shared::new();
    let open = || FileMemory::new(shared.path(), |message| unreachable!("{message}"));
    testing::shared(open);
    testing::shared_backups(open);
}

#[test]
fn a_file_is_readable_text() {
    let shared = Shared::new();
    let mut store = shared.open();
    store.append(0, &["hi"]).unwrap();
    store.append(1, &["ho"]).unwrap();
    let text = fs::read_to_string(shared.file("s")).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], r#"a2cb05b7 27 {"loom-session":1,"id":"s"}"#);
    assert!(
        lines[1].contains(r#" {"seq":0,"base":0,"writer":""#),
        "{text}"
    );
    assert!(lines[2].contains(r#" {"seq":1,"base":"#), "{text}");
    assert!(
        lines[2].ends_with(r#""entries":[{"time_ms":1,"kind":"user","text":"ho","payload":{}}]}"#)
    );
    assert_eq!((lines.len(), text.contains("\n\n")), (3, false));
}

#[test]
fn nothing_is_written_before_the_first_append() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = FileMemory::new(directory.path().join("a/b"), |m| unreachable!("{m}"));
    assert!(store.sessions(9, None).unwrap().sessions.is_empty());
    assert!(store.search(&query(), 9).unwrap().is_empty());
    assert_eq!(kind(store.read("s", 0, 1)), ErrorKind::NotFound);
    assert_eq!(kind(store.delete("s")), ErrorKind::NotFound);
    assert_eq!(kind(store.append("s", 1, Vec::new())), ErrorKind::Conflict);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    store.append("s", 0, entries(0, &["x"])).unwrap();
    assert!(directory.path().join("a/b/s-s.log").is_file());
}

#[test]
fn foreign_files_are_left_alone() {
    let shared = Shared::new();
    let mut store = shared.open();
    store.append(0, &["x"]).unwrap();
    let hashed = format!("h-{}.log", "0".repeat(64));
    let foreign = [
        "README",
        ".s-a.log.swp",
        "s-A.log",
        "s-%zz.log",
        "s-junk.log",
        "s-empty.log",
        &hashed,
    ];
    for name in foreign {
        let junk: &[u8] = if name == "s-empty.log" {
            b""
        } else {
            b"\x00\xff\nju\nnk"
        };
        fs::write(shared.path().join(name), junk).unwrap();
    }
    fs::create_dir(shared.path().join("s-directory.log")).unwrap();
    let mut new = shared.open();
    let page = new.store.sessions(99, None).unwrap();
    assert_eq!(page.sessions.len(), 1);
    assert_eq!(new.store.search(&query(), 99).unwrap().len(), 1);
    assert_eq!(kind(new.store.read("junk", 0, 1)), ErrorKind::NotFound);
    assert_eq!(kind(new.store.delete("junk")), ErrorKind::NotFound);
    assert_eq!(
        kind(new.store.read("directory", 0, 1)),
        ErrorKind::Unavailable
    );
    assert_eq!(
        kind(new.store.append("directory", 0, Vec::new())),
        ErrorKind::Unavailable
    );
    assert!(foreign.iter().all(|name| shared.path().join(name).exists()));
    assert!(
        new.warnings()
            .iter()
            .all(|warning| warning.contains("junk") || warning.contains("h-0"))
    );
}

#[test]
fn a_session_can_start_in_a_file_of_junk() {
    let shared = Shared::new();
    for junk in ["", "\n", "junk", "junk\n"] {
        fs::write(shared.file("s"), junk).unwrap();
        let mut store = shared.open();
        store.append(0, &["x"]).unwrap();
        assert_eq!(shared.open().texts(), ["x"], "{junk:?}");
    }
}

#[test]
fn a_session_in_a_newer_format_is_refused_and_left_out() {
    let shared = Shared::new();
    let mut store = shared.open();
    store.append(0, &["x"]).unwrap();
    let mut line = Vec::new();
    crate::frame::write(r#"{"loom-session":2,"id":"new"}"#, &mut line);
    fs::write(shared.file("new"), &line).unwrap();
    let store = &mut store.store;
    let error = store.append("new", 0, entries(0, &["x"])).unwrap_err();
    assert!(error.message.contains("format 2"), "{error:?}");
    assert_eq!(kind(store.read("new", 0, 1)), ErrorKind::Internal);
    assert_eq!(kind(store.delete("new")), ErrorKind::Internal);
    assert_eq!(store.sessions(9, None).unwrap().sessions.len(), 1);
    assert_eq!(store.search(&query(), 9).unwrap().len(), 1);
    assert_eq!(fs::read(shared.file("new")).unwrap(), line);
}

#[test]
fn what_is_too_large_is_refused_and_changes_nothing() {
    let shared = Shared::new();
    let mut store = shared.open();
    store.append(0, &["x"]).unwrap();
    let huge = "y".repeat(33 * 1024 * 1024);
    assert_eq!(kind(store.append(1, &[&huge])), ErrorKind::InvalidInput);
    assert_eq!(store.texts(), ["x"]);
    assert_eq!(
        kind(store.store.append("new", 0, entries(0, &[&huge]))),
        ErrorKind::InvalidInput
    );
    assert_eq!(kind(store.store.read("new", 0, 1)), ErrorKind::NotFound);
}

#[test]
fn a_full_disk_is_an_error_and_acknowledges_nothing() {
    let shared = Shared::new();
    shared.open().append(0, &["one"]).unwrap();
    let mut full = shared.open_with(Calls {
        write: |file, bytes| {
            file.write_all(&bytes[..bytes.len() / 2])?;
            Err(io::ErrorKind::StorageFull.into())
        },
        ..quick()
    });
    let error = full.append(1, &["two"]).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(error.message.contains("free some space"), "{error:?}");
    assert_eq!(full.texts(), ["one"]);
    let mut store = shared.open();
    store.append(1, &["three"]).unwrap();
    assert_eq!(store.texts(), ["one", "three"]);
    assert!(
        store.warning().contains("no whole record"),
        "{:?}",
        store.warnings()
    );
}

#[test]
fn a_full_disk_at_the_start_leaves_no_session() {
    let shared = Shared::new();
    let mut full = shared.open_with(Calls {
        write: |_, _| Err(io::ErrorKind::StorageFull.into()),
        ..quick()
    });
    assert_eq!(kind(full.append(0, &["x"])), ErrorKind::Unavailable);
    assert_eq!(kind(full.read()), ErrorKind::NotFound);
    assert_eq!(shared.open().append(0, &["x"]).unwrap(), 1);
}

#[test]
fn what_could_not_be_synced_is_not_acknowledged() {
    let shared = Shared::new();
    let mut store = shared.open_with(Calls {
        sync: |_| Err(io::Error::other("the disk is on fire")),
        ..quick()
    });
    let error = store.append(0, &["x"]).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(
        error.message.contains("on fire") && error.message.contains("read"),
        "{error:?}"
    );
    assert_eq!(
        kind(shared.open().append(0, &["y"])),
        ErrorKind::Conflict,
        "it counts all the same"
    );
}

#[test]
fn every_append_syncs_the_file_and_the_first_the_names_too() {
    thread_local! {
        static SYNCED: RefCell<Vec<bool>> = const { RefCell::new(Vec::new()) };
    }
    let shared = Shared::new();
    let mut store = shared.open_with(Calls {
        sync: |file| {
            let is_directory = file.metadata()?.is_dir();
            SYNCED.with_borrow_mut(|synced| synced.push(is_directory));
            Ok(())
        },
        ..quick()
    });
    let mut check = |session: &str, seq, expect: &[bool]| {
        store
            .store
            .append(session, seq, entries(seq, &["x"]))
            .unwrap();
        assert_eq!(SYNCED.take(), expect, "{session} {seq}");
    };
    check("s", 0, &[false, true, true]);
    check("s", 1, &[false]);
    check("s", 2, &[false]);
    check("other", 0, &[false, true]);
    check("other", 1, &[false]);
    store.store.delete("s").unwrap();
    assert_eq!(SYNCED.take().last(), Some(&true), "a deletion");
    let mut second = shared.open_with(store.store.disk.calls);
    second.store.append("other", 2, entries(2, &["x"])).unwrap();
    assert_eq!(
        SYNCED.take(),
        [false, true, true],
        "it can't know what the first one did"
    );
}

#[test]
fn a_conflict_is_not_synced() {
    let shared = Shared::new();
    let mut store = shared.open_with(Calls {
        // Another writer gets in between reading and writing.
        write: |file, bytes| {
            let mut line = b"\n".to_vec();
            let record =
                r#"{"seq":0,"base":0,"writer":"1-1","entries":[{"time_ms":1,"kind":"k"}]}"#;
            crate::frame::write(record, &mut line);
            file.write_all(&line)?;
            file.write_all(b"\n")?;
            file.write_all(bytes)
        },
        sync: |_| unreachable!("nothing to sync"),
        ..quick()
    });
    assert_eq!(kind(store.append(0, &["x"])), ErrorKind::Conflict);
    assert_eq!(store.texts(), [""]);
    assert!(store.warnings().is_empty());
}

#[test]
fn a_read_only_file_is_denied() {
    let shared = Shared::new();
    let mut store = shared.open_with(Calls {
        write: |_, _| Err(io::ErrorKind::ReadOnlyFilesystem.into()),
        ..quick()
    });
    let error = store.append(0, &["x"]).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied);
    assert!(error.message.contains("read-write"), "{error:?}");
}

#[test]
fn a_directory_that_is_a_file_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    fs::write(&path, "x").unwrap();
    let mut store = FileMemory::new(&path, |m| unreachable!("{m}"));
    assert_eq!(
        kind(store.append("s", 0, entries(0, &["x"]))),
        ErrorKind::Unavailable
    );
    assert_eq!(kind(store.read("s", 0, 1)), ErrorKind::Unavailable);
    assert_eq!(kind(store.sessions(1, None)), ErrorKind::Unavailable);
}

#[test]
fn a_deleted_session_does_not_come_back_by_an_append() {
    let shared = Shared::new();
    let (mut one, mut other) = (shared.open(), shared.open());
    one.append(0, &["a", "b"]).unwrap();
    assert_eq!(other.texts(), ["a", "b"]);
    one.store.delete("s").unwrap();
    assert_eq!(kind(other.append(2, &["c"])), ErrorKind::Conflict);
    assert_eq!(kind(other.read()), ErrorKind::NotFound);
    assert!(!shared.file("s").exists());
}

#[test]
fn a_session_that_was_started_anew_is_read_anew() {
    let shared = Shared::new();
    let (mut one, mut other) = (shared.open(), shared.open());
    one.append(0, &["a", "b"]).unwrap();
    assert_eq!(other.texts(), ["a", "b"]);
    one.store.delete("s").unwrap();
    one.append(0, &["c", "d"]).unwrap();
    one.append(2, &["e"]).unwrap();
    assert_eq!(kind(other.append(2, &["x"])), ErrorKind::Conflict);
    assert_eq!(other.texts(), ["c", "d", "e"]);
    assert_eq!(other.append(3, &["f"]).unwrap(), 4);
    assert_eq!(one.texts(), ["c", "d", "e", "f"]);
}

#[test]
fn a_copied_file_is_a_session_of_its_own() {
    let shared = Shared::new();
    let mut store = shared.open();
    store.append(0, &["a"]).unwrap();
    fs::copy(shared.file("s"), shared.file("copy")).unwrap();
    store.append(1, &["b"]).unwrap();
    assert_eq!(
        store.store.append("copy", 1, entries(1, &["c"])).unwrap(),
        2
    );
    assert_eq!(store.texts(), ["a", "b"]);
    let page = store.store.sessions(9, None).unwrap();
    let ids: Vec<_> = page
        .sessions
        .iter()
        .map(|session| session.id.as_str())
        .collect();
    assert_eq!(ids, ["copy", "s"]);
}

#[test]
fn a_short_and_a_long_file_are_listed_alike() {
    let shared = Shared::new();
    let mut store = shared.open();
    let long = "x".repeat(10_000);
    let id = "y".repeat(500);
    for seq in 0..60 {
        store.append(seq, &["short"]).unwrap();
        store
            .store
            .append(&id, seq, entries(seq, &[&long]))
            .unwrap();
    }
    // A lost race at the end must not count.
    let mut line = b"\n".to_vec();
    let void = r#"{"seq":59,"base":0,"writer":"1-1","entries":[{"time_ms":999,"kind":"k"}]}"#;
    crate::frame::write(void, &mut line);
    add(&shared.file(&id), &line);
    for store in [&mut store, &mut shared.open()] {
        let page = store.store.sessions(9, None).unwrap();
        let infos: Vec<_> = page
            .sessions
            .iter()
            .map(|s| (s.entries, s.created_ms, s.updated_ms))
            .collect();
        assert_eq!(infos, [(60, 0, 59), (60, 0, 59)]);
        assert!(page.sessions.iter().any(|session| session.id == id));
    }
}

#[test]
fn the_list_follows_what_others_write() {
    let shared = Shared::new();
    let (mut one, mut other) = (shared.open(), shared.open());
    for seq in 0..50 {
        one.append(seq, &["x"]).unwrap();
        let page = other.store.sessions(9, None).unwrap();
        assert_eq!(page.sessions[0].entries, seq + 1);
    }
    one.store.delete("s").unwrap();
    assert!(other.store.sessions(9, None).unwrap().sessions.is_empty());
}
