//! Tests of patterns.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use super::*;

#[track_caller]
fn check(pattern: &str, text: &str, expected: Option<&[(&str, &str)]>) {
    let found = capture(&compile(pattern, false).unwrap(), text);
    let expected = expected.map(|groups| {
        let groups = groups.iter();
        groups
            .map(|(name, value)| ((*name).to_owned(), Value::from(*value)))
            .collect::<Variables>()
    });
    assert_eq!(found, expected, "{pattern} on {text}");
}

#[test]
fn named_groups_become_variables() {
    check(
        "^read (?<path>.+)$",
        "READ a.txt",
        Some(&[("path", "a.txt")]),
    );
    check("^read (?<path>.+)$", "write a.txt", None);
}

#[test]
fn a_group_that_took_no_part_is_null() {
    let found = capture(&compile("^a(?<b>b)?(?<c>c)?$", false).unwrap(), "ac").unwrap();
    assert_eq!(found["b"], Value::Null);
    assert_eq!(found["c"], "c");
}

#[test]
fn case_does_not_matter_in_any_alphabet() {
    check("^größe (?<was>[äöü]+)$", "GRÖßE ÄÖ", Some(&[("was", "ÄÖ")]));
    check("^файл$", "ФАЙЛ", Some(&[]));
    check("^日本$", "日本", Some(&[]));
    check(r"^\[ä$", "[Ä", Some(&[]));
}

#[test]
fn case_matters_on_request() {
    let regex = compile("^Ä[Ö]$", true).unwrap();
    assert!(regex.is_match("ÄÖ") && !regex.is_match("äö"));
}

#[test]
fn a_value_in_quotes_loses_them() {
    for (text, expected) in [
        ("\"a b\"", "a b"),
        ("'a'", "a"),
        ("`a`", "a"),
        ("\"a\" and \"b\"", "\"a\" and \"b\""),
        ("\"a'", "\"a'"),
        ("\"", "\""),
        ("\"\"", ""),
        ("", ""),
        ("“ü”", "“ü”"),
    ] {
        assert_eq!(unquote(text), expected);
    }
}

#[test]
fn a_pattern_that_is_none_is_refused() {
    for pattern in ["(", "[a", r"\p{L}", "(?<1>a)", "x{1000}{1000}"] {
        let why = compile(pattern, false).unwrap_err();
        assert!(why.starts_with("is no regular expression: "), "{why}");
    }
}
