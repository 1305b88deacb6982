//! Which answers count as the JSON that was asked for.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use serde_json::json;

use super::*;

fn check(answer: &str, expect: Result<&str, &str>) {
    let schema =
        json!({"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}});
    let output = OutputSchema::compile(&schema).unwrap();
    match (output.check(answer), expect) {
        (Ok(json), Ok(expect)) => assert_eq!(json, expect),
        (Err(problem), Err(part)) => assert!(problem.contains(part), "{problem}"),
        (got, _) => panic!("{answer:?} gave {got:?}"),
    }
}

#[test]
fn bare_json_is_taken() {
    check(r#" {"n": 1} "#, Ok(r#"{"n": 1}"#));
}

#[test]
fn a_fence_around_it_is_taken_off() {
    check("```json\n{\"n\": 1}\n```", Ok(r#"{"n": 1}"#));
    check("\n```\n{\"n\": 1}```\n", Ok(r#"{"n": 1}"#));
    check("```JSON  \r\n{\"n\": 1}\r\n```", Ok(r#"{"n": 1}"#));
}

#[test]
fn a_fence_of_another_language_is_not_json() {
    check("```yaml\nn: 1\n```", Err("not JSON"));
}

#[test]
fn text_around_json_is_not_json() {
    check("Here you are: {\"n\": 1}", Err("not JSON"));
    check("{\"n\": 1} I hope it helps", Err("not JSON"));
    check("```", Err("not JSON"));
    check("", Err("not JSON"));
}

#[test]
fn json_that_does_not_fit_is_told_where() {
    check(r#"{"n": "eins"}"#, Err("at /n"));
}

#[test]
fn the_correction_has_the_problem_and_the_schema() {
    let output = OutputSchema::compile(&json!({"type": "object"})).unwrap();
    let text = output.correction("the answer is not JSON");
    assert!(text.starts_with("the answer is not JSON"), "{text}");
    assert!(text.contains(r#"{"type":"object"}"#), "{text}");
}
