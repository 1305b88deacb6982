//! Scripts on the shell `bashkit`: its limits, one run, and a session's state. The only module that
//! builds a shell.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bashkit::{Bash, ExecOptions, ExecResult, ExecutionLimits, LimitExceeded, MemoryLimits};
use bashkit::{SessionLimits, ShellState};
use loom_sdk::Error;
use loom_snippet::{Capture, Ending, Engine, Exception, Note, Roots, Run, Stream};
use tokio::runtime::Runtime;

use crate::commands;
use crate::disk::WrittenFiles;
use crate::missing::{Adviser, is_hidden};
use crate::place;
use crate::ranges;
use crate::watch::{Stop, Watch};

/// What a shell reports for a command that ran out of time, as `timeout(1)` does.
const TIMED_OUT: i32 = 124;
/// What a shell reports for a script that it can't read.
const SYNTAX_ERROR: i32 = 2;
/// So long that the shell sets itself no deadline, or it would ask the host for the time twice for each
/// command. A call's own time is watched.
const FOREVER: Duration = Duration::MAX;
/// As deep as the stack lets it: a level takes more of it than one of a function.
const SUBSTITUTION_DEPTH: usize = 10_000;

/// A shell that is made when the first script comes.
#[derive(Default)]
pub(crate) struct Shell {
    running: Option<Running>,
}

struct Running {
    bash: Bash,
    runtime: Runtime,
    written: WrittenFiles,
}

impl Shell {
    fn running(&mut self, roots: &Roots) -> Result<&mut Running, Error> {
        if self.running.is_none() {
            self.running = Some(Running::new(roots)?);
        }
        Ok(self.running.as_mut().expect("it was just made"))
    }
}

impl Engine for Shell {
    fn run(&mut self, run: Run<'_>) -> Result<Ending, Error> {
        let running = self.running(run.roots)?;
        running.written().clear();
        let result = running.execute(run);
        Ok(Ending {
            written: std::mem::take(&mut *running.written())
                .into_iter()
                .collect(),
            ..result
        })
    }

    fn reset(&mut self, _: &Roots) -> Result<(), Error> {
        self.running = None;
        Ok(())
    }

    fn save(&mut self) -> Result<(Vec<u8>, Vec<Note>), Error> {
        let state = match &self.running {
            Some(running) => running.bash.shell_state(),
            None => return Ok((Vec::new(), Vec::new())),
        };
        Ok((serde_json::to_vec(&state)?, Vec::new()))
    }

    fn restore(&mut self, state: &[u8], roots: &Roots) -> Result<Vec<Note>, Error> {
        if state.is_empty() {
            return Ok(Vec::new());
        }
        let state: ShellState = serde_json::from_slice(state)
            .map_err(|error| Error::internal(format!("the kept state is damaged: {error}")))?;
        self.running(roots)?.bash.restore_shell_state(&state);
        Ok(Vec::new())
    }
}

impl Running {
    fn new(roots: &Roots) -> Result<Self, Error> {
        let working = place::working(roots);
        let mut builder = Bash::builder()
            .fs(place::around(roots))
            .cwd(working)
            .env("HOME", working.display().to_string())
            .env("PWD", working.display().to_string())
            .env("TMPDIR", "/tmp")
            .env("LANG", "C.UTF-8")
            .username("user")
            .hostname("sandbox")
            .limits(limits())
            .session_limits(SessionLimits::unlimited())
            .memory_limits(memory_limits())
            .builtin_filter(|name| !is_hidden(name))
            .command_resolver(std::sync::Arc::new(Adviser));
        for (name, value) in std::env::vars().filter(|(name, _)| !is_own(name)) {
            builder = builder.env(name, value);
        }
        let bash = commands::put_into(builder).build();
        let written = WrittenFiles::default();
        place::mount(&bash, roots, &written)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(|error| Error::internal(format!("starting the shell: {error}")))?;
        Ok(Self {
            bash,
            runtime,
            written,
        })
    }

