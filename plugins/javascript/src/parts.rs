//! The parts of the interpreter that are written in JavaScript, embedded. Those of the code's realm are
//! made when they are first used.

macro_rules! parts {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("js/", $name, ".js")))),+]
    };
}

pub(crate) const KERNEL: &str = include_str!("js/kernel.js");
pub(crate) const GLOBALS: &str = include_str!("js/globals.js");

/// What `host.load` makes in the kernel's realm, by name.
const KERNEL_PARTS: &[(&str, &str)] = parts![
    "error",
    "format",
    "inspect",
    "kinds",
    "layout",
    "primitive",
    "state"
];

/// What `host.part` makes in the code's realm, by name.
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
    "locale",
    "os",
    "path",
    "querystring",
    "readline",
    "require",
    "stdin",
    "table",
    "timers",
    "url",
    "util",
];

/// The source of a part: an expression that is a function of `kernel` and `host`.
pub(crate) fn source(name: &str) -> Option<&'static str> {
    let mut parts = PARTS.iter().chain(KERNEL_PARTS);
    let part = parts.find(|(part, _)| *part == name);
    part.map(|(_, source)| *source)
}

/// The names of all that `host.part` makes.
pub(crate) fn names() -> Vec<&'static str> {
    PARTS.iter().map(|(name, _)| *name).collect()
}
