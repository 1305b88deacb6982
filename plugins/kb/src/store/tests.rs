//! Manifests: races, damage, and what is tidied up.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::fs::FileTimes;
use std::time::{Duration, SystemTime};

use super::*;

fn store() -> (tempfile::TempDir, Store) {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::new(directory.path());
    (directory, store)
}

fn add_entry(store: &Store, name: &str) {
    let entry = Entry {
        name: name.to_owned(),
        documents: 3,
        chunks: 9,
        ..Entry::default()
    };
    let push = |manifest: &mut Manifest| {
        manifest.segments.push(entry.clone());
        Ok(true)
    };
    store.commit(push).unwrap();
}

fn names(store: &Store) -> Vec<String> {
    let segments = store.snapshot().unwrap().manifest.segments;
    segments.into_iter().map(|entry| entry.name).collect()
}

fn make_old(store: &Store, name: &str) {
    let file = File::options()
        .write(true)
        .open(store.disk.path(name))
        .unwrap();
    let old = SystemTime::now() - UNNEEDED_AFTER - Duration::from_secs(60);
    file.set_times(FileTimes::new().set_modified(old)).unwrap();
}

#[test]
fn nothing_written_is_an_empty_base() {
    let (_directory, store) = store();
    assert_eq!(names(&store), Vec::<String>::new());
    let nowhere = Store::new(Path::new("/nonexistent/base"));
    assert_eq!(names(&nowhere), Vec::<String>::new());
}

#[test]
fn a_writer_that_is_second_starts_again_from_what_the_first_wrote() {
    let (_directory, store) = store();
    let mut attempts = 0;
    let change = |manifest: &mut Manifest| {
        attempts += 1;
        if attempts == 1 {
            add_entry(&store, "theirs");
        }
        manifest.segments.push(Entry {
            name: "ours".to_owned(),
            ..Entry::default()
        });
        Ok(true)
    };
    store.commit(change).unwrap();
    assert_eq!(attempts, 2);
    assert_eq!(names(&store), ["theirs", "ours"]);
}

#[test]
fn a_manifest_damaged_in_one_place_is_read_from_its_second_copy() {
    let (_directory, store) = store();
    add_entry(&store, "one");
    let path = store.disk.path(&manifest::name(1));
    let whole = std::fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x20;
        std::fs::write(&path, &damaged).unwrap();
        let snapshot = store.snapshot().unwrap();
        assert_eq!(snapshot.manifest.segments[0].name, "one", "byte {at}");
    }
}

#[test]
fn a_half_written_manifest_is_told_and_the_one_before_it_counts() {
    let (_directory, store) = store();
    add_entry(&store, "one");
    add_entry(&store, "two");
    let path = store.disk.path(&manifest::name(2));
    let whole = std::fs::read(&path).unwrap();
    for length in [0, 1, 19, 20, whole.len() / 3] {
        std::fs::write(&path, &whole[..length]).unwrap();
        let snapshot = store.snapshot().unwrap();
        assert_eq!(snapshot.manifest.segments.len(), 1, "{length} bytes");
        assert_eq!(snapshot.problems.len(), 1);
    }
    add_entry(&store, "three");
    assert_eq!(names(&store), ["one", "three"]);
    assert_eq!(store.snapshot().unwrap().manifest.generation, 3);
}

#[test]
fn a_base_without_a_readable_manifest_is_no_empty_base() {
    let (_directory, store) = store();
    std::fs::write(store.disk.path("manifest-0000000001"), b"rubbish").unwrap();
    let fault = store.snapshot().unwrap_err();
    assert!(fault.reason().contains("it ends too early"), "{fault:?}");
    assert!(store.commit(|_| Ok(true)).is_err());
}

#[test]
fn what_is_old_and_unneeded_is_removed() {
    let (_directory, store) = store();
    let mut made = Vec::new();
    for _ in 0..2 {
        let (name, _file) = store.create_segment().unwrap();
        made.push(name);
    }
    add_entry(&store, &made[0]);
    store.disk.note("new-manifest-0000000009-0", b"").unwrap();
    for name in ["new-manifest-0000000009-0", &made[0], &made[1]] {
        make_old(&store, name);
    }
    add_entry(&store, "later");
    assert!(store.disk.path(&made[0]).exists(), "it is needed");
    assert!(!store.disk.path(&made[1]).exists());
    assert!(!store.disk.path("new-manifest-0000000009-0").exists());
}

#[test]
fn old_manifests_go_but_for_the_last() {
    let (_directory, store) = store();
    for name in ["a", "b", "c", "d"] {
        add_entry(&store, name);
    }
    for generation in 1..=4 {
        make_old(&store, &manifest::name(generation));
    }
    add_entry(&store, "e");
    let left = store.disk.list().unwrap();
    assert_eq!(left, ["manifest-0000000004", "manifest-0000000005"]);
    assert_eq!(names(&store), ["a", "b", "c", "d", "e"]);
}

#[test]
fn deleted_documents_are_kept_as_runs() {
    let mut entry = Entry {
        documents: 8,
        ..Entry::default()
    };
    let live = [true, false, false, true, false, true, true, false];
    entry.set_live(&live);
    assert_eq!(entry.deleted, [(1, 2), (4, 1), (7, 1)]);
    assert_eq!(entry.live(), live);
    entry.deleted = vec![(6, u32::MAX), (100, 1)];
    assert_eq!(entry.live().iter().filter(|live| **live).count(), 6);
}
