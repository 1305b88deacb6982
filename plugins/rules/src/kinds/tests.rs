//! Tests of kinds of files.

use minijinja::context;

use super::*;

fn kinds() -> Value {
    context! { Rust => ["rs"], TypeScript => ["ts", "tsx"], Text => ["txt"] }
}

#[track_caller]
fn check(kind: &str, glob: &str) {
    assert_eq!(file_glob(kind, &kinds()), glob);
}

#[test]
fn a_kind_is_found_by_its_extensions() {
    check("Rust", "**/*.rs");
    check("rust", "**/*.rs");
    check("TYPESCRIPT", "**/*.{ts,tsx}");
}

#[test]
fn several_kinds_are_found_together() {
    check("Rust and TypeScript", "**/*.{rs,ts,tsx}");
    check("Rust, text or rs", "**/*.{rs,txt}");
}

#[test]
fn an_extension_is_a_kind() {
    check("rs", "**/*.rs");
    check(".vue", "**/*.vue");
    check("*.Vue", "**/*.vue");
    check(".properties", "**/*.properties");
    check("wasm", "**/*.wasm");
}

#[test]
fn another_word_is_looked_for_in_names() {
    check("config", "**/*config*");
    check("größer", "**/*größer*");
}

#[test]
fn a_pattern_stays_one() {
    check("src/**/test_*.py", "src/**/test_*.py");
}

#[test]
fn no_kind_is_every_file() {
    check("", "**/*");
    check("  ", "**/*");
}

#[test]
fn a_kind_is_called_by_its_usual_name() {
    assert_eq!(kind_name("rust", &kinds()), "Rust");
    assert_eq!(
        kind_name("typescript and RUST", &kinds()),
        "TypeScript and Rust"
    );
    assert_eq!(kind_name("config", &kinds()), "config");
}
