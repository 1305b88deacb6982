#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use super::*;

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn content_is_created_and_replaced_without_leftovers() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ünï.txt");
    replace(&path, b"first and longer").unwrap();
    replace(&path, b"second").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"second");
    assert_eq!(names(directory.path()), ["ünï.txt"]);
}

#[test]
fn a_failure_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sub");
    fs::create_dir(&path).unwrap();
    assert!(replace(&path, b"content").is_err());
    assert_eq!(names(directory.path()), ["sub"]);
}

#[cfg(unix)]
#[test]
fn a_script_stays_executable() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run");
    fs::write(&path, "#!/bin/sh\necho a long line\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    replace(&path, b"#!/bin/sh\n").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"#!/bin/sh\n");
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o755);
    assert_eq!(names(directory.path()), ["run"]);
}

#[test]
fn many_writers_leave_one_whole_content() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    let contents: Vec<Vec<u8>> = (b'a'..b'i').map(|byte| vec![byte; 100_000]).collect();
    std::thread::scope(|scope| {
        for content in &contents {
            scope.spawn(|| {
                for _ in 0..10 {
                    replace(&path, content).unwrap();
                    let seen = fs::read(&path).unwrap();
                    assert!(contents.contains(&seen), "a torn file was seen");
                }
            });
        }
    });
    assert_eq!(names(directory.path()), ["file"]);
}

#[cfg(unix)]
#[test]
fn links_are_followed_to_the_file_they_stand_for() {
    use std::os::unix::fs::symlink;
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    fs::create_dir(at("sub")).unwrap();
    symlink("sub/second", at("first")).unwrap();
    symlink("../real", at("sub/second")).unwrap();
    symlink("loop", at("loop")).unwrap();
    assert_eq!(follow_links(&at("first")).unwrap(), at("sub/../real"));
    assert_eq!(follow_links(&at("missing")).unwrap(), at("missing"));
    assert!(follow_links(&at("loop")).is_err());
}

#[test]
fn new_directories_are_removed_unless_they_are_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a/b/c");
    drop(NewDirectories::create(&path).unwrap());
    assert!(names(directory.path()).is_empty());
    NewDirectories::create(&path).unwrap().keep();
    assert!(path.is_dir());
    drop(NewDirectories::create(&path.join("d")).unwrap());
    assert!(path.is_dir());
}
