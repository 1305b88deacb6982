//! Tools that some guests are built with and that cargo does not bring: a C compiler for WASI and the
//! one that makes components of Python. They are packages of Python's index, installed by hash into an
//! environment of their own inside the target directory.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{TARGET, target_directory};

/// Names and hashes, as pip reads them.
pub(crate) const PACKAGES: &str = include_str!("tools.txt");

/// Lines of what a failed program said last that are worth repeating.
const MESSAGE_LINES: usize = 5;

/// The installed tools.
pub struct Tools {
    environment: PathBuf,
}

impl Tools {
    /// Installs the tools, unless these very ones are there.
    ///
    /// # Errors
    ///
    /// What is missing on this machine and how to get it, for a person.
    pub fn install() -> Result<Self, String> {
        let root = target_directory().join("tools");
        let environment = root.join("environment");
        let installed = root.join("installed.txt");
        // A file that is missing makes cargo run the script again: the next build tries again.
        println!("cargo::rerun-if-changed={}", installed.display());
        let tools = Self { environment };
        let text = |error: std::io::Error| format!("{}: {error}", root.display());
        fs::create_dir_all(&root).map_err(text)?;
        // Cargo runs the build scripts of several crates at once.
        let lock = File::create(root.join("lock")).map_err(text)?;
        lock.lock().map_err(text)?;
        if fs::read_to_string(&installed).is_ok_and(|text| text == PACKAGES) {
            return Ok(tools);
        }
        let packages = root.join("packages.txt");
        fs::write(&packages, PACKAGES).map_err(text)?;
        tools.make_environment()?;
        tools.fetch(&packages)?;
        tools.write_wrappers().map_err(text)?;
        fs::write(&installed, PACKAGES).map_err(text)?;
        Ok(tools)
    }

    /// A command of the environment, for example `componentize-py`.
    #[must_use]
    pub fn command(&self, name: &str) -> Command {
        python(self.program(name))
    }

    /// What `cc` needs to compile C for guests: pairs of variable and value.
    #[must_use]
    pub fn c_compiler(&self, workspace: &Path) -> Vec<(String, String)> {
        let target = TARGET.replace('-', "_");
        let path = |name: &str| self.program(name).to_string_lossy().into_owned();
        let cache = self.environment.join("zig-cache");
        let cache = cache.to_string_lossy().into_owned();
        // QuickJS takes WASI for a system on which it can't know how deep its stack is.
        let header = workspace.join("plugins/javascript/wasi.h");
        let flags = format!(
            "-O2 -fno-sanitize=undefined -include '{}'",
            header.display()
        );
        vec![
            (format!("CC_{target}"), path("wasi-cc")),
            (format!("AR_{target}"), path("wasi-ar")),
            (format!("CFLAGS_{target}"), flags),
            ("CC_SHELL_ESCAPED_FLAGS".to_owned(), "1".to_owned()),
            ("CRATE_CC_NO_DEFAULTS".to_owned(), "1".to_owned()),
            // Or its build script downloads a C library of its own.
            ("RQUICKJS_SYS_NO_WASI_SDK".to_owned(), "1".to_owned()),
            ("ZIG_GLOBAL_CACHE_DIR".to_owned(), cache.clone()),
            ("ZIG_LOCAL_CACHE_DIR".to_owned(), cache),
        ]
    }

    /// Made anew each time, which takes seconds and repairs one that was left half made.
    fn make_environment(&self) -> Result<(), String> {
        run(python("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&self.environment))
        .map_err(|why| {
            format!("python3 with its module venv (Debian: apt install python3-venv): {why}")
        })
    }

    fn fetch(&self, packages: &Path) -> Result<(), String> {
        let mut pip = self.command("pip");
        pip.args(["install", "--quiet", "--disable-pip-version-check"])
            .args(["--require-hashes", "--only-binary=:all:", "--no-deps", "-r"])
            .arg(packages);
        run(&mut pip).map_err(|why| format!("packages of Python's index, which pip fetches: {why}"))
    }

    /// `cc` passes clang's own name of the target, which Zig does not know.
    fn write_wrappers(&self) -> std::io::Result<()> {
        for (name, verb, target) in [
            ("wasi-cc", "cc", "-target wasm32-wasi"),
            ("wasi-ar", "ar", ""),
        ] {
            let path = self.program(name);
            let interpreter = self.program("python");
            let mut script = format!("#!{}\n", interpreter.display());
            write!(
                script,
                "import os, sys\n\
                 arguments = [each for each in sys.argv[1:] if not each.startswith('--target=')]\n\
                 command = [sys.executable, '-m', 'ziglang', '{verb}', *'{target}'.split()]\n\
                 os.execv(sys.executable, command + arguments)\n"
            )
            .expect("a string takes text");
            fs::write(&path, script)?;
            make_executable(&path)?;
        }
        Ok(())
    }

    /// The directory with the environment's commands.
    pub(crate) fn programs(&self) -> PathBuf {
        let directory = if cfg!(windows) { "Scripts" } else { "bin" };
        self.environment.join(directory)
    }

    fn program(&self, name: &str) -> PathBuf {
        self.programs().join(name)
    }
}

#[cfg(unix)]
fn make_executable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// A command that does not see which Python environment the build was started from.
fn python(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for name in ["PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV"] {
        command.env_remove(name);
    }
    command
}

pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .map_err(|error| format!("{program} does not run ({error})"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said.trim().lines().collect();
    let last = lines[lines.len().saturating_sub(MESSAGE_LINES)..].join(" / ");
    Err(format!("{program} failed ({}): {last}", output.status))
}
