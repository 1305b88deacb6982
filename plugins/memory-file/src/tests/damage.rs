//! Files that were cut, damaged or torn: nothing wrong is ever shown, and what is lost is reported.

use super::*;

/// A log with all that a log can have: races lost, junk, and entries of all kinds.
fn busy_log(shared: &Shared) -> Vec<String> {
    let mut store = shared.open();
    store.append(0, &["zero"]).unwrap();
    store.append(1, &["one", "two"]).unwrap();
    let before = fs::read(shared.file("s")).unwrap().len();
    store.append(3, &["three"]).unwrap();
    let lost = format!(
        r#"{{"seq":3,"base":{before},"writer":"1-1","entries":[{{"time_ms":1,"kind":"k","text":"wrong"}}]}}"#
    );
    let mut line = b"\n".to_vec();
    crate::frame::write(&lost, &mut line);
    add(&shared.file("s"), &line);
    add(&shared.file("s"), &line[..line.len() / 2]);
    store.append(4, &["four", "a\nb", "five"]).unwrap();
    store.append(7, &["six"]).unwrap();
    store.texts()
}

/// Opens a damaged file, and tests that it shows a start of what was there and can be continued.
fn check_damaged(shared: &Shared, bytes: &[u8], whole: &[String], what: &str) -> usize {
    fs::write(shared.file("s"), bytes).unwrap();
    let mut store = shared.open();
    let texts = match store.read() {
        Ok(_) => store.texts(),
        Err(error) => {
            assert_eq!(error.kind, ErrorKind::NotFound, "{what}: {error:?}");
            Vec::new()
        }
    };
    assert!(whole.starts_with(&texts), "{what}: {texts:?}");
    assert!(
        store.warnings().len() <= 1,
        "{what}: {:?}",
        store.warnings()
    );
    let seq = texts.len() as u64;
    assert_eq!(store.append(seq, &["new"]).unwrap(), seq + 1, "{what}");
    for store in [&mut store, &mut shared.open()] {
        let mut expect = texts.clone();
        expect.push("new".into());
        assert_eq!(store.texts(), expect, "{what}");
    }
    texts.len()
}

#[test]
fn a_log_that_is_cut_anywhere_shows_all_before_the_cut() {
    let shared = Shared::new();
    let whole = busy_log(&shared);
    let bytes = fs::read(shared.file("s")).unwrap();
    let mut shown = 0;
    for cut in 0..=bytes.len() {
        let now = check_damaged(&shared, &bytes[..cut], &whole, &format!("cut at {cut}"));
        assert!(now >= shown, "cut at {cut}: less than with a shorter file");
        shown = now;
    }
    assert_eq!(shown, whole.len());
}

#[test]
fn a_cut_is_reported_with_place_and_length() {
    let shared = Shared::new();
    let mut store = shared.open();
    store.append(0, &["zero"]).unwrap();
    let start = fs::read(shared.file("s")).unwrap().len();
    store.append(1, &["one"]).unwrap();
    let bytes = fs::read(shared.file("s")).unwrap();
    for cut in start..=bytes.len() {
        fs::write(shared.file("s"), &bytes[..cut]).unwrap();
        let mut store = shared.open();
        for _ in 0..3 {
            store.texts();
            store.store.sessions(9, None).unwrap();
        }
        let tail = cut.saturating_sub(start + 1);
        if tail == 0 || cut == bytes.len() {
            assert!(store.warnings().is_empty());
            continue;
        }
        let warning = store.warning();
        let expect = format!(
            "{}: the last {tail} bytes, from byte {}",
            shared.file("s").display(),
            start + 1
        );
        assert!(warning.starts_with(&expect), "{warning}");
    }
}

#[test]
fn a_torn_tail_is_reported_by_one_store_only() {
    let shared = Shared::new();
    shared.open().append(0, &["zero"]).unwrap();
    add(&shared.file("s"), b"\n12345678 99 {\"seq\":1,");
    let mut store = shared.open();
    store.append(1, &["one"]).unwrap();
    assert!(store.warning().contains("the last 21 bytes"));
    store.append(2, &["two"]).unwrap();
    let mut later = shared.open();
    assert_eq!(later.texts(), ["zero", "one", "two"]);
    assert!(store.warnings().len() == 1 && later.warnings().is_empty());
}

