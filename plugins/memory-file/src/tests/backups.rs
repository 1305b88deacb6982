//! Backups, what is done with them, and logs that are written anew.

use std::time::{Duration, SystemTime};

use loom_sdk::memory::{Backup, Backups as _, Upkeep};

use super::*;

impl Watched {
    fn maintain(&mut self, keep: u32) -> Upkeep {
        self.store.maintain("s", keep).unwrap()
    }

    fn backups(&mut self) -> Vec<Backup> {
        self.store.backups(Some("s")).unwrap()
    }

    fn restore(&mut self, backup: &Backup) -> Backup {
        self.store.restore("s", &backup.id).unwrap()
    }
}

impl Shared {
    /// Files of the session's backups, by name.
    fn kept(&self) -> Vec<String> {
        let directory = self.path().join("backups/s-s.log");
        let mut names: Vec<_> = fs::read_dir(directory)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Flips a bit of a text in a file.
    fn damage(&self, path: &Path, text: &str) {
        let mut bytes = fs::read(path).unwrap();
        let place = bytes
            .windows(text.len())
            .position(|window| window == text.as_bytes());
        bytes[place.unwrap()] ^= 1;
        fs::write(path, bytes).unwrap();
    }
}

fn texts_of(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("text {number}")).collect()
}

/// A session of five entries, the first three of which are in a backup.
fn backed_up(shared: &Shared) -> Watched {
    let mut store = shared.open();
    for (seq, text) in (0..).zip(&texts_of(3)) {
        store.append(seq, &[text]).unwrap();
    }
    assert_eq!(store.maintain(5).made.unwrap().entries, 3);
    store.append(3, &["text 3"]).unwrap();
    store.append(4, &["text 4"]).unwrap();
    store
}

#[test]
fn a_backup_is_made_when_the_session_has_changed() {
    let shared = Shared::new();
    let mut store = shared.open();
    store.append(0, &["zero"]).unwrap();
    let made = store.maintain(5).made.unwrap();
    assert_eq!((made.session.as_str(), made.entries), ("s", 1));
    assert!(
        made.size_bytes > 0 && made.created_ms > 1_600_000_000_000,
        "{made:?}"
    );
    assert_eq!(store.maintain(5).made, None);
    assert_eq!(shared.open().maintain(5).made, None);
    store.append(1, &["one"]).unwrap();
    let second = shared.open().maintain(5).made.unwrap();
    assert_eq!(store.backups(), [second, made]);
    assert_eq!(kind(store.store.maintain("none", 5)), ErrorKind::NotFound);
}

#[test]
fn the_newest_backups_are_kept_and_the_others_removed() {
    let shared = Shared::new();
    let mut store = shared.open();
    let mut made = Vec::new();
    for seq in 0..8 {
        store.append(seq, &["x"]).unwrap();
        let upkeep = store.maintain(3);
        assert_eq!(upkeep.removed, u32::from(seq >= 3), "{seq}");
        made.insert(0, upkeep.made.unwrap());
    }
    assert_eq!(store.backups(), made[..3]);
    assert_eq!(shared.kept().len(), 3);
    assert_eq!(store.maintain(1).removed, 2);
    store.append(8, &["x"]).unwrap();
    let upkeep = store.maintain(0);
    assert_eq!((upkeep.made, upkeep.removed), (None, 0), "backups are off");
}

#[test]
fn a_restored_session_is_what_it_was_and_what_it_is_before_is_backed_up() {
    let shared = Shared::new();
    let mut store = backed_up(&shared);
    let mut other = shared.open();
    assert_eq!(other.texts(), texts_of(5));
    let backup = store.backups().remove(0);
    assert_eq!(store.restore(&backup), backup);
    for store in [&mut store, &mut other] {
        assert_eq!(store.texts(), texts_of(3));
    }
    assert_eq!(kind(other.append(5, &["x"])), ErrorKind::Conflict);
    other.append(3, &["new"]).unwrap();
    let before = store.backups().remove(0);
    assert_eq!(before.entries, 5);
    store.restore(&before);
    assert_eq!(other.texts(), texts_of(5));
    let none = store.store.restore("s", "1-2-3");
    assert_eq!(kind(none), ErrorKind::NotFound);
}

