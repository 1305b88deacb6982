//! Calls into guests under their limits, and what a call that went wrong is called.

use std::time::Duration;

use loom_types::{Error, ErrorKind};
use tokio_util::sync::CancellationToken;
use wasmtime::Trap;

use crate::guest::HostState;
use crate::limits::Limits;
use crate::scratch::Breach;

/// How long a guest may go on after it was told to stop, to stop cleanly. A tick: one that computes gets
/// a turn in which it can look. Shorter than the time that a run waits for its calls,
/// so that the call ends by itself.
const CANCEL_GRACE: Duration = Duration::from_millis(10);

/// Why a call into a guest gave nothing.
pub(crate) enum Stop {
    Trapped(wasmtime::Error),
    TimedOut(Duration),
    Cancelled,
    /// There is too much in its scratch directory.
    Scratch(Breach),
}

/// Runs a call until it ends, its time is over or it is cancelled. A guest that computes yields at
/// each tick, one that waits in the host is waiting here: both are dropped where they stand.
pub(crate) async fn bounded<R>(
    time: Duration,
    cancel: &CancellationToken,
    call: impl Future<Output = wasmtime::Result<R>>,
) -> Result<R, Stop> {
    watched(time, cancel, std::future::pending(), call).await
}

/// The same, with somebody who looks at what the guest writes and may end the call.
pub(crate) async fn watched<R>(
    time: Duration,
    cancel: &CancellationToken,
    breach: impl Future<Output = Breach>,
    call: impl Future<Output = wasmtime::Result<R>>,
) -> Result<R, Stop> {
    let cancelled = async {
        cancel.cancelled().await;
        tokio::time::sleep(CANCEL_GRACE).await;
    };
    tokio::select! {
        biased;
        // First, or a guest that computes would get one more turn when its time is over.
        () = cancelled => Err(Stop::Cancelled),
        breach = breach => Err(Stop::Scratch(breach)),
        result = tokio::time::timeout(time, call) => match result {
            Ok(result) => result.map_err(Stop::Trapped),
            Err(_) => Err(Stop::TimedOut(time)),
        },
    }
}

/// The error value for a call that gave nothing.
pub(crate) fn error_of(stop: Stop, state: &HostState) -> Error {
    let error = match stop {
        Stop::Cancelled => Error::cancelled(),
        Stop::TimedOut(time) => {
            Error::timeout(format!("it did not end within its time limit of {time:?}"))
        }
        Stop::Trapped(error) => trapped(&error, state),
        Stop::Scratch(breach) => Error::resource_exhausted(breach.to_string()),
    };
    let plugin = state.shared.label.as_str();
    tracing::info!(plugin, kind = ?error.kind, "a call was stopped");
    // The last words of a guest may quote what it was given.
    tracing::debug!(target: "loom::content", plugin, "the call was stopped: {}", error.message);
    error.from_origin(&state.shared.label)
}

fn trapped(error: &wasmtime::Error, state: &HostState) -> Error {
    if let Some(limit) = state.meter.exceeded() {
        return exceeded(limit, &state.shared.limits);
    }
    if let Some(exit) = error.downcast_ref::<wasmtime_wasi::I32Exit>() {
        return Error::internal(format!(
            "it left with exit status {}{}",
            exit.0,
            said(state)
        ));
    }
    match error.downcast_ref::<Trap>() {
        // Rust and C keep a stack of their own at the start of their memory.
        Some(Trap::MemoryOutOfBounds) => Error::internal(format!(
            "it touched memory that it does not have, as deep recursion or a bug does{}",
            said(state)
        )),
        Some(Trap::StackOverflow) => {
            Error::resource_exhausted("it used up its stack; its recursion is too deep")
        }
        Some(trap) => Error::internal(format!("it crashed ({trap}){}", said(state))),
        None => Error::internal(format!("it failed ({error:#}){}", said(state))),
    }
}

fn exceeded(limit: &str, limits: &Limits) -> Error {
    let value = match limit {
        "memory" => format!("{} MiB of memory", limits.memory_bytes >> 20),
        "host_calls" => format!("{} calls to the host", limits.host_calls),
        _ => format!("{} table elements", limits.table_elements),
    };
    Error::new(
        ErrorKind::ResourceExhausted,
        format!("it exceeded its limit of {value}; ask for less or raise {limit}"),
    )
}

/// The last line a guest wrote: for a panic, its message; for an exception that nothing caught in
/// Python, which ends in a panic that does not name it, the exception.
fn said(state: &HostState) -> String {
    let text = state.output.text();
    let panic = text.rfind("panicked at").map(|at| &text[at..]);
    let line = exception(&text)
        .or(panic)
        .or_else(|| text.trim_end().lines().next_back())
        .unwrap_or_default();
    let line: Vec<&str> = line
        .lines()
        .filter(|line| !line.starts_with("note:"))
        .take(3)
        .collect();
    if line.is_empty() {
        String::new()
    } else {
        format!(": {}", line.join(" "))
    }
}

/// The exception of the last traceback that Python printed: the first line below that is not
/// indented.
fn exception(text: &str) -> Option<&str> {
    let (_, traceback) = text.rsplit_once("Traceback (most recent call last):\n")?;
    traceback.lines().find(|line| !line.starts_with(' '))
}

/// Refuses what is larger than the limit.
///
/// # Errors
///
/// `resource_exhausted`.
pub(crate) fn check_output(bytes: usize, state: &HostState) -> Result<(), Error> {
    let limit = state.shared.limits.output_bytes;
    if bytes <= limit {
        return Ok(());
    }
    let message = format!(
        "it returned {bytes} bytes, more than its limit of {limit}; ask for less or raise output"
    );
    Err(Error::resource_exhausted(message).from_origin(&state.shared.label))
}
