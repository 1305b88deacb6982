//! `loom run --json`: the lines that scripts read.

use std::collections::BTreeMap;

use loom_tests::guests;
use serde_json::{Value, json};

use crate::home;

/// What a run says about itself in the end.
const SUMMARY: [&str; 7] = [
    "thread_id",
    "run_id",
    "exit_code",
    "turns",
    "tool_calls",
    "usage",
    "duration_ms",
];

fn types(events: &[Value]) -> Vec<&str> {
    let names = events.iter().map(|event| event["type"].as_str());
    names.map(Option::unwrap).collect()
}

/// Checks what holds for the lines of every run: the first and the last one, each turn begins before
/// it ends, and each item begins before it goes on and ends exactly once.
#[track_caller]
fn check_order(events: &[Value]) {
    let types = types(events);
    assert_eq!(types.first(), Some(&"thread.started"));
    assert!(types.last().unwrap().starts_with("run."), "{types:?}");
    let (mut turn, mut open, mut ended) = (0, BTreeMap::new(), Vec::new());
    for (event, kind) in events.iter().zip(&types) {
        let item = &event["item"];
        let id = item["id"].as_str().unwrap_or_default();
        match *kind {
            "turn.started" => {
                turn += 1;
                assert_eq!(event["turn"], turn);
            }
            "model.routed" | "model.answered" | "permission.decided" => {
                assert!(turn > 0, "{event}");
            }
            "turn.completed" | "turn.failed" => {
                assert_eq!(event["turn"], turn);
                assert!(open.is_empty(), "{open:?} did not end in their turn");
            }
            "item.started" => {
                assert_eq!(item["status"], "in_progress");
                assert!(
                    open.insert(id, item["type"].clone()).is_none(),
                    "{id} again"
                );
            }
            "item.updated" => assert_eq!(open.get(id), Some(&item["type"]), "{id}"),
            "item.completed" => {
                assert_eq!(open.remove(id), Some(item["type"].clone()), "{id}");
                ended.push(id.to_owned());
                let status = item["status"].as_str();
                assert!(matches!(status, Some("completed" | "failed")), "{item}");
            }
            "thread.started" | "warning" | "error" => {}
            last => assert!(last.starts_with("run.") && event == events.last().unwrap()),
        }
    }
    let expected: Vec<_> = (0..ended.len()).map(|n| format!("item_{n}")).collect();
    ended.sort_by_key(|id| id[5..].parse::<u32>().unwrap());
    assert_eq!(ended, expected);
}

fn items<'a>(events: &'a [Value], kind: &str) -> Vec<&'a Value> {
    let completed = events
        .iter()
        .filter(|event| event["type"] == "item.completed");
    let items = completed.map(|event| &event["item"]);
    items.filter(|item| item["type"] == kind).collect()
}

