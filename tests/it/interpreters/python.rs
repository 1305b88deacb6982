//! What only Python has: which modules of its library are there, what it does not start, and that no two
//! instances are alike although all begin as the same snapshot.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use loom_tests::interpreters::{Interpreter, PYTHON};
use loom_tests::sandbox::engine;
use loom_tests::skipped;
use loom_types::ToolContext;
use serde_json::{Value, json};

/// The tests of the plugin's own modules need no guest, but no older Python than this.
const OLDEST: &str = "import sys; sys.exit(sys.version_info < (3, 10))";

async fn interpreter() -> Option<Interpreter> {
    Interpreter::new(&engine(), PYTHON).await
}

async fn run(interpreter: &Interpreter, code: &str) -> Value {
    let context = ToolContext::standalone(Duration::from_secs(60));
    let ran = interpreter.call(json!({ "code": code }), &context).await;
    ran.unwrap_or_else(|error| panic!("{code}: {error}"))
}

#[tokio::test]
async fn the_standard_library_is_there_but_for_what_needs_a_system() {
    let Some(interpreter) = interpreter().await else {
        return;
    };
    let code = r"
import contextlib, importlib, io, sys
names = [name for name in sorted(sys.stdlib_module_names) if not name.startswith('_')]
missing = []
with contextlib.redirect_stdout(io.StringIO()):  # `this` prints
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError:
            missing.append(name)
print(len(names))
print(*missing)
";
    let found = run(&interpreter, code).await;
    let text = found["stdout"].as_str().unwrap();
    let (all, missing) = text.trim_end().split_once('\n').unwrap();
    let missing: Vec<&str> = missing.split(' ').collect();
    // Screens and terminals; other systems; what needs a library in C, a network or users.
    let expected = [
        "antigravity",
        "bz2",
        "ctypes",
        "curses",
        "ensurepip",
        "fcntl",
        "grp",
        "idlelib",
        "lzma",
        "mmap",
        "msvcrt",
        "nt",
        "pty",
        "pwd",
        "readline",
        "resource",
        "ssl",
        "syslog",
        "termios",
        "tkinter",
        "tty",
        "turtle",
        "turtledemo",
        "venv",
        "winreg",
        "winsound",
    ];
    assert_eq!(missing, expected, "of {all}");
}

#[tokio::test]
async fn what_cannot_work_says_so_and_what_to_use() {
    let Some(interpreter) = interpreter().await else {
        return;
    };
    for (code, says) in [
        (
            "import threading; threading.Thread(target=print).start()",
            "asyncio",
        ),
        (
            "import concurrent.futures as f; f.ThreadPoolExecutor().submit(print)",
            "asyncio",
        ),
        (
            "import asyncio; await asyncio.to_thread(print)",
            "coroutines",
        ),
        ("import subprocess; subprocess.run(['ls'])", "run_bash"),
        ("import os; os.system('ls')", "run_bash"),
        (
            "import asyncio; await asyncio.create_subprocess_shell('ls')",
            "run_bash",
        ),
        ("import socket; socket.socket()", "web_fetch"),
        (
            "import urllib.request as u; u.urlopen('http://example.com')",
            "web_fetch",
        ),
        ("import ssl", "web_fetch"),
        ("import numpy", "statistics"),
        ("import lzma", "zipfile"),
        ("open('missing.txt')", "/work"),
        ("input()", "stdin"),
    ] {
        let failed = run(&interpreter, code).await;
        let error = failed["error"].to_string();
        assert!(error.contains(says), "{code}: {failed}");
        assert_eq!(failed["exit_status"], 1, "{code}");
    }
}

#[tokio::test]
async fn no_two_instances_draw_the_same_numbers() {
    let Some(interpreter) = interpreter().await else {
        return;
    };
    let code = "import random, secrets, uuid, tempfile, os
(random.random(), secrets.token_hex(), uuid.uuid4().hex, uuid.uuid1().hex, hash('text'),
 os.urandom(8).hex(), tempfile.mktemp())";
    let [one, two] = [run(&interpreter, code).await, run(&interpreter, code).await];
    let parts = |drawn: &Value| -> Vec<String> {
        let drawn = drawn["value"].as_str().expect("a value");
        drawn.split(", ").map(str::to_owned).collect()
    };
    let (one, two) = (parts(&one), parts(&two));
    assert_eq!(one.len(), 7, "{one:?}");
    for (index, (one, two)) in one.iter().zip(&two).enumerate() {
        // The hashes of strings belong to the snapshot.
        assert_eq!(one == two, index == 4, "{one} and {two}");
    }
}

#[tokio::test]
async fn deep_recursion_is_an_exception_and_no_trap() {
    let Some(interpreter) = interpreter().await else {
        return;
    };
    let deep = "deep = []\nfor _ in range(5000): deep = [deep]\n";
    for (code, error) in [
        ("def f(): return f()\nf()", "RecursionError"),
        (
            "class A:\n def __repr__(self): return repr(self)\nrepr(A())",
            "RecursionError",
        ),
        (
            "class A:\n def __getattr__(self, name): return getattr(self, name + 'x')\nA().y",
            "RecursionError",
        ),
        (
            "import functools\n@functools.cache\ndef f(n): return f(n + 1)\nf(0)",
            "RecursionError",
        ),
        (
            "import re\nre.compile('(' * 5000 + ')' * 5000)",
            "RecursionError",
        ),
        ("import copy\ncopy.deepcopy(deep)", "RecursionError"),
        ("eval('(' * 10000 + '1' + ')' * 10000)", "MemoryError"),
        ("eval('+'.join(['1'] * 20000))", "RecursionError"),
        ("async def f(): await f()\nawait f()", "RecursionError"),
    ] {
        let code = format!("{deep}\n{code}");
        let ended = run(&interpreter, &code).await;
        assert_eq!(ended["error"]["type"], error, "{code}: {ended}");
    }
}

#[test]
fn the_modules_of_the_plugin_pass_their_own_tests() {
    let python = |arguments: &[&str]| -> Option<Output> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/python");
        let mut command = Command::new("python3");
        let command = command.args(["-B"]).args(arguments).current_dir(folder);
        command.output().ok()
    };
    if !python(&["-c", OLDEST]).is_some_and(|asked| asked.status.success()) {
        return skipped("the plugin python", "python3 of at least 3.10");
    }
    let discover = ["-m", "unittest", "discover", "-t", ".", "tests"];
    let ran = python(&discover).expect("it ran a moment ago");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{said}");
    assert!(said.contains("\nOK") && !said.contains("Ran 0"), "{said}");
}
