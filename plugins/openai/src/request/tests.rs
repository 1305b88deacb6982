//! Requests of the contract, and the bodies they become.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use loom_sdk::ErrorKind;
use loom_sdk::llm::Reasoning;

use super::*;

fn settings(pairs: &[(&str, &str)]) -> Settings {
    let get = |name: &str| {
        let found = pairs.iter().find(|(key, _)| *key == name)?;
        Some(found.1.to_owned())
    };
    Settings::load(&get).unwrap()
}

fn request(messages: Vec<Message>) -> Request {
    Request {
        model: "m".to_owned(),
        messages,
        tools: Vec::new(),
        tool_choice: ToolChoice::Auto,
        max_output_tokens: None,
        temperature: None,
        stop_sequences: Vec::new(),
        output_schema: None,
        extra: None,
    }
}

fn with_tool(choice: ToolChoice) -> Request {
    Request {
        tools: vec![ToolSpec {
            name: "add".to_owned(),
            description: "Adds.".to_owned(),
            input_schema: r#"{"type":"object","properties":{"z":{},"a":{}}}"#.to_owned(),
        }],
        tool_choice: choice,
        ..request(Vec::new())
    }
}

fn made(request: &Request) -> Value {
    body(request, &settings(&[])).unwrap()
}

fn says(role: Role, parts: Vec<Part>) -> Message {
    Message { role, parts }
}

fn text(text: &str) -> Part {
    Part::Text(text.to_owned())
}

fn call(id: &str, arguments: &str) -> Part {
    Part::ToolCall(ToolCall {
        id: id.to_owned(),
        name: "add".to_owned(),
        arguments: arguments.to_owned(),
    })
}

fn result(content: Vec<Content>, is_error: bool) -> Part {
    Part::ToolResult(ToolResult {
        call_id: "c1".to_owned(),
        name: "add".to_owned(),
        content,
        is_error,
    })
}

fn reasoning(text: &str, state: Option<&str>) -> Part {
    Part::Reasoning(Reasoning {
        text: text.to_owned(),
        provider_state: state.map(str::to_owned),
    })
}

fn blob(mime: &str, data: &[u8]) -> Blob {
    Blob {
        mime: mime.to_owned(),
        data: data.to_vec(),
    }
}

/// The messages that one message becomes.
fn check(role: Role, parts: Vec<Part>, expected: Value) {
    let body = made(&request(vec![says(role, parts)]));
    assert_eq!(body["messages"], expected);
}

#[test]
fn the_smallest_request_asks_for_a_stream_with_usage() {
    let body = made(&request(vec![says(Role::User, vec![text("hi")])]));
    let expected = json!({
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "stream": true,
        "stream_options": {"include_usage": true},
    });
    assert_eq!(body, expected);
    let body = super::body(
        &request(Vec::new()),
        &settings(&[("stream_usage", "false")]),
    );
    assert_eq!(body.unwrap().get("stream_options"), None);
}

#[test]
fn texts_are_joined_and_stay_plain() {
    check(
        Role::System,
        vec![text("a"), text("b")],
        json!([{"role": "system", "content": "a\n\nb"}]),
    );
    check(
        Role::User,
        vec![text("a"), text("b")],
        json!([{"role": "user", "content": "a\n\nb"}]),
    );
    check(
        Role::Assistant,
        vec![text("a")],
        json!([{"role": "assistant", "content": "a"}]),
    );
    check(Role::User, vec![], json!([{"role": "user", "content": ""}]));
}

