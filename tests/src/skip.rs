//! Tests that this machine cannot run say so.

use std::io::Write as _;

/// Says on standard error, past the capture of tests, that the test of this thread needs something
/// that is missing, in words.
pub fn skipped(what: &str, missing: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    let message = format!("SKIPPED {test}: {what} needs {missing}\n");
    // Nobody is left to hear that standard error is closed.
    let _ = std::io::stderr().write_all(message.as_bytes());
}
