#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use loom_sdk::tool::Content;
use loom_snippet::{Arguments, Grant, Reset, Session, Settings};
use serde_json::Value;

use super::*;

/// Set it to a Bash to write the expected outputs anew.
const RECORD: &str = "LOOM_RECORD_BASH";

/// The directories of a call and its shell.
struct Sandbox {
    directory: tempfile::TempDir,
    roots: Roots,
    session: Session<Shell>,
}

impl Sandbox {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let make = |name: &str| {
            let path = directory.path().join(name);
            fs::create_dir(&path).unwrap();
            path
        };
        let roots = Roots {
            work: Some(make("work")),
            temporary: Some(make("tmp")),
            session: Some(make("session")),
            grants: vec![
                Grant {
                    path: make("data"),
                    writable: false,
                },
                Grant {
                    path: make("out"),
                    writable: true,
                },
            ],
        };
        Self {
            directory,
            roots,
            session: Session::new(Shell::default()),
        }
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    fn run(&mut self, code: &str) -> Value {
        self.call(&arguments(code))
    }

    fn call(&mut self, arguments: &Arguments) -> Value {
        let context = loom_sdk::testing::context();
        let settings = Settings {
            output_bytes: 50_000,
        };
        let (session, roots) = (&mut self.session, &self.roots);
        let call = || session.call(arguments, &context, roots, &settings);
        let content = on_a_large_stack(call).unwrap();
        let Content::Json(json) = &content[0] else {
            unreachable!("{content:?}")
        };
        serde_json::from_str(json).unwrap()
    }

    /// Another instance comes to the same session.
    fn renew(&mut self) {
        self.session = Session::new(Shell::default());
    }
}

/// Without optimisation a level of a function takes ten times the stack.
fn on_a_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let thread = std::thread::Builder::new().stack_size(96 * 1024 * 1024);
    std::thread::scope(|scope| thread.spawn_scoped(scope, work).unwrap().join().unwrap())
}

fn arguments(code: &str) -> Arguments {
    Arguments {
        code: code.into(),
        timeout_ms: 30_000,
        session: Some("s".into()),
        ..Arguments::default()
    }
}

fn stdout(code: &str) -> String {
    let result = Sandbox::new().run(code);
    result["stdout"].as_str().unwrap_or_default().to_owned()
}

fn cases(text: &str) -> BTreeMap<String, String> {
    let cases = text.split("#### ").skip(1);
    let parts = cases.filter_map(|case| case.split_once('\n'));
    parts
        .map(|(name, body)| (name.to_owned(), body.to_owned()))
        .collect()
}

/// What a real Bash prints in an empty directory, and its exit status.
fn record(bash: &str, script: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), script).unwrap();
    let output = Command::new(bash)
        .arg(file.path())
        .current_dir(directory.path())
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    describe(
        &String::from_utf8_lossy(&output.stdout),
        output.status.code().unwrap_or(-1).into(),
    )
}

fn describe(stdout: &str, status: i64) -> String {
    format!("{stdout}[{status}]\n")
}

fn ours(script: &str) -> String {
    let result = Sandbox::new().run(script);
    let stdout = result["stdout"].as_str().unwrap_or_default();
    let mut text = describe(stdout, result["exit_status"].as_i64().unwrap());
    if !result["error"].is_null() {
        text += &format!("{}\n", result["error"]);
    }
    text
}

/// Runs the scripts of a file and compares with what a real Bash did.
fn check_file(name: &str) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/shell/scripts");
    let scripts = cases(&fs::read_to_string(directory.join(format!("{name}.sh"))).unwrap());
    let expected = directory.join(format!("{name}.out"));
    if let Ok(bash) = std::env::var(RECORD) {
        let mut file = fs::File::create(&expected).unwrap();
        for (case, script) in &scripts {
            write!(file, "#### {case}\n{}", record(&bash, script)).unwrap();
        }
    }
    let expected = cases(&fs::read_to_string(expected).unwrap());
    let mut wrong = String::new();
    for (case, script) in &scripts {
        let (bash, loom) = (&expected[case], ours(script));
        if *bash != loom {
            wrong += &format!("#### {case}\n--- bash\n{bash}--- loom\n{loom}");
        }
    }
    assert!(wrong.is_empty(), "differences:\n{wrong}");
}

