//! Tests of what templates see of a result.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use minijinja::{Environment, context};

use super::*;

#[track_caller]
fn check(text: &str, template: &str, expected: &str) {
    check_outcome(text, false, template, expected);
}

#[track_caller]
fn check_outcome(text: &str, failed: bool, template: &str, expected: &str) {
    let outcome = Outcome {
        id: "rules-x-0-0-0-0".into(),
        tool: "glob".into(),
        arguments: r#"{"path": "src"}"#.into(),
        text: text.into(),
        failed,
    };
    let r = result(outcome);
    let found = Environment::new()
        .render_str(template, context! { r })
        .unwrap();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn a_note_is_told_from_the_text() {
    let template = "{{ r.body }}|{{ r.note }}|{{ r.lines | length }}|{{ r.total }}";
    check("a\nb\n", template, "a\nb\n||2|2");
    check("a\n\nb", template, "a\n\nb||3|3");
    check(
        "a\n[lines 1-1 of 20; read on with offset 2]",
        template,
        "a\n|lines 1-1 of 20; read on with offset 2|1|20",
    );
    check(
        "a\n[lines 1-1 of more than 20]",
        template,
        "a\n|lines 1-1 of more than 20|1|20",
    );
    check(
        "a\nb\n[2 of 900 files shown; narrow the pattern]",
        template,
        "a\nb\n|2 of 900 files shown; narrow the pattern|2|900",
    );
    check("[the file is empty]", template, "|the file is empty|0|0");
    check(
        "[x is a binary file of 12 bytes (PNG)]",
        template,
        "|x is a binary file of 12 bytes (PNG)|0|0",
    );
    check("", template, "||0|0");
}

#[test]
fn a_text_that_ends_in_brackets_is_kept() {
    for text in ["[package]", "a\n[dependencies.x]", "x\n[a b]\n", "ü]", "["] {
        check(text, "{{ r.body }}", text);
    }
}

#[test]
fn a_failure_has_an_error_and_no_text() {
    let template =
        "{{ r.ok }}|{{ r.error }}|{{ r.text }}|{{ r.lines }}|{{ 'yes' if r else 'no' }}|{{ r }}";
    check_outcome("gone", true, template, "False|gone||[]|no|gone");
    check("here", template, "True||here|['here']|yes|here");
}

#[test]
fn arguments_and_json_are_values() {
    check(
        r#"{"a": [1, 2]}"#,
        "{{ r.json.a[1] }} {{ r.arguments.path }} {{ r.tool }}",
        "2 src glob",
    );
    check("no json", "{{ r.json is undefined }}", "True");
}
