//! The test guests as components, built by `build.rs`.

use std::path::{Path, PathBuf};

include!(concat!(env!("OUT_DIR"), "/guests.rs"));

/// Writes a guest into a directory, as a person who drops a plugin there, and returns its path.
///
/// # Panics
///
/// If the directory cannot be written.
pub fn drop_into(directory: &Path, name: &str, wasm: &[u8]) -> PathBuf {
    let path = directory.join(format!("{name}.wasm"));
    std::fs::create_dir_all(directory).expect("the directory can be made");
    std::fs::write(&path, wasm).expect("the directory can be written");
    path
}

/// A component with one text in the place of another, as long as it, wherever that is.
///
/// # Panics
///
/// If the texts differ in length.
#[must_use]
pub fn replaced(wasm: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    assert_eq!(
        old.len(),
        new.len(),
        "what is behind must stay in its place"
    );
    let mut wasm = wasm.to_vec();
    let mut at = 0;
    while let Some(found) = wasm[at..].windows(old.len()).position(|it| it == old) {
        at += found;
        wasm[at..at + new.len()].copy_from_slice(new);
        at += new.len();
    }
    wasm
}
