//! Requests of the contract, and the bodies they become. Messages are in `messages`.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use loom_sdk::ErrorKind;
use loom_sdk::llm::{Reasoning, ToolCall, ToolResult};

use super::*;

fn settings(pairs: &[(&str, &str)]) -> Settings {
    let get = |name: &str| {
        let found = pairs.iter().find(|(key, _)| *key == name)?;
        Some(found.1.to_owned())
    };
    Settings::load(&get).unwrap()
}

fn says(role: Role, parts: Vec<Part>) -> Message {
    Message { role, parts }
}

fn text(text: &str) -> Part {
    Part::Text(text.to_owned())
}

fn request(model: &str) -> Request {
    Request {
        model: model.to_owned(),
        messages: vec![says(Role::User, vec![text("hi")])],
        tools: Vec::new(),
        tool_choice: ToolChoice::Auto,
        max_output_tokens: None,
        temperature: None,
        stop_sequences: Vec::new(),
        output_schema: None,
        extra: None,
    }
}

fn with_tool(model: &str, choice: ToolChoice) -> Request {
    Request {
        tools: vec![ToolSpec {
            name: "add".to_owned(),
            description: "Adds.".to_owned(),
            input_schema: r#"{"type":"object","properties":{"z":{},"a":{}}}"#.to_owned(),
        }],
        tool_choice: choice,
        ..request(model)
    }
}

fn made(request: &Request) -> Value {
    body(request, &settings(&[("cache", "false")])).unwrap()
}

fn thinks(request: &Request) -> Value {
    let settings = settings(&[("thinking_budget_tokens", "5000")]);
    body(request, &settings).unwrap()["thinking"].clone()
}

#[test]
fn the_smallest_request_has_a_limit_and_asks_for_a_stream() {
    let expected = json!({
        "model": "claude-opus-4-5",
        "max_tokens": 32_000,
        "stream": true,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
    });
    assert_eq!(made(&request("claude-opus-4-5")), expected);
}

#[test]
fn the_limit_on_the_answer_is_the_callers_then_the_settings() {
    let settings = settings(&[("max_tokens", "77")]);
    let mut request = request("claude-opus-4-5");
    assert_eq!(body(&request, &settings).unwrap()["max_tokens"], 77);
    request.max_output_tokens = Some(9);
    assert_eq!(body(&request, &settings).unwrap()["max_tokens"], 9);
}

#[test]
fn tools_and_the_choice_among_them_are_passed_on() {
    let made_with = |choice| made(&with_tool("claude-opus-4-5", choice));
    let tools = r#"[{"name":"add","description":"Adds.","input_schema":{"type":"object","properties":{"z":{},"a":{}}}}]"#;
    assert_eq!(made_with(ToolChoice::Auto)["tools"].to_string(), tools);
    assert_eq!(made_with(ToolChoice::Auto).get("tool_choice"), None);
    assert_eq!(
        made_with(ToolChoice::None)["tool_choice"],
        json!({"type": "none"})
    );
    assert_eq!(
        made_with(ToolChoice::Required)["tool_choice"],
        json!({"type": "any"})
    );
    let named = json!({"type": "tool", "name": "add"});
    assert_eq!(
        made_with(ToolChoice::Tool("add".to_owned()))["tool_choice"],
        named
    );
    let mut without = request("claude-opus-4-5");
    without.tool_choice = ToolChoice::Required;
    assert_eq!(made(&without).get("tool_choice"), None);
}

#[test]
fn what_the_next_request_repeats_is_marked() {
    let mut request = with_tool("claude-opus-4-5", ToolChoice::Auto);
    request.messages = vec![
        says(Role::System, vec![text("a"), text("b")]),
        says(Role::User, vec![text("c")]),
        says(Role::Assistant, vec![text("d")]),
        says(Role::User, vec![text("e"), text("f")]),
    ];
    let body = body(&request, &settings(&[])).unwrap();
    let mark = json!({"type": "ephemeral"});
    assert_eq!(body["system"][1]["cache_control"], mark);
    assert_eq!(body["tools"][0]["cache_control"], mark);
    assert_eq!(body["messages"][2]["content"][1]["cache_control"], mark);
    assert_eq!(body.to_string().matches("cache_control").count(), 3);
    assert!(!made(&request).to_string().contains("cache_control"));
}

#[test]
fn a_temperature_is_sent_where_it_is_taken() {
    let sent = |model: &str, temperature| {
        let request = Request {
            temperature: Some(temperature),
            ..request(model)
        };
        made(&request)["temperature"].to_string()
    };
    assert_eq!(sent("claude-opus-4-5", 0.2), "0.2");
    assert_eq!(sent("claude-opus-4-5", 1.7), "1.0");
    assert_eq!(sent("local", 0.0), "0.0");
    assert_eq!(sent("claude-opus-4-7", 0.2), "null");
    assert_eq!(sent("claude-sonnet-5", 0.2), "null");
}

