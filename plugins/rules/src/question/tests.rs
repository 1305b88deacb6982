//! Tests of what is taken away from a message.

use super::Question;

#[track_caller]
fn check(message: &str, plain: &str) {
    assert_eq!(Question::new(message).plain, plain);
}

#[test]
fn politeness_goes() {
    check("Please read Cargo.toml!", "read Cargo.toml");
    check(
        "Can you please read Cargo.toml for me, please?",
        "read Cargo.toml",
    );
    check(
        "hey, could you tell me how many files are here?",
        "how many files are here",
    );
    check("OK, now count them. Thanks!", "count them");
    check("And how many Python files?", "how many Python files");
}

#[test]
fn a_word_that_only_starts_like_politeness_stays() {
    check("pleased to meet you", "pleased to meet you");
    check("android files", "android files");
    check("sort okapi", "sort okapi");
}

#[test]
fn nothing_but_politeness_stays() {
    check("please", "please");
    check("Thank you!", "Thank you");
    check("?", "");
    check("", "");
}

#[test]
fn a_mark_that_is_a_word_stays() {
    check("what is in .?", "what is in .");
    check("list files in .", "list files in .");
    check("list files in ..", "list files in ..");
    check("read .gitignore.", "read .gitignore");
    check("what is in ../..?", "what is in ../..");
    check("what is 5!?", "what is 5!");
    check("(2+1)!", "(2+1)!");
}

#[test]
fn typographic_quotes_become_plain() {
    check("what’s in “a b”?", "what's in \"a b\"");
}

#[test]
fn the_open_ended_form_keeps_the_end() {
    let question = Question::new("  please write a.txt with Hello! Thanks! ");
    assert_eq!(question.open_ended, "write a.txt with Hello! Thanks!");
    assert_eq!(question.typed, "please write a.txt with Hello! Thanks!");
    assert_eq!(question.lower, "write a.txt with hello! thanks!");
}

#[test]
fn a_huge_message_is_looked_at_in_part() {
    let question = Question::new(&"ü".repeat(1_000_000));
    assert_eq!(question.typed.len(), super::MAX_BYTES);
    let question = Question::new(&format!("a{}", "ü".repeat(1_000_000)));
    assert_eq!(question.typed.len(), super::MAX_BYTES - 1);
}

#[test]
fn any_text_can_be_a_message() {
    for message in [
        "…",
        "please…",
        "'''",
        "\u{0}",
        "please\n\nplease",
        "😀 please?",
        "¿qué?",
    ] {
        let _ = Question::new(message);
    }
}