#[test]
fn a_deleted_session_is_gone_until_it_is_restored() {
    let shared = Shared::new();
    let mut store = backed_up(&shared);
    store.store.delete("s").unwrap();
    assert!(!shared.file("s").exists());
    assert_eq!(kind(store.read()), ErrorKind::NotFound);
    assert!(store.store.sessions(9, None).unwrap().sessions.is_empty());
    let all = store.store.backups(None).unwrap();
    assert_eq!(all.iter().map(|b| b.entries).collect::<Vec<_>>(), [5, 3]);
    store.append(0, &["new"]).unwrap();
    store.restore(&all[0]);
    assert_eq!(shared.open().texts(), texts_of(5));
    assert_eq!(store.backups()[0].entries, 1, "what was started anew");
}

#[test]
fn backups_of_all_sessions_are_listed_whatever_their_ids() {
    let shared = Shared::new();
    let mut store = shared.open().store;
    let ids = ["a", "../b", "🦀", &"x".repeat(500)];
    for id in ids {
        store.append(id, 0, entries(0, &["x"])).unwrap();
        store.maintain(id, 5).unwrap();
    }
    let mut found: Vec<_> = store
        .backups(None)
        .unwrap()
        .into_iter()
        .map(|b| b.session)
        .collect();
    let mut expect = ids.map(str::to_owned);
    found.sort();
    expect.sort();
    assert_eq!(found, expect);
}

#[test]
fn a_damaged_backup_is_not_restored() {
    let shared = Shared::new();
    let mut store = backed_up(&shared);
    let backup = store.backups().remove(0);
    let file = shared
        .path()
        .join(format!("backups/s-s.log/{}.log", backup.id));
    shared.damage(&file, "text 1");
    let error = store.store.restore("s", &backup.id).unwrap_err();
    assert!(error.message.contains("choose another"), "{error:?}");
    assert_eq!(store.texts(), texts_of(5));
}

#[test]
fn a_damaged_file_falls_back_to_its_newest_good_backup_and_that_is_told() {
    let shared = Shared::new();
    let mut store = backed_up(&shared);
    store.maintain(5);
    store.append(5, &["text 5"]).unwrap();
    store.append(6, &["text 6"]).unwrap();
    shared.damage(&shared.file("s"), "text 1");
    let mut store = shared.open();
    assert_eq!(store.texts(), texts_of(5));
    let warning = store.warning();
    assert!(
        warning.contains("behind its first 1 entries")
            && warning.contains("with 5 entries; entries 5 to 6, which were added later, are lost"),
        "{warning}"
    );
    let damaged: Vec<_> = shared
        .kept()
        .into_iter()
        .filter(|n| n.ends_with(".damaged"))
        .collect();
    assert!(
        damaged.len() == 1 && warning.ends_with(&damaged[0]),
        "{warning}"
    );
    store.append(5, &["new"]).unwrap();
    let mut later = shared.open();
    assert_eq!(later.texts().len(), 6);
    assert!(later.warnings().is_empty());
}

#[test]
fn a_damaged_newest_backup_is_passed_over() {
    let shared = Shared::new();
    let mut store = backed_up(&shared);
    let newest = store.maintain(5).made.unwrap();
    let file = shared
        .path()
        .join(format!("backups/s-s.log/{}.log", newest.id));
    shared.damage(&file, "text 4");
    shared.damage(&shared.file("s"), "text 0");
    let mut store = shared.open();
    assert_eq!(store.texts(), texts_of(3));
    assert_eq!(store.warnings().len(), 2, "{:?}", store.warnings());
    assert!(store.warnings()[0].contains("passed over"));
}

#[test]
fn a_file_of_zeros_falls_back_to_its_backup() {
    let shared = Shared::new();
    let mut store = backed_up(&shared);
    let length = fs::read(shared.file("s")).unwrap().len();
    fs::write(shared.file("s"), vec![0; length]).unwrap();
    assert_eq!(store.texts(), texts_of(3), "a store that has it open");
    assert!(
        store.warning().contains("with 3 entries"),
        "{}",
        store.warning()
    );
    assert_eq!(shared.open().texts(), texts_of(3));
}

#[test]
fn a_file_that_was_cut_between_records_is_mended_by_the_next_upkeep() {
    let shared = Shared::new();
    let mut store = backed_up(&shared);
    store.maintain(5);
    let bytes = fs::read(shared.file("s")).unwrap();
    let end = bytes.iter().rposition(|&byte| byte == b'\n').unwrap();
    fs::write(shared.file("s"), &bytes[..end]).unwrap();
    let mut store = shared.open();
    store.maintain(5);
    assert_eq!(store.texts(), texts_of(5));
    assert!(
        store.warning().contains("behind its first 4 entries"),
        "{}",
        store.warning()
    );
}

