//! The command `loom`: reads its arguments and hands over to the verb.

mod cli;
mod fault;
mod output;
mod render;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    let json = arguments.writes_json();
    match cli::run(arguments) {
        Ok(exit) => exit.into(),
        Err(error) => fault::report(&error, json).into(),
    }
}
