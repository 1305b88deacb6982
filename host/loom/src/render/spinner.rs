//! The sign of life while nothing is written, and what the person types meanwhile.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::sanitize::sanitize;
use super::text::one_line;

/// How much of what is typed is shown: its end.
const SHOWN_OF_DRAFT: usize = 60;

/// What spins: a process has one terminal.
static SPINNING: Mutex<Option<ProgressBar>> = Mutex::new(None);

fn spinning() -> MutexGuard<'static, Option<ProgressBar>> {
    SPINNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes a line to the terminal that is not part of a run's rendering, beside a spinner and not into
/// it.
pub(crate) fn undisturbed<T>(write: impl FnOnce() -> T) -> T {
    let bar = spinning().clone();
    match bar {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

/// A spinner on stderr. Hidden wherever stderr is no terminal.
#[derive(Default)]
pub(super) struct Spinner {
    bar: Option<ProgressBar>,
    draft: String,
    enabled: bool,
}

impl Spinner {
    pub(super) fn new(enabled: bool) -> Self {
        Self {
            bar: None,
            draft: String::new(),
            enabled,
        }
    }

    /// Spins with a message, until [`stop`](Self::stop).
    pub(super) fn show(&mut self, message: &str) {
        if !self.enabled {
            return;
        }
        let message = one_line(&sanitize(message), 72);
        let draft = shown(&self.draft);
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::new_spinner();
            let style = ProgressStyle::with_template("{spinner} {prefix} {elapsed:.dim}{msg}");
            bar.set_style(style.expect("the template is valid"));
            bar.set_message(draft);
            bar.enable_steady_tick(Duration::from_millis(100));
            *spinning() = Some(bar.clone());
            bar
        });
        bar.set_prefix(message);
    }

    /// What it spins with, if it does.
    pub(super) fn activity(&self) -> Option<String> {
        self.bar.as_ref().map(ProgressBar::prefix)
    }

    /// What the person has typed, to be shown while it spins.
    pub(super) fn draft(&mut self, text: &str) {
        self.draft = sanitize(text).into_owned();
        if let Some(bar) = &self.bar {
            bar.set_message(shown(&self.draft));
        }
    }

    /// Spins, so that what the person types can be seen.
    pub(super) fn show_draft(&mut self) {
        if self.bar.is_none() {
            self.show("working");
        }
    }

    /// Takes it off the screen.
    pub(super) fn stop(&mut self) {
        if let Some(bar) = self.bar.take() {
            *spinning() = None;
            bar.finish_and_clear();
        }
    }
}

fn shown(draft: &str) -> String {
    if draft.is_empty() {
        return String::new();
    }
    let cut = draft.chars().count().saturating_sub(SHOWN_OF_DRAFT);
    let end: String = draft.chars().skip(cut).collect();
    let mark = if cut > 0 { "…" } else { "" };
    format!("  » {mark}{end}_")
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.stop();
    }
}
