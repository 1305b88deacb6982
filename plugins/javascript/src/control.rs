//! What a run shares with the functions that code calls: when to stop and why, where output goes, which
//! promises were rejected. Runs nothing.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use loom_snippet::{Capture, Roots, Stream};
use rquickjs::{Persistent, Value};

use crate::source::{self, Prepared, Shifts};

/// A value that outlives the borrow of its runtime.
pub(crate) type Kept = Persistent<Value<'static>>;

/// Why code is stopped from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    Timeout,
    Cancelled,
    Exit(i32),
}

/// How often the host is asked whether the call was cancelled.
const CANCEL_INTERVAL: Duration = Duration::from_millis(100);

/// See the module.
pub(crate) struct Control {
    deadline: Cell<Instant>,
    asked_host: Cell<Instant>,
    stop: Cell<Option<Stop>>,
    ticks: Cell<bool>,
    start: Cell<Instant>,
    capture: RefCell<Option<Capture>>,
    pub(crate) stdin: RefCell<Vec<u8>>,
    pub(crate) roots: RefCell<Roots>,
    pub(crate) written: RefCell<Vec<PathBuf>>,
    pub(crate) uncaught: RefCell<Option<Kept>>,
    pub(crate) rejections: RefCell<Vec<(Kept, Kept)>>,
    snippets: RefCell<Vec<Snippet>>,
}

/// The code of a call, as it was evaluated.
struct Snippet {
    shifts: Shifts,
    text: String,
}

impl Control {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Self {
            deadline: Cell::new(now + Duration::from_secs(60)),
            asked_host: Cell::new(now),
            stop: Cell::new(None),
            ticks: Cell::new(false),
            start: Cell::new(now),
            capture: RefCell::new(None),
            stdin: RefCell::default(),
            roots: RefCell::default(),
            written: RefCell::default(),
            uncaught: RefCell::default(),
            rejections: RefCell::default(),
            snippets: RefCell::default(),
        }
    }

    /// Looks at the clock anew: the one that was looked at before may have been another machine's.
    pub(crate) fn wake(&self) {
        let now = Instant::now();
        self.start.set(now);
        self.asked_host.set(now);
    }

    /// Begins a run.
    pub(crate) fn begin(&self, deadline: Instant, stdin: &str, roots: &Roots, capture: Capture) {
        self.deadline.set(deadline);
        self.stop.set(None);
        self.ticks.set(false);
        self.capture.replace(Some(capture));
        self.stdin.replace(stdin.as_bytes().to_vec());
        self.roots.replace(roots.clone());
        self.forget();
    }

    /// Ends a run and returns what it printed.
    pub(crate) fn end(&self) -> Option<Capture> {
        self.forget();
        self.capture.take()
    }

    /// Drops all values of the runtime.
    pub(crate) fn forget(&self) {
        self.uncaught.take();
        self.rejections.take();
        self.written.take();
    }

    pub(crate) fn write(&self, stream: Stream, text: &str) {
        if let Some(capture) = self.capture.borrow_mut().as_mut() {
            capture.write(stream, text.as_bytes());
        }
    }

    /// Milliseconds since the interpreter woke.
    pub(crate) fn now_ms(&self) -> f64 {
        self.start.get().elapsed().as_secs_f64() * 1000.0
    }

    pub(crate) fn remaining(&self) -> Duration {
        self.deadline
            .get()
            .saturating_duration_since(Instant::now())
    }

    /// Keeps what is needed to show places in a piece of code; returns its file name.
    pub(crate) fn add_snippet(&self, prepared: &Prepared) -> String {
        let mut snippets = self.snippets.borrow_mut();
        snippets.push(Snippet {
            shifts: prepared.shifts.clone(),
            text: prepared.text.clone(),
        });
        source::file_name(snippets.len())
    }

    /// Where something is, as the writer of the code knows it.
    pub(crate) fn place(&self, file: &str, line: u32, column: u32) -> String {
        let snippets = self.snippets.borrow();
        let number = source::number(file);
        let snippet = number.and_then(|number| snippets.get(number - 1));
        let column = snippet.map_or(column, |snippet| snippet.shifts.column(line, column));
        let name = match number {
            Some(number) if number == snippets.len() => source::NAME.to_owned(),
            Some(number) => format!("<code of call {number}>"),
            None => file.to_owned(),
        };
        if line == 0 {
            return name;
        }
        format!("{name}:{line}:{column}")
    }

    /// Whether what was made there may use variables that can't be read.
    pub(crate) fn is_inside(&self, file: &str, place: (u32, u32), is_class: bool) -> bool {
        let snippets = self.snippets.borrow();
        let snippet = source::number(file).and_then(|number| snippets.get(number - 1));
        snippet.is_some_and(|snippet| source::is_inside(&snippet.text, place, is_class))
    }

    pub(crate) fn stop(&self, stop: Stop) {
        self.stop.set(Some(stop));
    }

    pub(crate) fn stopped(&self) -> Option<Stop> {
        self.stop.get()
    }

    /// Whether code has to stop now; looks at the clock.
    pub(crate) fn must_stop(&self) -> bool {
        if self.stop.get().is_some() {
            return true;
        }
        let now = Instant::now();
        if now >= self.deadline.get() {
            self.stop.set(Some(Stop::Timeout));
            return true;
        }
        if now.duration_since(self.asked_host.get()) >= CANCEL_INTERVAL {
            self.asked_host.set(now);
            if loom_sdk::host::is_cancelled() {
                self.stop.set(Some(Stop::Cancelled));
                return true;
            }
        }
        false
    }

    /// Notes that something waits for the end of the running job.
    pub(crate) fn tick(&self) {
        self.ticks.set(true);
    }

    pub(crate) fn has_tick(&self) -> bool {
        self.ticks.get()
    }

    pub(crate) fn take_tick(&self) -> bool {
        self.ticks.replace(false)
    }
}
