//! The log of the process: which events of `tracing` are shown on stderr, and as what.
//!
//! No line has a prompt, an answer, or what a tool was given or gave, unless that was allowed. What
//! could have some of it is left out here, so that the rest of the host need not know.

mod json;
mod notices;

use std::io::{self, IsTerminal as _, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use clap::ValueEnum;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::{EnvFilter, FilterExt as _, LevelFilter};
use tracing_subscriber::layer::{Filter, Layer as _, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{filter, fmt, registry};

use crate::output;
use json::JsonLines;
use notices::{NOTICE, Notices, PLUGIN};

/// What could quote the conversation.
const CONTENT: &str = "loom::content";

/// Content may be logged. It is known only when the configuration is read, long after the log began.
static WITH_CONTENT: AtomicBool = AtomicBool::new(false);

/// Stderr has JSON lines and nothing else.
static AS_JSON: AtomicBool = AtomicBool::new(false);

/// What a line of the log looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Text,
    /// An object a line, and nothing else on stderr
    Json,
}

/// What the command line says of the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogOptions {
    pub(crate) verbose: u8,
    pub(crate) quiet: bool,
    pub(crate) format: LogFormat,
}

/// Starts the log. `LOOM_LOG` has the syntax of `tracing_subscriber`'s filters, such as `info` or
/// `loom_wasm=debug`. Without it, -vv and JSON the person sees only what plugins warn of.
pub(crate) fn start(options: LogOptions) {
    let variable = |name| std::env::var(name).ok().filter(|it| !it.is_empty());
    if variable("LOOM_LOG_CONTENT").is_some_and(|it| it == "1" || it == "true") {
        allow_content();
    }
    let is_json = options.format == LogFormat::Json;
    AS_JSON.store(is_json, Ordering::Relaxed);
    let wanted = match (variable("LOOM_LOG"), options.verbose) {
        (Some(filter), _) => Some(filter),
        (None, 0 | 1) => is_json.then(|| "info".to_owned()),
        (None, 2) => Some("info".to_owned()),
        (None, _) => Some("debug".to_owned()),
    };
    let Some(wanted) = wanted else {
        return only_notices(options.quiet);
    };
    let filter = match EnvFilter::try_new(&wanted) {
        Ok(filter) => filter,
        Err(error) => {
            // Without a log its lines would be lost.
            AS_JSON.store(false, Ordering::Relaxed);
            only_notices(options.quiet);
            output::warning(&format!("LOOM_LOG={wanted} is not a filter: {error}"));
            return;
        }
    };
    let filter = shown(filter, options.quiet);
    if is_json {
        let lines = JsonLines::new(io::stderr).with_filter(filter);
        registry().with(lines).init();
    } else {
        let lines = fmt::layer()
            .with_writer(io::stderr)
            .with_ansi(io::stderr().is_terminal());
        registry().with(lines.with_filter(filter)).init();
    }
}

fn only_notices(quiet: bool) {
    registry().with(Notices { quiet }).init();
}

/// What is logged from now on may quote the conversation.
pub(crate) fn allow_content() {
    WITH_CONTENT.store(true, Ordering::Relaxed);
}

/// Whether stderr is for programs.
pub(crate) fn is_json() -> bool {
    AS_JSON.load(Ordering::Relaxed)
}

/// Stderr for what people are told: as it is, or a line of the log for each of its lines.
pub(crate) fn stderr() -> Box<dyn Write + Send> {
    if is_json() {
        Box::new(LoggedLines::default())
    } else {
        Box::new(anstream::stderr())
    }
}

/// Tells a person something through the log.
pub(crate) fn notice(level: Level, text: &str) {
    match level {
        Level::ERROR => tracing::error!(target: NOTICE, "{text}"),
        Level::WARN => tracing::warn!(target: NOTICE, "{text}"),
        _ => tracing::info!(target: NOTICE, "{text}"),
    }
}

/// What the person wants to see, and what a person has to see; both without content, if that is not
/// allowed.
fn shown<S>(wanted: EnvFilter, quiet: bool) -> impl Filter<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let needed = filter::filter_fn(move |metadata| is_needed(metadata, quiet))
        .with_max_level_hint(LevelFilter::INFO);
    let harmless = filter::dynamic_filter_fn(|metadata, _| {
        WITH_CONTENT.load(Ordering::Relaxed) || !may_quote(metadata)
    });
    wanted.or(needed).and(harmless)
}

/// Whether it is shown whatever the filter says: notices, and the spans whose fields are the ids in
/// each line.
fn is_needed(metadata: &Metadata<'_>, quiet: bool) -> bool {
    if metadata.is_span() {
        return metadata.target().starts_with("loom");
    }
    notices::is_shown(metadata, quiet)
}

/// Whether it could have some of the conversation in it. Of Loom's own lines that is what plugins say
/// short of a warning, and what is marked so; what other crates say in detail is beyond our knowledge.
fn may_quote(metadata: &Metadata<'_>) -> bool {
    let level = *metadata.level();
    match metadata.target() {
        CONTENT => true,
        PLUGIN => level > Level::WARN,
        target => !target.starts_with("loom") && level > Level::INFO,
    }
}

/// Makes notices of lines.
#[derive(Default)]
struct LoggedLines {
    open: Vec<u8>,
}

impl Write for LoggedLines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.open.extend_from_slice(bytes);
        while let Some(end) = self.open.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.open.drain(..=end).collect();
            let line = anstream::adapter::strip_bytes(&line).into_vec();
            let line = String::from_utf8_lossy(&line);
            if !line.trim().is_empty() {
                notice(Level::WARN, line.trim());
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
