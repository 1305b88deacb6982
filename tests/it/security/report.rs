//! What became of the attempts, and the table of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Mutex;

use loom_tests::cli::Ran;
use loom_types::{Error, ErrorKind};

use super::GROUPS;

/// An attempt that came to nothing.
pub(super) enum Denied {
    /// In a word or two: by what.
    By(String),
    /// This machine cannot make it: what is missing.
    Skipped(String),
}

/// A call that must have failed, for whatever reason.
#[track_caller]
pub(super) fn denied(result: Result<String, Error>) -> Denied {
    match result {
        Ok(text) => panic!(
            "it succeeded: {}",
            text.chars().take(500).collect::<String>()
        ),
        Err(error) => {
            assert!(!error.message.contains(super::host::SECRET), "{error}");
            Denied::By(format!("{:?}: {}", error.kind, error.message))
        }
    }
}

/// A call that must have failed for this reason.
#[track_caller]
pub(super) fn denied_as(kind: ErrorKind, result: Result<String, Error>) -> Denied {
    if let Err(error) = &result {
        assert_eq!(error.kind, kind, "{error}");
    }
    denied(result)
}

/// A call that may have given something, but nothing that it was after.
#[track_caller]
pub(super) fn harmless(result: Result<String, Error>, unwanted: &str) -> Denied {
    let told = match &result {
        Ok(text) => text.clone(),
        Err(error) => error.to_string(),
    };
    let start: String = told.chars().take(500).collect();
    assert!(!told.contains(unwanted), "{unwanted:?} in {start}");
    Denied::By(format!("it got {start:?}"))
}

/// A command that must have ended with this code.
#[track_caller]
pub(super) fn ended(ran: Ran, code: i32) -> Denied {
    let ran = ran.code(code);
    let line = ran.stderr.lines().next().unwrap_or_default();
    Denied::By(format!("exit code {code}: {line}"))
}

struct Made {
    outcome: Option<Denied>,
    is_alive: bool,
}

type Record = BTreeMap<(&'static str, &'static str), Made>;

static RECORD: Mutex<Record> = Mutex::new(Record::new());

/// Notes how an attempt ended (none: it got what it was after). After the last the table is printed.
pub(super) fn record(
    group: &'static str,
    name: &'static str,
    outcome: Option<Denied>,
    is_alive: bool,
) {
    let mut record = RECORD.lock().unwrap();
    record.insert((group, name), Made { outcome, is_alive });
    let all: usize = GROUPS.iter().map(|group| group.attempts.len()).sum();
    if record.len() == all {
        // Past the capture of tests: it is what the suite is run for.
        let _ = std::io::stdout().write_all(table(&record).as_bytes());
    }
}

#[derive(Default)]
struct Count {
    attempts: usize,
    denied: usize,
    skipped: usize,
    alive: usize,
}

impl Count {
    fn add(&mut self, made: &Made) {
        self.attempts += 1;
        self.denied += usize::from(matches!(made.outcome, Some(Denied::By(_))));
        self.skipped += usize::from(matches!(made.outcome, Some(Denied::Skipped(_))));
        self.alive += usize::from(made.is_alive);
    }
}

fn table(record: &Record) -> String {
    let mut text = "\n".to_owned();
    let mut all = Count::default();
    for group in &GROUPS {
        let mut count = Count::default();
        let mut lines = String::new();
        for name in group.attempts {
            let made = &record[&(group.name, *name)];
            count.add(made);
            all.add(made);
            writeln!(lines, "  {:<62} {}", name.replace('_', " "), words(made)).unwrap();
        }
        let Count {
            attempts,
            denied,
            alive,
            ..
        } = count;
        writeln!(
            text,
            "{}: {attempts} attempts, {denied} denied, host alive {alive}",
            group.name
        )
        .unwrap();
        text.push_str(&lines);
    }
    let Count {
        attempts,
        denied,
        skipped,
        alive,
    } = all;
    let groups = GROUPS.len();
    writeln!(text, "security: {attempts} attempts in {groups} groups, {denied} denied, {skipped} skipped, host alive {alive}").unwrap();
    text
}

fn words(made: &Made) -> String {
    let (label, words) = match &made.outcome {
        Some(Denied::By(words)) => ("denied", words.as_str()),
        Some(Denied::Skipped(words)) => ("skipped", words.as_str()),
        None => ("SUCCEEDED", ""),
    };
    let words: String = words.chars().filter(|c| !c.is_control()).take(70).collect();
    format!("{label}: {words}")
}
