//! How far an addition has come, on stderr. Hidden wherever stderr is no terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use loom_types::Progress;

use crate::render::sanitize::sanitize;
use crate::render::text::one_line;

/// The bar is drawn in so many steps.
const STEPS: u64 = 1_000;

/// A bar for one command.
pub(super) struct Bar(ProgressBar);

impl Bar {
    pub(super) fn new(is_shown: bool) -> Self {
        let bar = ProgressBar::new(STEPS);
        if !is_shown {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let style =
            ProgressStyle::with_template("{spinner} {bar:30} {percent:>3}% {elapsed:.dim} {msg}");
        bar.set_style(style.expect("the template is valid"));
        bar.enable_steady_tick(Duration::from_millis(100));
        Self(bar)
    }

    /// Takes reports of the plugin.
    pub(super) fn progress(&self) -> Progress {
        let bar = self.0.clone();
        Progress::new(move |message, fraction| {
            if let Some(fraction) = fraction.filter(|it| it.is_finite()) {
                bar.set_position((f64::from(fraction.clamp(0.0, 1.0)) * STEPS as f64) as u64);
            }
            bar.set_message(one_line(&sanitize(&message), 40));
        })
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
