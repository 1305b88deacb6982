//! `loom sandbox`: a program runs with exactly what was granted on the command line, and ends as it
//! would have ended alone, or in a way that says why not.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use loom_tests::cli::{Home, Loom};
use loom_tests::guests;
use loom_tests::server::{Server, response};
use loom_types::ErrorKind;
use loom_wasm::{Command, Input, Invocation, Limits, Output};
use tokio::io::AsyncReadExt as _;
use tokio_util::sync::CancellationToken;

use crate::home;

/// The command `loom sandbox` with options, and the guest that does what its arguments say.
fn sandbox(home: &Home, options: &[&str], arguments: &[&str]) -> Loom {
    let program = guests::drop_into(&home.project(), "command", guests::COMMAND);
    let sandbox = home.loom().arg("sandbox").args(options).arg(program);
    sandbox.args(arguments)
}

#[test]
fn arguments_reach_the_program_as_they_are() {
    let odd = ["arguments", "", "a b", "--help", "-v", "--", "--dir", "🎉"];
    let ran = sandbox(&home(), &[], &odd).run().code(0);
    let expected = format!("{:?}", [&["command.wasm"], &odd[..]].concat());
    assert_eq!(ran.stdout.trim_end(), expected);
}

#[test]
fn streams_are_passed_through_byte_by_byte() {
    let home = home();
    let ran = sandbox(&home, &[], &["say", "out", "complaint"]).run();
    let ran = ran.code(0);
    assert_eq!((&*ran.stdout, &*ran.stderr), ("out", "complaint"));
    let input = vec![0xff; 300_000];
    let ran = sandbox(&home, &[], &["count"]).stdin(input).run().code(0);
    assert_eq!(ran.stdout, "300000\n");
}

#[test]
fn the_exit_status_is_the_programs() {
    let home = home();
    for (arguments, status) in [
        (&["exit", "0"][..], 0),
        (&["exit", "1"], 1),
        (&["fail"], 1),
        (&["say", "", ""], 0),
    ] {
        sandbox(&home, &[], arguments).run().code(status);
    }
}

#[test]
fn nothing_is_granted_by_default() {
    let home = home();
    home.write("note.txt", "text");
    let ran = sandbox(&home, &[], &["environment"]).run().code(0);
    assert_eq!(ran.stdout, "");
    for arguments in [
        &["read", "note.txt"][..],
        &["read", "/etc/passwd"],
        &["list", "/"],
        &["list", "."],
        &["write", "note.txt", "x"],
        &["fetch", "https://example.com/"],
        &["connect", "127.0.0.1:80"],
    ] {
        sandbox(&home, &[], arguments).run().code(1);
    }
    assert_eq!(home.read("note.txt").as_deref(), Some("text"));
}

#[test]
fn directories_are_mapped_and_writable_unless_said_otherwise() {
    let home = home();
    home.write("data/note.txt", "text");
    let read = |option: &str, path: &str| sandbox(&home, &["--dir", option], &["read", path]).run();
    for (option, path) in [
        ("data::/work", "/work/note.txt"),
        ("data::/work:ro", "/work/note.txt"),
        ("data", "data/note.txt"),
        (".", "data/note.txt"),
        (".:ro", "./data/note.txt"),
    ] {
        assert_eq!(read(option, path).code(0).stdout, "text", "{option}");
    }
    let absolute = home.project().join("data");
    let absolute = absolute.to_str().unwrap();
    let inside = format!("{absolute}/note.txt");
    assert_eq!(read(absolute, &inside).code(0).stdout, "text");
    read("data::/work", "/work/../README.md").code(1);

    let write = |option| {
        let arguments = ["write", "/work/new.txt", "new"];
        sandbox(&home, &["--dir", option], &arguments).run()
    };
    write("data::/work:ro").code(1);
    assert_eq!(home.read("data/new.txt"), None);
    write("data::/work").code(0);
    assert_eq!(home.read("data/new.txt").as_deref(), Some("new"));
}

