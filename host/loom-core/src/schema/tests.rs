//! What schemas are taken, and what is said about values that do not fit.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use serde_json::json;

use super::*;

fn problems(schema: &Value, value: &Value) -> Vec<String> {
    Schema::compile(schema).unwrap().problems(value)
}

fn check(schema: &Value, value: &Value, expect: &[&str]) {
    let problems = problems(schema, value);
    assert_eq!(problems.len(), 1, "{problems:?}");
    for part in expect {
        assert!(
            problems[0].contains(part),
            "no {part:?} in {:?}",
            problems[0]
        );
    }
}

fn reader() -> Value {
    json!({
        "type": "object",
        "properties": {
            "path": {"type": "string", "description": "File to read"},
            "lines": {"type": "array", "items": {"type": "integer", "minimum": 1}},
            "mode": {"enum": ["text", "binary"]}
        },
        "required": ["path"],
        "additionalProperties": false
    })
}

#[test]
fn a_value_that_fits_has_no_problems() {
    assert!(problems(&reader(), &json!({"path": "a", "lines": [1, 2]})).is_empty());
}

#[test]
fn a_missing_property_is_named_with_its_own_schema() {
    check(
        &reader(),
        &json!({}),
        &["at the top level", "\"path\"", "required", "File to read"],
    );
}

#[test]
fn a_wrong_type_is_located_and_the_expected_schema_quoted() {
    let value = json!({"path": "a", "lines": [1, "zwei"]});
    check(
        &reader(),
        &value,
        &["at /lines/1", "zwei", "integer", r#""minimum":1"#],
    );
}

#[test]
fn an_unknown_property_is_named() {
    check(
        &reader(),
        &json!({"path": "a", "pfad": 1}),
        &["at the top level", "pfad"],
    );
}

#[test]
fn a_choice_lists_what_may_be_chosen() {
    check(
        &reader(),
        &json!({"path": "a", "mode": "x"}),
        &["at /mode", "text", "binary"],
    );
}

#[test]
fn a_pointer_is_escaped() {
    let schema = json!({"type": "object", "additionalProperties": {"type": "string"}});
    check(&schema, &json!({"a/b~c": 1}), &["at /a~1b~0c:"]);
}

#[test]
fn a_schema_behind_a_reference_is_quoted() {
    let schema = json!({
        "type": "object",
        "properties": {"size": {"$ref": "#/$defs/size"}},
        "$defs": {"size": {"type": "integer", "description": "In bytes"}}
    });
    check(&schema, &json!({"size": "big"}), &["at /size", "In bytes"]);
}

#[test]
fn a_huge_value_is_not_repeated() {
    let value = json!({"path": "é".repeat(100_000), "lines": "é".repeat(100_000)});
    let problems = problems(&reader(), &value);
    assert!(problems[0].len() < 1000, "{} bytes", problems[0].len());
    assert!(problems[0].contains("array"), "{}", problems[0]);
}

#[test]
fn a_huge_schema_is_cut() {
    let schema = json!({"type": "string", "description": "ü".repeat(10_000)});
    let problems = problems(&schema, &json!(1));
    assert!(problems[0].len() < 1000, "{} bytes", problems[0].len());
}

#[test]
fn many_problems_are_counted_and_not_all_told() {
    let value = json!({"path": "a", "lines": vec!["x"; 25]});
    let problems = problems(&reader(), &value);
    assert_eq!(problems.len(), MAX_PROBLEMS + 1);
    assert_eq!(problems.last().unwrap(), "and 15 more");
}

#[test]
fn several_problems_are_told_together() {
    let problems = problems(&reader(), &json!({"lines": 1, "mode": 2}));
    assert_eq!(problems.len(), 3, "{problems:?}");
}

#[test]
fn schemas_that_are_none_are_refused() {
    for schema in [json!(null), json!([]), json!("object"), json!(true)] {
        let reason = Schema::compile(&schema).err().unwrap();
        assert!(reason.contains("must be a JSON object"), "{reason}");
    }
}

#[test]
fn a_schema_that_is_wrong_is_refused_with_the_place() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "strnig"}}});
    let reason = Schema::compile(&schema).err().unwrap();
    assert!(reason.contains("/properties/a/type"), "{reason}");
    assert!(reason.contains("strnig"), "{reason}");
}

#[test]
fn a_schema_elsewhere_is_refused() {
    for reference in [
        "https://example.com/schema.json",
        "file:///etc/passwd",
        "#/$defs/missing",
    ] {
        let schema = json!({"properties": {"a": {"$ref": reference}}});
        assert!(Schema::compile(&schema).is_err(), "{reference} was taken");
    }
}

#[test]
fn a_pattern_that_is_no_pattern_is_refused() {
    assert!(Schema::compile(&json!({"pattern": "("})).is_err());
}
