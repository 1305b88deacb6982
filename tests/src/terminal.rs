//! A person at a terminal: the command runs on a pseudo-terminal of its own, what it writes is shown on
//! a screen as a real one would show it, and what is typed goes through the line discipline, so that
//! Ctrl-C is a signal wherever the command left it one.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::num::NonZeroU16;
use std::os::fd::OwnedFd;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::pty::{Winsize, openpty};

/// Makes `loom-under-test` take its stdin as its controlling terminal.
pub const CONTROLLED: &str = "UNDER_TEST_CONTROLLED";

/// Longer than a busy machine needs for anything that a person waits for.
const PATIENCE: Duration = Duration::from_secs(60);

/// So much that nothing scrolls away and hardly a line is broken.
const ROWS: u16 = 200;
const COLUMNS: u16 = 160;

/// A running command and its terminal.
pub struct Terminal {
    child: Child,
    keyboard: File,
    written: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    raw: Vec<u8>,
}

/// How a command on a terminal ended.
#[derive(Debug)]
pub struct Left {
    /// None if a signal ended it.
    pub code: Option<i32>,
    /// The screen, without the blanks at the ends of lines.
    pub screen: String,
    /// All that was written to the terminal.
    pub raw: String,
}

impl Terminal {
    pub(crate) fn start(mut command: Command) -> Self {
        let size = Winsize {
            ws_row: ROWS,
            ws_col: COLUMNS,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let pty = openpty(&size, None).expect("the system has pseudo-terminals");
        let end = || pty.slave.try_clone().expect("the terminal is open");
        command.stdin(end()).stdout(end()).stderr(end());
        command.env("TERM", "xterm-256color").env(CONTROLLED, "yes");
        let child = command.spawn().expect("the command starts");
        let keyboard = pty.master.try_clone().expect("the terminal is open");
        let size = |number| NonZeroU16::new(number).expect("it has a size");
        Self {
            child,
            keyboard: keyboard.into(),
            written: listen(pty.master),
            screen: vt100::Parser::new(size(ROWS), size(COLUMNS), 0),
            raw: Vec::new(),
        }
    }

    /// What a person sees now.
    #[must_use]
    pub fn screen(&self) -> String {
        let contents = self.screen.screen().contents();
        let lines = contents.lines().map(str::trim_end);
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Waits until a text is on the screen.
    ///
    /// # Panics
    ///
    /// If it does not come.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) -> &mut Self {
        self.wait_until(text, |screen| screen.contains(text))
    }

    /// Waits until the command asks for a line with this prompt: it is all there is in the cursor's
    /// line.
    ///
    /// # Panics
    ///
    /// If it does not come.
    #[track_caller]
    pub fn wait_for_prompt(&mut self, prompt: &str) -> &mut Self {
        self.wait_until(prompt, |screen| screen.lines().last() == Some(prompt))
    }

    /// Waits until the screen is as it should be; `what` is for the failure.
    ///
    /// # Panics
    ///
    /// If it does not become so.
    #[track_caller]
    pub fn wait_until(&mut self, what: &str, is_so: impl Fn(&str) -> bool) -> &mut Self {
        let end = Instant::now() + PATIENCE;
        while !is_so(&self.screen()) {
            match self.written.recv_timeout(end - Instant::now()) {
                Ok(bytes) => self.take(&bytes),
                Err(error) => panic!("no {what:?} ({error}) on:\n{}", self.screen()),
            }
        }
        self
    }

    /// Types a text and presses Enter.
    ///
    /// # Panics
    ///
    /// If the terminal is gone.
    pub fn enter(&mut self, line: &str) -> &mut Self {
        self.press(&format!("{line}\r"))
    }

    /// Presses keys: `"\u{3}"` is Ctrl-C, `"\u{4}"` is Ctrl-D.
    ///
    /// # Panics
    ///
    /// If the terminal is gone.
    pub fn press(&mut self, keys: &str) -> &mut Self {
        let written = self.keyboard.write_all(keys.as_bytes());
        written.expect("the terminal is open");
        self
    }

    /// Waits until the command has ended.
    ///
    /// # Panics
    ///
    /// If it does not end.
    #[track_caller]
    pub fn leave(mut self) -> Left {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.written.recv_timeout(end - Instant::now()) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it goes on:\n{}", self.screen()),
            }
        }
        let status = self.child.wait().expect("the command was started");
        Left {
            code: status.code(),
            screen: self.screen(),
            raw: String::from_utf8_lossy(&self.raw).into_owned(),
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.screen.process(bytes);
        self.raw.extend_from_slice(bytes);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It has ended, unless a test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Left {
    /// Itself, if the command ended with this code.
    ///
    /// # Panics
    ///
    /// If it did not.
    #[track_caller]
    pub fn code(self, expected: i32) -> Self {
        assert_eq!(self.code, Some(expected), "\n{}", self.screen);
        self
    }

    /// Itself, if the screen has this text.
    ///
    /// # Panics
    ///
    /// If it has not.
    #[track_caller]
    pub fn shows(self, text: &str) -> Self {
        assert!(
            self.screen.contains(text),
            "no {text:?} on:\n{}",
            self.screen
        );
        self
    }
}

/// What is written to a terminal, until nobody has it open any more.
fn listen(terminal: OwnedFd) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    let mut terminal = File::from(terminal);
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = terminal.read(&mut buffer) {
            if sender.send(buffer[..read].to_vec()).is_err() {
                break;
            }
        }
    });
    receiver
}
