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