    fn written(&self) -> std::sync::MutexGuard<'_, std::collections::BTreeSet<PathBuf>> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn execute(&mut self, run: Run<'_>) -> Ending {
        let cancel = self.bash.cancellation_token();
        cancel.store(false, Ordering::Relaxed);
        let watch = Watch::begin(run.deadline, cancel.clone());
        let code = match ranges::split_up(run.code) {
            Ok(code) => code,
            Err(message) => return stopped("LimitError", message, 1),
        };
        let capture = Mutex::new(run.capture);
        let execution = self
            .bash
            .execute(&code)
            .options(ExecOptions::new().arg0("bash").stdin(run.stdin))
            .stdout_fn(|bytes| std::future::ready(take(&capture, Stream::Out, &bytes)))
            .stderr_fn(|bytes| std::future::ready(take(&capture, Stream::Err, &bytes)));
        let remaining = run.deadline.saturating_duration_since(Instant::now());
        let result = self.runtime.block_on(async {
            tokio::select! {
                biased;
                result = execution.into_future() => Some(result),
                () = tokio::time::sleep(remaining) => None,
            }
        });
        cancel.store(false, Ordering::Relaxed);
        match (result, watch.stopped()) {
            (_, Some(Stop::Recursion)) => recursed(),
            (None, _) | (_, Some(Stop::Deadline)) => timed_out(),
            (Some(Ok(result)), None) => ended(&result),
            (Some(Err(error)), None) => failed(&error),
        }
    }
}

fn take(capture: &Mutex<&mut Capture>, stream: Stream, bytes: &[u8]) -> bashkit::Result<()> {
    let mut capture = capture.lock().unwrap_or_else(PoisonError::into_inner);
    capture.write(stream, bytes);
    Ok(())
}

/// Variables that the shell sets itself.
fn is_own(name: &str) -> bool {
    matches!(
        name,
        "HOME" | "PWD" | "TMPDIR" | "LANG" | "PATH" | "USER" | "HOSTNAME"
    )
}

/// Counts bound nothing here: a call's time, its memory and the cap of its output do.
fn limits() -> ExecutionLimits {
    ExecutionLimits {
        max_work_units: u64::MAX / 2,
        max_aggregate_input_bytes: u64::MAX / 2,
        max_live_intermediate_bytes: 192 * 1024 * 1024,
        max_commands: usize::MAX / 2,
        max_loop_iterations: usize::MAX / 2,
        max_total_loop_iterations: usize::MAX / 2,
        timeout: FOREVER,
        parser_timeout: Duration::from_secs(10),
        max_parser_operations: 10_000_000,
        max_subst_depth: SUBSTITUTION_DEPTH,
        max_subshell_depth: SUBSTITUTION_DEPTH,
        max_stdout_bytes: 1 << 30,
        max_stderr_bytes: 1 << 30,
        max_word_split_fields: 1_000_000,
        max_word_split_bytes: 64 * 1024 * 1024,
        max_history_entries: 0,
        ..ExecutionLimits::default()
    }
}

fn memory_limits() -> MemoryLimits {
    MemoryLimits::new()
        .max_variable_count(200_000)
        .max_total_variable_bytes(64 * 1024 * 1024)
        .max_array_entries(2_000_000)
        .max_function_count(10_000)
        .max_function_body_bytes(16 * 1024 * 1024)
}

fn ended(result: &ExecResult) -> Ending {
    Ending {
        exit_status: result.exit_code,
        ..Ending::default()
    }
}

fn stopped(kind: &str, message: String, exit_status: i32) -> Ending {
    Ending {
        error: Some(Exception {
            kind: kind.into(),
            message,
            traceback: String::new(),
        }),
        exit_status,
        ..Ending::default()
    }
}

fn timed_out() -> Ending {
    let message = "the script was stopped because its time was over; what it printed until then is here. \
                   Give it more with `timeout_ms`, or do less at a time";
    stopped("TimeoutError", message.into(), TIMED_OUT)
}

fn recursed() -> Ending {
    let message = "maximum function nesting level exceeded: the stack is used up. Use a loop, or fewer levels";
    stopped("RecursionError", message.into(), 1)
}

fn failed(error: &bashkit::Error) -> Ending {
    match error {
        bashkit::Error::Parse { .. } => stopped("SyntaxError", error.to_string(), SYNTAX_ERROR),
        bashkit::Error::ResourceLimit(LimitExceeded::ParserTimeout(_)) => timed_out(),
        bashkit::Error::ResourceLimit(limit) => stopped("LimitError", limit.to_string(), 1),
        other => stopped("ShellError", other.to_string(), 1),
    }
}

#[cfg(test)]
mod tests;