#[test]
fn a_damaged_file_that_was_continued_is_left_as_it_is() {
    let shared = Shared::new();
    drop(backed_up(&shared));
    let backups = shared.path().join("backups");
    let aside = shared.path().join("aside");
    fs::rename(&backups, &aside).unwrap();
    shared.damage(&shared.file("s"), "text 1");
    shared.open().append(1, &["other"]).unwrap();
    fs::rename(&aside, &backups).unwrap();
    add(&shared.file("s"), b"\njunk\n");
    let mut store = shared.open();
    assert_eq!(store.texts(), ["text 0", "other"]);
    assert!(
        store.warnings()[0].contains("restore one by hand"),
        "{:?}",
        store.warnings()
    );
}

#[test]
fn a_torn_tail_brings_nothing_back() {
    let shared = Shared::new();
    let mut store = backed_up(&shared);
    let backup = store.backups().remove(0);
    store.restore(&backup);
    let tear = |text: &str| add(&shared.file("s"), text.as_bytes());
    tear("\n12345678 99 {\"seq\":3,\njunk");
    let mut torn = shared.open();
    assert_eq!(
        torn.texts(),
        texts_of(3),
        "what was restored stays restored"
    );
    assert!(
        torn.warning().contains("can't be read"),
        "{}",
        torn.warning()
    );
    torn.store.delete("s").unwrap();
    torn.append(0, &[]).unwrap();
    tear("\njunk\n");
    assert!(
        shared.open().texts().is_empty(),
        "what was deleted stays deleted"
    );
}

/// A session whose log is much longer than it need be.
fn scattered(shared: &Shared, calls: Calls) -> Watched {
    let mut store = shared.open_with(calls);
    for (seq, text) in (0..).zip(&texts_of(100)) {
        store.append(seq, &[text]).unwrap();
    }
    store
}

#[test]
fn a_log_is_written_anew_where_that_makes_it_much_smaller() {
    let shared = Shared::new();
    let mut store = scattered(&shared, quick());
    let mut other = shared.open();
    assert_eq!(other.texts(), texts_of(100));
    let before = fs::metadata(shared.file("s")).unwrap().len();
    let reclaimed = store.maintain(5).reclaimed_bytes;
    let after = fs::metadata(shared.file("s")).unwrap().len();
    assert!(
        reclaimed > 4096 && before - after == reclaimed,
        "{before} {after} {reclaimed}"
    );
    assert_eq!(other.append(100, &["text 100"]).unwrap(), 101);
    for store in [&mut store, &mut other, &mut shared.open()] {
        assert_eq!(store.texts(), texts_of(101));
        assert!(store.warnings().is_empty());
    }
    assert_eq!(store.maintain(5).reclaimed_bytes, 0);
    let page = shared.open().store.sessions(9, None).unwrap();
    assert_eq!(
        (page.sessions[0].entries, page.sessions[0].updated_ms),
        (101, 100)
    );
}

#[test]
fn an_append_that_began_before_the_log_was_written_anew_is_in_the_new_one() {
    thread_local! {
        static BETWEEN: RefCell<Option<Watched>> = const { RefCell::new(None) };
    }
    let shared = Shared::new();
    BETWEEN.set(Some(scattered(&shared, quick())));
    let mut store = shared.open_with(Calls {
        write: |file, bytes| {
            if let Some(mut other) = BETWEEN.take() {
                assert!(other.maintain(5).reclaimed_bytes > 0);
            }
            file.write_all(bytes)
        },
        ..quick()
    });
    assert_eq!(store.append(100, &["text 100"]).unwrap(), 101);
    assert_eq!(shared.open().texts(), texts_of(101));
}

