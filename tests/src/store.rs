//! A process that uses the session store in files and says on standard output what it was told, for tests
//! that kill it. What it says is checked elsewhere.
//!
//! | line | meaning |
//! | --- | --- |
//! | `entry SEQ LABEL` | what it found |
//! | `stored ID ENTRIES` | a backup that it found |
//! | `ready` | it has found everything, and starts to write |
//! | `appended SEQ LABEL` | an append was acknowledged |
//! | `conflict` | another process was first |
//! | `backup ID ENTRIES` | a backup was acknowledged |
//! | `reclaimed BYTES` | the log was written anew |

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use loom_types::{Entry, ErrorKind, Memory, Result, SessionId};
use loom_wasm::FileAccess;

use crate::sandbox;

/// Set to the store's directory for a process that shall work as here. Its arguments are what it does
/// (`append`, or `upkeep` beside it) and how many entries it appends before it ends.
pub const STORE: &str = "LOOM_TESTS_STORE";

/// The session it works on.
pub const SESSION: &str = "s";

/// How many backups are kept.
pub const KEEP: u32 = 2;

/// One entry in so many is larger than what WASI writes at once.
const LARGE_EVERY: u64 = 9;
const LARGE_BYTES: usize = 150_000;

/// Appends without a pause, and the pause after them: a log is written anew only when nobody appends.
const BURST: u64 = 8;
const PAUSE: Duration = Duration::from_millis(20);

/// Works until the process is killed or has appended enough.
///
/// # Panics
///
/// If the store breaks a promise.
#[must_use]
pub fn work(directory: &Path) -> ExitCode {
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
        .with_writer(std::io::stderr)
        .init();
    let mut arguments = std::env::args().skip(1);
    let with_upkeep = arguments.next().is_some_and(|work| work == "upkeep");
    let count = arguments.next().and_then(|count| count.parse().ok());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    runtime.block_on(async {
        let memory = open(directory).await;
        let next = tell_what_is_there(&*memory).await;
        say("ready");
        // A log is written anew where that saves much of it, which large entries prevent.
        let entry = if with_upkeep { small } else { entry };
        let appending = append(Arc::clone(&memory), next, count.unwrap_or(u64::MAX), entry);
        if with_upkeep {
            tokio::select! {
                () = appending => {}
                () = keep_up(Arc::clone(&memory)) => {}
            }
        } else {
            appending.await;
        }
    });
    ExitCode::SUCCESS
}

/// The store in files, as the host opens it.
pub async fn open(directory: &Path) -> Arc<dyn Memory> {
    let engine = sandbox::engine();
    let grants = sandbox::directory(directory, FileAccess::ReadWrite);
    sandbox::builtin(&engine, "memory-file", grants, &[])
        .await
        .memory()
}

/// All labels of a session, in order.
///
/// # Errors
///
/// If it cannot be read; a session that does not exist has none.
///
/// # Panics
///
/// If an entry is not what was appended.
pub async fn labels(memory: &dyn Memory) -> Result<Vec<String>> {
    let entries = memory.read(&SessionId::from(SESSION), 0, u32::MAX).await;
    let entries = match entries {
        Err(error) if error.kind == ErrorKind::NotFound => Vec::new(),
        entries => entries?,
    };
    let labels = (0..).zip(entries).map(|(seq, entry)| {
        assert_eq!(entry.seq, seq, "a gap");
        let (label, rest) = entry.text.split_once(' ').expect("a label and a text");
        let length: usize = label
            .rsplit('.')
            .next()
            .and_then(|length| length.parse().ok())
            .expect("a label ends with a length");
        assert!(
            rest.len() == length && rest.bytes().all(|byte| byte == b'x'),
            "the text of {label} is another"
        );
        label.to_owned()
    });
    Ok(labels.collect())
}

async fn tell_what_is_there(memory: &dyn Memory) -> u64 {
    let labels = labels(memory).await.expect("the store opens");
    for (seq, label) in labels.iter().enumerate() {
        say(format!("entry {seq} {label}"));
    }
    let session = SessionId::from(SESSION);
    let backups = memory.backups(Some(&session)).await;
    for backup in backups.expect("the backups can be listed") {
        say(format!("stored {} {}", backup.id, backup.entries));
    }
    labels.len() as u64
}

async fn append(memory: Arc<dyn Memory>, mut next: u64, count: u64, entry: fn(&str, u64) -> Entry) {
    let session = SessionId::from(SESSION);
    let mut appended = 0;
    while appended < count {
        let label = format!("{}.{appended}", std::process::id());
        let entry = entry(&label, appended);
        let label = entry.text.split(' ').next().unwrap_or_default().to_owned();
        match memory.append(&session, next, vec![entry]).await {
            Ok(after) => {
                say(format!("appended {next} {label}"));
                assert_eq!(after, next + 1);
                next = after;
                appended += 1;
                if appended % BURST == 0 {
                    tokio::time::sleep(PAUSE).await;
                }
            }
            Err(error) => {
                let kinds = [ErrorKind::Conflict, ErrorKind::Unavailable];
                assert!(kinds.contains(&error.kind), "{error}");
                say("conflict");
                let labels = labels(&*memory).await.expect("the session can be read");
                next = labels.len() as u64;
            }
        }
    }
}

async fn keep_up(memory: Arc<dyn Memory>) {
    let session = SessionId::from(SESSION);
    loop {
        match memory.maintain(&session, KEEP).await {
            Ok(upkeep) => {
                if let Some(made) = upkeep.made {
                    say(format!("backup {} {}", made.id, made.entries));
                }
                if upkeep.reclaimed_bytes > 0 {
                    say(format!("reclaimed {}", upkeep.reclaimed_bytes));
                }
            }
            Err(error) => assert_eq!(error.kind, ErrorKind::NotFound, "{error}"),
        }
        tokio::task::yield_now().await;
    }
}

fn entry(label: &str, number: u64) -> Entry {
    match number % LARGE_EVERY == LARGE_EVERY - 1 {
        true => entry_of(label, number, LARGE_BYTES),
        false => small(label, number),
    }
}

fn small(label: &str, number: u64) -> Entry {
    entry_of(label, number, 10)
}

fn entry_of(label: &str, number: u64, length: usize) -> Entry {
    Entry {
        seq: 0,
        time_ms: number,
        kind: "user".into(),
        text: format!("{label}.{length} {}", "x".repeat(length)),
        vector: None,
        payload: serde_json::Value::Null,
    }
}

#[expect(clippy::print_stdout, reason = "this is how the process is watched")]
fn say(line: impl std::fmt::Display) {
    println!("{line}");
}
