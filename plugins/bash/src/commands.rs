//! Commands of ours, in place of the shell's own or beside them. What they do is in the modules below.

mod date;
mod ls;
mod seq;
mod yes;
mod zcat;

use std::sync::Arc;

use bashkit::{BashBuilder, Builtin, CommandStatus, Error};

/// As many lines as a script could want; the time limit does the rest.
const MAX_LINES: u64 = 10_000_000;
/// How much is written at once, about.
const CHUNK_BYTES: usize = 16 * 1024;
/// The status of a program that a closed pipe ended: 128 + SIGPIPE.
const CLOSED_PIPE: i32 = 141;

/// The shell with commands of ours in place of its own.
pub(crate) fn put_into(builder: BashBuilder) -> BashBuilder {
    builder
        .command("date", date::Date)
        .command("ls", ls::Ls)
        .command("seq", seq::Seq)
        .command("yes", yes::Yes)
}

/// Commands that the shell has not.
pub(crate) fn find(name: &str) -> Option<Arc<dyn Builtin>> {
    (name == "zcat").then(|| Arc::new(zcat::Zcat) as Arc<dyn Builtin>)
}

/// What the end of its reader means to a command in a pipeline: its own end, and no error of the script.
fn until_closed(ended: bashkit::Result<CommandStatus>) -> bashkit::Result<CommandStatus> {
    match ended {
        Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            Ok(CommandStatus::with_code(CLOSED_PIPE))
        }
        other => other,
    }
}
