//! Which resources are the same, or within each other.

use super::*;

/// The numbers say whether the two overlap, in either order.
fn check(a: Resource, b: Resource, overlap: bool) {
    assert_eq!(a.overlaps(&b), overlap, "{a:?} and {b:?}");
    assert_eq!(b.overlaps(&a), overlap, "{b:?} and {a:?}");
}

fn files(a: &str, b: &str, overlap: bool) {
    check(Resource::file(a), Resource::file(b), overlap);
}

fn named(scheme: &str, name: &str) -> Resource {
    Resource::Named {
        scheme: scheme.to_owned(),
        name: name.to_owned(),
    }
}

#[test]
fn spellings_of_one_path_overlap() {
    files("/a/b", "/a/./c/..//b/", true);
    files("/a", "/../a", true);
    files("a/b", "./a/c/../b", true);
    files("", ".", true);
}

#[test]
fn a_directory_overlaps_with_what_is_below_it_and_nothing_else() {
    files("/a", "/a/b/c", true);
    files("/", "/a", true);
    files(".", "a", true);
    files("/a/b", "/a/bc", false);
    files("/a/b", "/a/c", false);
    files("a", "b", false);
}

#[test]
fn where_a_relative_path_leads_is_unknown() {
    files("a", "/b", true);
    files("../a", "b", true);
    files("a/../../b", "c", true);
}

#[test]
fn hard_links_are_one_file() {
    let link = |path: &str, inode| Resource::File {
        path: path.into(),
        identity: Some((1, inode)),
    };
    check(link("/a", 7), link("/b", 7), true);
    check(link("/a", 7), link("/b", 8), false);
    check(link("/a", 7), Resource::file("/b"), false);
}

#[test]
fn urls_are_compared_as_the_standard_reads_them() {
    let urls = |a: &str, b: &str, overlap| check(Resource::url(a), Resource::url(b), overlap);
    urls(
        "HTTP://Example.com:80/a/../b#x",
        "http://example.com/b",
        true,
    );
    urls("http://example.com/b?x", "http://example.com/b", false);
    urls("http://example.com/b", "http://example.com/b/c", false);
    urls("not a url", "not a url", true);
    urls("not a url", "http://example.com", false);
}

#[test]
fn names_are_compared_within_their_scheme_and_none_means_all() {
    check(named("queue", "a"), named("queue", "a"), true);
    check(named("queue", "a"), named("queue", "b"), false);
    check(named("queue", "a"), named("table", "a"), false);
    check(named("queue", ""), named("queue", "b"), true);
    check(named("url", ""), Resource::url("http://example.com"), true);
    check(named("queue", "/a"), Resource::file("/a"), false);
}

#[test]
fn calls_of_one_session_overlap_and_nobody_is_asked_about_it() {
    let session = |plugin: &str, name: &str| Resource::Session {
        plugin: plugin.to_owned(),
        name: name.to_owned(),
    };
    let a = session("python", "a");
    assert!(a.overlaps(&a.clone()));
    assert!(!a.overlaps(&session("python", "b")));
    assert!(!a.overlaps(&session("bash", "a")));
    let read = Touch {
        mode: AccessMode::Read,
        resource: Resource::file("/w"),
    };
    let write = Touch {
        mode: AccessMode::Write,
        resource: a,
    };
    let footprint = Footprint::Resources(vec![read.clone(), write]);
    assert_eq!(
        footprint.without_sessions(),
        Footprint::Resources(vec![read])
    );
    assert_eq!(
        Footprint::Everything.without_sessions(),
        Footprint::Everything
    );
}
