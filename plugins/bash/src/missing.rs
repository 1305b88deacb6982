//! Commands that are not there: what to say instead of a bare "command not found".

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use bashkit::{Builtin, BuiltinContext, CommandResolver, ExecResult, async_trait};

use crate::commands;

/// Programs that scripts ask for, and what does their work here.
const INSTEAD: [(&[&str], &str); 9] = [
    (
        &["curl", "wget", "http", "https"],
        "there is no network in here; use the tool web_fetch or http_request, and give the file to this tool in `files.inputs`",
    ),
    (
        &[
            "python", "python3", "python2", "pip", "pip3", "ipython", "uv",
        ],
        "use the tool run_python",
    ),
    (
        &["node", "nodejs", "npm", "npx", "deno", "bun", "tsc"],
        "use the tool run_javascript",
    ),
    (
        &["git", "gh", "svn", "hg"],
        "there is no version control in here; read files with the file tools",
    ),
    (
        &[
            "ssh", "scp", "sftp", "rsync", "telnet", "nc", "ping", "dig", "nslookup", "host",
        ],
        "there is no network in here",
    ),
    (
        &[
            "apt", "apt-get", "dpkg", "brew", "yum", "dnf", "apk", "pacman", "snap",
        ],
        "nothing can be installed in here; use the commands that there are, or run_python",
    ),
    (
        &[
            "sudo",
            "su",
            "doas",
            "mount",
            "systemctl",
            "service",
            "docker",
            "podman",
        ],
        "there is nothing to administer in a sandbox",
    ),
    (
        &[
            "perl", "ruby", "php", "lua", "java", "go", "cargo", "rustc", "gcc", "cc", "g++",
            "make", "cmake",
        ],
        "use awk, sed or jq, or the tool run_python",
    ),
    (
        &[
            "vim", "vi", "nano", "emacs", "less", "more", "top", "htop", "man",
        ],
        "there is no terminal; write files with cat, sed or printf",
    ),
];

/// Names that the shell brings but that can't do here what they are for.
pub(crate) fn is_hidden(name: &str) -> bool {
    instead(name).is_some()
}

/// What to use instead of a program. Asked about each command there is when a shell starts.
fn instead(name: &str) -> Option<&'static str> {
    static BY_NAME: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
        let names = |(names, advice): &(&'static [&'static str], &'static str)| {
            let advice = *advice;
            names.iter().map(move |name| (*name, advice))
        };
        INSTEAD.iter().flat_map(names).collect()
    });
    BY_NAME.get(name).copied()
}

/// Answers for commands that nobody else knows.
pub(crate) struct Adviser;

impl CommandResolver for Adviser {
    fn resolve(&self, name: &str) -> Option<Arc<dyn Builtin>> {
        commands::find(name).or_else(|| {
            let advice = instead(name)?;
            Some(Arc::new(Advice {
                name: name.to_owned(),
                advice,
            }))
        })
    }
}

struct Advice {
    name: String,
    advice: &'static str,
}

#[async_trait]
impl Builtin for Advice {
    async fn execute(&self, _: BuiltinContext<'_>) -> bashkit::Result<ExecResult> {
        let message = format!("bash: {}: command not found: {}\n", self.name, self.advice);
        Ok(ExecResult::err(message, 127))
    }
}
