//! The rules that Loom brings. Each is a function of what it sees; when to be silent is decided
//! outside.

use loom_types::Limit;

use super::{Reminder, RunView};
use crate::todo::TodoStatus;

/// Where the context counts as nearly full. Compression sets in at 92 %; before that the model can
/// still bring its work to a good point by itself.
const FULL: f64 = 0.85;
/// How many of the last calls the error rate is taken from, and how many there must be: fewer say
/// little.
const LAST_CALLS: usize = 10;
const FEWEST_CALLS: usize = 5;
const MANY_ERRORS: f64 = 0.2;
const MOST_ERRORS: f64 = 0.5;
/// The third time is no accident.
const REPEATED: u32 = 3;
const STALE_TURNS: u32 = 8;
/// A context that is full again after so few turns was filled by what was read, not by what was said.
const FEW_TURNS: u32 = 5;
const BUDGET_SHARE: f64 = 0.8;

pub(super) fn all() -> Vec<Reminder> {
    vec![
        Reminder::new("context", context),
        Reminder::new("compression", compression),
        Reminder::new("errors", errors),
        Reminder::new("repetition", repetition),
        Reminder::new("stale-todos", stale_todos),
        Reminder::new("budget", budget),
    ]
}

fn context(view: &RunView<'_>) -> Option<String> {
    let share = share(view.context_tokens?, view.context_window?);
    (share >= FULL).then(|| {
        format!(
            "The context is {:.0} % full. Finish what you are doing, write down what matters, and read no \
             large files any more.",
            share * 100.0
        )
    })
}

fn compression(view: &RunView<'_>) -> Option<String> {
    let [.., before, last] = view.compressions else {
        return None;
    };
    let turns = last.saturating_sub(*before);
    (turns <= FEW_TURNS && view.turn <= last + 1).then(|| {
        format!(
            "The conversation was full again after {turns} turns, and older parts of it were summarised once \
             more. Read less at once: search first, and read the lines that matter instead of whole files. \
             Write down what you will still need."
        )
    })
}

fn errors(view: &RunView<'_>) -> Option<String> {
    let last = &view.calls[view.calls.len().saturating_sub(LAST_CALLS)..];
    if last.len() < FEWEST_CALLS {
        return None;
    }
    let failed = last.iter().filter(|call| call.failed).count();
    let share = share(failed as u64, last.len() as u64);
    let what = format!("{failed} of your last {} tool calls failed.", last.len());
    if share > MOST_ERRORS {
        Some(format!(
            "{what} Stop and think: read the error messages, check your assumptions, and take another way. If \
             there is none, say what is in the way."
        ))
    } else if share > MANY_ERRORS {
        Some(format!("{what} Read the error messages before you go on."))
    } else {
        None
    }
}

fn repetition(view: &RunView<'_>) -> Option<String> {
    let times = view.repetitions();
    let last = view.calls.last()?;
    (times >= REPEATED).then(|| {
        let outcome = if last.failed {
            "it fails each time; another attempt will fail too"
        } else {
            "its result will not change; use what you have"
        };
        format!(
            "You called `{}` with the same arguments {times} times in a row: {outcome}.",
            last.tool
        )
    })
}

fn stale_todos(view: &RunView<'_>) -> Option<String> {
    let open = view
        .todos
        .iter()
        .filter(|todo| todo.status != TodoStatus::Completed)
        .count();
    (open > 0 && view.turns_since_todo >= STALE_TURNS).then(|| {
        format!(
            "Your to-do list has {open} open items and was not updated for {} turns. Bring it up to date with \
             `todo`, or go on with the next item.",
            view.turns_since_todo
        )
    })
}

fn budget(view: &RunView<'_>) -> Option<String> {
    let (share, limit) = view.budget?;
    let of = match limit {
        Limit::ToolCalls(_) => "the tool calls",
        _ => "the budget",
    };
    (share >= BUDGET_SHARE).then(|| {
        format!(
            "{:.0} % of {of} of this run is used up ({limit}). Bring your work to an end and give your answer.",
            share * 100.0
        )
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a share needs no more than 15 digits"
)]
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        1.0
    } else {
        part as f64 / whole as f64
    }
}
