//! Steering a run from another program, while a tool of the run is under way.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout};

use loom_tests::cli::{Home, Loom};
use loom_tests::held::Held;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::{Value, json};

use crate::home;

/// A run whose first tool call waits.
struct Steered {
    child: Child,
    stdout: BufReader<ChildStdout>,
    seen: Vec<Value>,
}

fn command(home: &Home, held: &Held, steer: &Path) -> Loom {
    let script = json!([{ "text": "begun", "calls": [held.call()] }, { "text": "over" }]);
    let run = held.grant(home.scripted(&script)).arg("run");
    run.args(["--session", "steered", "--steer-file"])
        .arg(steer)
        .arg("go")
}

impl Steered {
    fn new(mut child: Child) -> Self {
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self {
            child,
            stdout,
            seen: Vec::new(),
        }
    }

    /// Waits for an event of this type.
    fn wait_for(&mut self, kind: &str) -> &Value {
        loop {
            let mut line = String::new();
            let read = self.stdout.read_line(&mut line).unwrap();
            assert_ne!(read, 0, "no {kind} in {:?}", self.seen);
            self.seen.push(serde_json::from_str(&line).unwrap());
            if self.seen.last().unwrap()["type"] == kind {
                return self.seen.last().unwrap();
            }
        }
    }

    /// All its events.
    fn end(mut self, code: i32) -> Vec<Value> {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        let rest = rest.lines().map(|line| serde_json::from_str(line).unwrap());
        self.seen.extend(rest);
        assert_eq!(self.child.wait().unwrap().code(), Some(code));
        self.seen
    }
}

fn pipe(home: &Home) -> PathBuf {
    let path = home.project().join("steer");
    let mode = Mode::RUSR | Mode::WUSR;
    mknodat(CWD, &path, FileType::Fifo, mode, 0).unwrap();
    path
}

fn say(to: &mut impl Write, command: &Value) {
    writeln!(to, "{command}").unwrap();
    to.flush().unwrap();
}

fn inject(text: &str, priority: u8) -> Value {
    json!({ "type": "inject", "text": text, "priority": priority })
}

fn injected(events: &[Value]) -> Vec<(u64, &str)> {
    let injected = |event: &&Value| event["type"] == "message.injected";
    let told = events.iter().filter(injected).map(|event| {
        let priority = event["priority"].as_u64().unwrap();
        (priority, event["text"].as_str().unwrap())
    });
    told.collect()
}

#[test]
fn messages_through_a_pipe_come_by_priority_and_a_slip_loses_none() {
    let (home, held) = (home(), Held::new());
    let path = pipe(&home);
    let mut steered = Steered::new(command(&home, &held, &path).arg("--json").spawn());
    let asking = held.asked();
    let mut pipe = File::options().write(true).open(&path).unwrap();
    say(&mut pipe, &inject("later", 2));
    for text in ["one", "two", "three", "four"] {
        say(&mut pipe, &inject(text, 5));
    }
    say(&mut pipe, &inject("sooner", 9));
    writeln!(pipe, "hurry up").unwrap();
    let warning = steered.wait_for("warning");
    let message = warning["message"].as_str().unwrap();
    assert!(message.contains("not a steering command"), "{message}");
    asking.answer("tea");
    let events = steered.end(0);
    let expected = [
        (9, "sooner"),
        (5, "one"),
        (5, "two"),
        (5, "three"),
        (5, "four"),
        (2, "later"),
    ];
    assert_eq!(injected(&events), expected);

    let shown = home.with(["session", "show", "steered"]).run().code(0);
    let sooner = shown.stdout.find("sooner").unwrap();
    assert!(sooner < shown.stdout.find("later").unwrap());
    assert!(sooner > shown.stdout.find("tea").unwrap(), "results first");
}

#[test]
fn a_file_is_followed_as_it_grows() {
    let (home, held) = (home(), Held::new());
    let before = inject("from before", 5).to_string() + "\n";
    let path = home.write("steer.jsonl", &before);
    let mut steered = Steered::new(command(&home, &held, &path).arg("--json").spawn());
    let asking = held.asked();
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    let line = inject("in two halves", 5).to_string();
    let (first, second) = line.split_at(20);
    file.write_all(first.as_bytes()).unwrap();
    file.flush().unwrap();
    writeln!(file, "{second}\nnonsense").unwrap();
    steered.wait_for("warning");
    asking.answer("tea");
    let events = steered.end(0);
    let texts: Vec<_> = injected(&events).into_iter().map(|it| it.1).collect();
    assert_eq!(texts, ["from before", "in two halves"]);
}

