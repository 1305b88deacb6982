//! How answers of models are read.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]
use serde_json::json;

use super::*;

fn whole() -> Value {
    let lists = Segment::ALL.map(|segment| (segment.key().to_owned(), json!([segment.key()])));
    Value::Object(lists.into_iter().collect())
}

#[test]
fn an_answer_is_read_with_fences_and_talk_around_it() {
    let json = whole().to_string();
    for answer in [
        json.clone(),
        format!("```json\n{json}\n```"),
        format!("Here is {{the record}} you asked for: {json} I hope it helps {{}}."),
        format!("{{\"thought\": \"hm\"}}\n{json}"),
    ] {
        let draft = Draft::parse(&answer).unwrap();
        assert_eq!(draft.add.next_steps, ["next_steps"], "{answer}");
    }
}

#[test]
fn what_models_write_instead_of_lists_of_texts_is_understood() {
    let mut fields = whole();
    fields["context"] = json!("one text");
    fields["blockers"] = json!(null);
    fields["progress"] = json!([{"done": "x"}, " padded ", "", null]);
    fields["drop"] = json!([1, "2", -3, "x", 4.5]);
    let draft = Draft::parse(&fields.to_string()).unwrap();
    assert_eq!(draft.add.context, ["one text"]);
    assert!(draft.add.blockers.is_empty());
    assert_eq!(draft.add.progress, ["{\"done\":\"x\"}", "padded"]);
    assert_eq!(draft.drop, [1, 2]);
}

#[test]
fn what_is_missing_is_named() {
    let mut fields = whole();
    fields.as_object_mut().unwrap().remove("progress");
    fields.as_object_mut().unwrap().remove("context");
    let wrong = Draft::parse(&fields.to_string()).unwrap_err();
    assert_eq!(wrong, "these fields were missing: progress, context");
    for nonsense in [
        "",
        "no",
        "[]",
        "{}",
        "{\"task_overview\":",
        &"{".repeat(100_000),
    ] {
        assert!(Draft::parse(nonsense).is_err());
    }
}
