#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use super::super::events::{
    call, cancelled, completed, compressed, failed, limit_reached, message, result, retrieved,
    started, text, turn, whole_run,
};
use serde_json::Value;

use super::*;

fn show(events: &[RunEvent]) -> String {
    let mut out = Vec::new();
    let mut json = Json::new(&mut out);
    for event in events {
        json.event(event).unwrap();
    }
    String::from_utf8(out).unwrap()
}

/// The lines as values.
fn lines(events: &[RunEvent]) -> Vec<Value> {
    let text = show(events);
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_whole_run_is_one_object_a_line() {
    insta::assert_snapshot!(show(&whole_run()), @r#"
    {"type":"thread.started","thread_id":"s","run_id":"r","model":"p/m","resumed":false,"correlation_id":"00000000-0000-7000-8000-000000000001"}
    {"type":"turn.started","turn":1}
    {"type":"item.started","item":{"id":"item_0","type":"reasoning","status":"in_progress","text":""}}
    {"type":"item.updated","item":{"id":"item_0","type":"reasoning","status":"in_progress","delta":"I should "}}
    {"type":"item.updated","item":{"id":"item_0","type":"reasoning","status":"in_progress","delta":"look."}}
    {"type":"item.started","item":{"id":"item_1","type":"agent_message","status":"in_progress","text":""}}
    {"type":"item.updated","item":{"id":"item_1","type":"agent_message","status":"in_progress","delta":"Let me "}}
    {"type":"item.updated","item":{"id":"item_1","type":"agent_message","status":"in_progress","delta":"look."}}
    {"type":"item.completed","item":{"id":"item_0","type":"reasoning","status":"completed","text":"I should look."}}
    {"type":"item.completed","item":{"id":"item_1","type":"agent_message","status":"completed","text":"Let me look."}}
    {"type":"item.started","item":{"id":"item_2","type":"tool_call","status":"in_progress","call_id":"c1","name":"read_file","arguments":{"path":"a.txt"}}}
    {"type":"item.started","item":{"id":"item_3","type":"tool_call","status":"in_progress","call_id":"c2","name":"write_file","arguments":"not json"}}
    {"type":"item.updated","item":{"id":"item_2","type":"tool_call","status":"in_progress","call_id":"c1","name":"read_file","arguments":{"path":"a.txt"},"progress":{"message":"half","fraction":0.5}}}
    {"type":"item.completed","item":{"id":"item_3","type":"tool_call","status":"failed","call_id":"c2","name":"write_file","arguments":"not json","error":{"message":"error (denied): read only\nmore"},"duration_ms":12}}
    {"type":"item.completed","item":{"id":"item_2","type":"tool_call","status":"completed","call_id":"c1","name":"read_file","arguments":{"path":"a.txt"},"result":"line 1\nline 2\n","duration_ms":12}}
    {"type":"turn.completed","turn":1,"usage":{"input_tokens":1234,"output_tokens":56,"cache_read_tokens":7,"cache_write_tokens":0,"reasoning_tokens":8,"cached_input_tokens":7}}
    {"type":"warning","message":"careful"}
    {"type":"turn.started","turn":2}
    {"type":"item.started","item":{"id":"item_4","type":"agent_message","status":"in_progress","text":""}}
    {"type":"item.updated","item":{"id":"item_4","type":"agent_message","status":"in_progress","delta":"It says "}}
    {"type":"item.updated","item":{"id":"item_4","type":"agent_message","status":"in_progress","delta":"line 1.\nBye"}}
    {"type":"item.completed","item":{"id":"item_4","type":"agent_message","status":"completed","text":"It says line 1.\nBye"}}
    {"type":"turn.completed","turn":2,"usage":{"input_tokens":1234,"output_tokens":56,"cache_read_tokens":7,"cache_write_tokens":0,"reasoning_tokens":8,"cached_input_tokens":7}}
    {"type":"run.completed","thread_id":"s","run_id":"r","exit_code":0,"text":"It says line 1.\nBye","turns":2,"tool_calls":2,"usage":{"input_tokens":1234,"output_tokens":56,"cache_read_tokens":7,"cache_write_tokens":0,"reasoning_tokens":8,"cached_input_tokens":7},"cost_usd":null,"duration_ms":3400}
    "#);
}

#[test]
fn the_end_of_a_run_is_the_last_line_with_its_exit_code() {
    for (event, kind, code) in [
        (limit_reached(), "run.limit_reached", 3),
        (cancelled("half"), "run.cancelled", 130),
        (failed(), "run.failed", 1),
    ] {
        let lines = lines(&[started(), turn(1), event]);
        let last = lines.last().unwrap();
        assert_eq!(last["type"], kind);
        assert_eq!(last["exit_code"], code);
    }
}

#[test]
fn a_failure_says_what_a_script_decides_on() {
    let text = show(&[started(), turn(1), failed()]);
    insta::assert_snapshot!(text, @r#"
    {"type":"thread.started","thread_id":"s","run_id":"r","model":"p/m","resumed":false,"correlation_id":"00000000-0000-7000-8000-000000000001"}
    {"type":"turn.started","turn":1}
    {"type":"turn.failed","turn":1,"error":{"kind":"rate_limited","category":"rate_limit","message":"too many requests","advice":"wait before trying again","retryable":true,"origin":"openai","http_status":429,"retry_after_ms":2000}}
    {"type":"error","message":"too many requests"}
    {"type":"run.failed","thread_id":"s","run_id":"r","exit_code":1,"text":"","turns":2,"tool_calls":2,"usage":{"input_tokens":1234,"output_tokens":56,"cache_read_tokens":7,"cache_write_tokens":0,"reasoning_tokens":8,"cached_input_tokens":7},"cost_usd":null,"duration_ms":3400,"error":{"kind":"rate_limited","category":"rate_limit","message":"too many requests","advice":"wait before trying again","retryable":true,"origin":"openai","http_status":429,"retry_after_ms":2000}}
    "#);
}

#[test]
fn every_item_that_was_started_is_completed() {
    let call = call("c", "x", "{}");
    let events = [started(), turn(1), text("cut"), cancelled("cut")];
    let cut = lines(&events);
    let item = &cut[cut.len() - 2]["item"];
    assert_eq!(item["status"], "failed");
    assert_eq!(item["text"], "cut");
    let events = [RunEvent::ToolStarted { call: call.clone() }, cancelled("")];
    assert_eq!(lines(&events)[1]["item"]["status"], "failed");
    // A result without its start, as when a resumed session settles an old call.
    let lines = lines(&[started(), result(&call, "late", false)]);
    assert_eq!(lines[1]["item"]["name"], "x");
    assert_eq!(lines[1]["item"]["result"], "late");
}

#[test]
fn a_message_that_came_in_one_piece_is_completed_too() {
    let lines = lines(&[started(), message("", "whole", &[]), message("", "", &[])]);
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1]["type"], "item.completed");
    assert_eq!(lines[1]["item"]["text"], "whole");
}

#[test]
fn odd_text_stays_on_its_line() {
    let odd = "a\nb\u{2028}\u{0}\u{1b}[31m 🎉 \"";
    let text_lines = show(&[text(odd), message("", odd, &[])]);
    assert_eq!(text_lines.lines().count(), 3);
    let last: Value = serde_json::from_str(text_lines.lines().last().unwrap()).unwrap();
    assert_eq!(last["item"]["text"], odd);
}

#[test]
fn decisions_of_the_pool_have_times_in_milliseconds_and_errors_with_their_class() {
    let retried = Routing::Retried {
        member: "a/m".to_owned(),
        attempt: 2,
        wait: std::time::Duration::from_millis(1500),
        error: loom_types::Error::unavailable("down"),
    };
    let events = [RunEvent::ModelRouted { routing: retried }];
    insta::assert_snapshot!(show(&events), @r#"{"type":"model.routed","turn":0,"decision":"retried","member":"a/m","attempt":2,"wait_ms":1500,"error":{"kind":"unavailable","category":"service","message":"down","advice":"try again later, or use another model or service","retryable":true}}"#);
}

#[test]
fn what_happens_to_the_context_is_told_with_its_numbers() {
    let events = [RunEvent::Compressed(compressed()), retrieved()];
    insta::assert_snapshot!(show(&events), @r#"
    {"type":"context.compressed","reason":"threshold","method":"summarized","before_tokens":184320,"after_tokens":46080,"reduction":0.75,"kept_messages":12,"summarized_messages":90,"shortened_results":1,"pinned":2,"generation":1,"host_time_ms":42,"model_time_ms":3400}
    {"type":"context.retrieved","retriever":"kb","sources":[{"id":"guide#2","source":"docs/guide.md","title":"The guide","score":0.5},{"id":"guide#7","source":"docs/guide.md","score":0.5}],"tokens":1234}
    "#);
}

#[test]
fn the_last_line_has_the_sources_that_the_text_cites() {
    let lines = lines(&[retrieved(), completed("see [guide#7]")]);
    let sources = &lines[1]["sources"];
    assert_eq!(sources.as_array().unwrap().len(), 1);
    assert_eq!(sources[0]["id"], "guide#7");
    assert_eq!(sources[0]["source"], "docs/guide.md");
}
