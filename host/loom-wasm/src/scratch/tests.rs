//! Tests of what is measured and removed.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::fs;

use super::usage::{Bounds, breach};
use super::*;

const ROOMY: Bounds = Bounds {
    bytes: 1000,
    entries: 50,
    depth: 10,
};

struct Tree {
    above: tempfile::TempDir,
}

impl Tree {
    fn new() -> Self {
        let above = tempfile::tempdir().unwrap();
        fs::create_dir_all(above.path().join("top/work")).unwrap();
        Self { above }
    }

    fn work(&self) -> PathBuf {
        self.above.path().join("top/work")
    }

    fn handle(&self) -> Dir {
        Dir::open_ambient_dir(self.above.path(), ambient_authority()).unwrap()
    }

    fn breach(&self, bounds: Bounds) -> Option<Breach> {
        let top = self.handle().open_dir("top").unwrap();
        breach(&top, &self.above.path().join("top"), &["work"], bounds)
    }
}

#[test]
fn bytes_files_and_depth_have_a_limit_each() {
    let tree = Tree::new();
    fs::create_dir_all(tree.work().join("a/b")).unwrap();
    fs::write(tree.work().join("a/b/file"), [0; 1000]).unwrap();
    assert_eq!(tree.breach(ROOMY), None);
    let bytes = Bounds {
        bytes: 999,
        ..ROOMY
    };
    assert_eq!(tree.breach(bytes), Some(Breach::Bytes(999)));
    let entries = Bounds {
        entries: 2,
        ..ROOMY
    };
    assert_eq!(tree.breach(entries), Some(Breach::Entries(2)));
    let depth = Bounds { depth: 2, ..ROOMY };
    assert_eq!(tree.breach(depth), Some(Breach::Depth(2)));
}

#[test]
fn what_links_lead_to_is_not_counted() {
    let tree = Tree::new();
    let large = tree.above.path().join("large");
    fs::write(&large, [0; 5000]).unwrap();
    std::os::unix::fs::symlink(&large, tree.work().join("link")).unwrap();
    std::os::unix::fs::symlink(tree.above.path(), tree.work().join("up")).unwrap();
    assert_eq!(tree.breach(ROOMY), None);
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_is_open_and_removed_is_counted() {
    let tree = Tree::new();
    let path = tree.work().join("file");
    let file = fs::File::create(&path).unwrap();
    fs::remove_file(path).unwrap();
    assert_eq!(tree.breach(ROOMY), None);
    file.set_len(1001).unwrap();
    let patience = std::time::Instant::now() + Duration::from_secs(20);
    while tree.breach(ROOMY).is_none() {
        assert!(std::time::Instant::now() < patience, "it was not found out");
        std::thread::yield_now();
    }
    assert_eq!(tree.breach(ROOMY), Some(Breach::Bytes(1000)));
}

#[test]
fn removal_takes_a_tree_that_is_deeper_than_any_path_and_spares_what_links_lead_to() {
    let tree = Tree::new();
    let victim = tree.above.path().join("victim");
    fs::create_dir(&victim).unwrap();
    fs::write(victim.join("file"), "x").unwrap();
    std::os::unix::fs::symlink(&victim, tree.work().join("link")).unwrap();
    let mut directory = tree.handle().open_dir("top/work").unwrap();
    for _ in 0..3000 {
        directory.create_dir("a-name-of-some-length").unwrap();
        directory = directory.open_dir("a-name-of-some-length").unwrap();
    }
    directory.write("file", "x").unwrap();
    drop(directory);
    remove::remove(&tree.handle(), "top").unwrap();
    assert!(!tree.above.path().join("top").exists());
    assert!(victim.join("file").exists());
    remove::remove(&tree.handle(), "top").unwrap();
}
