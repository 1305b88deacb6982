//! What the person who runs the agent is told, once each.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::Path;

use crate::ledger::{Ledger, Loss};

/// Passes warnings on that were not given before.
pub(crate) struct Reports {
    warn: Box<dyn Fn(&str)>,
    given: HashSet<String>,
}

impl Reports {
    pub(crate) fn new(warn: impl Fn(&str) + 'static) -> Self {
        Self {
            warn: Box::new(warn),
            given: HashSet::new(),
        }
    }

    /// Gives a warning.
    pub(crate) fn warn(&mut self, message: String) {
        if !self.given.contains(&message) {
            (self.warn)(&message);
            self.given.insert(message);
        }
    }

    /// Warns of what can't be used in a file, if there is anything.
    pub(crate) fn loss(&mut self, path: &Path, ledger: &Ledger) {
        if let Some(loss) = ledger.loss() {
            self.warn(describe(path, &loss, ledger.next_seq()));
        }
    }
}

fn describe(path: &Path, loss: &Loss, next_seq: u64) -> String {
    let path = path.display();
    let Loss {
        from, junk, tail, ..
    } = *loss;
    if junk == 0 && loss.stray_records == 0 {
        return format!(
            "{path}: the last {tail} bytes, from byte {from} on, are no whole record and are ignored; \
             most likely an append was interrupted before it was acknowledged"
        );
    }
    let mut message = format!("{path}: from byte {from} on, ");
    if junk + tail > 0 {
        let bytes = junk + tail;
        let _ = write!(message, "{bytes} bytes can't be read and are ignored");
    }
    if loss.stray_records == 0 {
        message.push_str("; an append was interrupted, or the file was damaged");
        return message;
    }
    let and = if junk + tail > 0 { ", and " } else { "" };
    let _ = write!(
        message,
        "{and}{} whole records do not follow on from the {next_seq} entries before: the file was \
         damaged. New entries continue at {next_seq}; the file keeps everything",
        loss.stray_records,
    );
    if loss.stray_seq > next_seq {
        let last = loss.stray_seq - 1;
        let _ = write!(
            message,
            ", but entries {next_seq} to {last} are no longer shown"
        );
    }
    message
}
