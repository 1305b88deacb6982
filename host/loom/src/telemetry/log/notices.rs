//! What plugins and the sandbox have to say to the person, when no log was asked for.

use std::fmt;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use crate::output;

/// Warnings of plugins, such as a session whose end was torn.
pub(super) const PLUGIN: &str = "loom::plugin";
/// What the person waits for, such as the first compilation of a plugin.
pub(super) const NOTICE: &str = "loom::notice";

/// Writes them to stderr, a line each.
pub(super) struct Notices {
    /// Only what went wrong.
    pub(super) quiet: bool,
}

impl<S: Subscriber> Layer<S> for Notices {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        if !is_shown(event.metadata(), self.quiet) {
            return;
        }
        let mut text = Text::default();
        event.record(&mut text);
        match text.plugin {
            Some(plugin) => output::warning(&format!("{plugin}: {}", text.message)),
            None => output::note(&text.message),
        }
    }
}

/// Whether the person has to see it.
pub(super) fn is_shown(metadata: &Metadata<'_>, quiet: bool) -> bool {
    match metadata.target() {
        PLUGIN => *metadata.level() <= Level::WARN,
        NOTICE => !quiet || *metadata.level() <= Level::WARN,
        _ => false,
    }
}

#[derive(Default)]
struct Text {
    plugin: Option<String>,
    message: String,
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "plugin" {
            self.plugin = Some(value.to_owned());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        }
    }
}
