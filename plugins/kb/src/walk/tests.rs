//! What a walk leaves out.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use super::*;

#[test]
fn hidden_and_ignored_files_are_left_out_and_counted() {
    let directory = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write(".gitignore", "*.log\n/build/\n");
    write("a.md", "");
    write("a.log", "");
    write("build/b.md", "");
    write("docs/.gitignore", "!kept.log\n");
    write("docs/kept.log", "");
    write("docs/build/c.md", "");
    write(".git/config", "");
    write("node_modules/x/readme.md", "");
    let found = |glob: Option<&str>| {
        let glob = glob.map(|glob| globset::Glob::new(glob).unwrap().compile_matcher());
        let walk = walk(directory.path(), glob.as_ref());
        let names = walk.files.iter().map(|found| {
            let relative = found.path.strip_prefix(directory.path()).unwrap();
            relative.display().to_string()
        });
        (names.collect::<Vec<_>>(), walk.hidden, walk.ignored)
    };
    let (names, hidden, ignored) = found(None);
    assert_eq!(names, ["a.md", "docs/build/c.md", "docs/kept.log"]);
    assert_eq!((hidden, ignored), (3, 3));
    assert_eq!(found(Some("**/*.md")).0, ["a.md", "docs/build/c.md"]);
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let directory = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(directory.path(), directory.path().join("loop")).unwrap();
    assert_eq!(walk(directory.path(), None).files, []);
}
