//! Tools with effects that a test can count: each call leaves a line in a file.

use std::io::Write as _;

use loom_sdk::prelude::*;

/// Append a line to a file. Calling it twice appends two lines.
#[tool(cautious, writes(file = "path"))]
fn append_line(
    /// The file.
    path: String,
    /// The line, without its end.
    line: String,
) -> Result<String, Error> {
    append(&path, &line)
}

/// Append a line to a file, and say that a second call would do no harm.
#[tool(cautious, idempotent, writes(file = "path"))]
fn append_line_idempotent(
    /// The file.
    path: String,
    /// The line, without its end.
    line: String,
) -> Result<String, Error> {
    append(&path, &line)
}

fn append(path: &str, line: &str) -> Result<String, Error> {
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)?;
    file.write_all(format!("{line}\n").as_bytes())?;
    Ok(format!("appended {line}"))
}

loom_sdk::export_tools!(append_line, append_line_idempotent);
loom_sdk::manifest!("effects.toml");
