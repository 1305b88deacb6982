//! `loom completions`: scripts that complete arguments.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::Arguments;
use crate::fault::Exit;
use crate::output;

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  loom completions bash > ~/.local/share/bash-completion/completions/loom
  loom completions zsh > ~/.zfunc/_loom
  loom completions fish > ~/.config/fish/completions/loom.fish")]
pub(super) struct CompletionsArguments {
    shell: Shell,
}

pub(super) fn run(arguments: &CompletionsArguments) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut Arguments::command(),
        "loom",
        &mut script,
    );
    output::print_bytes(&script)?;
    Ok(Exit::Done)
}
