//! Schemas before and after.

use serde_json::json;

use super::*;

#[test]
fn objects_are_closed_at_every_depth() {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "list": {"type": "array", "items": {"type": "object", "properties": {}}},
            "either": {"oneOf": [{"type": "null"}, {"$ref": "#/$defs/Point"}]},
        },
        "additionalProperties": {"type": "string"},
        "$defs": {"Point": {"type": "object", "properties": {"x": {"type": "integer"}}}},
    });
    let expected = json!({
        "type": "object",
        "properties": {
            "list": {"type": "array", "items": {"type": "object", "properties": {}, "additionalProperties": false}},
            "either": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/Point"}]},
        },
        "$defs": {"Point": {"type": "object", "properties": {"x": {"type": "integer"}}, "additionalProperties": false}},
        "additionalProperties": false,
    });
    assert_eq!(closed(schema), expected);
}

#[test]
fn refused_words_become_part_of_the_description() {
    let schema = json!({"type": "integer", "minimum": 1, "maximum": 9, "description": "A digit."});
    let expected =
        json!({"type": "integer", "description": "A digit.\n\n{minimum: 1, maximum: 9}"});
    assert_eq!(closed(schema), expected);
    let schema =
        json!({"type": "array", "minItems": 2, "items": {"type": "string", "maxLength": 3}});
    let expected = json!({
        "type": "array",
        "items": {"type": "string", "description": "{maxLength: 3}"},
        "description": "{minItems: 2}",
    });
    assert_eq!(closed(schema), expected);
}

#[test]
fn properties_may_have_the_names_of_refused_words() {
    let schema = json!({"type": "object", "properties": {"minimum": {"type": "string"}, "oneOf": {"type": "null"}}});
    let made = closed(schema);
    assert_eq!(made["properties"]["minimum"], json!({"type": "string"}));
    assert_eq!(made["properties"]["oneOf"], json!({"type": "null"}));
}

#[test]
fn the_order_of_properties_and_what_is_taken_stay() {
    let text = r#"{"type":"object","properties":{"why":{"type":"string"},"answer":{"enum":["a"]}},"required":["why"],"additionalProperties":false}"#;
    let schema = serde_json::from_str(text).unwrap_or_default();
    assert_eq!(closed(schema).to_string(), text);
    assert_eq!(
        closed(json!({"type": "array", "minItems": 1})),
        json!({"type": "array", "minItems": 1})
    );
    assert_eq!(closed(json!(true)), json!(true));
}
