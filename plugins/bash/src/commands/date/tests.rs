#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use super::*;

fn steps(text: &str) -> Option<(String, i64, i64, i64)> {
    let steps = Steps::parse(text)?;
    Some((steps.base, steps.months, steps.days, steps.seconds))
}

fn check(moment: &str, text: &str, expect: &str) {
    let steps = Steps::parse(&format!("x {text}")).unwrap();
    let after = Moment::parse(moment).unwrap().after(&steps).unwrap();
    assert_eq!(after, expect, "{moment} {text}");
}

#[test]
fn steps_are_read_from_the_end() {
    let is = |base: &str, months, days, seconds| Some((base.to_owned(), months, days, seconds));
    assert_eq!(steps("2024-01-31 +1 month"), is("2024-01-31", 1, 0, 0));
    assert_eq!(steps("2024-05-15 -2 weeks"), is("2024-05-15", 0, -14, 0));
    assert_eq!(
        steps("2024-02-01 +1 month -1 day"),
        is("2024-02-01", 1, -1, 0)
    );
    assert_eq!(steps("3 days ago"), is("now", 0, -3, 0));
    assert_eq!(steps("next year"), is("now", 12, 0, 0));
    assert_eq!(
        steps("2024-01-01 10:00 - 1 hour"),
        is("2024-01-01 10:00", 0, 0, -3600)
    );
    assert_eq!(steps("@0 +2days"), is("@0", 0, 2, 0));
}

#[test]
fn what_has_no_steps_is_left_to_the_shell() {
    for text in [
        "2024-01-31",
        "yesterday",
        "now",
        "",
        "12 Jan 2024",
        "next friday",
    ] {
        assert_eq!(steps(text), None, "{text}");
    }
}

#[test]
fn a_day_that_a_month_has_not_is_of_the_next() {
    check("2024 01 31 00 00 00", "+1 month", "2024-03-02 00:00:00");
    check("2023 03 31 01 02 03", "1 month ago", "2023-03-03 01:02:03");
}

#[test]
fn steps_go_over_the_ends_of_days_months_and_years() {
    check(
        "2024 02 01 00 00 00",
        "+1 month -1 day",
        "2024-02-29 00:00:00",
    );
    check("2023 12 31 23 59 59", "+1 second", "2024-01-01 00:00:00");
    check("2000 03 01 00 00 00", "-1 day", "2000-02-29 00:00:00");
    check("1900 03 01 00 00 00", "-1 day", "1900-02-28 00:00:00");
    check("2024 01 15 12 00 00", "-13 months", "2022-12-15 12:00:00");
    check("2024 12 25 00 00 00", "+366 days", "2025-12-26 00:00:00");
}

#[test]
fn years_out_of_reach_are_left_to_the_shell() {
    let steps = Steps::parse("x +90000 years").unwrap();
    assert_eq!(
        Moment::parse("2024 01 01 0 0 0").unwrap().after(&steps),
        None
    );
}
