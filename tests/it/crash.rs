//! `loom run` killed with SIGKILL at random points, and resumed until it is done: what was
//! acknowledged is there, and nothing that counts was done twice.

use std::collections::BTreeMap;
use std::process::{Child, ExitStatus};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use loom::Loom;
use loom_core::session::Record;
use loom_tests::cli::Home;
use loom_tests::guests;
use loom_types::{Entry, Memory, Message, Role, SessionId, ToolResult};
use serde_json::{Value, json};

use crate::home;

/// Processes to kill.
const KILLS: u32 = 200;

/// Runs side by side.
const AT_ONCE: usize = 4;

/// Answers that ask for tools; one more ends the run.
const TURNS: usize = 3;

/// Calls of one answer. Those with an odd number may be repeated.
const CALLS: usize = 4;

const FINAL_ANSWER: &str = "all lines are written";

/// Repeatable randomness: the same seed kills after the same delays.
struct Random(u64);

impl Random {
    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: Duration) -> Duration {
        let micros = u64::try_from(limit.as_micros()).unwrap();
        Duration::from_micros(self.next() % micros.max(1))
    }
}

/// A run that is killed and resumed.
struct Trial<'a> {
    home: &'a Home,
    name: String,
    random: Random,
    kills: u32,
    /// The items that a killed process said were completed.
    acknowledged: Vec<Value>,
    /// Processes that were killed after they had acknowledged something.
    killed_midway: u32,
}

impl<'a> Trial<'a> {
    fn new(home: &'a Home, number: u32, seed: u64) -> Self {
        Self {
            home,
            name: format!("trial-{number:04}"),
            random: Random(seed.wrapping_add(u64::from(number) << 32)),
            kills: 0,
            acknowledged: Vec::new(),
            killed_midway: 0,
        }
    }

    fn file(&self, kind: &str) -> String {
        format!("{}-{kind}", self.name)
    }

    fn script(&self) -> Value {
        let call = |turn: usize, index: usize| {
            let (name, file) = match index % 2 {
                0 => ("append_line", "once"),
                _ => ("append_line_idempotent", "often"),
            };
            let line = format!("call-{turn}-{index}");
            json!({ "name": name, "arguments": { "path": self.file(file), "line": line } })
        };
        let step = |turn: usize| {
            let calls: Vec<_> = (0..CALLS).map(|index| call(turn, index)).collect();
            json!({ "text": format!("turn {turn}"), "calls": calls })
        };
        let mut steps: Vec<_> = (0..TURNS).map(step).collect();
        steps.push(json!({ "text": FINAL_ANSWER }));
        json!(steps)
    }

    /// Starts the run, or goes on with it.
    fn start(&self, is_new: bool) -> Child {
        let run =
            self.home
                .scripted(&self.script())
                .args(["run", "--json", "--permissions", "auto"]);
        let resume = format!("--resume={}", self.name);
        let run = match is_new {
            true => run.args(["--session", &self.name, "write the lines"]),
            false => run.args([&resume]),
        };
        run.spawn()
    }

    /// Kills at least one process, unless the first is done before, and goes on until one is done.
    fn run(&mut self, usual: Duration) {
        let mut is_new = true;
        loop {
            let mut child = self.start(is_new);
            if self.kills == 0 || !self.random.next().is_multiple_of(3) {
                thread::sleep(self.random.below(usual));
                child.kill().unwrap();
            }
            let output = child.wait_with_output().unwrap();
            let complaint = String::from_utf8(output.stderr).unwrap();
            let events = whole_lines(&output.stdout);
            let is_done = output.status.code() == Some(0);
            let there_is_none = complaint.contains("there is no session");
            if was_killed(output.status) {
                self.kills += 1;
                self.acknowledge(&events);
            } else if is_done {
                let last = events.last().unwrap();
                assert_eq!(last["type"], "run.completed");
                assert_eq!(last["text"], FINAL_ANSWER);
                return;
            } else {
                assert!(!is_new && there_is_none, "{}: {complaint}", self.name);
                assert!(
                    self.acknowledged.is_empty(),
                    "{}: the session is lost",
                    self.name
                );
            }
            is_new = there_is_none;
        }
    }

    fn acknowledge(&mut self, events: &[Value]) {
        let completed = events
            .iter()
            .filter(|event| event["type"] == "item.completed");
        let items: Vec<_> = completed.map(|event| event["item"].clone()).collect();
        self.killed_midway += u32::from(!items.is_empty());
        self.acknowledged.extend(items);
    }

    /// Checks the session and the files.
    async fn check(&self, memory: &dyn Memory) {
        let id = SessionId::from(self.name.as_str());
        let session = Session::read(&id, entries(memory, &id).await);
        for item in &self.acknowledged {
            session.check_has(item);
        }
        session.check_is_whole();
        let (once, often) = (self.lines("once"), self.lines("often"));
        for turn in 0..TURNS {
            for index in 0..CALLS {
                let call = format!("call-{turn}-{index}");
                let result = &session.results[&call];
                if index % 2 == 1 {
                    assert!(!result.is_error, "{call}: {}", result.text());
                    assert!(
                        often.get(&call).is_some_and(|times| *times >= 1),
                        "{call} is missing"
                    );
                } else if result.is_error {
                    assert!(
                        result.text().contains("its outcome is unknown"),
                        "{}",
                        result.text()
                    );
                    assert!(
                        once.get(&call).is_none_or(|times| *times == 1),
                        "{call} ran again"
                    );
                } else {
                    assert_eq!(once.get(&call), Some(&1), "{call} did not run once");
                }
            }
        }
        let known = |line: &String| session.results.contains_key(line);
        assert!(
            once.keys().chain(often.keys()).all(known),
            "{once:?} {often:?}"
        );
    }