#[test]
fn an_append_that_is_first_voids_the_seal_and_is_in_the_next_new_log() {
    thread_local! {
        static BETWEEN: RefCell<Option<Watched>> = const { RefCell::new(None) };
    }
    let shared = Shared::new();
    let mut store = scattered(&shared, quick());
    BETWEEN.set(Some(shared.open()));
    store.store.disk.calls.write = |file, bytes| {
        let is_seal = bytes.windows(12).any(|window| window == b"{\"successor\"");
        if is_seal && let Some(mut other) = BETWEEN.take() {
            other.append(100, &["text 100"]).unwrap();
        }
        file.write_all(bytes)
    };
    assert!(store.maintain(5).reclaimed_bytes > 0);
    assert!(BETWEEN.take().is_none());
    for store in [&mut store, &mut shared.open()] {
        assert_eq!(store.texts(), texts_of(100 + 1));
        assert!(store.warnings().is_empty());
    }
    assert_eq!(store.maintain(5).reclaimed_bytes, 0);
}

#[test]
fn what_a_process_began_that_died_behind_the_seal_is_finished_by_the_next() {
    let shared = Shared::new();
    type Use = fn(&mut Watched);
    let uses: [Use; 4] = [
        |store| assert_eq!(store.texts(), texts_of(100)),
        |store| assert_eq!(store.append(100, &["x"]).unwrap(), 101),
        |store| {
            let sessions = store.store.sessions(9, None).unwrap().sessions;
            assert_eq!(sessions[0].entries, 100);
        },
        |store| store.store.delete("s").unwrap(),
    ];
    for step in uses {
        let mut store = scattered(&shared, quick());
        thread_local! {
            static SESSION: RefCell<PathBuf> = const { RefCell::new(PathBuf::new()) };
        }
        // The hook has no other way to know the file.
        let path = shared.file("s");
        SESSION.set(path.clone());
        store.store.disk.calls.sync = |_| {
            let path = SESSION.with_borrow(Clone::clone);
            let is_sealed = fs::read_to_string(path)?.contains("successor");
            if is_sealed {
                Err(io::Error::other("killed"))
            } else {
                Ok(())
            }
        };
        assert_eq!(kind(store.store.maintain("s", 5)), ErrorKind::Unavailable);
        assert!(fs::read_to_string(&path).unwrap().contains("successor"));
        let mut next = shared.open();
        step(&mut next);
        assert!(next.warnings().is_empty());
        let text = fs::read_to_string(&path).unwrap_or_default();
        assert!(!text.contains("successor"), "it is in its place");
        let _ = next.store.delete("s");
    }
}

#[test]
fn what_a_process_left_that_died_before_the_seal_is_removed_after_a_day() {
    let shared = Shared::new();
    let mut store = backed_up(&shared);
    let left = [
        crate::name::successor("s-s.log", 1),
        format!("backups/s-s.log/{}", crate::name::successor("s-s.log", 2)),
    ];
    for (name, age) in left.iter().flat_map(|name| [(name, 0), (name, 25)]) {
        let path = shared.path().join(name);
        let file = File::create(&path).unwrap();
        let time = SystemTime::now() - Duration::from_secs(age * 60 * 60);
        file.set_modified(time).unwrap();
        let seq = store.texts().len() as u64;
        store.append(seq, &["x"]).unwrap();
        store.maintain(5);
        assert_eq!(path.exists(), age == 0, "{name} of {age} hours");
    }
}

#[test]
fn a_file_whose_successor_is_missing_is_an_error_that_says_so() {
    let shared = Shared::new();
    let mut store = shared.open();
    store.append(0, &["x"]).unwrap();
    let base = fs::read(shared.file("s")).unwrap().len();
    let successor = crate::name::successor("s-s.log", 1);
    let mut line = b"\n".to_vec();
    let seal = format!(r#"{{"successor":"{successor}","seq":1,"base":{base}}}"#);
    crate::frame::write(&seal, &mut line);
    add(&shared.file("s"), &line);
    let error = store.read().unwrap_err();
    assert!(error.message.contains("is missing"), "{error:?}");
    assert_eq!(kind(store.append(1, &["y"])), ErrorKind::Unavailable);
}

#[test]
fn a_backup_that_could_not_be_written_is_no_backup() {
    let shared = Shared::new();
    let mut store = backed_up(&shared);
    store.store.disk.calls.write = |_, _| Err(io::ErrorKind::StorageFull.into());
    assert_eq!(kind(store.store.maintain("s", 1)), ErrorKind::Unavailable);
    assert_eq!(store.backups().len(), 1, "the older one was not removed");
    assert_eq!(kind(store.store.delete("s")), ErrorKind::Unavailable);
    assert_eq!(shared.open().texts(), texts_of(5));
}
