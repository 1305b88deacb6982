//! Loom's code interpreter for Bash: the tool itself. `shell` runs scripts, `loom_snippet` does what
//! all interpreters do around a run.

mod commands;
mod disk;
mod missing;
mod place;
mod ranges;
mod shell;
mod watch;

use std::cell::RefCell;

use loom_sdk::host;
use loom_sdk::prelude::*;
use loom_sdk::tool::{Definition, Example, Output, Tool, parse_arguments};
use loom_snippet::{Arguments, Roots, Session, Settings};

use shell::Shell;

loom_sdk::manifest!("../plugin.toml");
loom_sdk::export_tools!(RunBash);
loom_sdk::export_session!(suspend);

const DESCRIPTION: &str = "\
Run a Bash script in a sandbox; returns stdout, stderr, exit_status and the files it wrote.

Works: pipes, functions, arrays, here-documents, substitution, arithmetic, globs, traps, `set -euo pipefail`, \
and in-process grep, sed, awk, sort, uniq, cut, tr, head, tail, wc, find, xargs, jq, date, seq, printf, diff, tar, \
gzip, bc, base64, sha256sum and the usual file commands. `compgen -c` lists all commands.

Does not: other programs (no package managers, compilers, git; use run_python or run_javascript for those languages), \
network (use web_fetch or http_request), sudo. Background jobs end with the call.

Differs: put an expansion within another's subscript, offset or pattern, as in `${m[${s:i:1}]}`, into a variable first; \
test files with `[ ]`, not `[[ ]]`.

Files: the working directory is /work, a scratch directory; /tmp is there too; granted directories are at their own paths. \
Without `session` all of it but the granted directories is removed afterwards: name files in `files.outputs` to get them \
back. With `session`, variables, functions, aliases, the current directory and files stay (not `set` options) for the next call.";

/// The tool `run_bash`.
pub struct RunBash;

thread_local! {
    /// The session that the host keeps this instance for.
    static SESSION: RefCell<Session<Shell>> = RefCell::new(Session::new(Shell::default()));
}

impl Tool for RunBash {
    fn definition() -> Definition {
        let examples = vec![Example {
            title: "Count words".into(),
            arguments: r#"{"code": "tr -s ' ' '\\n' < in.txt | sort | uniq -c | sort -rn", "files": {"inputs": {"in.txt": "a b a"}}}"#.into(),
            output: None,
        }];
        loom_snippet::definition("run_bash", "Bash", DESCRIPTION, examples)
    }

    fn call(arguments: &str, context: &Context) -> Output {
        let arguments: Arguments = parse_arguments(arguments)?;
        let settings = Settings::read(host::config)?;
        let roots = Roots::current();
        SESSION.with_borrow_mut(|session| session.call(&arguments, context, &roots, &settings))
    }
}

/// Keeps the session's variables for a later instance.
///
/// # Errors
///
/// What the file system says.
pub fn suspend() -> Result<(), Error> {
    SESSION.with_borrow_mut(|session| session.suspend(&Roots::current()))
}
