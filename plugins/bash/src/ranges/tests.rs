#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use super::*;

fn check(code: &str, expect: &str) {
    assert_eq!(split_up(code).unwrap(), expect, "{code}");
}

fn stays(code: &str) {
    check(code, code);
}

#[test]
fn long_ranges_become_several_that_mean_the_same() {
    check(
        "for i in {1..15000}; do :; done",
        "for i in {1..10000..1} {10001..15000..1}; do :; done",
    );
    check("echo {20000..0..2}", "echo {20000..2..2} {0..0..2}");
    check(
        "touch f-{00001..10001}.txt",
        "touch f-{00001..10000..1}.txt f-{10001..10001..1}.txt",
    );
    check("a=({-10000..0})", "a=({-10000..-1..1} {0..0..1})");
}

#[test]
fn short_ranges_stay() {
    stays("echo {1..10000} {a..z} ..");
}

#[test]
fn what_is_quoted_or_no_range_stays() {
    stays("echo '{1..15000}' \"{1..15000}\" \\{1..15000}");
    stays("# {1..15000}\necho ..");
    stays("cat <<X\n{1..15000} it's\nX\necho done");
    stays("cat <<-'X'\n\t{1..15000}\n\tX\n");
    stays("echo {$a..15000} {1..15000..x} {1..15000,2}");
    stays("x={1..15000}");
}

#[test]
fn ranges_after_a_here_document_are_found() {
    check(
        "cat <<X\nit's\nX\necho {1..10001}",
        "cat <<X\nit's\nX\necho {1..10000..1} {10001..10001..1}",
    );
}

#[test]
fn a_range_that_no_call_could_hold_is_refused() {
    let error = split_up("echo {1..100000000}").unwrap_err();
    assert!(
        error.starts_with("{1..100000000}: more than 500000 words"),
        "{error}"
    );
}