#[test]
fn an_image_becomes_a_data_url() {
    check(
        Role::User,
        vec![text("what?"), Part::Image(blob("image/png", b"\x89PNG"))],
        json!([{"role": "user", "content": [
            {"type": "text", "text": "what?"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw=="}},
        ]}]),
    );
}

#[test]
fn tool_calls_are_repeated_with_their_arguments() {
    check(
        Role::Assistant,
        vec![call("c1", r#"{"z": 1, "a": 2}"#), call("c2", "")],
        json!([{"role": "assistant", "content": null, "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "add", "arguments": "{\"z\": 1, \"a\": 2}"}},
            {"id": "c2", "type": "function", "function": {"name": "add", "arguments": "{}"}},
        ]}]),
    );
}

#[test]
fn arguments_that_are_no_object_do_not_spoil_the_session() {
    for arguments in ["{\"a\": ", "[1]", "7", "żółć"] {
        let body = made(&request(vec![says(
            Role::Assistant,
            vec![call("c", arguments)],
        )]));
        let sent = &body["messages"][0]["tool_calls"][0]["function"]["arguments"];
        let sent: Value = serde_json::from_str(sent.as_str().unwrap()).unwrap();
        assert_eq!(sent, json!({"invalid_arguments": arguments}));
    }
}

#[test]
fn a_tool_result_is_a_message_of_text() {
    let content = vec![
        Content::Text("4".to_owned()),
        Content::Json("{\"sum\":4}".to_owned()),
        Content::Blob(blob("text/csv", b"a,b")),
        Content::Blob(blob("image/png", b"\x89PNG")),
        Content::Blob(blob("text/plain", b"\xff")),
    ];
    let expected =
        "4\n{\"sum\":4}\na,b\n[image/png, 4 bytes, not shown]\n[text/plain, 1 bytes, not shown]";
    check(
        Role::Tool,
        vec![result(content, false)],
        json!([{"role": "tool", "tool_call_id": "c1", "content": expected}]),
    );
    check(
        Role::Tool,
        vec![
            result(vec![Content::Text("no".to_owned())], true),
            result(vec![], false),
        ],
        json!([
            {"role": "tool", "tool_call_id": "c1", "content": "Error: no"},
            {"role": "tool", "tool_call_id": "c1", "content": ""},
        ]),
    );
}

#[test]
fn results_come_before_what_the_user_adds() {
    check(
        Role::User,
        vec![
            text("and now?"),
            result(vec![Content::Text("4".to_owned())], false),
        ],
        json!([
            {"role": "tool", "tool_call_id": "c1", "content": "4"},
            {"role": "user", "content": "and now?"},
        ]),
    );
}

#[test]
fn reasoning_goes_back_where_it_came_from_with_the_calls_it_led_to() {
    let state = reasoning_state("reasoning_content");
    let thought = || {
        vec![
            reasoning("I ", Some(&state)),
            reasoning("add", Some(&state)),
        ]
    };
    let parts = [thought(), vec![call("c", "{}")]].concat();
    let body = made(&request(vec![says(Role::Assistant, parts)]));
    assert_eq!(body["messages"][0]["reasoning_content"], "I add");
    let parts = [thought(), vec![text("4")]].concat();
    check(
        Role::Assistant,
        parts,
        json!([{"role": "assistant", "content": "4"}]),
    );
}

#[test]
fn reasoning_of_other_providers_is_left_out() {
    for state in [
        None,
        Some(r#"{"type":"thinking","signature":"s"}"#),
        Some(r#"{"field":"role"}"#),
        Some("{"),
    ] {
        let parts = vec![reasoning("secret", state), call("c", "{}")];
        let body = made(&request(vec![says(Role::Assistant, parts)]));
        assert!(!body.to_string().contains("secret"), "{state:?}");
        assert_eq!(body["messages"][0]["role"], "assistant");
    }
}

#[test]
fn tools_keep_the_order_of_their_properties() {
    let body = made(&with_tool(ToolChoice::Auto));
    let tool = r#"{"type":"function","function":{"name":"add","description":"Adds.","parameters":{"type":"object","properties":{"z":{},"a":{}}}}}"#;
    assert_eq!(body["tools"].to_string(), format!("[{tool}]"));
    assert_eq!(body.get("tool_choice"), None);
}

#[test]
fn the_choice_of_a_tool_is_passed_on() {
    let choice = |choice| made(&with_tool(choice))["tool_choice"].clone();
    assert_eq!(choice(ToolChoice::None), "none");
    assert_eq!(choice(ToolChoice::Required), "required");
    let named = json!({"type": "function", "function": {"name": "add"}});
    assert_eq!(choice(ToolChoice::Tool("add".to_owned())), named);
    let mut without_tools = request(Vec::new());
    without_tools.tool_choice = ToolChoice::Required;
    assert_eq!(made(&without_tools).get("tool_choice"), None);
}

#[test]
fn limits_go_into_the_field_that_the_server_knows() {
    let request = Request {
        max_output_tokens: Some(9),
        temperature: Some(0.2),
        stop_sequences: vec!["END".to_owned()],
        ..request(Vec::new())
    };
    let body = made(&request);
    assert_eq!(body["max_completion_tokens"], 9);
    assert_eq!(body["temperature"].to_string(), "0.2");
    assert_eq!(body["stop"], json!(["END"]));
    let local = settings(&[("base_url", "http://localhost/v1")]);
    assert_eq!(super::body(&request, &local).unwrap()["max_tokens"], 9);
    let odd = settings(&[("max_tokens_field", "n_predict")]);
    assert_eq!(super::body(&request, &odd).unwrap()["n_predict"], 9);
}

#[test]
fn a_temperature_that_is_no_number_is_null() {
    let request = Request {
        temperature: Some(f32::NAN),
        ..request(Vec::new())
    };
    assert_eq!(made(&request)["temperature"], Value::Null);
}

#[test]
fn a_schema_is_strict_only_if_it_can_be() {
    let strict = |schema: Value| {
        let request = Request {
            output_schema: Some(schema.to_string()),
            ..request(Vec::new())
        };
        let format = made(&request)["response_format"].clone();
        assert_eq!(format["type"], "json_schema");
        assert_eq!(format["json_schema"]["schema"], schema);
        format["json_schema"]["strict"].as_bool().unwrap()
    };
    let a = json!({"type": "string"});
    let closed = json!({"type": "object", "properties": {"a": a}, "required": ["a"], "additionalProperties": false});
    assert!(strict(closed.clone()));
    assert!(!strict(
        json!({"type": "object", "properties": {"a": a}, "required": ["a"]})
    ));
    assert!(!strict(
        json!({"type": "object", "properties": {"a": a}, "additionalProperties": false})
    ));
    assert!(!strict(json!({"type": "object"})));
    let nest = |inner: Value| json!({"type": "object", "properties": {"a": {"anyOf": [inner]}}, "required": ["a"], "additionalProperties": false});
    assert!(strict(nest(closed)));
    assert!(!strict(nest(json!({"type": "object", "properties": {}}))));
}

#[test]
fn extra_fields_are_merged_and_null_removes() {
    let request = Request {
        extra: Some(
            r#"{"stream_options": {"chunk": 1}, "reasoning": {"effort": "low"}, "stream": null}"#
                .to_owned(),
        ),
        ..request(Vec::new())
    };
    let body = made(&request);
    assert_eq!(
        body["stream_options"],
        json!({"include_usage": true, "chunk": 1})
    );
    assert_eq!(body["reasoning"], json!({"effort": "low"}));
    assert_eq!(body.get("stream"), None);
}

#[test]
fn json_that_is_none_is_refused_with_its_place() {
    let bad = |change: &dyn Fn(&mut Request)| {
        let mut request = with_tool(ToolChoice::Auto);
        change(&mut request);
        let error = body(&request, &settings(&[])).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput);
        error.message
    };
    assert!(
        bad(&|request| request.tools[0].input_schema = "{".to_owned()).contains("the tool add")
    );
    assert!(
        bad(&|request| request.output_schema = Some("true".to_owned())).contains("output schema")
    );
    assert!(bad(&|request| request.extra = Some("[]".to_owned())).contains("extra"));
}
