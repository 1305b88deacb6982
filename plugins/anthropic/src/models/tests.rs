//! Names of models and lists of them.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use serde_json::json;

use super::*;

#[test]
fn the_generation_is_read_from_every_spelling() {
    for (name, generation) in [
        ("claude-opus-4-7", Some((4, 7))),
        ("claude-sonnet-4-5-20250929", Some((4, 5))),
        ("claude-sonnet-4-20250514", Some((4, 0))),
        ("claude-opus-4-1-20250805", Some((4, 1))),
        ("claude-sonnet-5", Some((5, 0))),
        ("claude-haiku-4-5@20251001", Some((4, 5))),
        ("anthropic.claude-opus-4-1-20250805-v1:0", Some((4, 1))),
        ("anthropic/claude-sonnet-4.5", Some((4, 5))),
        ("claude-3-5-haiku-latest", Some((3, 5))),
        ("claude-3-7-sonnet-20250219", Some((3, 7))),
        ("claude-3-haiku-20240307", Some((3, 0))),
        ("claude-mythos-preview", None),
        ("qwen2.5-coder-1.5b", None),
        ("", None),
    ] {
        let expected = generation.map(|(major, minor)| Generation(major, minor));
        assert_eq!(Generation::of(name), expected, "{name}");
    }
}

#[test]
fn the_limit_on_an_answer_depends_on_the_generation() {
    for (name, tokens) in [
        ("claude-3-haiku-20240307", 4_096),
        ("claude-3-5-haiku-latest", 8_192),
        ("claude-3-7-sonnet-latest", 32_000),
        ("claude-opus-4-0", 32_000),
        ("claude-sonnet-5", 32_000),
        ("local", 8_192),
    ] {
        assert_eq!(default_max_tokens(name), tokens, "{name}");
    }
}

#[test]
fn a_list_tells_limits_and_abilities() {
    let models = listed(&json!({"data": [
        {
            "id": "claude-opus-5", "type": "model", "max_input_tokens": 1_000_000, "max_tokens": 128_000,
            "capabilities": {"image_input": {"supported": true}, "thinking": {"supported": false}},
        },
        {"id": "claude-haiku-4-5", "type": "model", "max_input_tokens": null},
        {"id": "local", "capabilities": null},
        {"type": "model"},
    ]}));
    let models = models.unwrap();
    assert_eq!(models.len(), 3);
    assert_eq!(
        (models[0].context_window, models[0].max_output_tokens),
        (Some(1_000_000), Some(128_000))
    );
    assert!(models[0].images && !models[0].reasoning);
    assert_eq!(models[1].context_window, Some(200_000));
    assert_eq!(models[2].context_window, None);
    assert!(models[2].images && models[2].reasoning && models[2].tools);
    for answer in [json!({}), json!([]), json!({"data": "x"})] {
        assert_eq!(listed(&answer), None);
    }
}

#[test]
fn configured_models_are_names_or_objects() {
    let models =
        configured(r#"["claude-opus-4-7", {"id": "x", "context_window": 9, "images": false}]"#);
    let models = models.unwrap();
    assert_eq!(models[0].context_window, Some(200_000));
    assert_eq!(models[1].context_window, Some(9));
    assert!(!models[1].images && models[1].tools);
}
