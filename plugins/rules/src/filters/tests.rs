//! Tests of the filters, through templates.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use minijinja::context;

use super::*;

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    register(&mut environment, &Value::UNDEFINED);
    environment
}

#[track_caller]
fn check(template: &str, value: impl Into<Value>, expected: &str) {
    let x: Value = value.into();
    let text = environment().render_str(template, context! { x }).unwrap();
    assert_eq!(text, expected, "{template}");
}

#[test]
fn paths_come_apart() {
    check(
        "{{ x | basename }} {{ x | parent }}",
        "a/b/c.rs",
        "c.rs a/b",
    );
    check("{{ x | basename }} {{ x | parent }}.", "c.rs", "c.rs .");
    check("{{ x | basename }} {{ x | parent }}", "a/ü/", "ü a");
    check("{{ x | basename }}{{ x | parent }}", "", "");
}

#[test]
fn bullets_name_how_many_are_left_out() {
    check("{{ x | bullets }}", vec!["a", "b"], "- a\n- b");
    check("{{ x | bullets(1) }}", vec!["a", "b"], "- a\n… and 1 more");
    let many: Vec<i32> = (0..2000).collect();
    check("{{ x | bullets(0) }}", many, "\n… and 2,000 more");
    check("{{ x | bullets }}", Vec::<i32>::new(), "");
}

#[test]
fn a_clipped_text_says_so() {
    check("{{ x | clip(3) }}", "äöü", "äöü");
    check("{{ x | clip(3) }}", "äöü!", "äöü…");
    check("{{ x | clip(2) }}", "a b", "a…");
    check("{{ x | clip(0) }}", "", "");
}

#[test]
fn a_fence_is_longer_than_any_inside() {
    check("{{ x | fence }}", "a\n", "```\na\n```");
    check("{{ x | fence('src/a.rs') }}", "fn", "```rs\nfn\n```");
    check("{{ x | fence('README') }}", "````x", "`````\n````x\n`````");
}

#[test]
fn expressions_find_and_choose() {
    check("{{ x | found('of (\\\\d+)') }}", "lines 1-2 of 55", "55");
    check("{{ x | found('\\\\d+') }}", "lines 12", "12");
    check("{{ x | found('x') is undefined }}", "lines", "True");
    check(
        "{{ x | matching('^A') | join }}",
        vec!["ab", "b", "aä"],
        "abaä",
    );
    check(
        "{{ x | not_matching('^A') | join }}",
        vec!["ab", "b", "aä"],
        "b",
    );
    check("{{ x | escape_regex }}", "a.b(", r"a\.b\(");
}

#[test]
fn an_expression_that_is_none_is_an_error() {
    let error = environment()
        .render_str("{{ 'a' | found('(') }}", ())
        .unwrap_err();
    assert!(
        error.to_string().contains("is no regular expression"),
        "{error}"
    );
}

#[test]
fn numbers_are_found_in_text() {
    check(
        "{{ x | numbers | join(' ') }}",
        "a 1, 2.5 and -3, 1,234 b",
        "1 2.5 -3 1234",
    );
    check("{{ x | numbers | sum }}", "1\n2\n3", "6");
    check("{{ x | numbers }}", "none", "[]");
    check("{{ x | numbers }}", "99999999999999999999", "[1e20]");
}

#[test]
fn nouns_get_their_plural() {
    check("{{ 1 | plural(x) }}", "file", "1 file");
    check("{{ 0 | plural(x) }}", "file", "0 files");
    check("{{ 1234 | plural(x) }}", "match", "1,234 matches");
    check("{{ 2 | plural(x) }}", "entry", "2 entries");
    check("{{ 2 | plural(x) }}", "day", "2 days");
    check("{{ '1' | plural(x) }}", "class", "1 class");
    check("{{ 2 | plural(x) }}", "", "2 s");
}

#[test]
fn thousands_get_commas() {
    for (number, text) in [
        (0, "0"),
        (999, "999"),
        (1000, "1,000"),
        (1234567, "1,234,567"),
    ] {
        check("{{ x | thousands }}", number, text);
    }
    check("{{ x | thousands }}", "about 1000", "about 1000");
}

#[test]
fn lists_are_cut() {
    let list = vec![1, 2, 3];
    check("{{ x | take(2) }}", list.clone(), "[1, 2]");
    check("{{ x | skip(2) }}", list.clone(), "[3]");
    check("{{ x | tail(2) }}", list.clone(), "[2, 3]");
    check("{{ x | tail(9) }}{{ x | skip(9) }}", list, "[1, 2, 3][]");
}

#[test]
fn a_sentence_ends() {
    check("{{ x | sentence }}", "no such file", "no such file.");
    check("{{ x | sentence }}", "did you mean ä?\n", "did you mean ä?");
}

#[test]
fn what_an_expression_matches_is_replaced() {
    check(
        "{{ x | sub('([a-z])([0-9])', '$2$1') }}",
        "a1 b2 ü3",
        "1a 2b ü3",
    );
    check("{{ x | sub('x', '') }}", "", "");
}

#[test]
fn words_are_swapped() {
    let table = context! { plus => "+", divided_by => "?", by => "/", e => "2.7" };
    let template = "{{ x.text | swap(x.table) }}";
    let check_swap = |text: &str, expected: &str| {
        check(
            template,
            context! { text, table => table.clone() },
            expected,
        );
    };
    check_swap("3 Plus 4", "3 + 4");
    check_swap("3plus4", "3plus4");
    check_swap("plush", "plush");
    check_swap("surplus", "surplus");
    check_swap("ä by ö", "ä / ö");
    check_swap("e^e", "2.7^2.7");
}

#[test]
fn json_is_parsed() {
    check("{{ (x | parse_json).a[1] }}", r#"{"a": [1, "ü"]}"#, "ü");
    check("{{ (x | parse_json) is undefined }}", "{", "True");
}
