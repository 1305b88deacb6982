//! What can be seen of runs from outside: the log, the ids on outgoing requests, what a collector gets.
//! What the spans and metrics look like in detail is shown by the unit tests beside them.

use std::time::Duration;

use loom_tests::cli::{Home, Loom, Ran};
use loom_tests::guests;
use loom_tests::sandbox::Guest;
use loom_tests::server::{Server, response};
use loom_types::{CorrelationId, RunId, ToolContext, Trace};
use loom_wasm::Grants;
use serde_json::{Value, json};

use crate::home;

/// A model that reads a file in its first answer, and says something in its second.
async fn model() -> Server {
    Server::start(|request| {
        let delta = if request.contains(r#""role":"tool""#) {
            json!({ "content": "planted-answer" })
        } else {
            let arguments = json!({ "path": "planted-argument.txt" }).to_string();
            let function = json!({ "name": "read_file", "arguments": arguments });
            json!({ "tool_calls": [{ "index": 0, "id": "call_1", "type": "function", "function": function }] })
        };
        let reason = if delta["content"].is_null() { "tool_calls" } else { "stop" };
        let chunk = |delta, reason: Value| {
            let choice = json!({ "index": 0, "delta": delta, "finish_reason": reason });
            format!("data: {}\n\n", json!({ "id": "1", "choices": [choice] }))
        };
        let body = chunk(delta, Value::Null) + &chunk(json!({}), reason.into()) + "data: [DONE]\n\n";
        response("200 OK", &[("content-type", "text/event-stream")], &body)
    })
    .await
}

/// A run whose prompt, argument, result, answer and key have `planted` in them.
fn planted(home: &Home, server: &Server) -> Loom {
    home.write("planted-argument.txt", "planted-result");
    home.with(["run", "-m", "custom/local", "--json", "planted-prompt"])
        .env(
            "LLM_BASE_URL",
            format!("{}/v1?planted-query=1", server.url()),
        )
        .env("LLM_API_KEY", "sk-planted-key")
}

async fn ran(command: Loom) -> Ran {
    let ran = tokio::task::spawn_blocking(|| command.run());
    ran.await.unwrap()
}

/// Each line of stderr, which is the log.
#[track_caller]
fn log(ran: &Ran) -> Vec<Value> {
    let line =
        |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
    ran.stderr.lines().map(line).collect()
}

#[tokio::test]
async fn a_log_of_everything_has_no_prompt_argument_result_answer_or_key() {
    let (home, server) = (home(), model().await);
    let everything = planted(&home, &server).env("LOOM_LOG", "trace");
    let ran = ran(everything.args(["--log-format", "json"])).await.code(0);
    assert!(ran.stdout.contains("planted-answer"), "{}", ran.stdout);
    assert!(ran.stdout.contains("planted-result"), "{}", ran.stdout);
    assert!(server.requests()[0].contains("sk-planted-key"));
    let lines = log(&ran);
    assert!(lines.len() > 5, "{}", ran.stderr);
    let leaks = ran.stderr.lines().filter(|line| line.contains("planted"));
    assert_eq!(leaks.collect::<Vec<_>>(), Vec::<&str>::new());
}

#[tokio::test]
async fn a_log_with_content_has_arguments_but_no_key() {
    let (home, server) = (home(), model().await);
    let everything = planted(&home, &server).env("LOOM_LOG", "trace");
    let ran = ran(everything.env("LOOM_LOG_CONTENT", "1")).await.code(0);
    assert!(ran.stderr.contains("planted-argument"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("sk-planted-key"), "{}", ran.stderr);
    assert!(server.requests()[0].contains("sk-planted-key"));
}

#[tokio::test]
async fn a_log_for_people_has_none_either() {
    let (home, server) = (home(), model().await);
    let ran = ran(planted(&home, &server).env("LOOM_LOG", "trace")).await;
    let ran = ran.code(0).complains("run completed");
    assert!(!ran.stderr.contains("planted"), "{}", ran.stderr);
}

#[tokio::test]
async fn every_line_of_a_run_has_its_ids_and_every_request_the_place_it_was_made_in() {
    let (home, server) = (home(), model().await);
    let command = planted(&home, &server).env("LOOM_LOG", "loom_core=debug");
    let ran = ran(command.env("LOOM_LOG_FORMAT", "json")).await.code(0);
    let lines = log(&ran);
    let of_core = |line: &&Value| line["target"].as_str().unwrap().starts_with("loom_core");
    let lines: Vec<_> = lines.iter().filter(of_core).collect();
    let id = |line: &Value, key: &str| line[key].as_str().map(str::to_owned);
    let [first, ..] = &lines[..] else {
        panic!("no line of the run in {}", ran.stderr)
    };
    let correlation_id = id(first, "correlation_id").expect("the run has an id");
    for line in &lines {
        assert_eq!(
            id(line, "correlation_id"),
            Some(correlation_id.clone()),
            "{line}"
        );
        assert_eq!(id(line, "run_id"), id(first, "run_id"), "{line}");
        assert!(id(line, "session_id").is_some(), "{line}");
    }
    let run_id = RunId::from(id(first, "run_id").unwrap());
    let run = Trace::of_run(CorrelationId::parse(&correlation_id).unwrap(), &run_id);
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    for (request, turn) in requests.iter().zip(["turn 1", "turn 2"]) {
        assert_eq!(
            header(request, "traceparent"),
            [run.child(turn).traceparent()]
        );
    }
}

/// The values of a header.
fn header<'a>(request: &'a str, name: &str) -> Vec<&'a str> {
    let head = request.split("\r\n\r\n").next().unwrap_or_default();
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    let fields = fields.filter(|(each, _)| each.eq_ignore_ascii_case(name));
    fields.map(|(_, value)| value).collect()
}

