//! The command `loom`. All of it is in the library, so that tests can build the command too.

use std::process::ExitCode;

fn main() -> ExitCode {
    loom::main()
}
