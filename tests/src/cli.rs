//! Running the command `loom` as a person or a script does: in a home and a project of its own, with
//! an environment that holds nothing of the machine's user, and with real components.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Once;

use loom::Config;
use serde_json::Value;
use tempfile::TempDir;

use crate::guests;
use crate::terminal::Terminal;

/// A small project for questions about files.
const SAMPLES: [(&str, &str); 4] = [
    ("README.md", "# Teapot\n\nA controller for small kettles.\n"),
    ("notes.txt", "buy tea\nTODO: descale the kettle\ncall Ada\n"),
    (
        "src/main.rs",
        "fn main() {\n    // TODO: boil\n    println!(\"{}\", teapot::volume());\n}\n",
    ),
    ("src/lib.rs", "pub fn volume() -> u32 {\n    42\n}\n"),
];

/// A person's home directory with a project and a directory of plugins in it.
pub struct Home {
    binary: PathBuf,
    root: TempDir,
}

impl Home {
    /// A new home. `binary` is the command, which only the tests know:
    /// `env!("CARGO_BIN_EXE_loom-under-test")`.
    ///
    /// # Panics
    ///
    /// If a temporary directory cannot be filled.
    #[must_use]
    pub fn new(binary: &str) -> Self {
        let root = tempfile::tempdir().expect("a temporary directory can be made");
        let home = Self {
            binary: binary.into(),
            root,
        };
        for (path, text) in SAMPLES {
            home.write(path, text);
        }
        fs::create_dir(home.plugins()).expect("a new directory takes directories");
        home.compile_builtins();
        home
    }

    /// The directory in which commands are given.
    #[must_use]
    pub fn project(&self) -> PathBuf {
        self.root.path().join("project")
    }

    /// A directory for `--plugin-dir`.
    #[must_use]
    pub fn plugins(&self) -> PathBuf {
        self.root.path().join("plugins")
    }

    /// Where sessions are kept.
    #[must_use]
    pub fn sessions(&self) -> PathBuf {
        self.root.path().join("data/loom/sessions")
    }

    /// Where answers given with "always" are kept.
    #[must_use]
    pub fn stored_permissions(&self) -> PathBuf {
        self.root.path().join("data/loom/permissions.toml")
    }

    /// The user's configuration file.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.root.path().join("config/loom/config.toml")
    }

    /// Writes a file of the project, with its directories.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    pub fn write(&self, path: &str, text: &str) -> PathBuf {
        write(&self.project().join(path), text)
    }

    /// The text of a file of the project; none if it is not there.
    #[must_use]
    pub fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.project().join(path)).ok()
    }

    /// Writes the user's configuration file.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    pub fn configure(&self, toml: &str) {
        write(&self.config_file(), toml);
    }

    /// Drops a plugin into the directory of [`plugins`](Self::plugins).
    pub fn install(&self, name: &str, wasm: &[u8]) -> PathBuf {
        guests::drop_into(&self.plugins(), name, wasm)
    }

    /// The command with nothing said yet, in the project.
    pub fn loom(&self) -> Loom {
        let mut command = Command::new(&self.binary);
        command.current_dir(self.project()).env_clear();
        command.env("HOME", self.root.path());
        for (name, directory) in [
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_STATE_HOME", "state"),
        ] {
            command.env(name, self.root.path().join(directory));
        }
        // All tests share it, so that each plugin is compiled once.
        command.env("XDG_CACHE_HOME", concat!(env!("OUT_DIR"), "/cache"));
        Loom {
            command,
            stdin: Vec::new(),
        }
    }

    /// The command with arguments.
    pub fn with<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Loom {
        self.loom().args(arguments)
    }

    /// The command with the plugins of [`plugins`](Self::plugins).
    pub fn with_plugins(&self) -> Loom {
        self.loom().arg("--plugin-dir").arg(self.plugins())
    }

    /// The command with the guest `scripted` as the model, which says these steps.
    pub fn scripted(&self, steps: &Value) -> Loom {
        // Another command may be reading it already.
        if !self.plugins().join("scripted.wasm").exists() {
            self.install("scripted", guests::SCRIPTED);
        }
        let script = format!("providers.scripted.config.script={steps}");
        self.with_plugins()
            .args(["-c", "providers.scripted.plugin=scripted", "-c", &script])
            .args(["-c", "model=scripted/scripted"])
    }

    /// A cache of this home's own, for `XDG_CACHE_HOME`, in which only the plugins that all tests use
    /// are compiled.
    ///
    /// # Panics
    ///
    /// If it cannot be filled.
    #[must_use]
    pub fn own_cache(&self) -> PathBuf {
        let cache = self.root.path().join("cache");
        let compiled = cache.join("loom/compiled");
        fs::create_dir_all(&compiled).expect("a new directory takes directories");
        let owner_only = Permissions::from_mode(0o700);
        fs::set_permissions(&compiled, owner_only).expect("the directory is ours");
        let shared = concat!(env!("OUT_DIR"), "/cache/loom/compiled");
        for entry in fs::read_dir(shared).expect("a plugin was compiled before") {
            let entry = entry.expect("the cache can be listed");
            // One that is being written may have another name by now.
            let _ = fs::copy(entry.path(), compiled.join(entry.file_name()));
        }
        cache
    }

    /// A configuration for this process with the sessions and plugins of this home, and more.
    ///
    /// # Panics
    ///
    /// If it has problems.
    #[must_use]
    pub fn config(&self, toml: &str) -> Config {
        let mut tree = format!("plugin_dirs = [{:?}]\n{toml}", self.plugins());
        tree.push_str(&format!("\n[memory]\ndirectory = {:?}\n", self.sessions()));
        let mut config = Config::from_toml(&tree).expect("the configuration is sound");
        config.working_directory = self.project();
        config.cache_dir = Path::new(env!("OUT_DIR")).join("cache/loom");
        config
    }

    /// Compiles the built-in plugins once for all tests. Without this each of the first commands
    /// would do it.
    fn compile_builtins(&self) {
        static COMPILED: Once = Once::new();
        COMPILED.call_once(|| {
            self.with(["run", "--ephemeral", "How many files are here?"])
                .run()
                .code(0);
        });
    }
}