#[test]
fn every_line_is_an_event_of_the_contract() {
    let home = home();
    home.install("echo", guests::ECHO);
    let script = json!([
        { "text": "two calls", "calls": [
            { "name": "echo", "arguments": { "text": "größe \u{1b}[31m" } },
            { "name": "echo", "arguments": { "txt": 1 } },
        ] },
        { "text": "all done" },
    ]);
    let ran = home
        .scripted(&script)
        .args(["run", "--json", "go"])
        .run()
        .code(0);
    assert!(!ran.stdout.contains('\u{1b}'), "{}", ran.stdout);
    let events = ran.events();
    check_order(&events);
    for line in ran.stdout.lines() {
        assert!(line.starts_with("{\"type\":\""), "{line}");
    }

    let first = &events[0];
    assert_eq!(first["model"], "scripted/scripted");
    assert_eq!(first["resumed"], false);
    let messages: Vec<_> = items(&events, "agent_message");
    let texts: Vec<_> = messages.iter().map(|item| &item["text"]).collect();
    assert_eq!(texts, ["two calls", "all done"]);

    let calls = items(&events, "tool_call");
    let call = |id: &str| *calls.iter().find(|item| item["call_id"] == id).unwrap();
    let good = call("call-0-0");
    assert_eq!(good["status"], "completed");
    assert_eq!(good["name"], "echo");
    assert_eq!(good["arguments"], json!({ "text": "größe \u{1b}[31m" }));
    assert_eq!(good["result"], "größe \u{1b}[31m");
    assert!(good["duration_ms"].is_u64());
    let bad = call("call-0-1");
    assert_eq!(bad["status"], "failed");
    let message = bad["error"]["message"].as_str().unwrap();
    assert!(message.contains("do not fit its schema"), "{message}");

    let last = events.last().unwrap();
    assert_eq!(last["type"], "run.completed");
    for field in SUMMARY {
        assert!(!last[field].is_null(), "{field}: {last}");
    }
    assert_eq!(last["thread_id"], first["thread_id"]);
    assert_eq!(last["text"], "all done");
    assert_eq!(
        (&last["turns"], &last["tool_calls"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(last["pool"][0]["requests"], 2);
    assert_eq!(last["usage"]["input_tokens"], 20);
    assert_eq!(last["usage"]["output_tokens"], 10);
}

#[test]
fn a_message_comes_piece_by_piece_and_then_whole() {
    let home = home();
    let run = home.scripted(&json!([{ "text": "one two three" }]));
    let events = run.args(["run", "--json", "go"]).run().code(0).events();
    check_order(&events);
    let updates = events
        .iter()
        .filter(|event| event["type"] == "item.updated");
    let deltas: Vec<_> = updates
        .map(|event| event["item"]["delta"].as_str().unwrap())
        .collect();
    assert_eq!(deltas, ["one ", "two ", "three"]);
    assert_eq!(items(&events, "agent_message")[0]["text"], "one two three");
}

#[test]
fn a_failure_has_all_that_a_script_may_decide_on() {
    let home = home();
    let run = home.scripted(&json!([{ "error": "overloaded" }]));
    let run = run.args(["-c", "failover.attempts=1", "run", "--json", "go"]);
    let ran = run.run().code(1);
    let events = ran.events();
    check_order(&events);
    let failed = events
        .iter()
        .find(|event| event["type"] == "turn.failed")
        .unwrap();
    let error = &failed["error"];
    assert_eq!(error["kind"], "unavailable");
    assert_eq!(error["message"], "overloaded");
    assert_eq!(error["retryable"], true);
    assert_eq!(error["origin"], "scripted 1.0.0");
    assert!(error["category"].is_string() && error["advice"].is_string());
    let last = events.last().unwrap();
    assert_eq!(
        (&last["type"], &last["exit_code"]),
        (&json!("run.failed"), &json!(1))
    );
    assert_eq!(&last["error"], error);
}

#[test]
fn a_limit_is_named() {
    let home = home();
    let call = json!({ "calls": [{ "name": "glob", "arguments": { "pattern": "*" } }] });
    let run = home.scripted(&json!([call, call, call]));
    let run = run.args(["run", "--json", "--max-turns", "2", "go"]);
    let events = run.run().code(3).events();
    check_order(&events);
    let last = events.last().unwrap();
    assert_eq!(last["type"], "run.limit_reached");
    assert_eq!(last["limit"], json!({ "kind": "turns", "value": 2 }));
    assert_eq!(last["exit_code"], 3);
}

#[test]
fn what_is_wrong_before_the_run_is_an_event_too() {
    let home = home();
    let ran = home
        .with(["run", "--json", "-c", "modle=x", "hi"])
        .run()
        .code(2);
    let events = ran.events();
    assert_eq!(types(&events), ["error"]);
    let message = events[0]["message"].as_str().unwrap();
    assert!(message.contains("did you mean `model`?"), "{message}");
    ran.complains("did you mean `model`?");
}

#[test]
fn a_warning_of_a_skipped_plugin_stays_on_stderr() {
    let home = home();
    home.install("broken", b"not a component");
    let run = home.scripted(&json!([{ "text": "ok" }]));
    let ran = run.args(["run", "--json", "go"]).run().code(0);
    check_order(&ran.events());
    ran.complains("broken.wasm");
}