#[test]
fn thinking_has_a_budget_or_is_adaptive() {
    let budget = |tokens| json!({"type": "enabled", "budget_tokens": tokens});
    assert_eq!(made(&request("claude-opus-4-5")).get("thinking"), None);
    assert_eq!(thinks(&request("claude-opus-4-5")), budget(5000));
    assert_eq!(thinks(&request("local")), budget(5000));
    let adaptive = json!({"type": "adaptive", "display": "summarized"});
    assert_eq!(thinks(&request("claude-opus-4-7")), adaptive);
    assert_eq!(thinks(&request("claude-sonnet-5")), adaptive);
    let short = |tokens| Request {
        max_output_tokens: Some(tokens),
        ..request("claude-opus-4-5")
    };
    assert_eq!(thinks(&short(5001)), budget(5000));
    assert_eq!(thinks(&short(5000)), budget(2500));
    assert_eq!(thinks(&short(2000)), Value::Null);
    let small = settings(&[("thinking_budget_tokens", "5")]);
    assert_eq!(
        body(&request("claude-opus-4-5"), &small).unwrap()["thinking"],
        budget(1024)
    );
}

#[test]
fn thinking_excludes_a_temperature_and_a_forced_tool() {
    let warm = Request {
        temperature: Some(0.5),
        ..request("claude-opus-4-5")
    };
    let settings = settings(&[("thinking_budget_tokens", "5000")]);
    assert_eq!(body(&warm, &settings).unwrap().get("temperature"), None);
    for model in ["claude-opus-4-5", "claude-opus-4-7"] {
        assert_eq!(thinks(&with_tool(model, ToolChoice::Required)), Value::Null);
        assert_eq!(
            thinks(&with_tool(model, ToolChoice::Tool("add".to_owned()))),
            Value::Null
        );
        assert_ne!(thinks(&with_tool(model, ToolChoice::None)), Value::Null);
    }
}

#[test]
fn a_turn_that_began_without_thinking_goes_on_without() {
    let turn = |first: Option<Part>| {
        let call = Part::ToolCall(ToolCall {
            id: "c".to_owned(),
            name: "add".to_owned(),
            arguments: "{}".to_owned(),
        });
        let result = Part::ToolResult(ToolResult {
            call_id: "c".to_owned(),
            name: "add".to_owned(),
            content: Vec::new(),
            is_error: false,
        });
        let mut request = with_tool("claude-opus-4-5", ToolChoice::Auto);
        let asked = first.into_iter().chain([call]).collect();
        request.messages.push(says(Role::Assistant, asked));
        request.messages.push(says(Role::Tool, vec![result]));
        request
    };
    let thought = |state: &str| {
        Some(Part::Reasoning(Reasoning {
            text: String::new(),
            provider_state: Some(state.to_owned()),
        }))
    };
    assert_eq!(thinks(&turn(None)), Value::Null);
    assert_eq!(
        thinks(&turn(thought(r#"{"field":"reasoning"}"#))),
        Value::Null
    );
    assert_ne!(
        thinks(&turn(thought(r#"{"type":"redacted_thinking","data":"x"}"#))),
        Value::Null
    );
    let mut next = turn(None);
    next.messages
        .push(says(Role::Assistant, vec![text("done")]));
    next.messages.push(says(Role::User, vec![text("more")]));
    assert_ne!(thinks(&next), Value::Null);
}

#[test]
fn a_schema_goes_into_the_output_configuration() {
    let request = Request {
        output_schema: Some(r#"{"type":"object","properties":{}}"#.to_owned()),
        stop_sequences: vec!["END".to_owned()],
        extra: Some(
            r#"{"output_config":{"effort":"low"},"metadata":{"user_id":"u"},"stream":null}"#
                .to_owned(),
        ),
        ..request("claude-opus-4-5")
    };
    let body = made(&request);
    let format = json!({
        "type": "json_schema",
        "schema": {"type": "object", "properties": {}, "additionalProperties": false},
    });
    assert_eq!(
        body["output_config"],
        json!({"format": format, "effort": "low"})
    );
    assert_eq!(body["stop_sequences"], json!(["END"]));
    assert_eq!(body["metadata"], json!({"user_id": "u"}));
    assert_eq!(body.get("stream"), None);
}

#[test]
fn json_that_is_none_is_refused_with_its_place() {
    let bad = |change: &dyn Fn(&mut Request)| {
        let mut request = with_tool("m", ToolChoice::Auto);
        change(&mut request);
        let error = body(&request, &settings(&[])).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput);
        error.message
    };
    assert!(
        bad(&|request| request.tools[0].input_schema = "{".to_owned()).contains("the tool add")
    );
    assert!(bad(&|request| request.output_schema = Some("7".to_owned())).contains("output schema"));
    assert!(bad(&|request| request.extra = Some("[]".to_owned())).contains("extra"));
}