#[test]
fn a_directory_with_colons_is_a_directory() {
    let home = home();
    home.write("a:b/c::d/note.txt", "text");
    let options = ["--dir", "a:b/c::d::/work:ro"];
    let ran = sandbox(&home, &options, &["read", "/work/note.txt"]).run();
    assert_eq!(ran.code(0).stdout, "text");
}

#[test]
fn the_environment_is_what_was_said() {
    let home = home();
    let options = ["--env", "A=b=c", "--env", "FROM_HERE", "--env", "EMPTY="];
    let told = sandbox(&home, &options, &["environment"]).env("FROM_HERE", "here");
    let ran = told.env("NOT_SAID", "x").run().code(0);
    assert_eq!(ran.stdout, "A=b=c\nEMPTY=\nFROM_HERE=here\n");
    let ran = sandbox(&home, &["--env", "NOT_SET"], &["environment"]).run();
    ran.code(2).complains("NOT_SET").complains("hint:");
}

#[test]
fn it_sees_the_clock_and_no_terminal() {
    let home = home();
    let ran = sandbox(&home, &[], &["clock"]).run().code(0);
    assert!(ran.stdout.trim().parse::<u64>().unwrap() > 1_700_000_000);
    let ran = sandbox(&home, &[], &["terminal"]).run().code(0);
    assert_eq!(ran.stdout, "false\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn http_goes_to_granted_hosts_only() {
    let (granted, other) = (Server::text("hello").await, Server::text("other").await);
    let home = home();
    let fetch = |option: &str, url: &str| {
        let options = ["--net", option];
        sandbox(&home, &options, &["fetch", url]).run()
    };
    let address = format!("127.0.0.1:{}", granted.port());
    for option in [&granted.url(), &address] {
        let ran = fetch(option, &granted.url()).code(0);
        assert_eq!(ran.stdout, "200 hello");
        fetch(option, &other.url()).code(1);
        sandbox(&home, &["--net", option], &["connect", &address])
            .run()
            .code(1);
    }
    fetch("*", &other.url()).code(1);
    assert!(other.requests().is_empty());

    let location = other.url();
    let redirect = response("302 Found", &[("location", &location)], "");
    let redirect = Server::start(move |_| redirect.clone()).await;
    let ran = fetch(&redirect.url(), &redirect.url()).code(0);
    assert_eq!(ran.stdout, "302 ");
    assert!(other.requests().is_empty());
}

#[test]
fn a_limit_ends_it_with_a_code_of_its_own() {
    let home = home();
    for (limit, arguments, code, says) in [
        ("time=300ms", &["loop"][..], 124, "time limit of 300ms"),
        ("time=300ms", &["sleep"], 124, "time limit of 300ms"),
        ("memory=32MiB", &["allocate"], 137, "32 MiB of memory"),
        ("output=100KiB", &["flood"], 137, "limit of 102400 bytes"),
        ("host_calls=50", &["flood"], 137, "50 calls to the host"),
    ] {
        let started = Instant::now();
        let ran = sandbox(&home, &["--limit", limit], arguments).run();
        let ran = ran.code(code).complains(says).complains("hint: `--limit");
        assert!(ran.stdout.len() <= 102_400, "{limit}");
        assert!(started.elapsed() < Duration::from_secs(20), "{limit}");
    }
}

#[test]
fn what_fits_the_output_limit_is_all_there() {
    let home = home();
    let limit = ["--limit", "output=10B,time=1m"];
    let ran = sandbox(&home, &limit, &["say", "12345", "67890"]).run();
    let ran = ran.code(0);
    assert_eq!(ran.stdout + &ran.stderr, "1234567890");
    let ran = sandbox(&home, &limit, &["say", "12345678901", ""]).run();
    assert_eq!(ran.code(137).stdout, "1234567890");
}

#[test]
fn a_crash_is_told_apart_from_a_failure() {
    let ran = sandbox(&home(), &[], &["panic"]).run().code(134);
    ran.complains("the command panics on purpose")
        .complains("error:");
}

#[test]
fn what_is_no_command_is_refused_with_the_way_out() {
    let home = home();
    let check = |name: &str, wasm: &[u8], code: i32, says: &str| {
        let file = guests::drop_into(&home.project(), name, wasm);
        home.loom()
            .arg("sandbox")
            .arg(file)
            .run()
            .code(code)
            .complains(says);
    };
    check("core", b"\0asm\x01\0\0\0", 126, "wasm-tools component new");
    check(
        "plugin",
        guests::ECHO,
        126,
        "it does not export wasi:cli/run",
    );
    check("notes", b"just text", 126, "it is not WebAssembly");
    check(
        "half",
        &guests::COMMAND[..guests::COMMAND.len() / 2],
        126,
        "half written",
    );
    home.with(["sandbox", "none.wasm"])
        .run()
        .code(127)
        .complains("there is no file none.wasm");
    let future = guests::replaced(guests::COMMAND, b"wasi:cli/run@0.2", b"wasi:cli/run@0.3");
    check(
        "future",
        &future,
        126,
        "this host runs those of wasi:cli@0.2",
    );
}

#[test]
fn wrong_options_are_refused_before_anything_runs() {
    let home = home();
    for (options, says) in [
        (["--dir", "::x"], "HOST::GUEST"),
        (["--net", "ftp://x"], "http"),
        (["--limit", "cpu=1"], "there is no limit cpu"),
        (["--env", "=x"], "NAME=VALUE"),
    ] {
        let ran = sandbox(&home, &options, &["say", "ran", ""]).run();
        assert_eq!(ran.code(2).complains(says).stdout, "");
    }
    let ran = sandbox(&home, &["--dir", "none::/work"], &["list", "/"]).run();
    ran.code(126).complains("none cannot be opened");
    home.with(["--help"]).run().code(0).says("sandbox");
    let help = home.with(["sandbox", "--help"]).run().code(0);
    help.says("loom sandbox --dir .::/work:ro")
        .says("124  its time was over");
}

#[test]
fn the_configuration_has_no_say() {
    let home = home();
    home.configure("this is not TOML");
    sandbox(&home, &[], &["say", "ran", ""])
        .run()
        .code(0)
        .says("ran");
}

#[test]
fn a_signal_ends_it_wherever_it_is() {
    let home = home();
    for arguments in [["loop"], ["sleep"], ["wait"]] {
        let mut child = sandbox(&home, &[], &arguments).piped();
        // Waiting for a child closes its input.
        let _stdin = child.stdin.take();
        let mut started = [0; 8];
        child
            .stdout
            .as_mut()
            .unwrap()
            .read_exact(&mut started)
            .unwrap();
        let id = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
        nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGINT).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130), "{arguments:?}");
    }
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let home = home();
    let mut child = sandbox(&home, &[], &["flood"]).piped();
    let mut stdout = child.stdout.take().unwrap();
    let mut some = [0; 4096];
    stdout.read_exact(&mut some).unwrap();
    drop(stdout);
    let status = child.wait().unwrap();
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut stderr)
        .unwrap();
    assert!(!stderr.contains("error: "), "{stderr}");
    assert!(matches!(status.code(), Some(1 | 141)), "{status:?}");
}