/// A command that is being put together.
#[must_use]
pub struct Loom {
    command: Command,
    stdin: Vec<u8>,
}

impl Loom {
    /// Adds an argument.
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// Adds arguments.
    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets a variable of the environment.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Gives the command another working directory.
    pub fn current_dir(mut self, directory: &Path) -> Self {
        self.command.current_dir(directory);
        self
    }

    /// What is piped in; otherwise nothing is.
    pub fn stdin(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.stdin = text.into();
        self
    }

    /// Runs it to its end.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    pub fn run(mut self) -> Ran {
        let stdin = std::mem::take(&mut self.stdin);
        let mut child = self.command.stdin(Stdio::piped());
        child = child.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = child.spawn().expect("the command starts");
        let mut pipe = child.stdin.take().expect("stdin was piped");
        // It may end without reading.
        let _ = pipe.write_all(&stdin);
        drop(pipe);
        let output = child.wait_with_output().expect("the command was started");
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Starts it with stdout and stderr as pipes and nothing on stdin.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    pub fn spawn(mut self) -> Child {
        let command = self.command.stdin(Stdio::null()).stdout(Stdio::piped());
        command
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts")
    }

    /// Starts it on a terminal of its own, where a person sees and types.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    pub fn at_terminal(self) -> Terminal {
        Terminal::start(self.command)
    }

    /// Starts it with pipes for all three.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    pub fn piped(mut self) -> Child {
        let command = self.command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts")
    }
}

/// How a command ended.
#[derive(Debug)]
pub struct Ran {
    /// None if a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// Itself, if it ended with this code.
    ///
    /// # Panics
    ///
    /// If it did not.
    #[track_caller]
    pub fn code(self, expected: i32) -> Self {
        assert_eq!(
            self.code,
            Some(expected),
            "\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// Itself, if stdout has this text.
    ///
    /// # Panics
    ///
    /// If it does not.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(
            self.stdout.contains(text),
            "no {text:?} on stdout\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// Itself, if stderr has this text.
    ///
    /// # Panics
    ///
    /// If it does not.
    #[track_caller]
    pub fn complains(self, text: &str) -> Self {
        assert!(
            self.stderr.contains(text),
            "no {text:?} on stderr\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// Stdout as one JSON value.
    ///
    /// # Panics
    ///
    /// If it is none.
    #[track_caller]
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("stdout is not JSON: {error}\n{}", self.stdout))
    }

    /// Each line of stdout as a JSON value.
    ///
    /// # Panics
    ///
    /// If one is none.
    #[track_caller]
    #[must_use]
    pub fn events(&self) -> Vec<Value> {
        let event = |line: &str| {
            serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("not JSON: {error}\n{line}\n{}", self.stderr))
        };
        self.stdout.lines().map(event).collect()
    }
}

fn write(path: &Path, text: &str) -> PathBuf {
    let directory = path.parent().expect("a file has a directory");
    fs::create_dir_all(directory).expect("the directory can be made");
    fs::write(path, text).expect("the file can be written");
    path.to_owned()
}
