//! Tests of suggestions.

use super::*;

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let examples = [
        "count the files",
        "read a file",
        "count words of the file",
        "größte Datei",
    ];
    let found = nearest(text, examples.iter().map(|&e| e.to_owned()), 2);
    assert_eq!(found, expected, "{text}");
}

#[test]
fn the_examples_with_most_in_common_come_first() {
    check(
        "count words in Files",
        &["count words of the file", "count the files"],
    );
    check("Files!", &["count the files", "read a file"]);
    check("DATEI", &["größte Datei"]);
}

#[test]
fn words_that_tell_nothing_suggest_nothing() {
    check("what is the", &[]);
    check("", &[]);
    check("😀", &[]);
}

#[test]
fn own_examples_are_suggested_too() {
    let nearest = nearest_of(vec!["deploy the frobnicator".into()]);
    assert_eq!(nearest("frobnicator?", 3), ["deploy the frobnicator"]);
    assert!(nearest("how many files?", 3).len() == 3);
    assert!(nearest("how many files?", 0).is_empty());
}
