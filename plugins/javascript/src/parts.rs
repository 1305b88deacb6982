//! The parts of the interpreter that are written in JavaScript, embedded. Those of the code's realm are
//! made when they are first used.

macro_rules! parts {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("js/", $name, ".js")))),+]
    };
}

pub(crate) const KERNEL: &str = include_str!("js/kernel.js");
pub(crate) const GLOBALS: &str = include_str!("js/globals.js");

/// What `host.part` makes in the code's realm and `host.load` in the kernel's, by name.
const PARTS: &[(&str, &str)] = parts![
    "assert",
    "blob",
    "buffer",
    "clone",
    "crypto",
    "encoding",
    "events",
    "fetch",
    "fs",
    "inspect",
    "locale",
    "os",
    "path",
    "querystring",
    "readline",
    "require",
    "state",
    "stdin",
    "table",
    "timers",
    "url",
    "util",
];

/// The source of a part: an expression that is a function of `kernel` and `host`.
pub(crate) fn source(name: &str) -> Option<&'static str> {
    let part = PARTS.iter().find(|(part, _)| *part == name);
    part.map(|(_, source)| *source)
}
