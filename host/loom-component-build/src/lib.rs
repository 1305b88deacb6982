//! Builds guests as components from a build script, with a cargo of its own in a target directory of
//! its own, so that one `cargo run` is all there is to do. What cargo does not bring is [`Tools`].
//!
//! What must not be here: anything that runs when Loom runs.

#![expect(clippy::print_stdout, reason = "cargo reads what build scripts print")]

mod python;
mod section;
mod snapshot;
mod tools;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

pub use python::component as python_component;
pub use section::add_section;
pub use snapshot::prepare;
pub use tools::Tools;

const TARGET: &str = "wasm32-wasip2";

/// What cargo sets for the host's build and must not reach the nested one: flags and wrappers that
/// are meant for the host (clippy comes as a wrapper), and its choice of target.
const NOT_INHERITED: [&str; 7] = [
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_TARGET_DIR",
    "RUSTC",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTDOCFLAGS",
    "RUSTFLAGS",
];

/// Builds guests of this workspace: `arguments` are cargo's own, for example `--package NAME`. With
/// tools, guests may have parts in C. Returns the directory that holds the components.
///
/// # Panics
///
/// If the guests do not build, or the Rust target for them is missing and cannot be added: a build
/// script has no other way to say so.
#[must_use]
pub fn build(workspace: &Path, arguments: &[&str], tools: Option<&Tools>) -> PathBuf {
    for part in ["sdk", "wit", "Cargo.toml", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={}", workspace.join(part).display());
    }
    add_target();
    let target_directory = target_directory();
    let mut cargo = Command::new(variable("CARGO"));
    cargo
        .current_dir(workspace)
        .args(["build", "--profile", "plugin", "--target", TARGET]);
    cargo
        .arg("--target-dir")
        .arg(&target_directory)
        .args(arguments);
    for name in NOT_INHERITED {
        cargo.env_remove(name);
    }
    let compiler = tools.map(|tools| tools.c_compiler(workspace));
    cargo.envs(compiler.unwrap_or_default());
    let status = cargo.status().expect("cargo runs");
    assert!(
        status.success(),
        "the guests did not build; the messages above say why"
    );
    target_directory.join(TARGET).join("plugin")
}

/// Copies a component into the build script's output directory and returns where it is now.
///
/// # Panics
///
/// If it is not there.
#[must_use]
pub fn keep(component: &Path, name: &str) -> PathBuf {
    let kept = PathBuf::from(variable("OUT_DIR")).join(format!("{name}.wasm"));
    fs::copy(component, &kept)
        .unwrap_or_else(|error| panic!("copying {}: {error}", component.display()));
    kept
}

/// rustup adds the target by itself from `rust-toolchain.toml`, except where it was told not to
/// install anything.
fn add_target() {
    let libraries = Command::new(variable("RUSTC"))
        .args(["--print", "target-libdir", "--target", TARGET])
        .output();
    let there = libraries.is_ok_and(|output| {
        output.status.success()
            && Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir()
    });
    if there {
        return;
    }
    let added = Command::new("rustup")
        .args(["target", "add", TARGET])
        .status();
    assert!(
        added.is_ok_and(|status| status.success()),
        "Loom's plugins need the Rust target {TARGET}; run `rustup target add {TARGET}` (or install it with your \
         distribution's package manager) and build again"
    );
}

/// Beside the profile's directory, so that debug and release builds share the components.
fn target_directory() -> PathBuf {
    let out = PathBuf::from(variable("OUT_DIR"));
    let profile = out
        .ancestors()
        .find(|path| path.ends_with("build"))
        .and_then(Path::parent);
    profile
        .and_then(Path::parent)
        .expect("OUT_DIR lies in a target directory")
        .join("guests")
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets {name} for build scripts"))
}
