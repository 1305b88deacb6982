//! Expressions and what comes out of them.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::time::{Duration, Instant};

use loom_sdk::testing;
use serde_json::json;

use super::*;

fn check(table: &[(&str, &str)]) {
    let wrong: Vec<String> = table
        .iter()
        .map(|(expression, expected)| (expression, expected, calculate((*expression).into())))
        .filter(|(_, expected, found)| found.as_ref().map(String::as_str) != Ok(**expected))
        .map(|(expression, expected, found)| format!("{expression}: {expected}, not {found:?}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every message must contain the text; every error must be the caller's.
fn check_errors(table: &[(&str, &str)]) {
    for (expression, expected) in table {
        let error = calculate((*expression).into()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput, "{expression}");
        assert!(
            error.message.contains(expected),
            "{expression}: expected {expected:?} in {:?}",
            error.message
        );
    }
}

#[test]
fn operators_follow_the_usual_precedence() {
    check(&[
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("2 - 3 - 4", "-5"),
        ("100 / 10 / 2", "5"),
        ("2 ^ 3 ^ 2", "512"),
        ("2 ** 3 ** 2", "512"),
        ("-2 ^ 2", "-4"),
        ("(-2) ^ 2", "4"),
        ("2 ^ -1", "0.5"),
        ("2 ^ -2 * 4", "1"),
        ("--5", "5"),
        ("+-+5", "-5"),
        ("2 - -3", "5"),
        ("-3!", "-6"),
        ("2 ^ 3!", "64"),
        ("2 * 3 % 4", "2"),
        ("7 // 2 * 2", "6"),
        ("-7 // 2", "-4"),
        ("((((1))))", "1"),
        (" 1\t+\n2 ", "3"),
    ]);
}

#[test]
fn integers_are_exact_at_any_size() {
    check(&[
        ("2^64", "18446744073709551616"),
        (
            "2^200",
            "1606938044258990275541962092341162602522202993782792835301376",
        ),
        (
            "9999999999999999999 * 9999999999999999999",
            "99999999999999999980000000000000000001",
        ),
        ("30!", "265252859812191058636308480000000"),
        ("10^30 / 10^28", "100"),
        ("12345678901234567890 % 97", "3"),
        (
            "123456789012345678901234567890 // 1000000007",
            "123456788148148161864",
        ),
        ("0!", "1"),
        ("7!!", "105"),
        ("8!!", "384"),
        ("(3!)!", "720"),
        ("1_000_000 + 1", "1000001"),
        ("-10^20", "-100000000000000000000"),
    ]);
    assert_eq!(calculate("5000!".into()).unwrap().len(), 16_326);
}

#[test]
fn decimals_and_fractions_are_exact() {
    check(&[
        ("0.1 + 0.2", "0.3"),
        ("1/3 + 1/6", "0.5"),
        ("1/3 * 3", "1"),
        ("1.1 * 1.1", "1.21"),
        ("0.1 ^ 3", "0.001"),
        ("19.99 * 3", "59.97"),
        ("1 - 0.9", "0.1"),
        ("1/8", "0.125"),
        ("-1/8", "-0.125"),
        ("1000.5 * 2", "2001"),
        ("2.50", "2.5"),
        ("1/2^20", "9.5367431640625e-7"),
        ("123456789.123456789 * 10", "1234567891.23456789"),
        ("(2/3)^2 * 9", "4"),
        ("5.5 % 2", "1.5"),
        ("-5.5 // 2", "-3"),
        ("0.1e-5", "0.000001"),
    ]);
}

#[test]
fn what_does_not_end_is_rounded_to_15_digits() {
    check(&[
        ("1/3", "0.333333333333333"),
        ("2/3", "0.666666666666667"),
        ("-2/3", "-0.666666666666667"),
        ("100/7", "14.2857142857143"),
        ("10^30 / 3", "3.33333333333333e29"),
        ("1/3/10^10", "3.33333333333333e-11"),
        ("10^14 + 1/3", "100000000000000"),
        ("10^15 - 1/30", "1e15"),
        ("1/9999999999999999", "1e-16"),
        ("sqrt(2)", "1.4142135623731"),
        ("pi", "3.14159265358979"),
        ("e", "2.71828182845905"),
        ("tau / pi", "2"),
        ("exp(100)", "2.68811714181614e43"),
        ("exp(-100)", "3.72007597602084e-44"),
    ]);
}

#[test]
fn numbers_are_read_in_all_notations() {
    check(&[
        ("0xff", "255"),
        ("0XDEAD_BEEF", "3735928559"),
        ("0b1011", "11"),
        ("0o17", "15"),
        ("1e3", "1000"),
        ("1E+3", "1000"),
        ("2.5e-3", "0.0025"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1_0.0_1", "10.01"),
        ("007", "7"),
        ("0e99999999999999999999", "0"),
        ("6 × 7 ÷ 2 − 1", "20"),
        ("1e400 / 1e398", "100"),
    ]);
}

#[test]
fn functions_are_exact_where_the_result_is() {
    let root_of_googol = format!("1{}", "0".repeat(50));
    check(&[
        ("sqrt(16)", "4"),
        ("sqrt(2.25)", "1.5"),
        ("sqrt(10^100)", &root_of_googol),
        ("sqrt(0)", "0"),
        ("cbrt(-27)", "-3"),
        ("cbrt(0.001)", "0.1"),
        ("root(32, 5)", "2"),
        ("root(-32, 5)", "-2"),
        ("root(8, -3)", "0.5"),
        ("8 ^ (1/3)", "2"),
        ("16 ^ 0.75", "8"),
        ("0.25 ^ -0.5", "2"),
        ("0 ^ 0.5", "0"),
        ("0 ^ 0", "1"),
        ("0 ^ pi", "0"),
        ("sin(0) ^ 0", "1"),
        ("(-1) ^ 1000000000000000000001", "-1"),
        ("1 ^ (10^100)", "1"),
        ("pow(2, 10)", "1024"),
        ("hypot(3, 4)", "5"),
        ("hypot(1, 2, 2)", "3"),
        ("exp(0)", "1"),
        ("log(1000)", "3"),
        ("log10(10^1000)", "1000"),
        ("log10(0.001)", "-3"),
        ("log2(2^64)", "64"),
        ("log(243, 3)", "5"),
        ("log(1/8, 2)", "-3"),
        ("ln(1)", "0"),
        ("abs(-3.5)", "3.5"),
        ("sign(-2)", "-1"),
        ("sign(0)", "0"),
        ("sign(pi)", "1"),
        ("floor(-2.5)", "-3"),
        ("ceil(-2.5)", "-2"),
        ("trunc(-2.5)", "-2"),
        ("floor(pi)", "3"),
        ("mod(-7, 3)", "2"),
        ("7 % -3", "-2"),
    ]);
}

#[test]
fn rounding_takes_halves_away_from_zero() {
    check(&[
        ("round(2.5)", "3"),
        ("round(-2.5)", "-3"),
        ("round(2.675, 2)", "2.68"),
        ("round(-2.675, 2)", "-2.68"),
        ("round(2.4)", "2"),
        ("round(-2.4)", "-2"),
        ("round(1234, -2)", "1200"),
        ("round(1250, -2)", "1300"),
        ("round(pi, 4)", "3.1416"),
        ("round(2/3, 3)", "0.667"),
        ("round(7, 2)", "7"),
        ("round(0.004, 2)", "0"),
        ("round(10^1000 + 5, -1) - 10^1000", "10"),
    ]);
    check_errors(&[
        ("round(1/3, 1.5)", "whole number of digits"),
        ("round(1/3, 10^9)", "from -1000 to 1000"),
    ]);
}

#[test]
fn whole_number_functions_are_exact() {
    check(&[
        ("gcd(12, 18)", "6"),
        ("gcd(12, 18, 27)", "3"),
        ("gcd(-4, 6)", "2"),
        ("gcd(0, 5)", "5"),
        ("gcd(0, 0)", "0"),
        ("lcm(4, 6)", "12"),
        ("lcm(2, 3, 4, 5, 6, 7, 8, 9, 10)", "2520"),
        ("lcm(0, 3)", "0"),
        ("fact(10)", "3628800"),
        ("nCr(5, 2)", "10"),
        ("nCr(52, 5)", "2598960"),
        ("choose(100, 50)", "100891344545564193334812497256"),
        ("nCr(10^20, 2)", "4999999999999999999950000000000000000000"),
        ("nCr(3, 5)", "0"),
        ("nCr(5, 0)", "1"),
        ("nPr(5, 2)", "20"),
        ("nPr(5, 0)", "1"),
        ("nPr(10, 10)", "3628800"),
        ("nPr(2, 3)", "0"),
        ("gcd(round(pi), 6)", "3"),
    ]);
}

#[test]
fn lists_are_summed_up() {
    check(&[
        ("min(3, 1.5, 2)", "1.5"),
        ("max(3, 1/3, pi)", "3.14159265358979"),
        ("max(-1)", "-1"),
        ("sum(0.1, 0.2, 0.3)", "0.6"),
        ("mean(1, 2, 3, 4)", "2.5"),
        ("avg(1, 2)", "1.5"),
        ("median(3, 1, 2)", "2"),
        ("median(4, 1, 3, 2)", "2.5"),
        ("median(7)", "7"),
    ]);
}

#[test]
fn floating_point_functions_have_15_digits() {
    check(&[
        ("sin(rad(30))", "0.5"),
        ("sin(pi)", "0"),
        ("cos(pi/2)", "0"),
        ("cos(pi)", "-1"),
        ("tan(pi)", "0"),
        ("tan(pi/4)", "1"),
        ("sin(1e-20)", "1e-20"),
        ("asin(1) - pi/2", "0"),
        ("acos(0)", "1.5707963267949"),
        ("atan(1) * 4 - pi", "0"),
        ("atan2(1, -1)", "2.35619449019234"),
        ("sinh(1)", "1.1752011936438"),
        ("cosh(0)", "1"),
        ("tanh(0.5)", "0.46211715726001"),
        ("deg(pi)", "180"),
        ("rad(180)", "3.14159265358979"),
        ("ln(e^2)", "2"),
        ("ln(10)", "2.30258509299405"),
        ("ln(10^1000)", "2302.58509299405"),
        ("log(50)", "1.69897000433602"),
        ("log2(10)", "3.32192809488736"),
        ("exp(1) - e", "0"),
        ("2 ^ 0.5", "1.4142135623731"),
        ("pi % 2", "1.14159265358979"),
        ("-pi % 2", "0.858407346410207"),
        ("pi // 2", "1"),
        ("2 * π / τ", "1"),
        ("SQRT(2) * Pi", "4.44288293815837"),
    ]);
}

#[test]
fn interest_over_many_periods_keeps_its_digits() {
    check(&[
        ("1000 * (1 + 0.05/12)^(12*10)", "1647.00949769028"),
        ("1.000001 ^ 1000000", "2.71828046931938"),
        ("(1 + 0.05/365) ^ 3650", "1.64866481376547"),
        ("1.000001 ^ -1000000", "0.367879625111086"),
        ("(1 + 10^-15) ^ (10^15)", "2.71828182845904"),
    ]);
}

#[test]
fn enormous_results_are_refused_at_once() {
    let started = Instant::now();
    check_errors(&[
        ("9^9^9", "more than 100000 digits"),
        ("9^9^9^9^9", "more than 100000 digits"),
        ("100000!", "more than 100000 digits"),
        ("100000!!", "more than 100000 digits"),
        ("(10^20)!", "more than 100000 digits"),
        ("1e100001", "more than 100000 digits"),
        ("1e99999999999999999999", "more than 100000 digits"),
        ("1e-99999999999999999999", "too small"),
        ("2^(10^100)", "more than 100000 digits"),
        ("nCr(10^9, 5*10^8)", "more than 100000 digits"),
        ("nCr(10^100, 10^50)", "more than 100000 digits"),
        ("nPr(10^9, 10^9)", "more than 100000 digits"),
        ("nPr(10^30, 10^29)", "more than 100000 digits"),
        ("lcm(10^20000 + 1, 10^20000 + 3, 10^20000 + 7, 5)", "digits"),
        ("gcd(10^99999, 3)", "20000 digits at most"),
        ("1.5 ^ (10^9)", "too large"),
        ("0.5 ^ (10^9)", "too small"),
        ("2 ^ -100000", "too small"),
        ("1.5 ^ (10^30)", "too large for this base"),
        ("exp(1000)", "too large"),
        ("exp(-1000)", "too small"),
        ("pi ^ -10000", "too small"),
        ("sin(10^400)", "too large"),
        ("10^10000 + 0.5", "too large"),
    ]);
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn undefined_results_say_why() {
    check_errors(&[
        ("1 / 0", "at character 3: division by zero"),
        ("1 // 0", "at character 3: division by zero"),
        ("1 % (2 - 2)", "at character 3: division by zero"),
        ("0 ^ -1", "division by zero"),
        ("1 / (0.1 + 0.2 - 0.3)", "division by zero"),
        (
            "sqrt(-1)",
            "at character 1: the square root of a negative number",
        ),
        ("2 + root(-4, 2)", "at character 5: an even root"),
        ("root(4, 0)", "zeroth root"),
        ("(-8) ^ (1/3)", "fractional power is not real"),
        ("(-8) ^ pi", "fractional power is not real"),
        ("ln(0)", "above zero"),
        ("log(-5)", "above zero"),
        ("log(5, 1)", "base 1"),
        ("asin(2)", "asin is only defined from -1 to 1"),
        ("tan(pi/2)", "pole"),
        ("(-3)!", "whole numbers from 0"),
        ("2.5!", "whole numbers from 0"),
        ("gcd(1.5, 2)", "gcd needs whole numbers"),
        ("nCr(-1, 2)", "nCr needs whole numbers"),
    ]);
}

#[test]
fn syntax_errors_name_the_place_and_what_was_expected() {
    check_errors(&[
        ("", "the expression is empty"),
        (" \n ", "the expression is empty"),
        (
            "1 +",
            "at character 4: expected a number, a name or `(`, found the end",
        ),
        (
            "1 + * 2",
            "at character 5: expected a number, a name or `(`, found `*`",
        ),
        (
            "(1 + 2",
            "at character 7: expected `)` to close the `(` at character 1, found the end",
        ),
        ("1 + 2)", "at character 6: expected an operator, found `)`"),
        (
            "2 pi",
            "at character 3: expected an operator, found `pi`; write `*` to multiply",
        ),
        ("2(3)", "write `*` to multiply"),
        ("1,000", "grouped with `_`"),
        (
            "max(1 2)",
            "at character 7: expected an operator, found `2`",
        ),
        ("max(1,", "at character 7: expected a number"),
        ("()", "at character 2: expected a number"),
        ("sqrt 4", "expected `(` after the function sqrt, found `4`"),
        ("sqrt()", "sqrt takes 1 argument, not 0"),
        ("sqrt(1, 2)", "sqrt takes 1 argument, not 2"),
        ("round(1, 2, 3)", "round takes 1 or 2 arguments, not 3"),
        ("max()", "max takes at least 1 argument, not 0"),
        ("atan2(1)", "atan2 takes 2 arguments, not 1"),
        (
            "sqr(2)",
            "at character 1: unknown name `sqr`; did you mean `sqrt`?",
        ),
        ("1 + sine(2)", "did you mean `sin`?"),
        ("factorail(3)", "did you mean `factorial`?"),
        ("frobnicate(2)", "known names are abs, sign"),
        ("5%", "`%` is the remainder"),
        ("(5%) * 3", "at character 3: `%` is the remainder"),
        ("20 % * 3", "at character 4: `%` is the remainder"),
        (
            "0xfg",
            "at character 3: expected hexadecimal digits, found `fg`",
        ),
        ("0b12", "expected binary digits, found `12`"),
        ("0x", "expected hexadecimal digits"),
        ("1.2.3", "at character 4: expected an operator, found `.3`"),
        ("2 == 2", "`=` has no meaning"),
        ("1 + 💥", "at character 5: `💥` has no meaning"),
        ("π(2", "at character 2: expected an operator"),
        ("2 * x", "unknown name `x`; known names are"),
        ("grüße + 1", "unknown name `grüße`"),
        ("√2", "`√` has no meaning"),
        ("\0", "has no meaning"),
    ]);
}

#[test]
fn deep_nesting_is_an_error_and_no_stack_overflow() {
    check_errors(&[
        (&"(".repeat(100_000), "longer than 20000 bytes"),
        (&"(".repeat(15_000), "nested more than 200 levels"),
        (&"-".repeat(15_000), "nested more than 200 levels"),
        (&"sin(".repeat(4_000), "nested more than 200 levels"),
        (&"2^".repeat(9_000), "nested more than 200 levels"),
    ]);
    let nested = format!("{}1{}", "(".repeat(150), ")".repeat(150));
    check(&[(&nested, "1")]);
}

#[test]
fn long_chains_are_no_nesting() {
    let chain = format!("1{}", " + 1".repeat(4_900));
    check(&[(&chain, "4901")]);
    let chain = format!("0{}", "+(1)".repeat(4_000));
    check(&[(&chain, "4000")]);
    let long = "9".repeat(19_000);
    check(&[(&long, &long)]);
}

#[test]
fn examples_of_the_definition_hold() {
    use loom_sdk::tool::Tool;
    let definition = <calculate as Tool>::definition();
    assert!(!definition.examples.is_empty());
    for example in definition.examples {
        let arguments = serde_json::from_str(&example.arguments).unwrap();
        let output = testing::text(testing::call::<calculate>(arguments));
        assert_eq!(Some(output), example.output, "{}", example.title);
    }
}

#[test]
fn arguments_of_the_wrong_type_are_refused() {
    for arguments in [
        json!({"expression": 4}),
        json!({}),
        json!({"expression": "1", "x": 1}),
    ] {
        let error = testing::call::<calculate>(arguments).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput);
    }
}
