//! Stops a script that runs too long or recurses too deeply, between two of its commands. The shell
//! allows 16 nested functions and nothing can raise that but its own fail points, so they are used
//! for it: the depth is bounded here by what of the stack is left.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// How much stack a script may take, counted from where it began. The component has more (see the build
/// script), since a command at the deepest level must run as well; what only the engine sees grows along,
/// to two fifths of it, and the manifest's `deep_stack` has room for that. A level of a function takes
/// 8 KiB, with a loop and a condition 16 KiB, and many times that without optimisation.
#[cfg(target_family = "wasm")]
const STACK_BYTES: usize = 6 * 1024 * 1024;
#[cfg(not(target_family = "wasm"))]
const STACK_BYTES: usize = 48 * 1024 * 1024;

/// Looking at the clock is a call of the host: not at every command.
const COMMANDS_PER_LOOK: u32 = 16;

/// Why a script was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    Deadline,
    Recursion,
}

#[derive(Clone)]
struct Watched {
    deadline: Instant,
    cancel: Arc<AtomicBool>,
    stack: usize,
}

thread_local! {
    static WATCHED: Cell<Option<Watched>> = const { Cell::new(None) };
    static STOPPED: Cell<Option<Stop>> = const { Cell::new(None) };
    static COMMANDS: Cell<u32> = const { Cell::new(0) };
}

/// Watches the script that this thread runs, until it is dropped.
pub(crate) struct Watch;

impl Watch {
    /// `cancel` stops the script.
    pub(crate) fn begin(deadline: Instant, cancel: Arc<AtomicBool>) -> Self {
        install();
        STOPPED.set(None);
        WATCHED.set(Some(Watched {
            deadline,
            cancel,
            stack: stack_address(),
        }));
        Self
    }

    /// Why the script was stopped, if it was.
    pub(crate) fn stopped(&self) -> Option<Stop> {
        STOPPED.get()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        WATCHED.set(None);
    }
}

/// Stops the script of this thread if its time is over; whatever takes long may ask.
pub(crate) fn look_at_the_clock() {
    let Some(watched) = WATCHED.take() else {
        return;
    };
    if Instant::now() >= watched.deadline {
        stop(&watched, Stop::Deadline);
    }
    WATCHED.set(Some(watched));
}

/// Whether the script of this thread is being stopped: what is under way may end.
pub(crate) fn is_stopped() -> bool {
    STOPPED.get().is_some()
}

fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Both are well-formed, so that neither can fail.
        let _ = fail::cfg("limits::push_function", "return(skip_check)");
        let _ = fail::cfg_callback("limits::tick_command", before_command);
    });
}

fn before_command() {
    let Some(watched) = WATCHED.take() else {
        return;
    };
    if watched.stack.abs_diff(stack_address()) > STACK_BYTES {
        stop(&watched, Stop::Recursion);
    }
    WATCHED.set(Some(watched));
    COMMANDS.set(COMMANDS.get().wrapping_add(1));
    if COMMANDS.get().is_multiple_of(COMMANDS_PER_LOOK) {
        look_at_the_clock();
    }
}

fn stop(watched: &Watched, why: Stop) {
    if STOPPED.get().is_none() {
        STOPPED.set(Some(why));
    }
    watched.cancel.store(true, Ordering::Relaxed);
}

/// About where the stack is now.
#[inline(never)]
fn stack_address() -> usize {
    let here = 0_u8;
    std::hint::black_box(&raw const here).addr()
}
