//! Reads one directory. Nothing here knows of trees, hidden names or ignore files.

use std::io;
use std::path::Path;

use crate::grants::Grants;

/// Directories with more entries than this are read in part.
const MAX_ENTRIES: usize = 200_000;

/// What a directory entry is; links are not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Directory,
    Link,
    /// A pipe, a socket or a device.
    Other,
}

/// The content of a directory.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Sorted by name.
    pub(crate) entries: Vec<(String, Kind)>,
    /// Entries that are left out because their names are not Unicode or they could not be read.
    pub(crate) unreadable: usize,
    /// Whether entries are left out because there are more than `MAX_ENTRIES`.
    pub(crate) is_cut: bool,
}

/// Lists a directory at a path that the grants have located.
///
/// # Errors
///
/// If it cannot be opened.
pub(crate) fn list(grants: &Grants, path: &Path) -> io::Result<Listing> {
    let mut listing = Listing::default();
    for entry in open(grants, path)? {
        if listing.entries.len() == MAX_ENTRIES {
            listing.is_cut = true;
            break;
        }
        match entry {
            Some(entry) => listing.entries.push(entry),
            None => listing.unreadable += 1,
        }
    }
    listing.entries.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    Ok(listing)
}

#[cfg(not(target_family = "wasm"))]
fn open(_: &Grants, path: &Path) -> io::Result<impl Iterator<Item = Option<(String, Kind)>>> {
    let read = |entry: io::Result<std::fs::DirEntry>| {
        let entry = entry.ok()?;
        let name = entry.file_name().into_string().ok()?;
        let file_type = entry.file_type().ok()?;
        let kind = match () {
            () if file_type.is_dir() => Kind::Directory,
            () if file_type.is_file() => Kind::File,
            () if file_type.is_symlink() => Kind::Link,
            () => Kind::Other,
        };
        Some((name, kind))
    };
    Ok(std::fs::read_dir(path)?.map(read))
}

/// Asks WASI itself: `std::fs::read_dir` ends at the first name that is not Unicode, and asks the
/// host for the metadata of each entry.
#[cfg(target_family = "wasm")]
fn open(grants: &Grants, path: &Path) -> io::Result<impl Iterator<Item = Option<(String, Kind)>>> {
    use wasip2::filesystem::types::{
        DescriptorFlags, DescriptorType, ErrorCode, OpenFlags, PathFlags,
    };
    let (path, grant) = grants
        .locate(path)
        .ok_or_else(|| io::Error::from(io::ErrorKind::PermissionDenied))?;
    let relative = path.strip_prefix(&grant.path).unwrap_or(&path);
    let relative = relative.to_str().filter(|path| !path.is_empty());
    let directory = grant
        .handle
        .open_at(
            PathFlags::SYMLINK_FOLLOW,
            relative.unwrap_or("."),
            OpenFlags::DIRECTORY,
            DescriptorFlags::READ,
        )
        .map_err(io_error)?;
    let stream = directory.read_directory().map_err(io_error)?;
    // In this order, so that the stream is dropped before the directory it belongs to.
    let open = (stream, directory);
    Ok(std::iter::from_fn(move || {
        match open.0.read_directory_entry() {
            Ok(None) => None,
            Err(ErrorCode::BadDescriptor) => None,
            Err(_) => Some(None),
            Ok(Some(entry)) => {
                let kind = match entry.type_ {
                    DescriptorType::Directory => Kind::Directory,
                    DescriptorType::RegularFile => Kind::File,
                    DescriptorType::SymbolicLink => Kind::Link,
                    _ => Kind::Other,
                };
                Some(Some((entry.name, kind)))
            }
        }
    }))
}

#[cfg(target_family = "wasm")]
fn io_error(code: wasip2::filesystem::types::ErrorCode) -> io::Error {
    use wasip2::filesystem::types::ErrorCode;
    let kind = match code {
        ErrorCode::Access | ErrorCode::NotPermitted => io::ErrorKind::PermissionDenied,
        ErrorCode::NoEntry => io::ErrorKind::NotFound,
        ErrorCode::NotDirectory => io::ErrorKind::NotADirectory,
        ErrorCode::NameTooLong => io::ErrorKind::InvalidFilename,
        ErrorCode::Invalid => io::ErrorKind::InvalidInput,
        _ => return io::Error::other(code.message()),
    };
    kind.into()
}