#[test]
fn a_reader_that_sleeps_does_not_stop_the_clock() {
    let home = home();
    let mut child = sandbox(&home, &["--limit", "time=500ms"], &["flood"]).piped();
    // Nobody reads, so the pipe is full soon.
    assert_eq!(child.wait().unwrap().code(), Some(124));
}

#[test]
fn input_is_given_while_it_runs() {
    let home = home();
    let mut child = sandbox(&home, &[], &["count"]).piped();
    let mut stdin = child.stdin.take().unwrap();
    for _ in 0..3 {
        stdin.write_all(b"line\n").unwrap();
        stdin.flush().unwrap();
    }
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.stdout, b"15\n");
}

#[test]
fn a_terminal_is_not_driven_unless_allowed() {
    let home = home();
    let text = "a\u{1b}]52;c;eA==\u{7}\u{1b}[31mb";
    let said = |options: &[&str]| {
        let terminal = sandbox(&home, options, &["say", text, ""]).at_terminal();
        terminal.leave().code(0).raw
    };
    assert!(!said(&[]).contains("\u{1b}]52"));
    assert!(said(&["--tty"]).contains("\u{1b}]52"));
}

/// The guest as a program that embeds Loom loads it.
async fn embedded() -> (tempfile::TempDir, Command) {
    let directory = tempfile::tempdir().unwrap();
    let file: PathBuf = guests::drop_into(directory.path(), "command", guests::COMMAND);
    let command = Command::load(&loom_tests::sandbox::engine(), &file).await;
    (directory, command.unwrap())
}

