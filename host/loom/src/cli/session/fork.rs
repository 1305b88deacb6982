//! `loom session fork`: goes another way from somewhere in a session.

use clap::Args;
use loom_core::sessions::{ForkOptions, fork};
use loom_types::{ErrorKind, Memory, SessionId};

use super::super::{session_id, sessions};
use crate::fault::Fault;
use crate::output;

/// Begin a new session with the beginning of another one
///
/// Prints the id of the new session. The other one stays as it is.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  loom session show 0198c2                    each message has a number
  new=$(loom session fork 0198c2 --at 7)      all up to #7
  loom run --resume=$new \"Try it without regular expressions\"

A tool call is never parted from its results: if --at is between them, all results are taken too.")]
pub(super) struct ForkArguments {
    id: String,
    /// The last message or result to take, by its number; all if absent
    #[arg(long, value_name = "NUMBER", value_parser = number)]
    at: Option<u64>,
    /// The id of the new session instead of one of its own
    #[arg(long = "id", value_name = "ID", value_parser = session_id)]
    new_id: Option<String>,
}

/// A number as it is shown, with or without its mark.
fn number(text: &str) -> Result<u64, String> {
    let digits = text.strip_prefix('#').unwrap_or(text);
    digits
        .parse()
        .map_err(|_| "a number as `loom session show` has them, for example 7".to_owned())
}

pub(super) async fn run(
    memory: &dyn Memory,
    arguments: &ForkArguments,
    quiet: bool,
) -> anyhow::Result<()> {
    let source = sessions::find(memory, &arguments.id).await?;
    let options = ForkOptions {
        at: arguments.at,
        id: arguments.new_id.as_deref().map(SessionId::from),
    };
    let forked = fork(memory, &source, options)
        .await
        .map_err(|error| match error.kind {
            ErrorKind::InvalidInput => Fault::usage(error.message)
                .hint(format!("`loom session show {source}` has the numbers"))
                .into(),
            ErrorKind::Conflict => {
                let id = arguments.new_id.as_deref().unwrap_or_default();
                let fault = Fault::failed(format!("there is a session {id} already"));
                fault.hint("choose another --id").into()
            }
            _ => anyhow::Error::from(error),
        })?;
    if let Some(asked) = arguments.at.filter(|asked| *asked != forked.at) {
        let why = "a tool call is not parted from its results";
        output::warning(&format!("taken up to #{}, not #{asked}: {why}", forked.at));
    }
    output::print(&format!("{}\n", forked.session))?;
    if !quiet {
        let line = format!("go on with: loom run --resume={} \"…\"", forked.session);
        output::hint(&line);
    }
    Ok(())
}
