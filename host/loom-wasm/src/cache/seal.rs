//! What tells whether a file of machine code is as it was written, without reading all of it at each
//! start: a digest of name and content, and by what the system told when they last agreed.

use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{is_own, write_whole};

/// What is read at once.
const PIECE_BYTES: usize = 256 << 10;

#[derive(Serialize, Deserialize)]
struct Seal {
    /// SHA-256 of the file's name and its content.
    digest: Vec<u8>,
    stamp: Stamp,
}

/// The system changes one of these with every change of a file; only the clock's owner can turn it
/// back.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    inode: u64,
    bytes: u64,
    /// Seconds and nanoseconds.
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            inode: metadata.ino(),
            bytes: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// Seals a file that was just written.
pub(super) fn put(path: &Path) -> io::Result<()> {
    let seal = Seal {
        digest: digest(path)?,
        stamp: Stamp::of(&fs::symlink_metadata(path)?),
    };
    write_whole(&seal_path(path), &serde_json::to_vec(&seal)?)
}

/// Whether a file is as it was when it was sealed. One that was merely copied or touched is read, and
/// sealed again.
pub(super) fn is_whole(path: &Path, metadata: &Metadata) -> bool {
    let Some(seal) = read(path) else { return false };
    if seal.stamp == Stamp::of(metadata) {
        return true;
    }
    let is_whole = digest(path).is_ok_and(|digest| digest == seal.digest);
    if is_whole {
        // Without it the next start reads the file again, and nothing else.
        let _ = put(path);
    }
    is_whole
}

fn read(path: &Path) -> Option<Seal> {
    let path = seal_path(path);
    let metadata = fs::symlink_metadata(&path).ok()?;
    if !metadata.is_file() || !is_own(&metadata) {
        return None;
    }
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

fn digest(path: &Path) -> io::Result<Vec<u8>> {
    let mut sha256 = Sha256::new();
    let name = path.file_name().unwrap_or_default();
    sha256.update(name.as_encoded_bytes());
    sha256.update([0]);
    let mut file = File::open(path)?;
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(sha256.finalize().to_vec()),
            read => sha256.update(&piece[..read]),
        }
    }
}

fn seal_path(path: &Path) -> PathBuf {
    path.with_extension("seal")
}