#[test]
fn a_paused_run_waits_until_it_is_resumed() {
    let (home, held) = (home(), Held::new());
    let path = pipe(&home);
    let mut steered = Steered::new(command(&home, &held, &path).arg("--json").spawn());
    let asking = held.asked();
    let mut pipe = File::options().write(true).open(&path).unwrap();
    say(&mut pipe, &json!({ "type": "pause" }));
    // The line after it shows that it was read.
    writeln!(pipe, "?").unwrap();
    steered.wait_for("warning");
    asking.answer("tea");
    steered.wait_for("run.paused");
    say(&mut pipe, &inject("while it waits", 5));
    say(&mut pipe, &json!({ "type": "resume" }));
    steered.wait_for("run.resumed");
    let events = steered.end(0);
    assert_eq!(injected(&events), [(5, "while it waits")]);
    assert_eq!(events.last().unwrap()["text"], "over");
}

#[test]
fn a_run_that_is_cancelled_says_how_to_go_on_and_goes_on() {
    let (home, held) = (home(), Held::new());
    let path = pipe(&home);
    let child = command(&home, &held, &path).spawn();
    let _asking = held.asked();
    let mut pipe = File::options().write(true).open(&path).unwrap();
    say(&mut pipe, &json!({ "type": "cancel" }));
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert_eq!(output.stdout, b"begun\n");
    assert!(
        stderr.contains("cancelled: after 1 turn, 1 tool call"),
        "{stderr}"
    );
    assert!(
        stderr.contains("go on with: loom run --resume=steered"),
        "{stderr}"
    );
    let script = json!([{ "text": "begun" }, { "text": "over" }]);
    let resumed = home.scripted(&script).args(["run", "--resume=steered"]);
    resumed.run().code(0).says("over");
}

#[test]
fn an_interrupt_ends_a_paused_run_too() {
    let (home, held) = (home(), Held::new());
    let path = pipe(&home);
    let mut terminal = command(&home, &held, &path).at_terminal();
    let asking = held.asked();
    let mut pipe = File::options().write(true).open(&path).unwrap();
    say(&mut pipe, &json!({ "type": "pause" }));
    writeln!(pipe, "?").unwrap();
    terminal.wait_for("warning: not a steering command");
    asking.answer("tea");
    terminal.wait_for("· paused").press("\u{3}");
    let left = terminal.leave().code(130);
    left.shows("✓ http_request")
        .shows("cancelled: after 1 turn, 1 tool call")
        .shows("go on with: loom run --resume=steered");
}

#[test]
fn stdin_can_steer_too_and_its_end_stops_nothing() {
    let (home, held) = (home(), Held::new());
    let command = command(&home, &held, Path::new("-")).arg("--json");
    let mut child = command.piped();
    let mut stdin = child.stdin.take().unwrap();
    let mut steered = Steered::new(child);
    let asking = held.asked();
    say(&mut stdin, &inject("from stdin", 5));
    // Without a line break at the end.
    stdin.write_all(b"{\"type\":\"explode\"}").unwrap();
    drop(stdin);
    let warning = steered.wait_for("warning");
    assert!(warning["message"].as_str().unwrap().contains("explode"));
    asking.answer("tea");
    assert_eq!(injected(&steered.end(0)), [(5, "from stdin")]);

    let prompt = home.with(["run", "--json", "--steer-file", "-", "-"]);
    prompt
        .run()
        .code(2)
        .complains("both the prompt and the steering");
}

#[test]
fn a_steering_file_must_be_there() {
    let home = home();
    let ran = home.with(["run", "--steer-file", "nowhere", "hi"]).run();
    ran.code(2)
        .complains("nowhere")
        .complains("create it first");
    assert!(fs::metadata(home.project().join("nowhere")).is_err());
}

#[test]
fn whoever_watches_sees_what_came_in() {
    let (home, held) = (home(), Held::new());
    let path = pipe(&home);
    let mut terminal = command(&home, &held, &path).at_terminal();
    let asking = held.asked();
    let mut pipe = File::options().write(true).open(&path).unwrap();
    say(&mut pipe, &inject("leave \u{1b}[2Jthe tests alone", 8));
    say(&mut pipe, &json!({ "type": "pause" }));
    writeln!(pipe, "?").unwrap();
    terminal.wait_for("warning: not a steering command");
    asking.answer("tea");
    terminal.wait_for("· paused");
    say(&mut pipe, &json!({ "type": "resume" }));
    let left = terminal.leave().code(0);
    left.shows("begun")
        .shows("» leave the tests alone")
        .shows("· resumed")
        .shows("over");
}
