//! Copies and clears trees of files, for snapshots and resets. Symbolic links stay links and are
//! never followed.

use std::fs;
use std::path::Path;

use loom_sdk::Error;

/// How much a snapshot holds at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) files: usize,
    pub(crate) bytes: u64,
}

impl Bounds {
    /// What a scratch directory holds by default, and no more than takes a moment.
    pub(crate) const SNAPSHOT: Self = Self {
        files: 10_000,
        bytes: 256 * 1024 * 1024,
    };
}

/// Copies what is in a directory into another, which is made.
///
/// # Errors
///
/// `unavailable` if it is more than `bounds`, else what the file system says.
pub(crate) fn copy(from: &Path, to: &Path, bounds: Bounds) -> Result<(), Error> {
    let mut left = bounds;
    let mut directories = vec![(from.to_owned(), to.to_owned())];
    while let Some((from, to)) = directories.pop() {
        fs::create_dir_all(&to)?;
        for entry in fs::read_dir(&from)? {
            let entry = entry?;
            let target = to.join(entry.file_name());
            let kind = entry.file_type()?;
            if kind.is_dir() {
                directories.push((entry.path(), target));
                continue;
            }
            let bytes = entry.metadata()?.len();
            if left.files == 0 || bytes > left.bytes {
                return Err(Error::new(
                    loom_sdk::ErrorKind::Unavailable,
                    format!(
                        "more than {} files or {} bytes; remove what is not needed first",
                        bounds.files, bounds.bytes
                    ),
                ));
            }
            left.files -= 1;
            left.bytes -= bytes;
            if kind.is_symlink() {
                symlink(&fs::read_link(entry.path())?, &target)?;
            } else if kind.is_file() {
                fs::copy(entry.path(), &target)?;
            }
        }
    }
    Ok(())
}

/// Removes all that is in a directory.
///
/// # Errors
///
/// What the file system says; a directory that is not there is empty.
pub(crate) fn clear(directory: &Path) -> Result<(), Error> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Makes a symbolic link at `link` that points to `target`, as it is given.
///
/// # Errors
///
/// What the file system says.
#[cfg(unix)]
pub fn symlink(target: &Path, link: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

/// Makes a symbolic link at `link` that points to `target`, as it is given. The standard library
/// makes none on WASI; WASI's own interface does, from the directory that holds the link.
///
/// # Errors
///
/// What the file system says, in particular for a target that is absolute.
#[cfg(target_family = "wasm")]
pub fn symlink(target: &Path, link: &Path) -> std::io::Result<()> {
    use wasip2::filesystem::preopens;
    let holders = preopens::get_directories().into_iter();
    let holder = holders
        .filter(|(_, name)| link.starts_with(name))
        .max_by_key(|(_, name)| name.len());
    let (handle, name) = holder.ok_or(std::io::ErrorKind::NotFound)?;
    let relative = link.strip_prefix(&name).unwrap_or(link);
    handle
        .symlink_at(&target.to_string_lossy(), &relative.to_string_lossy())
        .map_err(|code| std::io::Error::other(code.message()))
}
