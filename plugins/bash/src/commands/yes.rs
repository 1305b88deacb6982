//! `yes`, in place of the shell's own, which stops after 10,000 lines.

use bashkit::{Command, CommandContext, CommandStatus, async_trait};

use super::{CHUNK_BYTES, MAX_LINES, until_closed};
use crate::watch;

/// `yes [STRING…]`: the same line until its reader ends, or the script's time is over.
pub(crate) struct Yes;

#[async_trait]
impl Command for Yes {
    async fn execute(&self, context: CommandContext<'_>) -> bashkit::Result<CommandStatus> {
        until_closed(write(&context).await)
    }
}

async fn write(context: &CommandContext<'_>) -> bashkit::Result<CommandStatus> {
    let line = match context.args {
        [] => "y\n".to_owned(),
        words => words.join(" ") + "\n",
    };
    let lines_in_chunk = (CHUNK_BYTES / line.len()).max(1);
    let chunk = line.repeat(lines_in_chunk);
    let chunks = MAX_LINES / lines_in_chunk as u64 + 1;
    for _ in 0..chunks {
        watch::look_at_the_clock();
        context.stdout.write_all(chunk.as_bytes()).await?;
    }
    let message = format!("yes: stopped after about {MAX_LINES} lines\n");
    context.stderr.write_all(message.as_bytes()).await?;
    Ok(CommandStatus::with_code(1))
}
