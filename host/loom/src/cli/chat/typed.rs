//! What a person types while the agent works: it is put into the run.
//!
//! The terminal does not echo meanwhile, because the echo would land in the middle of what the agent
//! writes: the draft is shown by whoever shows the run.

mod draft;

use std::collections::VecDeque;
use std::io;

use loom_core::{Priority, Steering};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::io::AsyncReadExt as _;
use tokio::task::JoinSet;

use crate::cli::ask::Terminal;
use draft::Draft;

/// What the person did.
pub(in crate::cli) enum Heard {
    /// A line is done.
    Line(String),
    /// The line is now so far.
    Draft(String),
}

/// What comes from the terminal during one turn.
pub(in crate::cli) struct Typed {
    terminal: Terminal,
    silence: Option<Silence>,
    draft: Draft,
    lines: VecDeque<String>,
    sent: JoinSet<Option<String>>,
}

impl Typed {
    /// Starts to listen. The editor must not read meanwhile.
    ///
    /// # Errors
    /// If stdin is no terminal that can be listened to.
    pub(super) fn open() -> io::Result<Self> {
        Ok(Self {
            terminal: Terminal::open()?,
            silence: Some(Silence::begin()?),
            draft: Draft::default(),
            lines: VecDeque::new(),
            sent: JoinSet::new(),
        })
    }

    /// What the person does next. The future may be dropped at any time.
    pub(in crate::cli) async fn next(&mut self) -> Heard {
        if let Some(line) = self.lines.pop_front() {
            return Heard::Line(line);
        }
        let mut keys = [0; 256];
        let Ok(read @ 1..) = self.terminal.read(&mut keys).await else {
            // The terminal is gone; the run goes on without.
            return std::future::pending().await;
        };
        let lines = keys[..read].iter().filter_map(|key| self.draft.press(*key));
        self.lines.extend(lines);
        match self.lines.pop_front() {
            Some(line) => Heard::Line(line),
            None => Heard::Draft(self.draft.text()),
        }
    }

    /// Leaves the terminal to someone else, as it was.
    pub(in crate::cli) fn rest(&mut self) {
        self.silence = None;
    }

    /// Listens again.
    pub(in crate::cli) fn listen(&mut self) {
        // Where it fails there is an echo.
        self.silence = Silence::begin().ok();
    }

    /// Puts a line into the run.
    pub(in crate::cli) fn inject(&mut self, steering: &Steering, line: String) {
        // Outside of the task, so that lines keep their order.
        let taken = steering.inject(line.clone(), Priority::default());
        self.sent
            .spawn(async move { taken.await.is_err().then_some(line) });
    }

    /// The lines that came too late for the run, in the order in which they were typed as far as that
    /// is known, and what is not a line yet. Call it once the run has ended.
    pub(super) async fn rest_of(mut self) -> (Vec<String>, String) {
        let mut untaken = Vec::new();
        while let Some(line) = self.sent.join_next().await {
            untaken.extend(line.ok().flatten());
        }
        untaken.extend(self.lines);
        (untaken, self.draft.text())
    }
}

/// While it lives, the terminal shows nothing that is typed and gives each key at once. Ctrl-C stays a
/// signal.
struct Silence(Termios);

impl Silence {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
        tcsetattr(io::stdin(), OptionalActions::Now, &silent)?;
        Ok(Self(before))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing any more.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}
