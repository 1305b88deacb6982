//! Tests of short forms of texts.

use super::*;

#[test]
fn the_opening_is_the_first_prose() {
    for (text, expected) in [
        (
            "# Title\n\n[![badge](x)](y)\n\nFirst line\nand second.\n\nMore.",
            "First line and second.",
        ),
        (
            "//! Says what\n//! it is.\n\nfn main() {}",
            "Says what it is.",
        ),
        ("<p>\n\n---\nÜber uns und dich", "Über uns und dich"),
        ("", ""),
        ("word\n\n\n", ""),
    ] {
        assert_eq!(opening(text), expected, "{text}");
    }
}

#[track_caller]
fn check(path: &str, text: &str, expected: &[&str]) {
    assert_eq!(outline(text, path), expected, "{path}");
}

#[test]
fn the_outline_of_a_document_is_its_headings() {
    check(
        "a.md",
        "# One\ntext\n```\n# no\n```\n## Two {\n#### four",
        &["One", "Two"],
    );
}

#[test]
fn the_outline_of_a_program_is_its_definitions() {
    check(
        "a.rs",
        "use x;\npub(crate) struct A {\n  fn inner() {}\n}\nimpl A {\nasync fn b(c: u8) {\nconst X: u8 = 1;",
        &["pub(crate) struct A", "impl A", "async fn b(c: u8)"],
    );
    check(
        "a.py",
        "import x\nclass A:\n  def b(self):\ndef c():",
        &["class A", "def c()"],
    );
    check(
        "a.ts",
        "export default function a() {\nlet b",
        &["export default function a()"],
    );
}

#[test]
fn the_outline_of_a_configuration_is_its_sections() {
    check(
        "a.toml",
        "[package]\nname = 1\n[[bin]]",
        &["[package]", "[[bin]]"],
    );
    check("a.yml", "on:\n  push:\njobs: x", &["on", "jobs: x"]);
    check(
        "a.json",
        "{\n  \"name\": \"x\",\n     \"deep\": 1\n}",
        &["\"name\": \"x\","],
    );
}

#[test]
fn any_text_has_an_outline() {
    for path in ["", "a", "a.", "ü.md", "a.rst", "a.unknown"] {
        outline("ü\n\u{0}\n```", path);
        outline("", path);
    }
}
