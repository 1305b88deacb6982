#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::fs;

use super::*;

#[track_caller]
fn check(place: &Place, error: io::ErrorKind, kind: ErrorKind, part: &str) {
    let error = place.failure(&error.into());
    assert_eq!(error.kind, kind, "{}", error.message);
    assert!(error.message.contains(part), "{}", error.message);
}

#[test]
fn failures_name_the_path_and_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("Config.toml"), "").unwrap();
    let place = |name: &str| Place::to_read(directory.path().join(name).to_str().unwrap()).unwrap();
    let root = directory.path().display();
    check(
        &place("x/y"),
        io::ErrorKind::NotFound,
        ErrorKind::NotFound,
        &format!("use list_dir on {root} to see"),
    );
    check(
        &place("config.tml"),
        io::ErrorKind::NotFound,
        ErrorKind::NotFound,
        "did you mean",
    );
    check(
        &place("Config.toml"),
        io::ErrorKind::NotADirectory,
        ErrorKind::InvalidInput,
        "use read_file",
    );
    check(
        &place("Config.toml/x"),
        io::ErrorKind::NotADirectory,
        ErrorKind::InvalidInput,
        "Config.toml is a file",
    );
    check(
        &place(""),
        io::ErrorKind::IsADirectory,
        ErrorKind::InvalidInput,
        "use list_dir",
    );
    check(
        &place("Config.toml"),
        io::ErrorKind::PermissionDenied,
        ErrorKind::Denied,
        "permissions do not allow",
    );
    check(
        &place("x"),
        io::ErrorKind::StorageFull,
        ErrorKind::Unavailable,
        "disk is full",
    );
    check(
        &place("x"),
        io::ErrorKind::ReadOnlyFilesystem,
        ErrorKind::Denied,
        "read-only",
    );
    check(
        &place("x"),
        io::ErrorKind::Other,
        ErrorKind::Internal,
        "x: ",
    );
}

#[test]
fn a_failure_to_write_says_that_the_file_is_as_it_was() {
    let place = Place::to_write("x").unwrap();
    let error = place.write_failure(&io::Error::other("I/O error"));
    assert_eq!(error.kind, ErrorKind::Unavailable);
    let expect = "x was not written and is as it was: I/O error; the disk may be full";
    assert_eq!(error.message, expect);
    let error = place.write_failure(&io::ErrorKind::IsADirectory.into());
    assert_eq!(error.kind, ErrorKind::InvalidInput);
}

#[test]
fn a_home_directory_is_said_not_to_be_expanded() {
    let place = Place::to_read("~/notes").unwrap();
    check(
        &place,
        io::ErrorKind::NotFound,
        ErrorKind::NotFound,
        "`~` is not expanded",
    );
}

#[cfg(unix)]
#[test]
fn a_refused_link_is_named() {
    let directory = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/etc", directory.path().join("link")).unwrap();
    let path = directory.path().join("link/passwd");
    let place = Place::to_read(path.to_str().unwrap()).unwrap();
    check(
        &place,
        io::ErrorKind::PermissionDenied,
        ErrorKind::Denied,
        "link is a symbolic link",
    );
}

#[track_caller]
fn check_denied(given: &str, is_written: bool, directories: &[(&str, bool)], message: &str) {
    let grants = Grants::of(directories, None);
    let error = Place::locate(given, grants, is_written).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied);
    assert!(error.message.starts_with(message), "{}", error.message);
}

#[test]
fn places_outside_the_grants_are_denied_with_their_names() {
    let directories = [("/srv", true), ("/data", false)];
    let message = "/etc/passwd is outside the granted directories (/srv, /data);";
    check_denied("/etc/passwd", false, &directories, message);
    check_denied("/etc/passwd", true, &directories, message);
    check_denied(
        "x",
        false,
        &[],
        "x can't be reached: no directory is granted",
    );
}

#[test]
fn places_in_a_read_only_grant_can_be_read_but_not_written() {
    let directories = [("/srv", true), ("/data", false)];
    let message = "/data/x cannot be written: its directory /data is granted read-only";
    check_denied("/data/x", true, &directories, message);
    for (given, is_written) in [("/data/x", false), ("/srv/x", true)] {
        let place = Place::locate(given, Grants::of(&directories, None), is_written).unwrap();
        assert_eq!(place.path, Path::new(given));
    }
}

#[test]
fn control_characters_do_not_break_lines() {
    assert_eq!(one_line("a\nb\u{1b}[0mü"), "a\\nb\\u{1b}[0mü");
}