#[tokio::test]
async fn a_guest_cannot_forge_the_trace_of_its_requests() {
    let server = Server::text("hello").await;
    let grants = Grants {
        network: vec![server.url().parse().unwrap()],
        ..Grants::default()
    };
    let snoop = Guest::new(guests::SNOOP, grants).await;
    let context = ToolContext::standalone(Duration::from_secs(20));
    let forged = "00-11111111111111111111111111111111-2222222222222222-01";
    for fake in [
        ("TraceParent", forged),
        ("tracestate", "vendor=forged"),
        ("x", "y"),
    ] {
        let arguments = json!({ "url": server.url(), "header": fake });
        let call = snoop.call_within("snoop_fetch", arguments, &context);
        call.await.unwrap();
    }
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    for request in &requests {
        assert_eq!(
            header(request, "traceparent"),
            [context.trace.traceparent()]
        );
        assert_eq!(header(request, "tracestate"), Vec::<&str>::new());
    }
    assert_eq!(header(&requests[2], "x"), ["y"]);
}

#[tokio::test]
async fn a_collector_gets_the_spans_and_metrics_of_a_run() {
    let (home, collector) = (home(), Server::text("").await);
    let run = home.with(["run", "What is 6 * 7?"]);
    let run = run.env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url());
    ran(run).await.code(0).says("42");
    let requests = collector.requests();
    let sent = |path: &str, text: &str| {
        let found = requests
            .iter()
            .any(|it| it.starts_with(path) && it.contains(text));
        assert!(found, "no {text} among {} requests", requests.len());
    };
    for span in ["invoke_agent", "chat rules", "execute_tool calculate"] {
        sent("POST /v1/traces HTTP/1.1", span);
    }
    sent(
        "POST /v1/metrics HTTP/1.1",
        "gen_ai.client.operation.duration",
    );
    assert!(!requests.iter().any(|request| request.contains("6 * 7")));
}

#[test]
fn a_collector_that_is_away_costs_a_warning_and_no_run() {
    let home = home();
    let run = home.with(["run", "What is 6 * 7?"]);
    // The port that nobody may listen on.
    let run = run.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1");
    let ran = run.run().code(0).says("42");
    let ran = ran.complains("telemetry was not sent to http://127.0.0.1:1");
    assert_eq!(
        ran.stderr.matches("telemetry was not sent").count(),
        1,
        "{}",
        ran.stderr
    );
    let run = home.with(["run", "What is 6 * 7?"]);
    let run = run.env("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318");
    run.run()
        .code(0)
        .says("42")
        .complains("is no address of a collector");
}

#[test]
fn a_verbose_run_ends_with_what_was_counted() {
    let home = home();
    let ran = home.with(["run", "-v", "What is 6 * 7?"]).run().code(0);
    ran.complains("\nmodels")
        .complains("calculate")
        .complains("\ntime to answer");
    let ran = home.with(["run", "What is 6 * 7?"]).run().code(0);
    assert!(!ran.stderr.contains("time to answer"), "{}", ran.stderr);
}

#[test]
fn what_a_person_is_told_is_a_line_of_the_json_log_too() {
    let home = home();
    home.install("broken", b"no component");
    let run = home
        .with_plugins()
        .args(["--log-format", "json", "run", "-v"]);
    let ran = run.arg("What is 6 * 7?").run().code(0).says("42");
    let lines = log(&ran);
    let skipped = lines.iter().find(|line| {
        let message = line["message"].as_str();
        message.is_some_and(|message| message.contains("skipped"))
    });
    assert_eq!(skipped.unwrap()["level"], "WARN", "{}", ran.stderr);
    let run = home.with(["--log-format", "json", "run", "-m", "nobody/x", "hi"]);
    let lines = log(&run.run().code(2));
    assert!(
        lines.iter().any(|line| line["level"] == "ERROR"),
        "{lines:?}"
    );
}
