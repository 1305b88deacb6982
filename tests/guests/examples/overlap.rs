//! Tools that take their time and tell when they ran: each returns the microseconds at which it began
//! and ended, by a clock that all calls share. They differ in what they declare.

use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use loom_sdk::prelude::*;

#[derive(Serialize)]
struct Span {
    from: u64,
    to: u64,
}

fn nap(ms: u64) -> Result<Json<Span>, Error> {
    let from = now()?;
    std::thread::sleep(Duration::from_millis(ms));
    Ok(Json(Span { from, to: now()? }))
}

fn now() -> Result<u64, Error> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_err(|error| Error::internal(error.to_string()))?;
    u64::try_from(now.as_micros()).map_err(|error| Error::internal(error.to_string()))
}

/// Declared safe, touches nothing.
#[tool(safe)]
fn nap_safe(
    /// How long.
    ms: u64,
) -> Result<Json<Span>, Error> {
    nap(ms)
}

/// Declares nothing.
#[tool(cautious)]
fn nap_undeclared(
    /// How long.
    ms: u64,
) -> Result<Json<Span>, Error> {
    nap(ms)
}

/// Asks to be alone.
#[tool(exclusive)]
fn nap_alone(
    /// How long.
    ms: u64,
) -> Result<Json<Span>, Error> {
    nap(ms)
}

/// Declares that it reads a file or directory.
#[tool(cautious, reads(file = "path"))]
fn nap_reading(
    /// Which; it is not looked at.
    path: Option<String>,
    /// How long.
    ms: u64,
) -> Result<Json<Span>, Error> {
    let _ = path;
    nap(ms)
}

/// Declares that it writes a file, and appends a line to it in such a way that a line is lost if two
/// calls do so at once.
#[tool(cautious, writes(file = "path"))]
fn append_slow(
    /// The file.
    path: String,
    /// The line.
    line: String,
    /// How long.
    ms: u64,
) -> Result<Json<Span>, Error> {
    let from = now()?;
    let text = fs::read_to_string(&path).unwrap_or_default();
    std::thread::sleep(Duration::from_millis(ms));
    fs::write(&path, format!("{text}{line}\n"))?;
    Ok(Json(Span { from, to: now()? }))
}

/// Declares that it writes a URL or something of the plugin's own.
#[tool(cautious, writes(url = "url"), writes(queue = "queue"))]
fn nap_sending(
    /// The URL; it is not asked.
    url: String,
    /// The plugin's own.
    queue: String,
    /// How long.
    ms: u64,
) -> Result<Json<Span>, Error> {
    let _ = (url, queue);
    nap(ms)
}

/// Declares that it reads a file, and writes it.
#[tool(cautious, reads(file = "path"))]
fn write_as_reader(
    /// The file.
    path: String,
) -> Result<String, Error> {
    fs::write(path, "written by a reader")?;
    Ok("written".into())
}

/// Declares that it writes one file, and writes another.
#[tool(cautious, writes(file = "path"))]
fn write_elsewhere(
    /// The file that is declared.
    path: String,
    /// The file that is written.
    other: String,
) -> Result<String, Error> {
    let _ = path;
    fs::write(other, "written elsewhere")?;
    Ok("written".into())
}

loom_sdk::export_tools!(
    nap_safe,
    nap_undeclared,
    nap_alone,
    nap_reading,
    append_slow,
    nap_sending,
    write_as_reader,
    write_elsewhere,
);
loom_sdk::manifest!("overlap.toml");
