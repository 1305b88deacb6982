//! A component whose instances begin where its own preparation has ended: an interpreter that is started
//! already. What is run and how is a matter of `snapshot.py`.

use std::fs;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::tools::run;
use crate::{Tools, target_directory};

const SCRIPT: &str = include_str!("snapshot.py");

/// Replaces a component, which exports `loom:prepare`, by one that has run it, unless that was made
/// before.
///
/// # Errors
///
/// What went wrong, for a person; the component is as it was, and begins from nothing.
pub fn prepare(tools: &Tools, component: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", component.display());
    let wasm = fs::read(component).map_err(failed)?;
    let mut sha = Sha256::new_with_prefix(SCRIPT);
    sha.update(crate::tools::PACKAGES);
    sha.update(&wasm);
    let digest = sha.finalize();
    let digest: String = digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let directory = target_directory().join("prepared");
    fs::create_dir_all(&directory).map_err(failed)?;
    let name = component.file_stem().unwrap_or_default().to_string_lossy();
    let prepared = directory.join(format!("{name}-{digest}.wasm"));
    if !prepared.is_file() {
        let script = directory.join("snapshot.py");
        fs::write(&script, SCRIPT).map_err(failed)?;
        let unfinished = prepared.with_extension("unfinished");
        run(tools
            .command("python")
            .arg(&script)
            .arg(component)
            .arg(&unfinished))?;
        fs::rename(&unfinished, &prepared).map_err(failed)?;
    }
    fs::copy(&prepared, component).map_err(failed)?;
    Ok(())
}