#[test]
fn the_language_is_what_bash_does() {
    check_file("language");
}

#[test]
fn the_commands_are_what_their_originals_do() {
    check_file("commands");
}

#[test]
fn links_are_followed_within_and_between_directories() {
    let mut sandbox = Sandbox::new();
    let (work, out) = (sandbox.path("work"), sandbox.path("out"));
    let script = format!(
        "mkdir a; echo x > a/f; ln -s a/f near; ln -s {out} far; cat near; echo y > far/g; cat {out}/g; ln -s {work}/a/f far/back; cat {out}/back; ln -s loop loop; cat loop || echo bad"
    );
    assert_eq!(sandbox.run(&script)["stdout"], "x\ny\nx\nbad\n");
}

#[test]
fn a_read_only_grant_can_be_read_and_not_written() {
    let mut sandbox = Sandbox::new();
    let data = sandbox.path("data");
    fs::write(format!("{data}/in"), "x\n").unwrap();
    let result = sandbox.run(&format!(
        "cat {data}/in; echo y > {data}/new || echo failed; rm {data}/in || echo kept"
    ));
    assert_eq!(result["stdout"], "x\nfailed\nkept\n");
    assert!(
        result["stderr"]
            .as_str()
            .unwrap()
            .contains("Read-only file system")
    );
    assert!(!Path::new(&data).join("new").exists());
}

#[test]
fn nothing_is_written_outside_of_the_directories() {
    let mut sandbox = Sandbox::new();
    let result = sandbox
        .run("echo x > /etc/x || echo no; mkdir /y || echo no; cd ..; echo x > z || echo no");
    assert_eq!(result["stdout"], "no\nno\nno\n");
    assert_eq!(result.get("files"), None);
}

