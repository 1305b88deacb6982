//! The log in memory, under filters.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tracing_subscriber::layer::SubscriberExt as _;

use super::*;

/// A log in memory.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is logged under a filter, each line as JSON.
fn logged(filter: &str, quiet: bool, work: impl FnOnce()) -> Vec<Value> {
    let lines = Lines::default();
    let out = lines.clone();
    let layer = JsonLines::new(move || out.clone());
    let layer = layer.with_filter(shown(EnvFilter::new(filter), quiet));
    tracing::subscriber::with_default(registry().with(layer), work);
    let bytes = lines.0.lock().unwrap().clone();
    let text = String::from_utf8(bytes).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn fields_of_the_spans_around_are_keys_of_the_line() {
    let lines = logged("debug", false, || {
        let run = tracing::info_span!("run", run_id = "r1", turn = 1, late = tracing::field::Empty);
        run.record("late", true);
        let _run = run.enter();
        let call = tracing::info_span!("call", turn = 2);
        let _call = call.enter();
        tracing::debug!(size = 1.5, error = ?Some("x"), "it \"happened\"\n");
    });
    let [line] = &lines[..] else {
        panic!("{lines:?}")
    };
    assert_eq!(line["run_id"], "r1");
    assert_eq!(line["turn"], 2);
    assert_eq!(line["late"], true);
    assert_eq!(line["size"], 1.5);
    assert_eq!(line["error"], r#"Some("x")"#);
    assert_eq!(line["message"], "it \"happened\"\n");
    assert_eq!(line["level"], "DEBUG");
    assert_eq!(line["target"], module_path!());
    let timestamp = line["timestamp"].as_str().unwrap();
    assert!(
        timestamp.len() == 27 && timestamp.contains('T') && timestamp.ends_with('Z'),
        "{timestamp}"
    );
}

#[test]
fn a_field_does_not_pass_for_what_every_line_has() {
    let lines = logged("info", false, || {
        tracing::info!(target: "loom::x", level = 3, timestamp = "never", "m");
    });
    assert_eq!(lines[0]["level"], "INFO");
    assert_eq!(lines[0]["level_"], 3);
    assert_ne!(lines[0]["timestamp"], "never");
}

#[test]
fn ids_are_in_lines_however_narrow_the_filter() {
    let lines = logged("off,loom_core=warn", false, || {
        let run = tracing::info_span!(target: "loom_core::executor", "run", run_id = "r1");
        let _run = run.enter();
        tracing::info!(target: "loom_core::x", "left out");
        tracing::warn!(target: "loom_core::x", "shown");
    });
    let [line] = &lines[..] else {
        panic!("{lines:?}")
    };
    assert_eq!(
        (&line["message"], &line["run_id"]),
        (&"shown".into(), &"r1".into())
    );
}

#[test]
fn notices_reach_the_person_whatever_the_filter() {
    let say = || {
        tracing::info!(target: "loom::notice", "compiling");
        tracing::warn!(target: "loom::notice", "no cache");
        tracing::warn!(target: "loom::plugin", plugin = "p", "torn");
        tracing::info!(target: "loom::plugin", plugin = "p", "chatter");
    };
    let messages = |lines: Vec<Value>| -> Vec<String> {
        let message = |line: &Value| line["message"].as_str().unwrap().to_owned();
        lines.iter().map(message).collect()
    };
    let heard = messages(logged("off", false, say));
    assert_eq!(heard, ["compiling", "no cache", "torn"]);
    let heard = messages(logged("off", true, say));
    assert_eq!(heard, ["no cache", "torn"]);
}

#[test]
fn what_may_quote_the_conversation_is_left_out() {
    let lines = logged("trace", false, || {
        tracing::error!(target: "loom::content", "quote");
        tracing::info!(target: "loom::plugin", "quote");
        tracing::debug!(target: "some_http_crate::frame", "quote");
        let span = tracing::trace_span!(target: "some_http_crate", "call", body = "quote");
        let _span = span.enter();
        tracing::info!(target: "some_http_crate", "connected");
        tracing::trace!(target: "loom_core::x", "fact");
    });
    let messages: Vec<_> = lines.iter().map(|line| &line["message"]).collect();
    assert_eq!(messages, ["connected", "fact"]);
    assert_eq!(lines[0].get("body"), None);
}

#[test]
fn lines_for_people_become_lines_of_the_log() {
    let lines = logged("info", true, || {
        let mut out = LoggedLines::default();
        write!(out, "\u{1b}[31merror:\u{1b}[0m it ").unwrap();
        write!(out, "failed\n\nhint: again\nhalf").unwrap();
    });
    let messages: Vec<_> = lines.iter().map(|line| &line["message"]).collect();
    assert_eq!(messages, ["error: it failed", "hint: again"]);
}
