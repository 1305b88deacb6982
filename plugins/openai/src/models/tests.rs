//! Lists of models as settings and servers write them. The recorded ones are in `replay`.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use serde_json::json;

use super::*;

fn listed_one(entry: Value) -> Model {
    listed(&json!({"data": [entry]})).unwrap().remove(0)
}

#[test]
fn configured_models_are_names_or_objects() {
    let models = configured(
        r#"["gpt-4o", {"id": "local", "context_window": 4096, "max_output_tokens": 512, "tools": false}]"#,
    );
    let models = models.unwrap();
    assert_eq!(models[0].context_window, Some(128_000));
    assert!(models[0].tools && models[0].images && models[0].reasoning);
    assert_eq!(
        (models[1].context_window, models[1].max_output_tokens),
        (Some(4096), Some(512))
    );
    assert!(!models[1].tools && models[1].images);
    assert_eq!(configured("[]").unwrap(), []);
}

#[test]
fn the_context_window_is_read_from_every_servers_field() {
    for (entry, window) in [
        (json!({"id": "m", "max_model_len": 32768}), Some(32768)),
        (json!({"id": "m", "context_length": 200000}), Some(200_000)),
        (json!({"id": "m", "context_window": 131072}), Some(131_072)),
        (json!({"id": "m", "max_context_length": 1000}), Some(1000)),
        (
            json!({"id": "m", "meta": {"n_ctx_train": 32768}}),
            Some(32768),
        ),
        (
            json!({"id": "m", "meta": {"n_ctx_train": 32768, "n_ctx": 4096}}),
            Some(4096),
        ),
        (json!({"id": "m", "meta": null}), None),
        (json!({"id": "m", "context_length": 0}), None),
        (json!({"id": "m", "context_length": "8k"}), None),
        (json!({"id": "gpt-4o", "context_length": 5}), Some(5)),
    ] {
        assert_eq!(listed_one(entry.clone()).context_window, window, "{entry}");
    }
}

#[test]
fn abilities_are_believed_where_they_are_told() {
    let model = listed_one(json!({
        "id": "a/b",
        "supported_parameters": ["tools", "temperature"],
        "architecture": {"input_modalities": ["text"]},
        "top_provider": {"max_completion_tokens": 77},
    }));
    assert_eq!(
        (model.tools, model.images, model.reasoning),
        (true, false, false)
    );
    assert_eq!(model.max_output_tokens, Some(77));
    let mistral = listed_one(json!({
        "id": "m", "capabilities": {"function_calling": false, "vision": true},
    }));
    assert_eq!((mistral.tools, mistral.images), (false, true));
}

#[test]
fn well_known_names_are_recognised_and_others_are_not() {
    let windows = [
        ("gpt-4o-mini-2024-07-18", Some(128_000)),
        ("openai/gpt-4.1", Some(1_047_576)),
        ("gpt-4", Some(8_192)),
        ("gpt-4-0613", Some(8_192)),
        ("gpt-4-turbo", Some(128_000)),
        ("gpt-5", Some(400_000)),
        ("gpt-5-mini", Some(400_000)),
        ("gpt-5-chat-latest", Some(128_000)),
        ("gpt-5000", None),
        ("o3-mini", Some(200_000)),
        ("qwen3", None),
        ("", None),
    ];
    for (id, window) in windows {
        assert_eq!(listed_one(json!({"id": id})).context_window, window, "{id}");
    }
}

#[test]
fn an_answer_that_is_no_list_is_none() {
    for answer in [json!({}), json!({"data": {}}), json!("models"), json!(null)] {
        assert_eq!(listed(&answer), None, "{answer}");
    }
    let together = json!([{"id": "a"}, {"object": "model"}, 7]);
    assert_eq!(listed(&together).unwrap().len(), 1);
}
