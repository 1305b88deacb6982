//! Paths that lead out of a granted directory, and what a read-only one does not allow.

use std::fs;

use loom_tests::guests::{INTRUDER, SNOOP};
use loom_wasm::{DirectoryGrant, FileAccess, Grants};
use serde_json::{Value, json};

use super::host::{SECRET, World, guest};
use super::report::{Denied, denied};

super::attempts!("paths":
    a_parent_directory,
    a_parent_behind_a_directory,
    a_parent_behind_a_file,
    a_parent_by_the_directorys_own_name,
    a_hundred_parents,
    a_parent_for_writing,
    a_new_file_in_a_parent,
    an_absolute_path,
    an_absolute_path_for_writing,
    an_absolute_path_with_two_slashes,
    the_environment_in_proc,
    the_root_directory_in_proc,
    an_open_file_in_proc,
    a_device_file,
    a_disk,
    backslashes,
    percent_signs,
    dot_leaders,
    full_width_dots,
    a_null_character,
    a_path_of_a_megabyte,
    a_sibling_with_the_same_beginning,
    a_sibling_in_another_case,
    a_sibling_in_another_normal_form,
    a_file_moved_out,
    a_file_moved_in,
    a_directory_made_outside,
    the_root_without_a_grant,
    the_working_directory_without_a_grant,
    writing_where_reading_is_granted,
    emptying_where_reading_is_granted,
    appending_where_reading_is_granted,
    removing_where_reading_is_granted,
    renaming_where_reading_is_granted,
    linking_where_reading_is_granted,
    backdating_where_reading_is_granted,
    writing_with_a_tool_that_calls_itself_safe,
);

async fn read(path: &str) -> Denied {
    let arguments = json!({ "path": path });
    let world = World::new();
    denied(
        world
            .call(SNOOP, FileAccess::ReadWrite, "snoop_read", arguments)
            .await,
    )
}

async fn write(path: &str) -> Denied {
    let arguments = json!({ "path": path, "text": "x" });
    let world = World::new();
    denied(
        world
            .call(SNOOP, FileAccess::ReadWrite, "snoop_write", arguments)
            .await,
    )
}

async fn a_parent_directory() -> Denied {
    read("../secret.txt").await
}

async fn a_parent_behind_a_directory() -> Denied {
    read("sub/../../secret.txt").await
}

async fn a_parent_behind_a_file() -> Denied {
    read("note.txt/../../secret.txt").await
}

async fn a_parent_by_the_directorys_own_name() -> Denied {
    read("../granted/../secret.txt").await
}

async fn a_hundred_parents() -> Denied {
    read(&format!("{}etc/passwd", "../".repeat(100))).await
}

async fn a_parent_for_writing() -> Denied {
    write("../secret.txt").await
}

async fn a_new_file_in_a_parent() -> Denied {
    write("../new.txt").await
}

async fn an_absolute_path() -> Denied {
    let world = World::new();
    let arguments = json!({ "path": world.secret() });
    denied(
        world
            .call(SNOOP, FileAccess::ReadWrite, "snoop_read", arguments)
            .await,
    )
}

async fn an_absolute_path_for_writing() -> Denied {
    let world = World::new();
    let arguments = json!({ "path": world.secret(), "text": "x" });
    denied(
        world
            .call(SNOOP, FileAccess::ReadWrite, "snoop_write", arguments)
            .await,
    )
}

async fn an_absolute_path_with_two_slashes() -> Denied {
    read("//etc/passwd").await
}

async fn the_environment_in_proc() -> Denied {
    read("/proc/self/environ").await
}

async fn the_root_directory_in_proc() -> Denied {
    read("/proc/self/root/etc/passwd").await
}

async fn an_open_file_in_proc() -> Denied {
    read("/proc/self/fd/0").await
}

async fn a_device_file() -> Denied {
    read("/dev/urandom").await
}

async fn a_disk() -> Denied {
    write("/dev/sda").await
}

async fn backslashes() -> Denied {
    read("..\\secret.txt").await
}

async fn percent_signs() -> Denied {
    read("%2e%2e%2fsecret.txt").await
}

async fn dot_leaders() -> Denied {
    read("\u{2025}/secret.txt").await
}

async fn full_width_dots() -> Denied {
    read("\u{ff0e}\u{ff0e}\u{ff0f}secret.txt").await
}

async fn a_null_character() -> Denied {
    read("../secret.txt\0note.txt").await
}

async fn a_path_of_a_megabyte() -> Denied {
    read(&format!("{}secret.txt", "./".repeat(1 << 19) + "../")).await
}

