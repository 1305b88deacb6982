//! Links out of a granted directory: found there, made there, and put in the place of a file while
//! it is read.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use loom_tests::guests::{INTRUDER, SNOOP};
use loom_types::{ErrorKind, ToolContext};
use loom_wasm::FileAccess;
use serde_json::{Value, json};

use super::host::{SECRET, World, guest};
use super::report::{Denied, denied, denied_as, harmless};

super::attempts!("links":
    a_link_to_an_absolute_path,
    a_link_to_a_parent,
    a_link_to_a_directory_outside,
    listing_through_a_link,
    writing_through_a_link,
    creating_through_a_link_that_leads_nowhere,
    a_chain_of_links,
    a_circle_of_links,
    a_link_to_an_open_file_in_proc,
    a_link_to_a_device,
    a_link_that_the_guest_makes,
    an_absolute_link_that_the_guest_makes,
    a_hard_link_to_a_file_outside,
    a_hard_link_to_an_absolute_path,
    a_hard_link_through_a_link,
    a_pipe_that_nobody_writes_to,
    a_link_in_the_place_of_a_file_while_it_is_read,
    a_link_in_the_place_of_a_directory_while_it_is_walked,
    a_directory_moved_out_while_it_is_walked,
    a_link_that_another_call_renames_while_it_is_read,
);

/// How often a race is tried.
const TRIES: u32 = 2_000;

async fn snoop(world: &World, tool: &str, arguments: Value) -> Denied {
    denied(
        world
            .call(SNOOP, FileAccess::ReadWrite, tool, arguments)
            .await,
    )
}

async fn read(world: &World, path: &str) -> Denied {
    snoop(world, "snoop_read", json!({ "path": path })).await
}

/// A world with a link.
fn linked(target: &str) -> World {
    let world = World::new();
    symlink(target, world.inside.join("link")).unwrap();
    world
}

async fn a_link_to_an_absolute_path() -> Denied {
    let world = World::new();
    symlink(world.secret(), world.inside.join("link")).unwrap();
    read(&world, "link").await
}

async fn a_link_to_a_parent() -> Denied {
    read(&linked("../secret.txt"), "link").await
}

async fn a_link_to_a_directory_outside() -> Denied {
    read(&linked(".."), "link/secret.txt").await
}

async fn listing_through_a_link() -> Denied {
    snoop(&linked(".."), "snoop_list", json!({ "path": "link" })).await
}

async fn writing_through_a_link() -> Denied {
    let arguments = json!({ "path": "link", "text": "x" });
    snoop(&linked("../secret.txt"), "snoop_write", arguments).await
}

async fn creating_through_a_link_that_leads_nowhere() -> Denied {
    let arguments = json!({ "path": "link", "text": "x" });
    snoop(&linked("../new.txt"), "snoop_write", arguments).await
}

async fn a_chain_of_links() -> Denied {
    let world = linked("second");
    symlink("sub/third", world.inside.join("second")).unwrap();
    symlink("../../secret.txt", world.inside.join("sub/third")).unwrap();
    read(&world, "link").await
}

async fn a_circle_of_links() -> Denied {
    let world = linked("second");
    symlink("link", world.inside.join("second")).unwrap();
    read(&world, "link").await
}

async fn a_link_to_an_open_file_in_proc() -> Denied {
    read(&linked("/proc/self/fd/0"), "link").await
}

async fn a_link_to_a_device() -> Denied {
    read(&linked("/dev/urandom"), "link").await
}

async fn make_link(target: &str, hard: bool) -> Denied {
    let world = World::new();
    let arguments = json!({ "target": target, "link": "link", "hard": hard });
    snoop(&world, "snoop_link", arguments).await
}

async fn a_link_that_the_guest_makes() -> Denied {
    make_link("../secret.txt", false).await
}

async fn an_absolute_link_that_the_guest_makes() -> Denied {
    make_link("/etc/passwd", false).await
}

async fn a_hard_link_to_a_file_outside() -> Denied {
    make_link("../secret.txt", true).await
}

async fn a_hard_link_to_an_absolute_path() -> Denied {
    make_link("/etc/passwd", true).await
}

