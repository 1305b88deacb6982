//! The command `loom`, built with the tests: cargo tells a test where a binary of its own package is. For
//! tests of session stores it is a process that uses one.

use std::process::ExitCode;

fn main() -> ExitCode {
    if std::env::var_os(loom_tests::terminal::CONTROLLED).is_some() {
        // Only the process itself can do it, and only before it has threads.
        rustix::process::setsid().expect("a new process leads no group");
        rustix::process::ioctl_tiocsctty(std::io::stdin()).expect("stdin is a new terminal");
    }
    if let Some(directory) = std::env::var_os(loom_tests::store::STORE) {
        return loom_tests::store::work(directory.as_ref());
    }
    loom::main()
}
