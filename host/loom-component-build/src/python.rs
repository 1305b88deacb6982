//! A plugin written in Python as a component.
//!
//! Its folder has the module `app`, the manifest `plugin.toml` and, if more is to be done than to
//! componentize that module, a script `build.py`, which is called with the directory of the contract
//! and the path of the component to write, in a copy of the folder and with the tools on its PATH.
//! The sources are the folder's files and the contract, nothing else.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use sha2::{Digest as _, Sha256};

use crate::section::add_section;
use crate::tools::run;
use crate::{Tools, target_directory};

/// The custom section that holds a plugin's manifest.
const MANIFEST_SECTION: &str = "loom:manifest";

/// Builds the plugin in `folder` against the contract in `wit`, unless these very sources were built
/// before, and returns the component, which has its manifest in it.
///
/// # Errors
///
/// What the tools said, for a person.
pub fn component(tools: &Tools, folder: &Path, wit: &Path) -> Result<PathBuf, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let digest = digest(&[folder, wit]).map_err(failed)?;
    let kept = target_directory().join("python");
    let component = kept.join(format!("{name}-{digest}.wasm"));
    if component.is_file() {
        return Ok(component);
    }
    // Python leaves a `__pycache__` beside sources, and a script may write what it likes.
    let stage = kept.join(format!("{name}-{digest}"));
    if stage.exists() {
        fs::remove_dir_all(&stage).map_err(failed)?;
    }
    copy(folder, &stage).map_err(failed)?;
    let built = stage.join("component.wasm");
    run(with_tools(&mut recipe(tools, &stage, wit, &built), tools).current_dir(&stage))?;
    let manifest = fs::read(folder.join("plugin.toml")).map_err(failed)?;
    add_section(&built, MANIFEST_SECTION, &manifest);
    fs::rename(&built, &component).map_err(failed)?;
    fs::remove_dir_all(&stage).map_err(failed)?;
    Ok(component)
}

fn recipe(tools: &Tools, stage: &Path, wit: &Path, component: &Path) -> Command {
    if stage.join("build.py").is_file() {
        let mut python = tools.command("python");
        python.arg("build.py").arg(wit).arg(component);
        return python;
    }
    let mut componentize = tools.command("componentize-py");
    componentize.arg("-d").arg(wit);
    componentize.args(["-w", "tool-plugin", "componentize", "app", "-o"]);
    componentize.arg(component);
    componentize
}

/// Names everything that a component is made of.
fn digest(folders: &[&Path]) -> std::io::Result<String> {
    let mut sha = Sha256::new_with_prefix(crate::tools::PACKAGES);
    let mut left: Vec<PathBuf> = folders.iter().map(|folder| folder.to_path_buf()).collect();
    let mut files = Vec::new();
    while let Some(folder) = left.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                left.push(entry.path());
            } else {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    for file in files {
        sha.update(file.file_name().unwrap_or_default().as_encoded_bytes());
        sha.update(Sha256::digest(fs::read(&file)?));
    }
    let digest = sha.finalize();
    Ok(digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

/// The environment's programs come first on the PATH.
fn with_tools<'a>(command: &'a mut Command, tools: &Tools) -> &'a mut Command {
    let before: Vec<PathBuf> = vec![tools.programs()];
    let path = env::var_os("PATH").unwrap_or_default();
    let all = before.into_iter().chain(env::split_paths(&path));
    let path = env::join_paths(all).expect("the environment's path has no separator in it");
    command.env("PATH", path)
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
