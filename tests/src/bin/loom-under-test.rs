//! The command `loom`, built with the tests: cargo tells a test where a binary of its own package is.

use std::process::ExitCode;

fn main() -> ExitCode {
    loom::main()
}
