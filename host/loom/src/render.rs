//! A run as it is shown: the renderers know its events, and what the pool knows of its members.

#[cfg(test)]
mod events;
pub(crate) mod health;
pub(crate) mod human;
pub(crate) mod json;
pub(crate) mod metrics;
pub(crate) mod sanitize;
mod sources;
pub(crate) mod spinner;
pub(crate) mod text;
pub(crate) mod value;

use std::io;

use loom_types::RunEvent;

/// Shows what happens in a run.
pub(crate) trait Render {
    /// Shows one event. An error means that nobody is there to see it.
    fn event(&mut self, event: &RunEvent) -> io::Result<()>;

    /// Something else is about to be written to the terminal.
    fn suspend(&mut self) {}

    /// What the person has typed of a line for the run.
    fn draft(&mut self, _text: &str) {}

    /// The person has typed a line; the run gets it.
    fn noted(&mut self, _line: &str) {}

    /// The person asked to stop; the run will end soon.
    fn stopping(&mut self) {}
}