#[tokio::test]
async fn a_program_embeds_commands_with_streams_of_its_own() {
    let (_directory, command) = embedded().await;
    let (reader, writer) = tokio::io::duplex(64 << 10);
    let mut invocation = Invocation::new(["command", "count"]);
    invocation.stdin = Input::from_reader(&b"12345"[..]);
    invocation.stdout = Output::to(writer);
    let cancel = CancellationToken::new();
    let mut output = String::new();
    let mut reader = reader;
    let (status, read) = tokio::join!(
        command.run(invocation, &cancel),
        reader.read_to_string(&mut output)
    );
    assert_eq!((status.unwrap(), read.unwrap(), &*output), (0, 2, "5\n"));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn output_that_cannot_be_written_is_no_success() {
    let (_directory, command) = embedded().await;
    let full = tokio::fs::File::create("/dev/full").await.unwrap();
    let mut invocation = Invocation::new(["command", "say", "lost", ""]);
    invocation.stdout = Output::to(full);
    let ran = command.run(invocation, &CancellationToken::new()).await;
    let error = ran.unwrap_err();
    assert!(error.message.contains("cannot be written"), "{error}");
}

#[tokio::test]
async fn both_outputs_reach_one_file_in_order() {
    let (directory, command) = embedded().await;
    let path = directory.path().join("both");
    let both = || {
        let options = fs::OpenOptions::new().create(true).append(true).open(&path);
        Output::to(tokio::fs::File::from_std(options.unwrap()))
    };
    let mut invocation = Invocation::new(["command", "alternate"]);
    (invocation.stdout, invocation.stderr) = (both(), both());
    let ran = command.run(invocation, &CancellationToken::new()).await;
    assert_eq!(ran.unwrap(), 0);
    let expected: String = (0..100).map(|n| format!("out {n}\nerr {n}\n")).collect();
    assert_eq!(fs::read_to_string(path).unwrap(), expected);
}

#[tokio::test]
async fn a_cancelled_command_and_one_over_its_time_are_errors() {
    let (_directory, command) = embedded().await;
    let cancel = CancellationToken::new();
    let mut invocation = Invocation::new(["command", "loop"]);
    invocation.limits = Limits {
        time: Duration::from_millis(100),
        ..invocation.limits
    };
    let error = command.run(invocation, &cancel).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Timeout);
    cancel.cancel();
    let invocation = Invocation::new(["command", "sleep"]);
    let error = command.run(invocation, &cancel).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Cancelled);
    let invocation = Invocation::new(["command", "say", "", ""]);
    let again = command.run(invocation, &CancellationToken::new()).await;
    assert_eq!(again.unwrap(), 0, "others go on");
}

#[tokio::test]
async fn a_directory_that_is_not_there_is_an_error() {
    let (directory, command) = embedded().await;
    let mut invocation = Invocation::new(["command", "list", "/"]);
    let missing = directory.path().join("missing");
    let access = loom_wasm::FileAccess::ReadOnly;
    invocation.grants = loom_tests::sandbox::directory(&missing, access);
    let error = command.run(invocation, &CancellationToken::new()).await;
    assert_eq!(error.unwrap_err().kind, ErrorKind::NotFound);
    assert!(!fs::exists(missing).unwrap());
}
