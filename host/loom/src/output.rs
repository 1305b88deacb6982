//! The one place that writes to stdout and stderr, but for the renderers of a run.

use std::io::{self, IsTerminal as _, Write as _};

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use tracing::Level;

use crate::render::sanitize::sanitize;
use crate::render::spinner::undisturbed;
use crate::telemetry::log;

pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const RED: Style = AnsiColor::Red.on_default();
pub(crate) const GREEN: Style = AnsiColor::Green.on_default();
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default();
pub(crate) const CYAN: Style = AnsiColor::Cyan.on_default();

/// Writes text to stdout: as it is into a pipe or a file, without control characters to a terminal.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    if stdout.is_terminal() {
        stdout.write_all(sanitize(text).as_bytes())?;
    } else {
        stdout.write_all(text.as_bytes())?;
    }
    stdout.flush()
}

/// Writes text with styles to stdout, which takes them out where they don't belong. Whoever made it
/// has sanitized what is between the styles.
pub(crate) fn print_styled(text: &str) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Writes bytes to stdout as they are.
pub(crate) fn print_bytes(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}

/// Writes a value to stdout as indented JSON.
pub(crate) fn print_json(value: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    print_bytes(format!("{text}\n").as_bytes())
}

/// Writes a value to stdout as one line of JSON.
pub(crate) fn print_json_line(value: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_string(value)?;
    print_bytes(format!("{text}\n").as_bytes())
}

/// A line on stderr that begins with `error:`.
pub(crate) fn error(text: &str) {
    labelled(RED.bold(), "error", Level::ERROR, text);
}

/// A line on stderr that begins with `warning:`.
pub(crate) fn warning(text: &str) {
    labelled(YELLOW.bold(), "warning", Level::WARN, text);
}

/// A line on stderr that begins with `hint:`.
pub(crate) fn hint(text: &str) {
    labelled(CYAN.bold(), "hint", Level::WARN, text);
}

/// A line on stderr.
pub(crate) fn note(text: &str) {
    if log::is_json() {
        return log::notice(Level::INFO, text);
    }
    // Where stderr is closed nobody wants to know.
    let _ = undisturbed(|| writeln!(anstream::stderr(), "{}", sanitize(text)));
}

fn labelled(style: Style, label: &str, level: Level, text: &str) {
    if log::is_json() {
        return log::notice(level, text);
    }
    let text = sanitize(text);
    let _ = undisturbed(|| writeln!(anstream::stderr(), "{style}{label}:{style:#} {text}"));
}

/// Columns, as wide as their widest cell; the last is as it is.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(header: &[&str]) -> Self {
        let header = header.iter().map(|title| title.to_uppercase());
        Self {
            rows: vec![header.collect()],
        }
    }

    pub(crate) fn row<const N: usize>(&mut self, cells: [&str; N]) {
        // A cell is one line, whatever a plugin wrote.
        let line = |cell: &&str| {
            sanitize(cell)
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
        };
        self.rows.push(cells.iter().map(line).collect());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.len() == 1
    }

    pub(crate) fn to_text(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<_> = (0..columns).map(width).collect();
        let mut text = String::new();
        for row in &self.rows {
            let cells = row.iter().zip(&widths);
            let line: Vec<_> = cells
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            text.push_str(line.join("  ").trim_end());
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_cells_are_single_lines() {
        let mut table = Table::new(&["name", "what"]);
        table.row(["read_file", "reads\n a\tfile\u{1b}[31m"]);
        table.row(["é", "x"]);
        insta::assert_snapshot!(table.to_text(), @r"
        NAME       WHAT
        read_file  reads a file
        é          x
        ");
    }
}