/// Whether a guest that is granted one directory reads a secret in another one beside it.
async fn read_beside(granted: &str, beside: &str) -> Denied {
    let world = World::new();
    let (granted, beside) = (world.inside.join(granted), world.inside.join(beside));
    fs::create_dir(&granted).unwrap();
    // Where the file system makes no difference of them, they are one directory.
    if fs::create_dir(&beside).is_err() {
        return Denied::Skipped("the file system makes no difference of these names".into());
    }
    let path = beside.join("secret.txt");
    fs::write(&path, SECRET).unwrap();
    let grant = DirectoryGrant {
        guest_paths: vec![granted.to_string_lossy().into_owned()],
        host_path: granted,
        access: FileAccess::ReadWrite,
    };
    let directories = vec![grant];
    let snoop = guest(
        SNOOP,
        Grants {
            directories,
            ..Grants::default()
        },
    )
    .await;
    denied(snoop.call("snoop_read", json!({ "path": path })).await)
}

async fn a_sibling_with_the_same_beginning() -> Denied {
    read_beside("granted", "granted-not").await
}

async fn a_sibling_in_another_case() -> Denied {
    read_beside("granted", "Granted").await
}

async fn a_sibling_in_another_normal_form() -> Denied {
    read_beside("caf\u{e9}", "cafe\u{301}").await
}

async fn move_file(from: &str, to: &str) -> Denied {
    let arguments = json!({ "from": from, "to": to });
    let world = World::new();
    denied(
        world
            .call(SNOOP, FileAccess::ReadWrite, "snoop_rename", arguments)
            .await,
    )
}

async fn a_file_moved_out() -> Denied {
    move_file("note.txt", "../stolen.txt").await
}

async fn a_file_moved_in() -> Denied {
    move_file("../secret.txt", "mine.txt").await
}

async fn a_directory_made_outside() -> Denied {
    let arguments = json!({ "path": "../made" });
    let world = World::new();
    denied(
        world
            .call(INTRUDER, FileAccess::ReadWrite, "make_directory", arguments)
            .await,
    )
}

async fn list_without_a_grant(path: &str) -> Denied {
    let snoop = guest(SNOOP, Grants::default()).await;
    denied(snoop.call("snoop_list", json!({ "path": path })).await)
}

async fn the_root_without_a_grant() -> Denied {
    list_without_a_grant("/").await
}

async fn the_working_directory_without_a_grant() -> Denied {
    list_without_a_grant(".").await
}

/// Changes something in a directory that is granted for reading. It must stay as it was.
async fn change(wasm: &[u8], tool: &str, arguments: Value) -> Denied {
    let world = World::new();
    let note = world.inside.join("note.txt");
    let before = fs::metadata(&note).unwrap().modified().unwrap();
    let result = world
        .call(wasm, FileAccess::ReadOnly, tool, arguments)
        .await;
    assert_eq!(fs::read_to_string(&note).unwrap(), "granted text");
    assert_eq!(fs::metadata(&note).unwrap().modified().unwrap(), before);
    assert_eq!(fs::read_dir(&world.inside).unwrap().count(), 2);
    denied(result)
}

async fn writing_where_reading_is_granted() -> Denied {
    change(
        SNOOP,
        "snoop_write",
        json!({ "path": "new.txt", "text": "x" }),
    )
    .await
}

async fn emptying_where_reading_is_granted() -> Denied {
    change(INTRUDER, "empty", json!({ "path": "note.txt" })).await
}

async fn appending_where_reading_is_granted() -> Denied {
    change(INTRUDER, "append", json!({ "path": "note.txt" })).await
}

async fn removing_where_reading_is_granted() -> Denied {
    change(INTRUDER, "remove", json!({ "path": "note.txt" })).await
}

async fn renaming_where_reading_is_granted() -> Denied {
    change(
        SNOOP,
        "snoop_rename",
        json!({ "from": "note.txt", "to": "moved.txt" }),
    )
    .await
}

async fn linking_where_reading_is_granted() -> Denied {
    let arguments = json!({ "target": "note.txt", "name": "link", "hard": true });
    change(INTRUDER, "link", arguments).await
}

async fn backdating_where_reading_is_granted() -> Denied {
    change(INTRUDER, "backdate", json!({ "path": "note.txt" })).await
}

async fn writing_with_a_tool_that_calls_itself_safe() -> Denied {
    let world = World::new();
    let arguments = json!({ "path": "note.txt", "text": "x" });
    let written = world
        .call(SNOOP, FileAccess::ReadWrite, "snoop_write_safe", arguments)
        .await;
    assert_eq!(
        fs::read_to_string(world.inside.join("note.txt")).unwrap(),
        "granted text"
    );
    denied(written)
}