async fn a_hard_link_through_a_link() -> Denied {
    let world = linked("..");
    let arguments = json!({ "target": "link/secret.txt", "link": "mine", "hard": true });
    snoop(&world, "snoop_link", arguments).await
}

async fn a_pipe_that_nobody_writes_to() -> Denied {
    let world = World::new();
    let pipe = world.inside.join("pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RWXU,
        0,
    )
    .unwrap();
    let snoop = guest(SNOOP, world.grants(FileAccess::ReadOnly)).await;
    let context = ToolContext::standalone(Duration::from_millis(300));
    let read = snoop.call_within("snoop_read", json!({ "path": "pipe" }), &context);
    let outcome = denied_as(ErrorKind::Timeout, read.await);
    // Or a thread of the host would wait there for ever.
    drop(
        fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open(pipe)
            .unwrap(),
    );
    outcome
}

/// Does something again and again until it is dropped.
struct Meanwhile {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Meanwhile {
    fn repeat(action: impl Fn() + Send + 'static) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&is_over);
        let thread = std::thread::spawn(move || {
            while !until.load(Ordering::Relaxed) {
                action();
            }
        });
        Self {
            is_over,
            thread: Some(thread),
        }
    }
}

impl Drop for Meanwhile {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        let _ = self.thread.take().unwrap().join();
    }
}

/// Lets a name be one thing and another in turn.
fn alternate(name: &Path, between: &Path, other: &Path) {
    let swap = || -> std::io::Result<()> {
        fs::rename(name, between)?;
        fs::rename(other, name)?;
        fs::rename(between, other)
    };
    swap().unwrap();
}

/// Reads a path many times while something happens.
async fn read_meanwhile(world: &World, path: &str, action: impl Fn() + Send + 'static) -> Denied {
    let intruder = guest(INTRUDER, world.grants(FileAccess::ReadWrite)).await;
    let meanwhile = Meanwhile::repeat(action);
    let arguments = json!({ "path": path, "times": TRIES });
    let read = intruder.call("read_often", arguments).await;
    drop(meanwhile);
    harmless(read, SECRET)
}

async fn a_link_in_the_place_of_a_file_while_it_is_read() -> Denied {
    let world = linked("../secret.txt");
    let at = |name: &str| world.inside.join(name);
    let (note, between, link) = (at("note.txt"), at("between"), at("link"));
    let action = move || alternate(&note, &between, &link);
    read_meanwhile(&world, "note.txt", action).await
}

async fn a_link_in_the_place_of_a_directory_while_it_is_walked() -> Denied {
    let world = linked("..");
    let at = |name: &str| world.inside.join(name);
    let (sub, between, link) = (at("sub"), at("between"), at("link"));
    fs::write(sub.join("secret.txt"), "granted text").unwrap();
    let action = move || alternate(&sub, &between, &link);
    read_meanwhile(&world, "sub/secret.txt", action).await
}

async fn a_directory_moved_out_while_it_is_walked() -> Denied {
    let world = World::new();
    let deep = world.inside.join("sub/deep");
    fs::create_dir(&deep).unwrap();
    let away = world.outside.path().join("away");
    let action = move || {
        fs::rename(&deep, &away).unwrap();
        fs::rename(&away, &deep).unwrap();
    };
    read_meanwhile(&world, "sub/deep/../secret.txt", action).await
}

async fn a_link_that_another_call_renames_while_it_is_read() -> Denied {
    let world = World::new();
    let reader = guest(INTRUDER, world.grants(FileAccess::ReadWrite)).await;
    let swapper = guest(INTRUDER, world.grants(FileAccess::ReadWrite)).await;
    let link = json!({ "target": "../secret.txt", "name": "link", "hard": false });
    swapper.call("link", link).await.unwrap();
    let swap = json!({ "one": "note.txt", "other": "link", "times": TRIES });
    let read = json!({ "path": "note.txt", "times": TRIES });
    let (swapped, read) = tokio::join!(
        swapper.call("swap_often", swap),
        reader.call("read_often", read)
    );
    swapped.unwrap();
    harmless(read, SECRET)
}
