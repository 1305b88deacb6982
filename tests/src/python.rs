//! The guest in Python as a component, built with componentize-py when a test first wants it: not
//! by `build.rs`, so that Loom builds and its other tests run on machines without Python.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use sha2::{Digest as _, Sha256};

/// What builds the guest, as pip names it.
const BUILDER: &str = "componentize-py==0.25.1";

/// The component, with its manifest beside it. None if this machine has no Python that can make a
/// virtual environment; what is missing is then said on standard error, past the capture of tests.
///
/// # Panics
///
/// If there is a Python and the component cannot be built all the same; with the tools' output.
pub fn component() -> Option<PathBuf> {
    static COMPONENT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match COMPONENT.get_or_init(|| python_is_there().map(|()| built())) {
        Ok(path) => Some(path.clone()),
        Err(missing) => {
            let thread = std::thread::current();
            let test = thread.name().unwrap_or("a test");
            let message = format!("SKIPPED {test}: the guest in Python needs {missing}\n");
            // Nobody is left to hear that standard error is closed.
            let _ = std::io::stderr().write_all(message.as_bytes());
            None
        }
    }
}

/// Whether a virtual environment can be made; if not, what is missing.
fn python_is_there() -> Result<(), String> {
    match python("python3")
        .args(["-c", "import ensurepip, venv"])
        .output()
    {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!(
            "Python's modules venv and ensurepip (Debian: python3-venv): {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )),
        Err(error) if error.kind() == ErrorKind::NotFound => Err("python3 on the PATH".into()),
        Err(error) => panic!("running python3: {error}"),
    }
}

/// The component, built unless these very sources were built before. Several test processes may
/// want it at once: one builds, the others wait.
fn built() -> PathBuf {
    let root = PathBuf::from(env!("OUT_DIR")).join("python");
    fs::create_dir_all(&root).expect("the build's directory takes directories");
    let lock = File::create(root.join("lock")).expect("the build's directory takes files");
    lock.lock().expect("a file of our own can be locked");
    let kept = root.join(digest_of_sources());
    if !kept.is_dir() {
        build(&root, &kept);
    }
    kept.join("python.wasm")
}

/// Builds beside `kept` and puts it in place whole. The environment is made again each time, which
/// takes seconds and repairs one that was left half made.
fn build(root: &Path, kept: &Path) {
    let environment = root.join("venv");
    run(python("python3").args(["-m", "venv"]).arg(&environment));
    let program = |name: &str| environment.join("bin").join(name);
    run(python(program("pip")).args(["install", "--quiet", BUILDER]));

    // Sources are copied because Python leaves a `__pycache__` beside them.
    let stage = tempfile::tempdir_in(root).expect("the build's directory takes directories");
    let plugin = stage.path().join("plugin");
    fs::create_dir(&plugin).expect("a new directory takes directories");
    for (name, directory) in [("app.py", stage.path()), ("python.toml", &plugin)] {
        fs::copy(guest().join(name), directory.join(name)).expect("the guest's files can be read");
    }
    run(python(program("componentize-py"))
        .current_dir(stage.path())
        .arg("-d")
        .arg(contract())
        .args(["-w", "tool-plugin", "componentize", "app", "-o"])
        .arg(plugin.join("python.wasm")));
    fs::rename(&plugin, kept).expect("only the holder of the lock puts a component here");
}

/// A command that does not see which Python environment the tests were started from.
fn python(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    for name in ["PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV"] {
        command.env_remove(name);
    }
    command
}

fn run(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?} does not run: {error}"));
    assert!(
        output.status.success(),
        "{command:?} failed ({}):\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

fn guest() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("guests/python")
}

fn contract() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit")
}

/// Names everything that the component is made of.
fn digest_of_sources() -> String {
    let listed = fs::read_dir(contract()).expect("the contract is there");
    let mut files: Vec<PathBuf> = listed
        .map(|entry| entry.expect("the contract can be listed").path())
        .collect();
    files.sort();
    files.extend(["app.py", "python.toml"].map(|name| guest().join(name)));
    let mut sha = Sha256::new_with_prefix(BUILDER);
    for file in files {
        let bytes = fs::read(&file).expect("the sources can be read");
        sha.update(Sha256::digest(bytes));
    }
    let digest = sha.finalize();
    digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
