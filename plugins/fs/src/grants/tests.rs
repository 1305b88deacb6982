use super::*;

fn grants(paths: &[&str], working: Option<&str>) -> Grants {
    let directories: Vec<(&str, bool)> = paths.iter().map(|path| (*path, true)).collect();
    Grants::of(&directories, working)
}

/// A working directory `/srv/app`, and `/data` beside it.
fn usual() -> Grants {
    grants(&[".", "/srv/app", "/data"], Some("/srv/app"))
}

fn check(given: &str, expect: Option<&str>) {
    let grants = usual();
    let located = grants.locate(Path::new(given)).map(|(path, _)| path);
    assert_eq!(located, expect.map(PathBuf::from), "{given}");
}

#[test]
fn paths_inside_a_grant_are_opened_as_given() {
    check("notes.txt", Some("notes.txt"));
    check("./src//lib.rs", Some("src/lib.rs"));
    check("", Some("."));
    check(".", Some("."));
    check("src/../notes.txt", Some("src/../notes.txt"));
    check("/data/ü/日本.txt", Some("/data/ü/日本.txt"));
    check("/srv/app", Some("/srv/app"));
}

#[test]
fn absolute_paths_are_tidied_so_that_libc_finds_their_grant() {
    check("/./data/x", Some("/data/x"));
    check("//data//x/", Some("/data/x"));
}

#[test]
fn paths_outside_every_grant_are_not_located() {
    check("/etc/passwd", None);
    check("/", None);
    check("/srv", None);
    check("/database", None);
    check("../secret", None);
    check("src/../../secret", None);
    check("/data/../etc/passwd", None);
    check("../../../../../../etc/passwd", None);
}

#[test]
fn a_path_that_climbs_from_one_grant_into_another_is_found_there() {
    check("../../data/x", Some("/data/x"));
    check("../app/notes.txt", Some("/srv/app/notes.txt"));
    check("/data/../srv/app/x", Some("/srv/app/x"));
}

#[test]
fn climbing_is_refused_when_nobody_knows_where_the_working_directory_is() {
    let grants = grants(&[".", "/data"], None);
    assert!(grants.locate(Path::new("../x")).is_none());
    assert!(grants.locate(Path::new("x")).is_some());
}

#[test]
fn without_a_working_directory_relative_paths_are_not_located() {
    let grants = grants(&["/data"], None);
    assert!(grants.locate(Path::new("x")).is_none());
    assert!(grants.locate(Path::new("/data/x")).is_some());
}

#[test]
fn the_innermost_grant_holds_a_path() {
    let grants = grants(&["/srv", "/srv/app/vendor", "/srv/app"], None);
    let located = grants.locate(Path::new("/srv/app/vendor/x"));
    assert!(located.is_some_and(|(_, grant)| grant.path == Path::new("/srv/app/vendor")));
}

#[test]
fn grants_are_named_once_and_by_their_absolute_names() {
    assert_eq!(usual().names(), "/srv/app, /data");
    assert_eq!(grants(&["."], None).names(), ".");
    assert_eq!(grants(&[], None).names(), "");
}
