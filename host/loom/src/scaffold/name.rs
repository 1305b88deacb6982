//! What a new plugin may be called: what cargo, rustc and Loom all take.

use super::{ScaffoldError, lock};

/// Names are in file names and in tables of the configuration; Loom takes no longer ones.
const MAX_LENGTH: usize = 64;

/// Keywords of Rust 2024, used and reserved, and the crates that are always there.
const RUST: &[&str] = &[
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc_macro",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
];

/// Whether a project can have this name.
pub(super) fn check(name: &str) -> Result<(), ScaffoldError> {
    let refuse = |reason: String| {
        Err(ScaffoldError::Name {
            name: name.to_owned(),
            reason,
        })
    };
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    if name.len() > MAX_LENGTH
        || !name.starts_with(|first: char| first.is_ascii_lowercase())
        || !name.bytes().all(allowed)
    {
        return refuse(format!(
            "a name has lower-case letters a to z, digits, `-` and `_`, at most {MAX_LENGTH}, and begins with a letter"
        ));
    }
    let same = |other: &str| other.replace('-', "_") == name.replace('-', "_");
    if RUST.iter().any(|other| same(other)) {
        return refuse("the word means something to Rust; take another one".to_owned());
    }
    if lock::packages().iter().any(|package| same(&package.name)) {
        return refuse("it is a crate that the plugin itself is built with".to_owned());
    }
    if loom_builtins::ALL.iter().any(|builtin| same(builtin.name)) {
        return refuse("a built-in plugin has that name".to_owned());
    }
    Ok(())
}
