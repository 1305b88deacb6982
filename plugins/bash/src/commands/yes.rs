//! `yes`, in place of the shell's own, which stops after 10,000 lines.

use bashkit::{Command, CommandContext, CommandStatus, Error, async_trait};

use super::seq::LINES;
use crate::watch;

/// How much is written at once, about.
const CHUNK_BYTES: usize = 16 * 1024;

/// `yes [STRING…]`: the same line until its reader ends, or the script's time is over.
pub(crate) struct Yes;

#[async_trait]
impl Command for Yes {
    async fn execute(&self, context: CommandContext<'_>) -> bashkit::Result<CommandStatus> {
        let line = match context.args {
            [] => "y\n".to_owned(),
            words => words.join(" ") + "\n",
        };
        let lines_in_chunk = (CHUNK_BYTES / line.len()).max(1);
        let chunk = line.repeat(lines_in_chunk);
        let chunks = LINES / lines_in_chunk as u64 + 1;
        for _ in 0..chunks {
            watch::look_at_the_clock();
            match context.stdout.write_all(chunk.as_bytes()).await {
                Ok(()) => {}
                // What the end of its reader means to a command in a pipeline.
                Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                    return Ok(CommandStatus::with_code(141));
                }
                Err(error) => return Err(error),
            }
        }
        let message = format!("yes: stopped after about {LINES} lines\n");
        context.stderr.write_all(message.as_bytes()).await?;
        Ok(CommandStatus::with_code(1))
    }
}