    /// The lines of a file, and how often each is there.
    fn lines(&self, kind: &str) -> BTreeMap<String, u32> {
        let text = self.home.read(&self.file(kind)).unwrap_or_default();
        let mut lines = BTreeMap::new();
        for line in text.lines() {
            *lines.entry(line.to_owned()).or_default() += 1;
        }
        lines
    }
}

fn was_killed(status: ExitStatus) -> bool {
    std::os::unix::process::ExitStatusExt::signal(&status) == Some(9)
}

/// The lines that were written to their end.
fn whole_lines(stdout: &[u8]) -> Vec<Value> {
    let lines = stdout.split_inclusive(|byte| *byte == b'\n');
    let whole = lines.filter(|line| line.ends_with(b"\n"));
    whole
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

async fn entries(memory: &dyn Memory, id: &SessionId) -> Vec<Entry> {
    let mut entries = Vec::new();
    loop {
        let page = memory.read(id, entries.len() as u64, 1000).await.unwrap();
        if page.is_empty() {
            return entries;
        }
        entries.extend(page);
    }
}

/// A session as it was written down.
#[derive(Default)]
struct Session {
    asked: u32,
    answers: Vec<Message>,
    results: BTreeMap<String, ToolResult>,
}

impl Session {
    fn read(id: &SessionId, entries: Vec<Entry>) -> Self {
        let mut session = Self::default();
        for (at, entry) in entries.into_iter().enumerate() {
            assert_eq!(entry.seq, at as u64, "{id}");
            match Record::decode(id, entry).unwrap() {
                Record::Header(_) => assert_eq!(at, 0, "{id}"),
                Record::Message(message) if message.role == Role::Assistant => {
                    session.answers.push(message);
                }
                Record::Message(_) => session.asked += 1,
                Record::ToolResult(result) => {
                    let call = result.call_id.as_str().to_owned();
                    let earlier = session.results.insert(call, result);
                    assert!(
                        earlier.is_none(),
                        "{id}: two results of one call: {earlier:?}"
                    );
                }
                _ => panic!("{id}: entry {at} is of no known kind"),
            }
        }
        session
    }

    fn check_is_whole(&self) {
        assert_eq!(self.asked, 1);
        let texts: Vec<_> = self.answers.iter().map(Message::text).collect();
        let mut expected: Vec<_> = (0..TURNS).map(|turn| format!("turn {turn}")).collect();
        expected.push(FINAL_ANSWER.to_owned());
        assert_eq!(texts, expected);
        assert_eq!(self.results.len(), TURNS * CALLS);
    }

    /// Whether an item that was told to be complete is written down.
    fn check_has(&self, item: &Value) {
        if item["status"] == "completed" && item["type"] == "agent_message" {
            let has = |answer: &Message| item["text"] == answer.text();
            assert!(self.answers.iter().any(has), "lost: {item}");
        } else if item["type"] == "tool_call" {
            let result = self.results.get(item["call_id"].as_str().unwrap());
            let result = result.unwrap_or_else(|| panic!("lost: {item}"));
            let told = match result.is_error {
                true => &item["error"]["message"],
                false => &item["result"],
            };
            assert_eq!(*told, result.text(), "{item}");
        }
    }
}

fn equipped() -> Home {
    let home = home();
    home.configure(
        "[plugins.effects]\ngrants.files = [{ path = \"$workspace\", access = \"read-write\" }]\n",
    );
    home.install("effects", guests::EFFECTS);
    home
}

/// How long a run takes beside others, undisturbed.
fn usual_duration(home: &Home) -> Duration {
    let time = |number: usize| {
        let trial = Trial::new(home, u32::try_from(9000 + number).unwrap(), 0);
        let start = Instant::now();
        let status = trial.start(true).wait_with_output().unwrap().status;
        assert_eq!(status.code(), Some(0));
        start.elapsed()
    };
    // The first ones compile the guests.
    time(0);
    let times = thread::scope(|scope| {
        let runs: Vec<_> = (1..=AT_ONCE)
            .map(|number| scope.spawn(move || time(number)))
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).max()
    });
    times.unwrap()
}

/// `LOOM_CRASH_SEED`, or one that was never used.
fn seed() -> u64 {
    let given = std::env::var("LOOM_CRASH_SEED").ok();
    let now = || {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_nanos()
    };
    given.map_or_else(|| now() as u64, |text| text.parse().unwrap())
}

#[tokio::test]
async fn killed_runs_resume_without_losing_or_repeating_anything() {
    let home = equipped();
    let seed = seed();
    // Shown if the test fails.
    println!("LOOM_CRASH_SEED={seed}");
    let usual = usual_duration(&home);
    println!("a run takes {usual:?}");
    let (kills, next) = (AtomicU32::new(0), AtomicU32::new(0));
    let trials = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while kills.load(Ordering::Relaxed) < KILLS {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let mut trial = Trial::new(&home, number, seed);
                    trial.run(usual);
                    kills.fetch_add(trial.kills, Ordering::Relaxed);
                    trials.lock().unwrap().push(trial);
                }
            });
        }
    });

    let loom = Loom::open(&home.config("")).await.unwrap();
    let memory = loom.memory().await.unwrap();
    let trials = trials.into_inner().unwrap();
    for trial in &trials {
        println!("{}", trial.name);
        trial.check(memory.as_ref()).await;
    }
    let midway: u32 = trials.iter().map(|trial| trial.killed_midway).sum();
    assert!(
        midway >= KILLS / 10,
        "only {midway} kills hit a run that was at work"
    );
}
