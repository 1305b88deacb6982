//! Loom: an agent host whose tools, memory and models are sandboxed WebAssembly components.
//!
//! [`config`] says what a run uses and what each plugin may do; [`host`] assembles it. The agent
//! itself is in [`loom_core`], the vocabulary in [`loom_types`]. [`main`] is the command `loom`.

mod cli;
pub mod config;
mod fault;
pub mod host;
mod output;
mod render;

use std::process::ExitCode;

use clap::Parser as _;

pub use config::Config;
pub use host::Loom;
pub use loom_core;
pub use loom_types;

/// The command `loom`: reads the arguments of the process, does what they say and returns how the
/// process is to end. Wrong arguments end it at once.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    let json = arguments.writes_json();
    match cli::run(arguments) {
        Ok(exit) => exit.into(),
        Err(error) => fault::report(&error, json).into(),
    }
}
