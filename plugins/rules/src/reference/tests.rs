//! Tests of pointing at files.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use loom_sdk::llm::{Message, Part, Role, ToolCall, ToolResult};
use loom_sdk::tool::Content;

use super::*;

fn says(role: Role, text: &str) -> Message {
    let parts = vec![Part::Text(text.into())];
    Message { role, parts }
}

/// Turns with these answers, and a last one without.
fn conversation(answers: &[&str]) -> Vec<Message> {
    let turns = answers
        .iter()
        .flat_map(|answer| [says(Role::User, "question"), says(Role::Assistant, answer)]);
    turns.chain([says(Role::User, "last")]).collect()
}

#[track_caller]
fn check(answers: &[&str], phrase: &str, expected: &str) {
    let messages = conversation(answers);
    let mut variables = Variables::from([("path".to_owned(), Value::from(phrase))]);
    let result = resolve(&mut variables, &Conversation::new(&messages), answers.len());
    let found = match result {
        Ok(()) => variables["path"].as_str().unwrap().to_owned(),
        Err(error) => error.message,
    };
    assert!(
        found == expected || result_is_question(&found) && found.contains(expected),
        "{phrase}: {found}"
    );
}

fn result_is_question(text: &str) -> bool {
    text.contains(' ')
}

#[test]
fn a_path_stays_itself() {
    check(&["`a.rs`"], "b.rs", "b.rs");
    check(&[], "./b.rs", "b.rs");
    check(&[], "first.txt", "first.txt");
}

#[test]
fn it_is_the_one_file_that_was_mentioned() {
    for phrase in ["it", "that", "This file", "the file", "that one"] {
        check(&["The largest is `src/a.rs` (3 KB)."], phrase, "src/a.rs");
    }
    check(&["- a.rs (12 lines)"], "it", "a.rs");
}

#[test]
fn a_place_in_a_list_is_counted() {
    let list = "Three files:\n- a.rs\n- b/c.rs:12: let x: u8\n- `d e.rs`";
    for (phrase, path) in [
        ("the first one", "a.rs"),
        ("second", "b/c.rs"),
        ("the 3rd file", "d e.rs"),
        ("last one", "d e.rs"),
        ("#2", "b/c.rs"),
        ("number 1", "a.rs"),
    ] {
        check(&[list], phrase, path);
    }
}

#[test]
fn several_are_asked_about() {
    check(
        &["- a.rs\n- b.rs"],
        "it",
        "There are 2 files that \"it\" could be",
    );
    check(&["- a.rs\n- b.rs"], "the fifth", "only 2 paths");
    check(&["- a.rs"], "the second", "only 1 path,");
}

#[test]
fn nothing_mentioned_is_asked_about() {
    check(&[], "it", "none was mentioned");
    check(
        &["It is 3.14, or 1,000, see https://a.b/c and `x * y`."],
        "it",
        "none was",
    );
}

#[test]
fn the_nearest_turn_with_a_file_counts_but_not_one_far_back() {
    check(&["`a.rs`", "`b.rs`", "It is noon."], "it", "b.rs");
    check(
        &["`a.rs`", "-", "-", "-", "-", "-"],
        "it",
        "none was mentioned",
    );
}

#[test]
fn what_a_file_contains_is_not_a_mention() {
    check(
        &["`a.md`, 2 lines:\n```md\nsee `b.rs`\n- c.rs\n```"],
        "it",
        "a.md",
    );
    check(&["`a.md`:\n````\n```\n`b.rs`\n```\n````\n"], "it", "a.md");
}

#[test]
fn a_folder_is_no_file() {
    check(&["- src/\n- a.rs"], "it", "a.rs");
}

#[test]
fn without_a_mention_the_calls_tell() {
    let call = |id: &str, path: &str| {
        Part::ToolCall(ToolCall {
            id: id.into(),
            name: "read_file".into(),
            arguments: serde_json::json!({ "path": path }).to_string(),
        })
    };
    let result = |id: &str, is_error| {
        Part::ToolResult(ToolResult {
            call_id: id.into(),
            name: "read_file".into(),
            content: vec![Content::Text("x".into())],
            is_error,
        })
    };
    let messages = [
        says(Role::User, "look"),
        Message {
            role: Role::Assistant,
            parts: vec![
                call("1", "main.rs"),
                call("2", "src/main.rs"),
                call("3", "src/main.rs"),
            ],
        },
        Message {
            role: Role::Tool,
            parts: vec![result("1", true), result("2", false), result("3", false)],
        },
        says(Role::Assistant, "Done."),
        says(Role::User, "read it"),
    ];
    let mut variables = Variables::from([("path".to_owned(), Value::from("it"))]);
    resolve(&mut variables, &Conversation::new(&messages), 1).unwrap();
    assert_eq!(variables["path"], "src/main.rs");
}

#[test]
fn all_of_them_is_a_list() {
    let messages = conversation(&["- a.rs\n- b.rs\n- a.rs"]);
    for (phrase, expected) in [
        ("them", vec!["a.rs", "b.rs"]),
        ("both files", vec!["a.rs", "b.rs"]),
        ("the first one", vec!["a.rs"]),
        ("c.rs and ./d.rs", vec!["c.rs", "d.rs"]),
        ("the first one and d.rs", vec!["a.rs", "d.rs"]),
    ] {
        let mut variables = Variables::from([("paths".to_owned(), Value::from(phrase))]);
        resolve(&mut variables, &Conversation::new(&messages), 1).unwrap();
        assert_eq!(variables["paths"], Value::from(expected), "{phrase}");
    }
}

#[test]
fn a_list_in_words_comes_apart() {
    for (text, expected) in [
        ("a", vec!["a"]),
        ("a, b and c", vec!["a", "b", "c"]),
        ("a and b", vec!["a", "b"]),
        ("a,b", vec!["a", "b"]),
        ("\"a b\", 'c' & d", vec!["a b", "c", "d"]),
        ("band.txt and android", vec!["band.txt", "android"]),
        ("\"a b", vec!["\"a b"]),
        ("ä, ö", vec!["ä", "ö"]),
        ("", vec![]),
    ] {
        assert_eq!(split_list(text), expected, "{text}");
    }
}
