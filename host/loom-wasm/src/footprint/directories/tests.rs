//! Where paths lead: names of directories, spellings, links, and paths that lead out.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::fs;
use std::os::unix::fs::symlink;

use tempfile::TempDir;

use super::*;

/// `home/work` granted for writing, under `.` and its own path; `home/books` for reading, under its own.
struct World {
    home: TempDir,
    directories: Directories,
}

fn world() -> World {
    let home = tempfile::tempdir().unwrap();
    let grant = |name: &str, dot: bool, access| {
        let host_path = home.path().join(name);
        fs::create_dir(&host_path).unwrap();
        let own = host_path.to_str().unwrap().to_owned();
        let dot = dot.then(|| ".".to_owned());
        DirectoryGrant {
            guest_paths: dot.into_iter().chain([own]).collect(),
            host_path,
            access,
        }
    };
    let grants = [
        grant("work", true, FileAccess::ReadWrite),
        grant("books", false, FileAccess::ReadOnly),
    ];
    let directories = Directories::open(&grants).unwrap();
    World { home, directories }
}

impl World {
    fn work(&self, name: &str) -> PathBuf {
        self.home.path().join("work").join(name)
    }

    fn touches(&self, path: &str) -> Vec<Touch> {
        let paths = [path.replace("HOME", self.home.path().to_str().unwrap())];
        self.directories.touches(AccessMode::Write, Some(&paths))
    }

    /// The paths that a call of `path` touches are these, relative to home.
    fn check(&self, path: &str, expected: &[&str]) {
        let home = fs::canonicalize(self.home.path()).unwrap();
        let touched = self.touches(path).into_iter();
        let touched = touched.map(|touch| match touch.resource {
            Resource::File { path, .. } => path.strip_prefix(&home).unwrap().to_owned(),
            other => panic!("{other:?} is no file"),
        });
        let expected: Vec<_> = expected.iter().map(PathBuf::from).collect();
        assert_eq!(touched.collect::<Vec<_>>(), expected, "{path}");
    }

    fn overlap(&self, a: &str, b: &str) -> bool {
        let (a, b) = (self.touches(a), self.touches(b));
        a.iter()
            .any(|a| b.iter().any(|b| a.resource.overlaps(&b.resource)))
    }
}

#[test]
fn spellings_of_a_path_lead_to_one_file() {
    let world = world();
    fs::create_dir(world.work("a")).unwrap();
    for path in [
        "b",
        "./b",
        ".//b",
        "a/../b",
        "missing/../b",
        "HOME/work/b",
        "HOME/work/./a/../b",
        "HOME//work/b/",
        "../work/b",
        "HOME/books/../work/b",
    ] {
        world.check(path, &["work/b"]);
    }
    world.check("", &["work"]);
    world.check(".", &["work"]);
}

#[test]
fn what_does_not_exist_is_appended_to_what_does() {
    let world = world();
    fs::create_dir(world.work("real")).unwrap();
    symlink("real", world.work("link")).unwrap();
    world.check("real/new/file", &["work/real/new/file"]);
    world.check(
        "link/new/file",
        &["work/real/new/file", "work/link/new/file"],
    );
}

#[test]
fn links_are_followed_also_to_what_does_not_exist() {
    let world = world();
    fs::create_dir(world.work("a")).unwrap();
    symlink("../new", world.work("a/dangling")).unwrap();
    symlink("a/dangling", world.work("chain")).unwrap();
    world.check("a/dangling", &["work/new", "work/a/dangling"]);
    world.check("chain", &["work/new", "work/chain"]);
    assert!(world.overlap("chain", "new"));
}

#[test]
fn dots_after_a_link_count_both_ways() {
    let world = world();
    fs::create_dir_all(world.work("deep/er")).unwrap();
    symlink("deep/er", world.work("link")).unwrap();
    world.check("link/../file", &["work/deep/file", "work/file"]);
}

