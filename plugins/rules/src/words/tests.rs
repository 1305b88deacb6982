//! Tests of words in patterns.

use super::expand;

fn meaning(word: &str) -> Option<&'static str> {
    match word {
        "file" => Some("(?<file>{name}\\.{name})"),
        "name" => Some("[a-z]+"),
        "again" => Some("{again}"),
        "double" => Some("{twice}{twice}{twice}{twice}{twice}{twice}{twice}{twice}"),
        "twice" => Some(LONG),
        _ => None,
    }
}

const LONG: &str = match std::str::from_utf8(&[b'x'; 4096]) {
    Ok(text) => text,
    Err(_) => panic!("x is ASCII"),
};

#[track_caller]
fn check(pattern: &str, expected: Result<&str, &str>) {
    match (expand(pattern, &meaning), expected) {
        (Ok(expanded), Ok(expected)) => assert_eq!(expanded, expected),
        (Err(why), Err(part)) => assert!(why.contains(part), "{why}"),
        (found, expected) => panic!("{found:?} is not {expected:?}"),
    }
}

#[test]
fn a_word_is_replaced_by_its_meaning() {
    check("^read {name}$", Ok("^read (?:[a-z]+)$"));
    check("{name}{name}", Ok("(?:[a-z]+)(?:[a-z]+)"));
    check("ä{name}ö", Ok("ä(?:[a-z]+)ö"));
}

#[test]
fn words_may_stand_for_words() {
    check("{file}", Ok("(?:(?<file>(?:[a-z]+)\\.(?:[a-z]+)))"));
}

#[test]
fn braces_of_the_expression_stay() {
    for pattern in [
        r"\d{2}",
        r"\d{2,}",
        r"a\{name}",
        r"\u{e4}",
        "{",
        "}{",
        "{Name}",
        "{a b}",
        "",
    ] {
        check(pattern, Ok(pattern));
    }
}

#[test]
fn an_unknown_word_is_named() {
    check("{nothing}", Err("{nothing}"));
}

#[test]
fn a_word_that_stands_for_itself_is_refused() {
    check("{again}", Err("itself"));
}

#[test]
fn words_do_not_grow_without_end() {
    check("{double}", Err("longer than"));
}