#[test]
fn written_files_are_told_also_in_grants() {
    let mut sandbox = Sandbox::new();
    let out = sandbox.path("out");
    let result = sandbox.run(&format!(
        "echo abc > f; mkdir d; cp f d/g; echo x > {out}/h; touch t; rm t"
    ));
    let paths: Vec<&str> = result["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths, [format!("{out}/h").as_str(), "d/g", "f"]);
}

#[test]
fn a_tight_loop_is_stopped_with_what_it_printed() {
    for script in [
        "echo begun; while :; do :; done",
        "echo begun; while true; do ((i++)); done",
        "echo begun; sleep 60",
        "echo begun; seq 9999999999 > /dev/null",
        "echo begun; f() { while :; do x=$(echo y); done; }; f",
    ] {
        let mut sandbox = Sandbox::new();
        let mut arguments = arguments(script);
        arguments.timeout_ms = 300;
        let result = sandbox.call(&arguments);
        assert_eq!(result["stdout"], "begun\n", "{script}");
        assert_eq!(result["exit_status"], TIMED_OUT, "{script}");
        assert_eq!(result["error"]["type"], "TimeoutError", "{script}");
        assert!(
            result["duration_ms"].as_u64().unwrap() < 1_000,
            "{script}: {result}"
        );
        let after = sandbox.run("echo again $?");
        assert_eq!(after["stdout"], "again 0\n", "{script}");
    }
}

#[test]
fn endless_recursion_ends_with_an_error_and_the_session_goes_on() {
    let mut sandbox = Sandbox::new();
    for script in ["f() { f; }; f", "f() { echo $(f); }; f", "f() { (f); }; f"] {
        let result = sandbox.run(script);
        assert_ne!(result["exit_status"], 0, "{script}: {result}");
        assert_eq!(sandbox.run("echo on")["stdout"], "on\n", "{script}");
    }
}

#[test]
fn functions_nest_hundreds_of_levels() {
    let script = "f() { (( $1 == 0 )) && { echo bottom; return; }; f $(( $1 - 1 )); }; f 200";
    assert_eq!(stdout(script), "bottom\n");
}

#[test]
fn substitutions_nest_a_hundred_levels() {
    let script = "f() { (( $1 == 0 )) && echo 0 || echo $(( $(f $(( $1 - 1 ))) + 2 )); }; f 100";
    assert_eq!(stdout(script), "200\n");
}

#[test]
fn recursion_that_is_too_deep_ends_as_in_bash() {
    let result = Sandbox::new().run("f() { f; }; f");
    let message = result["error"]["message"].as_str().unwrap();
    assert!(message.contains("maximum function nesting level exceeded"));
    assert_eq!(result["exit_status"], 1);
}

#[test]
fn long_ranges_and_streams_are_complete() {
    for (script, expect) in [
        ("n=0; for i in {1..15000}; do n=$i; done; echo $n", "15000"),
        ("set -- {1..100000}; echo $#", "100000"),
        ("yes | head -n 20000 | wc -l", "20000"),
        ("yes a b | sed 3q | sort | uniq -c | xargs", "3 a b"),
        (
            "seq 90000 > f; sed s/1/2/ f | grep 3 | awk '{ s += $1 } END { print NR }'",
            "37512",
        ),
        (
            "seq 90000 > f; sort -rn f | head -1; tr 1 2 < f | wc -c",
            "90000\n528894",
        ),
        ("for i in {1..300}; do echo $i; done > f; wc -l < f", "300"),
    ] {
        assert_eq!(stdout(script).trim_end(), expect, "{script}");
    }
}

#[test]
fn a_range_that_no_call_could_hold_is_an_error() {
    let result = Sandbox::new().run("for i in {1..100000000}; do :; done");
    let message = result["error"]["message"].as_str().unwrap();
    assert!(message.contains("more than 500000 words"), "{message}");
    assert_eq!(result["exit_status"], 1);
}

#[test]
fn dates_take_steps() {
    for (script, expect) in [
        ("date -u -d '2024-01-31 +1 month' +%m-%d", "03-02"),
        ("date -u --date='2024-05-15 -2 weeks' +%F", "2024-05-01"),
        ("date -ud '2024-02-01 +1 month -1 day' +%d", "29"),
        ("date -u -d @86399 +%T", "23:59:59"),
        (
            "TZ=Asia/Tokyo date -d '2024-01-01 00:30 +1 hour' +%FT%T%z",
            "2024-01-01T01:30:00+0900",
        ),
        (
            "date -u -d 2024-02-30 2>&1 | cut -c1-18; echo ${PIPESTATUS[0]}",
            "date: invalid date\n1",
        ),
    ] {
        assert_eq!(stdout(script).trim_end(), expect, "{script}");
    }
}

#[test]
fn files_are_listed_as_ls_does() {
    let make = "mkdir d; printf 12 > d/b; printf 1 > d/a; touch -d @9 d/.h; ln -s a d/l; ";
    for (script, expect) in [
        ("ls -r d | xargs", "l b a"),
        ("ls -a d | xargs", ". .. .h a b l"),
        ("ls -A d | xargs", ".h a b l"),
        ("ls -S d/a d/b | xargs", "d/b d/a"),
        (
            "touch -d @5 d/a; touch -d @7 d/b; ls -t d/a d/b | xargs; ls -tr d/a d/b | xargs",
            "d/b d/a\nd/a d/b",
        ),
        (
            "touch -d @5 d/a; ls -l d/a",
            "-rw-r--r-- 1 user user 1 Jan  1  1970 d/a",
        ),
        (
            "ls -l d | sed 1d | wc -l; ls -l d | grep -o 'l -> a'",
            "3\nl -> a",
        ),
        (
            "mkdir d/e; ls -R d | xargs; ls -F d | xargs; ls -d d",
            "d: a b e l d/e:\na b e/ l@\nd",
        ),
        (
            "ls none d 2>&1 | head -1; ls none 2> /dev/null; echo $?",
            "ls: cannot access 'none': No such file or directory\n2",
        ),
        ("cd d; ls | head -n 1; ls ..", "a\nd"),
    ] {
        assert_eq!(
            stdout(&format!("{make}{script}")).trim_end(),
            expect,
            "{script}"
        );
    }
}

#[test]
fn zcat_unpacks_files_and_input() {
    let script = "seq 3 | gzip > n.gz; zcat n.gz | xargs; zcat < n.gz | xargs; gzip -c n.gz | zcat | zcat | xargs";
    assert_eq!(stdout(script), "1 2 3\n1 2 3\n1 2 3\n");
}

#[test]
fn a_missing_command_says_what_to_use_instead() {
    let mut sandbox = Sandbox::new();
    let result = sandbox.run("curl -s http://x.example; echo $?; python3 x.py; nosuch");
    let stderr = result["stderr"].as_str().unwrap();
    assert_eq!(result["stdout"], "127\n");
    assert_eq!(result["exit_status"], 127);
    for words in ["web_fetch", "run_python", "nosuch: command not found"] {
        assert!(stderr.contains(words), "{stderr}");
    }
}

#[test]
fn a_syntax_error_is_a_result() {
    let result = Sandbox::new().run("if then");
    assert_eq!(result["exit_status"], SYNTAX_ERROR);
    assert_eq!(result["error"]["type"], "SyntaxError");
}

#[test]
fn standard_input_is_read() {
    let mut arguments = arguments("read -r first; echo \"[$first]\"; wc -l");
    arguments.stdin = Some("a\nb\nc\n".into());
    assert_eq!(Sandbox::new().call(&arguments)["stdout"], "[a]\n2\n");
}

#[test]
fn a_flood_of_output_is_cut_in_the_middle_and_kept_whole_in_a_file() {
    let mut sandbox = Sandbox::new();
    let result = sandbox.run("seq 100000");
    let shown = result["stdout"].as_str().unwrap();
    assert!(shown.starts_with("1\n2\n") && shown.ends_with("\n100000\n"));
    assert!(shown.len() < 51_000);
    assert_eq!(result["truncated"]["stdout_bytes"], 588_895);
    let whole = sandbox.run("wc -c < .output/stdout.txt");
    assert_eq!(whole["stdout"], "588895\n");
}

const STATE: &str = "x=1; declare -A m=([k]=v); a=(1 '2 3'); f() { echo f $x; }; alias ll='ls -l'; export E=env; shopt -s nullglob; mkdir -p d; cd d; readonly R=ro";
const LOOK: &str = "echo $x ${m[k]} \"${a[1]}\"; f; alias ll; bash -c 'echo $E'; echo *.none; basename $PWD; (R=2) 2>/dev/null || echo ro";
const SEEN: &str = "1 v 2 3\nf 1\nalias ll='ls -l'\nenv\n\nd\nro\n";

#[test]
fn a_session_keeps_what_a_script_leaves() {
    let mut sandbox = Sandbox::new();
    sandbox.run(STATE);
    assert_eq!(sandbox.run(LOOK)["stdout"], SEEN);
}

#[test]
fn a_suspended_session_goes_on_in_another_instance() {
    let mut sandbox = Sandbox::new();
    sandbox.run(STATE);
    sandbox.session.suspend(&sandbox.roots).unwrap();
    sandbox.renew();
    let result = sandbox.run(LOOK);
    assert_eq!(result["stdout"], SEEN);
    assert_eq!(result["restored"], true);
}

#[test]
fn a_snapshot_brings_variables_and_files_back() {
    let mut sandbox = Sandbox::new();
    let mut keep = arguments("x=1; echo one > f");
    keep.snapshot = Some("good".into());
    sandbox.call(&keep);
    sandbox.run("x=2; echo two > f; g() { :; }");
    let mut back = arguments("echo $x; cat f; type g");
    back.reset = Some(Reset::To("good".into()));
    let result = sandbox.call(&back);
    assert_eq!(result["stdout"], "1\none\n");
    assert_eq!(result["exit_status"], 1);
}

#[test]
fn a_reset_leaves_nothing() {
    let mut sandbox = Sandbox::new();
    sandbox.run(STATE);
    let mut anew = arguments("echo \"[$x]\" *; type f");
    anew.reset = Some(Reset::Anew(true));
    assert_eq!(sandbox.call(&anew)["stdout"], "[] *\n");
}