#[test]
fn links_that_lead_out_or_in_circles_are_only_themselves() {
    let world = world();
    fs::write(world.home.path().join("secret"), "").unwrap();
    symlink("../secret", world.work("out")).unwrap();
    symlink(world.home.path().join("secret"), world.work("absolute")).unwrap();
    symlink("circle", world.work("circle")).unwrap();
    for name in ["out", "absolute", "circle"] {
        world.check(name, &[&format!("work/{name}")]);
        let Resource::File { identity, .. } = world.touches(name)[0].resource.clone() else {
            panic!("{name} is no file");
        };
        assert_eq!(identity, None, "{name} was looked at");
    }
}

#[test]
fn hard_links_are_one_file() {
    let world = world();
    fs::write(world.work("a"), "").unwrap();
    fs::write(world.work("c"), "").unwrap();
    fs::hard_link(world.work("a"), world.work("b")).unwrap();
    assert!(world.overlap("a", "b"));
    assert!(!world.overlap("a", "c"));
}

#[test]
fn a_directory_overlaps_with_what_is_in_it() {
    let world = world();
    assert!(world.overlap("a", "a/b/c"));
    assert!(world.overlap(".", "a"));
    assert!(!world.overlap("a", "ab"));
}

#[test]
fn what_cannot_be_written_is_read() {
    let world = world();
    world.check("HOME/books/b", &["books/b"]);
    assert_eq!(world.touches("HOME/books/b")[0].mode, AccessMode::Read);
    assert_eq!(world.touches("b")[0].mode, AccessMode::Write);
}

#[test]
fn a_path_that_leads_nowhere_or_is_left_out_may_be_anywhere() {
    let world = world();
    world.check("../elsewhere", &["work", "books"]);
    let left_out = world.directories.touches(AccessMode::Write, None);
    let modes: Vec<_> = left_out.iter().map(|touch| touch.mode).collect();
    assert_eq!(modes, [AccessMode::Write, AccessMode::Read]);
    let no_paths = world.directories.touches(AccessMode::Write, Some(&[]));
    assert_eq!(no_paths, []);
}

#[test]
fn an_absolute_path_in_no_directory_is_taken_for_one_in_the_first_as_libc_does() {
    let world = world();
    world.check("/etc/passwd", &["work/etc/passwd"]);
}

#[test]
fn names_are_as_on_the_disk_where_case_makes_no_difference() {
    let mut world = world();
    fs::create_dir_all(world.work("Sub/deep")).unwrap();
    fs::write(world.work("Sub/File"), "").unwrap();
    world.check("sub/FILE", &["work/sub/FILE"]);
    for directory in &mut world.directories.0 {
        assert!(!directory.folds_case, "the temporary directory folds case");
        directory.folds_case = true;
    }
    world.check("sub/FILE", &["work/Sub/File", "work/sub/FILE"]);
    world.check("SUB/New", &["work/Sub/New", "work/SUB/New"]);
    assert!(world.overlap("SUB", "sub/new"));
}

#[test]
fn names_that_no_file_can_have_are_left_as_they_are() {
    let world = world();
    world.check("a\0b", &["work/a\0b"]);
    let long = "x".repeat(5_000);
    world.check(&long, &[&format!("work/{long}")]);
    let deep = "x/".repeat(3_000);
    world.check(&deep, &[&format!("work/{deep}")]);
}

#[test]
fn a_directory_in_a_granted_one_may_be_granted_by_itself() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("inner")).unwrap();
    let grant = |guest: &str, host_path: &Path| DirectoryGrant {
        host_path: host_path.to_owned(),
        guest_paths: vec![guest.to_owned()],
        access: FileAccess::ReadWrite,
    };
    let inner = home.path().join("inner");
    let grants = [grant("/w", home.path()), grant("/w/inner", &inner)];
    let directories = Directories::open(&grants).unwrap();
    assert_eq!(directories.locate("/w/inner/f").unwrap().directory, 1);
    assert_eq!(directories.locate("/w/f").unwrap().directory, 0);
    assert_eq!(directories.locate("relative"), None);
}
