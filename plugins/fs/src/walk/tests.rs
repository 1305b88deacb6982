#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::fs;
use std::time::Duration;

use super::*;

const ALL: Options = Options {
    hidden: true,
    ignored: true,
    git_internals: true,
    depth: usize::MAX,
};

fn walked(place: &Place, options: Options, budget: &Budget) -> (Vec<String>, Vec<String>) {
    let mut walk = Walk::new(place, options, budget).unwrap();
    let mut found = Vec::new();
    while let Some(entry) = walk.next_entry().unwrap() {
        assert_eq!(entry.path, place.path.join(&entry.relative));
        found.push(entry.relative);
    }
    (found, walk.notes())
}

#[test]
fn a_walk_goes_in_the_order_of_names_and_enters_directories_at_once() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir_all(directory.path().join("b/.git/c")).unwrap();
    fs::write(directory.path().join("b.a"), "").unwrap();
    fs::write(directory.path().join("a"), "").unwrap();
    let place = Place::to_read(directory.path().to_str().unwrap()).unwrap();
    let (found, notes) = walked(&place, ALL, &Budget::default());
    assert_eq!(found, ["a", "b", "b/.git", "b/.git/c", "b.a"]);
    assert!(notes.is_empty());
    let options = Options {
        git_internals: false,
        ..ALL
    };
    let (found, _) = walked(&place, options, &Budget::default());
    assert_eq!(found, ["a", "b", "b/.git", "b.a"]);
}

#[test]
fn a_walk_of_many_entries_ends_with_the_budget() {
    let directory = tempfile::tempdir().unwrap();
    for number in 0..500 {
        fs::write(directory.path().join(number.to_string()), "").unwrap();
    }
    let place = Place::to_read(directory.path().to_str().unwrap()).unwrap();
    let (found, notes) = walked(&place, ALL, &Budget::new(100, Duration::from_secs(60)));
    assert_eq!(found.len(), 100);
    assert!(notes[0].contains("entries: incomplete"), "{notes:?}");
}

#[cfg(unix)]
#[test]
fn directories_that_cannot_be_read_are_named() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let closed = directory.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    // The superuser may read it all the same.
    let is_readable = fs::read_dir(&closed).is_ok();
    let place = Place::to_read(directory.path().to_str().unwrap()).unwrap();
    let (found, notes) = walked(&place, ALL, &Budget::default());
    assert_eq!(found, ["closed"]);
    assert_eq!(notes.is_empty(), is_readable);
}
