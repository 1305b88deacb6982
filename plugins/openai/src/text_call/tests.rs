//! Answers that are calls, answers that only look like it, and when each is known.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use super::*;

const CALL: &str = r#"{"name": "add", "arguments": {"a": 1}}"#;

fn watch() -> Watch {
    Watch::new(vec!["add".to_owned(), "read_file".to_owned()])
}

/// The outcome of an answer, the same however it is cut.
fn outcome(answer: &str) -> Outcome {
    let of = |pieces: &[&str]| {
        let mut watch = watch();
        for (at, piece) in pieces.iter().enumerate() {
            if let Some(released) = watch.push(piece) {
                return Outcome::Text(released + &pieces[at + 1..].concat());
            }
        }
        watch.finish()
    };
    let whole = of(&[answer]);
    for (cut, _) in answer.char_indices() {
        let (first, second) = answer.split_at(cut);
        assert_eq!(of(&[first, second]), whole, "{answer:?} cut at {cut}");
    }
    whole
}

fn calls(answer: &str, expected: &[(&str, &str)]) {
    let expected = expected.iter().map(|(name, arguments)| Call {
        name: (*name).to_owned(),
        arguments: (*arguments).to_owned(),
    });
    assert_eq!(
        outcome(answer),
        Outcome::Calls(expected.collect()),
        "{answer:?}"
    );
}

fn text(answer: &str) {
    assert_eq!(
        outcome(answer),
        Outcome::Text(answer.to_owned()),
        "{answer:?}"
    );
}

/// How much of an answer is held back: all before the character at which it is known to be text.
fn released_after(answer: &str) -> Option<&str> {
    let mut watch = watch();
    let ends = answer.char_indices().map(|(at, c)| at + c.len_utf8());
    let mut start = 0;
    for end in ends {
        if watch.push(&answer[start..end]).is_some() {
            return Some(&answer[..end]);
        }
        start = end;
    }
    None
}

#[test]
fn a_call_is_found_in_every_dress() {
    let add = [("add", r#"{"a":1}"#)];
    calls(CALL, &add);
    for (before, after) in [
        ("\n ", " \n"),
        ("```\n", "\n```"),
        ("```json\n", "\n```\n"),
        ("```json ", ""),
        ("\n```tool_call\n", "```"),
        ("<tool_call>\n", "\n</tool_call>"),
        ("<tool_call>", ""),
    ] {
        calls(&format!("{before}{CALL}{after}"), &add);
    }
}

#[test]
fn other_spellings_of_a_call_are_understood() {
    calls(r#"{"arguments":{},"name":"add"}"#, &[("add", "{}")]);
    calls(
        r#"{"name":"add","parameters":{"a":[1,{"b":"}"}]}}"#,
        &[("add", r#"{"a":[1,{"b":"}"}]}"#)],
    );
    calls(
        r#"{"type":"function","id":"x","name":"add","parameters":{}}"#,
        &[("add", "{}")],
    );
    calls(
        r#"{"name":"add","arguments":"{\"a\": \"\\\"\"}"}"#,
        &[("add", r#"{"a":"\""}"#)],
    );
    calls(
        r#"{"name":"read_file","arguments":{"path":"żółć 🌍\\"}}"#,
        &[("read_file", r#"{"path":"żółć 🌍\\"}"#)],
    );
}

#[test]
fn several_calls_one_after_another_are_all_found() {
    let two = [("add", r#"{"a":1}"#), ("add", r#"{"a":1}"#)];
    calls(&format!("{CALL}\n{CALL}"), &two);
    calls(&format!("```json\n{CALL}\n{CALL}\n```"), &two);
    calls(
        &format!("<tool_call>\n{CALL}\n</tool_call>\n<tool_call>\n{CALL}\n</tool_call>"),
        &two,
    );
}

#[test]
fn anything_beside_a_call_makes_it_text() {
    for answer in [
        format!("Sure: {CALL}"),
        format!("{CALL} Done."),
        format!("{CALL},"),
        format!("[{CALL}]"),
        format!("```json\n{CALL}\n```\nThis adds."),
        format!("```json\n{CALL}\n```\n```json\n{CALL}\n```"),
        format!("```python\n{CALL}\n```"),
        format!("`{CALL}`"),
        format!("<tool_call>{CALL}{CALL}</tool_call>"),
        format!("<tool_call>{CALL}</tool_call><tool_call>"),
        format!("<tool>{CALL}</tool>"),
        format!("{CALL}```"),
        format!("{CALL}{{"),
    ] {
        text(&answer);
    }
}

#[test]
fn json_that_is_no_call_is_text() {
    for answer in [
        "",
        "{}",
        "{",
        "```json\n```",
        r#"{"name":"add"}"#,
        r#"{"name":"add","arguments":[1]}"#,
        r#"{"name":"add","arguments":7}"#,
        r#"{"name":"add","arguments":null}"#,
        r#"{"name":"add","arguments":"no"}"#,
        r#"{"name":"subtract","arguments":{}}"#,
        r#"{"name":7,"arguments":{}}"#,
        r#"{"name":{"name":"add"},"arguments":{}}"#,
        r#"{"name":"add","arguments":{},"comment":"x"}"#,
        r#"{"name":"Ada","age":36}"#,
        r#"{"name":"add","arguments":{}"#,
        r#"{"name":"add","arguments":{"a":}}"#,
        r#"{"name":"add","arguments":{]}}"#,
        r#"{'name':'add','arguments':{}}"#,
    ] {
        text(answer);
    }
}

#[test]
fn an_answer_is_held_back_no_longer_than_it_could_be_a_call() {
    for (answer, released) in [
        ("Hello", "H"),
        ("  \n Hello", "  \n H"),
        ("`a`", "`a"),
        ("```python\nprint()", "```p"),
        ("```jsonc\n", "```jsonc"),
        ("<b>no</b>", "<b"),
        ("{x}", "{x"),
        (r#"{"answer": 42}"#, r#"{"answer""#),
        (r#"{"name": "Ada"}"#, r#"{"name": "Ada""#),
        (r#"{"name": 7}"#, r#"{"name": 7"#),
        (r#"{"arguments": 7}"#, r#"{"arguments": 7"#),
        ("```json\n[1, 2]\n```", "```json\n["),
    ] {
        assert_eq!(released_after(answer), Some(released), "{answer}");
    }
    assert_eq!(released_after(CALL), None);
}

#[test]
fn a_long_call_is_read_in_linear_time() {
    let content = "x".repeat(300_000);
    let answer = format!(r#"{{"name":"add","arguments":{{"text":"{content}"}}}}"#);
    let mut watch = watch();
    for at in 0..answer.len() {
        assert_eq!(watch.push(&answer[at..=at]), None);
    }
    assert!(matches!(watch.finish(), Outcome::Calls(calls) if calls[0].arguments.len() > 300_000));
}

#[test]
fn what_is_held_can_be_had() {
    let mut watch = watch();
    assert_eq!(watch.clone().into_text(), None);
    watch.push("{\"name\"");
    assert_eq!(watch.into_text().unwrap(), "{\"name\"");
}
