//! The prompt of a run, from the argument and from what is piped in.

use std::io::{self, IsTerminal as _, Read};
use std::time::Duration;

use anyhow::Context as _;
use tokio::time::timeout;

use crate::fault::Fault;
use crate::output;

/// More than any model reads; a pipe that never ends must not fill the memory.
const MAX_STDIN_BYTES: u64 = 32 << 20;

/// How long to wait in silence: a script that forgot to close stdin should learn why nothing happens.
const PATIENCE: Duration = Duration::from_secs(2);

/// The whole prompt; none if nothing was said. `-` stands for stdin.
pub(super) async fn read(argument: Option<&str>, quiet: bool) -> anyhow::Result<Option<String>> {
    let said = argument.filter(|text| *text != "-");
    let from_stdin = argument == Some("-");
    if !from_stdin && io::stdin().is_terminal() {
        return Ok(join(said, ""));
    }
    let piped = read_stdin(quiet)
        .await
        .context("reading the prompt from stdin")?;
    Ok(join(said, &piped))
}

/// Text from stdin, for arguments that are `-`.
pub(super) async fn read_stdin(quiet: bool) -> anyhow::Result<String> {
    let mut reading = tokio::task::spawn_blocking(|| read_limited(io::stdin().lock()));
    let bytes = match timeout(PATIENCE, &mut reading).await {
        Ok(bytes) => bytes,
        Err(_) => {
            if !quiet {
                output::note(
                    "· reading stdin until it ends (< /dev/null if nothing is to be read)",
                );
            }
            reading.await
        }
    };
    let bytes = bytes.expect("reading does not panic")?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(error) => {
            output::warning("stdin is not UTF-8; what can't be read is replaced");
            Ok(String::from_utf8_lossy(error.as_bytes()).into_owned())
        }
    }
}

fn read_limited(stdin: impl Read) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stdin.take(MAX_STDIN_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_STDIN_BYTES {
        let fault = Fault::usage("there is more on stdin than a model can read (32 MiB)");
        return Err(fault
            .hint("put it into a file and let the agent search it")
            .into());
    }
    Ok(bytes)
}

/// What was said, then what was piped in, marked as such.
fn join(said: Option<&str>, piped: &str) -> Option<String> {
    let said = said.filter(|text| !text.trim().is_empty());
    let piped = Some(piped).filter(|text| !text.trim().is_empty());
    match (said, piped) {
        (Some(said), Some(piped)) => {
            let end = if piped.ends_with('\n') { "" } else { "\n" };
            Some(format!("{said}\n\n<stdin>\n{piped}{end}</stdin>"))
        }
        (said, piped) => said.or(piped).map(ToOwned::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_piped_in_follows_what_was_said() {
        assert_eq!(join(Some("a"), "").as_deref(), Some("a"));
        assert_eq!(join(None, "b\n").as_deref(), Some("b\n"));
        assert_eq!(
            join(Some("a"), "b").as_deref(),
            Some("a\n\n<stdin>\nb\n</stdin>")
        );
        assert_eq!(join(Some(" "), "\n"), None);
        assert_eq!(join(None, ""), None);
    }

    #[test]
    fn endless_input_is_refused() {
        assert!(read_limited(io::repeat(b'x')).is_err());
    }
}
