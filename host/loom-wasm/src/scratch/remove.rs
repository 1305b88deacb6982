//! Removing a tree that a guest made. It may be deeper than there are file descriptors or stack for, and
//! full of links: directories are moved to the top one by one, and no name is ever followed.

use std::ffi::OsString;
use std::io;

use cap_std::fs::Dir;

/// Removes the directory `name` with all that is in it; nothing if it is not there. The names in `parent`,
/// and those directly in the directory, must not be a guest's to change.
///
/// # Errors
///
/// If something cannot be removed; what could be is gone.
pub(super) fn remove(parent: &Dir, name: &str) -> io::Result<()> {
    let top = match parent.open_dir(name) {
        Ok(top) => top,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut waiting = Vec::new();
    for entry in top.entries()? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            waiting.push(entry.file_name());
        } else {
            top.remove_file(entry.file_name())?;
        }
    }
    let moved = uuid::Uuid::new_v4().simple().to_string();
    let mut number = 0_u64;
    while let Some(name) = waiting.pop() {
        let directory = top.open_dir(&name)?;
        for entry in directory.entries()? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                number += 1;
                let here = OsString::from(format!("{moved}-{number}"));
                directory.rename(entry.file_name(), &top, &here)?;
                waiting.push(here);
            } else {
                directory.remove_file(entry.file_name())?;
            }
        }
        top.remove_dir(&name)?;
    }
    parent.remove_dir(name)
}
