//! Tools with sessions: a count in memory that is written down when the instance must go, and every way
//! to misuse a scratch directory.

use std::cell::Cell;
use std::fs;
use std::io::Write as _;

use loom_sdk::prelude::*;

/// Where a count is when no instance has it.
const STATE: &str = "/session/count";

thread_local! {
    static COUNT: Cell<Option<u64>> = const { Cell::new(None) };
    static SLOW: Cell<bool> = const { Cell::new(false) };
}

/// Count the calls of a session, and wait before.
#[tool(cautious)]
fn count(
    /// The session.
    session: Option<String>,
    /// How long it may take.
    timeout_ms: Option<u64>,
    /// How long to wait.
    wait_ms: Option<u64>,
) -> u64 {
    let _ = (session, timeout_ms);
    std::thread::sleep(std::time::Duration::from_millis(wait_ms.unwrap_or(0)));
    let saved = || fs::read_to_string(STATE).ok()?.parse().ok();
    let count = COUNT.get().or_else(saved).unwrap_or(0) + 1;
    COUNT.set(Some(count));
    count
}

/// Never return.
#[tool(cautious)]
fn spin(
    /// The session.
    session: Option<String>,
    /// How long it may take.
    timeout_ms: Option<u64>,
) {
    let _ = (session, timeout_ms);
    loop {
        std::hint::black_box(0);
    }
}

/// Crash.
#[tool(cautious)]
fn crash(
    /// The session.
    session: Option<String>,
) {
    let _ = session;
    panic!("crashed as told");
}

/// Never return from being suspended.
#[tool(cautious)]
fn linger(
    /// The session.
    session: Option<String>,
) {
    let _ = session;
    SLOW.set(true);
}

/// Write a file.
#[tool(cautious)]
fn put(
    /// Its path.
    path: String,
    /// What is in it.
    text: String,
    /// The session.
    session: Option<String>,
) -> Result<(), Error> {
    let _ = session;
    Ok(fs::write(path, text)?)
}

/// Write a file and never return.
#[tool(cautious)]
fn hold(
    /// Its path.
    path: String,
    /// What is in it.
    text: String,
) -> Result<(), Error> {
    fs::write(path, text)?;
    loop {
        std::thread::sleep(std::time::Duration::from_secs(1));
    }
}

/// Read a file.
#[tool(cautious)]
fn get(
    /// Its path.
    path: String,
    /// The session.
    session: Option<String>,
) -> Result<String, Error> {
    let _ = session;
    Ok(fs::read_to_string(path)?)
}

/// The names in a directory.
#[tool(cautious)]
fn names(
    /// Its path.
    path: String,
    /// The session.
    session: Option<String>,
) -> Result<String, Error> {
    let _ = session;
    let entries = fs::read_dir(path)?.flatten();
    let mut names: Vec<_> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    Ok(names.join(" "))
}

/// Write into scratch space without end.
#[tool(cautious)]
fn fill(
    /// `file`, `removed` (a file that is open and has no name) or `deep`.
    how: String,
    /// The session.
    session: Option<String>,
    /// Stop after so many bytes or directories.
    stop: Option<u64>,
) -> Result<(), Error> {
    let _ = session;
    let stop = stop.unwrap_or(u64::MAX);
    match how.as_str() {
        "deep" => deepen(stop)?,
        _ => {
            let mut file = fs::File::create("/work/large")?;
            if how == "removed" {
                fs::remove_file("/work/large")?;
            }
            let block = vec![7; 64 << 10];
            let mut written = 0;
            while written < stop {
                file.write_all(&block)?;
                written += block.len() as u64;
            }
        }
    }
    Ok(())
}

/// A directory in a directory, deeper than any path: each new one takes the others in.
fn deepen(stop: u64) -> Result<(), Error> {
    fs::create_dir("/work/tree")?;
    for _ in 0..stop {
        fs::create_dir("/work/next")?;
        fs::rename("/work/tree", "/work/next/d")?;
        fs::rename("/work/next", "/work/tree")?;
    }
    Ok(())
}

/// Make a symbolic link.
#[tool(cautious)]
fn link(
    /// Where it is.
    path: String,
    /// Where it leads.
    target: String,
    /// The session.
    session: Option<String>,
) -> Result<(), Error> {
    let _ = session;
    #[cfg(target_family = "wasm")]
    {
        let directories = wasip2::filesystem::preopens::get_directories();
        let holder = directories
            .iter()
            .filter(|(_, name)| path.starts_with(name.as_str()))
            .max_by_key(|(_, name)| name.len());
        let (directory, name) = holder.ok_or_else(|| Error::not_found("no such directory"))?;
        let inside = path[name.len()..].trim_start_matches('/');
        let made = directory.symlink_at(&target, inside);
        made.map_err(|error| Error::denied(error.to_string()))
    }
    #[cfg(not(target_family = "wasm"))]
    {
        let _ = (path, target);
        Err(Error::internal("only guests make links"))
    }
}

fn suspend() -> Result<(), Error> {
    while SLOW.get() {
        std::hint::black_box(0);
    }
    match COUNT.get() {
        Some(count) => Ok(fs::write(STATE, count.to_string())?),
        None => Ok(()),
    }
}

loom_sdk::export_tools!(
    count, spin, crash, linger, put, hold, get, names, fill, link
);
loom_sdk::export_session!(suspend);
loom_sdk::manifest!("counter.toml");
