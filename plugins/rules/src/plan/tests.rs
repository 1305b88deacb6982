//! Tests of planning a step.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use super::*;
use crate::rule::StepSource;

/// What a step in JSON comes to with `n` = 3, `list` = a, ü and `no` undefined: its calls, or what
/// went wrong.
fn planned(step: &str, round: u32) -> Result<Plan, Mistake> {
    let StepSource::Calls(step) = serde_json::from_str(step).unwrap() else {
        panic!("shared");
    };
    let scope = Scope::from([
        ("n".to_owned(), Value::from(3)),
        ("list".to_owned(), Value::from(vec!["a", "ü"])),
    ]);
    let templates = Templates::new(Value::UNDEFINED, |_, _| Vec::new());
    plan(&templates, &step, round, &scope)
}

#[track_caller]
fn check(step: &str, calls: &[&str]) {
    check_round(step, 0, calls);
}

#[track_caller]
fn check_round(step: &str, round: u32, calls: &[&str]) {
    let plan = planned(step, round).unwrap_or_else(|why| panic!("{why:?}"));
    let told = plan
        .calls
        .iter()
        .map(|c| format!("{} {}", c.tool, c.arguments));
    assert_eq!(told.collect::<Vec<_>>(), calls, "{step}");
}

#[test]
fn strings_are_templates() {
    check(
        r#"{"tool": "t", "arguments": {"a": "<{{ n }}>", "b": ["{{ list[1] }}", 1], "c": {"d": true}}}"#,
        &[r#"t {"a":"<3>","b":["ü",1],"c":{"d":true}}"#],
    );
}

#[test]
fn a_lone_expression_keeps_its_type() {
    check(
        r#"{"tool": "t", "arguments": {"a": "{{ n + 1 }}", "b": "{{ list }}", "c": "{{ n > 2 }}", "d": "{{ n }}{{ n }}"}}"#,
        &[r#"t {"a":4,"b":["a","ü"],"c":true,"d":"33"}"#],
    );
}

#[test]
fn what_comes_to_nothing_is_left_out() {
    check(
        r#"{"tool": "t", "arguments": {"a": "{{ no }}", "b": "{{ none }}", "c": "", "d": "{{ no.thing }}"}}"#,
        &[r#"t {"c":""}"#],
    );
}

#[test]
fn a_text_stays_as_it_is() {
    check(
        r#"{"tool": "t", "arguments": {"a": " x\n", "b": "{{ n }}\n"}}"#,
        &[r#"t {"a":" x\n","b":"3\n"}"#],
    );
}

#[test]
fn raw_arguments_need_not_be_json() {
    check(
        r#"{"tool": "t", "arguments": "{\"a\": {{ n }}"}"#,
        &[r#"t {"a": 3"#],
    );
    check(r#"{"tool": "t", "arguments": ""}"#, &["t "]);
    check(r#"{"tool": "t"}"#, &["t {}"]);
}

#[test]
fn each_item_is_a_call() {
    check(
        r#"{"tool": "t", "for_each": "list", "arguments": {"p": "{{ item }}"}}"#,
        &[r#"t {"p":"a"}"#, r#"t {"p":"ü"}"#],
    );
    check(r#"{"tool": "t", "for_each": "no"}"#, &[]);
}

#[test]
fn calls_run_side_by_side_if_their_condition_holds() {
    check(
        r#"[{"tool": "a", "if": "n == 3"}, {"tool": "b", "if": "no"}, {"tool": "c{{ n }}"}]"#,
        &["a {}", "c3 {}"],
    );
}

#[test]
fn a_call_is_made_in_as_many_rounds_as_it_repeats() {
    let step = r#"[{"tool": "a", "repeat": 2}, {"tool": "b", "arguments": {"r": "{{ round }}"}}]"#;
    check_round(step, 0, &["a {}", r#"b {"r":1}"#]);
    check_round(step, 1, &["a {}"]);
    check_round(step, 2, &[]);
}

#[test]
fn an_early_answer_ends_the_rule() {
    let plan = planned(r#"{"answer": "It is {{ n }}."}"#, 0).unwrap();
    assert_eq!(plan.answer.as_deref(), Some("It is 3."));
    let plan = planned(r#"{"answer": "no", "if": "n != 3"}"#, 0).unwrap();
    assert_eq!(plan.answer, None);
}

#[test]
fn what_is_said_before_calls_is_one_text() {
    let plan = planned(
        r#"[{"tool": "a", "say": "One."}, {"tool": "b", "say": "Two."}]"#,
        0,
    );
    assert_eq!(plan.unwrap().said, "One.\nTwo.");
}

#[test]
fn a_mistake_names_its_field() {
    for (step, field, part) in [
        (r#"{"tool": "t", "if": "n | nofilter"}"#, "if", "nofilter"),
        (r#"{"tool": "{{ n | nofilter }}"}"#, "tool", "nofilter"),
        (
            r#"{"tool": "t", "for_each": "n"}"#,
            "for_each",
            "is no list",
        ),
        (
            r#"{"tool": "t", "for_each": "range(1000)"}"#,
            "for_each",
            "more than 500",
        ),
        (
            r#"{"tool": "t", "arguments": {"a": "{{ 1 + 'x' }}"}}"#,
            "arguments",
            "line",
        ),
        (r#"{"answer": "{{ n() }}"}"#, "answer", "line 1"),
    ] {
        let Err((found, why)) = planned(step, 0) else {
            panic!("{step} is fine");
        };
        assert_eq!(found, field, "{step}");
        assert!(why.contains(part), "{step}: {why}");
    }
}
