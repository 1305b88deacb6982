//! The sign of life while nothing is written.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::sanitize::sanitize;
use super::text::one_line;

/// A spinner on stderr. Hidden wherever stderr is no terminal.
#[derive(Default)]
pub(super) struct Spinner {
    bar: Option<ProgressBar>,
    enabled: bool,
}

impl Spinner {
    pub(super) fn new(enabled: bool) -> Self {
        Self { bar: None, enabled }
    }

    /// Spins with a message, until [`stop`](Self::stop).
    pub(super) fn show(&mut self, message: &str) {
        if !self.enabled {
            return;
        }
        let message = one_line(&sanitize(message), 72);
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::new_spinner();
            let style = ProgressStyle::with_template("{spinner} {msg} {elapsed:.dim}");
            bar.set_style(style.expect("the template is valid"));
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        bar.set_message(message);
    }

    /// Takes it off the screen.
    pub(super) fn stop(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.stop();
    }
}