#[test]
fn no_flipped_byte_shows_anything_wrong() {
    let shared = Shared::new();
    let whole = busy_log(&shared);
    let bytes = fs::read(shared.file("s")).unwrap();
    for place in 0..bytes.len() {
        for flip in [1, 0x20, 0x80, b'\n' ^ bytes[place]] {
            let mut damaged = bytes.clone();
            damaged[place] ^= flip;
            check_damaged(&shared, &damaged, &whole, &format!("{flip:#x} at {place}"));
        }
    }
}

#[test]
fn no_byte_flipped_under_an_open_store_shows_anything_wrong() {
    let shared = Shared::new();
    let whole = busy_log(&shared);
    let bytes = fs::read(shared.file("s")).unwrap();
    for place in (0..bytes.len()).step_by(3) {
        fs::write(shared.file("s"), &bytes).unwrap();
        let (mut one, mut other) = (shared.open(), shared.open());
        assert_eq!(one.texts(), whole);
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x10;
        fs::write(shared.file("s"), &damaged).unwrap();
        let next = other.read().map_or(0, |entries| entries.len() as u64);
        other.append(next, &["new"]).unwrap();
        let mut texts = other.texts();
        assert_eq!(one.texts(), texts, "damage at {place}: both see the same");
        assert_eq!(texts.pop().as_deref(), Some("new"));
        assert!(whole.starts_with(&texts), "damage at {place}: {texts:?}");
    }
}

#[test]
fn damage_in_the_middle_is_reported_and_nothing_is_overwritten() {
    let shared = Shared::new();
    let mut store = shared.open();
    for seq in 0..5 {
        store.append(seq, &[&format!("text {seq}")]).unwrap();
    }
    let mut bytes = fs::read(shared.file("s")).unwrap();
    let place = bytes
        .windows(6)
        .position(|window| window == b"text 2")
        .unwrap();
    bytes[place] = b'T';
    fs::write(shared.file("s"), &bytes).unwrap();
    let mut store = shared.open();
    assert_eq!(store.texts(), ["text 0", "text 1"]);
    let warning = store.warning();
    assert!(
        warning.contains("2 whole records") && warning.contains("entries 2 to 4"),
        "{warning}"
    );
    assert_eq!(kind(store.append(5, &["x"])), ErrorKind::Conflict);
    store.append(2, &["new"]).unwrap();
    assert_eq!(shared.open().texts(), ["text 0", "text 1", "new"]);
    assert!(fs::read(shared.file("s")).unwrap().starts_with(&bytes));
    assert_eq!(store.warnings().len(), 1);
}

#[test]
fn a_file_that_shrank_under_an_open_store_is_read_anew() {
    let shared = Shared::new();
    let mut store = shared.open();
    for seq in 0..5 {
        store.append(seq, &["x"]).unwrap();
    }
    let bytes = fs::read(shared.file("s")).unwrap();
    for cut in (0..bytes.len()).step_by(7) {
        fs::write(shared.file("s"), &bytes).unwrap();
        assert_eq!(store.texts().len(), 5);
        fs::write(shared.file("s"), &bytes[..cut]).unwrap();
        assert_eq!(
            kind(store.append(5, &["y"])),
            ErrorKind::Conflict,
            "cut at {cut}"
        );
        let left = store.read().map_or(0, |entries| entries.len() as u64);
        assert!(left < 5);
        store.append(left, &["z"]).unwrap();
        assert_eq!(store.texts().last().unwrap(), "z");
    }
}

#[test]
fn a_file_that_shrank_and_grew_again_is_read_anew() {
    let shared = Shared::new();
    let (mut one, mut other) = (shared.open(), shared.open());
    one.append(0, &["zero"]).unwrap();
    let start = fs::read(shared.file("s")).unwrap();
    one.append(1, &["one"]).unwrap();
    fs::write(shared.file("s"), &start).unwrap();
    other.append(1, &["two"]).unwrap();
    assert_eq!(
        one.texts(),
        ["zero", "two"],
        "a record of the same length in the same place"
    );
}
