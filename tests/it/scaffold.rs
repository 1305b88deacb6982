//! A new plugin project does what its maker's last words promise: the commands they name are run as
//! they stand there.

use std::env;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use loom_tests::sandbox::Guest;
use loom_types::ErrorKind;
use loom_wasm::Grants;
use serde_json::json;

use crate::home;

/// What a nested cargo needs of this process. Everything else is meant for the outer one.
const INHERITED: [&str; 5] = [
    "CARGO_HOME",
    "HOME",
    "PATH",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
];

/// Always at the same place, so that cargo finds there what it built before. Other test processes
/// wait for their turn.
struct Place {
    root: PathBuf,
    _lock: File,
}

impl Place {
    fn new() -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("scaffold");
        fs::create_dir_all(root.join("target")).unwrap();
        let lock = File::create(root.join("lock")).unwrap();
        lock.lock().unwrap();
        for old in ["my-tool", "bin", "home"] {
            let _ = fs::remove_dir_all(root.join(old));
        }
        fs::create_dir(root.join("bin")).unwrap();
        symlink(env!("CARGO_BIN_EXE_loom-under-test"), root.join("bin/loom")).unwrap();
        Self { root, _lock: lock }
    }

    /// Runs a script as a person would, in a shell, and returns what it writes to stdout.
    fn shell(&self, script: &str) -> String {
        let mut shell = Command::new("sh");
        shell.args(["-e", "-c", script]).current_dir(&self.root);
        shell.env_clear();
        for name in INHERITED {
            shell.envs(env::var_os(name).map(|value| (name, value)));
        }
        let path = env::var_os("PATH").unwrap_or_default();
        let paths = [self.root.join("bin")]
            .into_iter()
            .chain(env::split_paths(&path));
        shell.env("PATH", env::join_paths(paths).unwrap());
        for name in ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
            shell.env(name, self.root.join("home"));
        }
        shell.env("XDG_CACHE_HOME", concat!(env!("OUT_DIR"), "/cache"));
        // Everything a project needs was needed to build Loom.
        shell.env("CARGO_NET_OFFLINE", "true");
        let output = shell.stdin(Stdio::null()).output().unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}\n{stdout}\n{stderr}");
        stdout
    }
}

#[tokio::test]
async fn a_new_project_is_tested_built_checked_and_called_by_the_commands_it_names() {
    let place = Place::new();
    let said = place.shell("loom plugin new my-tool");
    let commands: Vec<&str> = said
        .lines()
        .filter_map(|line| line.strip_prefix("  "))
        .collect();
    assert_eq!(commands.len(), 5, "{said}");
    symlink("../target", place.root.join("my-tool/target")).unwrap();

    let output = place.shell(&commands.join("\n"));
    assert!(output.contains("4 passed"), "{output}");
    assert!(!output.contains('✗'), "{output}");
    assert_eq!(output.lines().last(), Some("to be …"), "{output}");

    let component = place.root.join("target/wasm32-wasip2/release/my_tool.wasm");
    let guest = Guest::new(&fs::read(component).unwrap(), Grants::default()).await;
    let arguments = json!({"text": "to be or not", "words": 3, "mark": "[…]"});
    assert_eq!(
        guest.call("shorten", arguments).await.unwrap(),
        "to be or […]"
    );
    let nothing = json!({"text": "to be", "words": 0});
    let error = guest.call("shorten", nothing).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidInput);
}

#[test]
fn a_name_that_cannot_be_used_is_refused_with_what_can() {
    let home = home();
    let ran = home.with(["plugin", "new", "My Tool"]).run();
    ran.code(2).complains("lower-case letters a to z, digits");
    assert!(!home.project().join("My Tool").exists());
}

#[test]
fn a_project_is_not_made_where_something_is() {
    let home = home();
    let ran = home
        .with(["plugin", "new", "my-tool", "--path", "src"])
        .run();
    ran.code(2)
        .complains("src is already there")
        .complains("--path DIR");
    assert!(!home.project().join("src/Cargo.toml").exists());
}

#[test]
fn a_project_is_made_in_the_directory_that_is_named() {
    let home = home();
    let ran = home
        .with([
            "-C", "src", "plugin", "new", "my-tool", "--path", "../x/y z",
        ])
        .run();
    ran.code(0).says("cd 'src/../x/y z'");
    assert!(home.project().join("x/y z/Cargo.toml").is_file());
}
