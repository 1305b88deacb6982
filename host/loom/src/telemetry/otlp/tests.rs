//! What a collector on this machine gets of runs that are told to an export.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use loom_core::ParentRun;
use loom_types::{
    CallId, Category, Content, CorrelationId, Error, Latency, Message, Outcome, Part, Report,
    Routing, RunId, SessionId, ToolCall, ToolResult, Trace, Usage, Usd,
};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

use super::*;

/// What a collector was sent: path, head in lower case, body.
struct Request {
    path: String,
    head: String,
    body: Vec<u8>,
}

/// A collector on this machine that answers with a status.
struct Collector {
    url: String,
    requests: Mutex<Receiver<Request>>,
}

impl Collector {
    fn start(status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, requests) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let sender = sender.clone();
                thread::spawn(move || serve(stream.unwrap(), status, &sender));
            }
        });
        Self {
            url,
            requests: Mutex::new(requests),
        }
    }

    /// What came so far, by path.
    fn taken(&self) -> Vec<Request> {
        self.requests.lock().unwrap().try_iter().collect()
    }

    fn config(&self, content: bool) -> TelemetryConfig {
        TelemetryConfig {
            otlp_endpoint: Some(self.url.clone()),
            content,
        }
    }
}

fn serve(mut stream: TcpStream, status: &str, sender: &Sender<Request>) -> Option<()> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let end = loop {
            if let Some(end) = bytes.windows(4).position(|it| it == b"\r\n\r\n") {
                break end;
            }
            read(&mut stream, &mut chunk, &mut bytes)?;
        };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let whole = end + 4 + length?.parse::<usize>().ok()?;
        while bytes.len() < whole {
            read(&mut stream, &mut chunk, &mut bytes)?;
        }
        let path = head.split(' ').nth(1)?.to_owned();
        let body = bytes[end + 4..whole].to_vec();
        bytes.drain(..whole);
        sender.send(Request { path, head, body }).ok()?;
        write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").ok()?;
    }
}

fn read(stream: &mut TcpStream, chunk: &mut [u8], bytes: &mut Vec<u8>) -> Option<()> {
    let count = stream.read(chunk).ok().filter(|count| *count > 0)?;
    bytes.extend_from_slice(&chunk[..count]);
    Some(())
}

fn nothing(_: &str) -> Option<String> {
    None
}

fn started(config: &TelemetryConfig) -> Otlp {
    let otlp = Otlp::with_environment(config, &nothing).unwrap();
    otlp.expect("there is an endpoint")
}

/// A run that is told to an export.
struct Told {
    run_id: RunId,
    session_id: SessionId,
    trace: Trace,
    parent: Option<ParentRun>,
    agent: Option<&'static str>,
}

impl Told {
    fn new() -> Self {
        let run_id = RunId::generate();
        Self {
            session_id: SessionId::from("s-1"),
            trace: Trace::of_run(CorrelationId::from(&run_id), &run_id),
            run_id,
            parent: None,
            agent: None,
        }
    }

    /// The run of a sub-agent that a call of this one started.
    fn sub_agent(&self, call: &str, agent: &'static str) -> Self {
        let run_id = RunId::generate();
        Self {
            session_id: SessionId::from("s-2"),
            trace: Trace::of_run(self.trace.correlation_id, &run_id),
            run_id,
            parent: Some(ParentRun {
                run_id: self.run_id.clone(),
                session_id: self.session_id.clone(),
                call_id: CallId::from(call),
                trace: self.trace.child(call),
            }),
            agent: Some(agent),
        }
    }

    fn tell(&self, observer: &dyn Observer, event: &RunEvent) {
        let run = ObservedRun {
            run_id: &self.run_id,
            session_id: &self.session_id,
            trace: self.trace,
            parent: self.parent.as_ref(),
            agent: self.agent,
        };
        observer.event(&run, event);
    }

    fn start(&self, observer: &dyn Observer) {
        let event = RunEvent::RunStarted {
            run_id: self.run_id.clone(),
            session_id: self.session_id.clone(),
            model: "openai/gpt-5".to_owned(),
            resumed: false,
            correlation_id: self.trace.correlation_id,
            parent_run_id: None,
        };
        self.tell(observer, &event);
        self.tell(observer, &RunEvent::TurnStarted { turn: 1 });
    }

    fn answer(&self, observer: &dyn Observer, error: Option<Error>) {
        let answered = RunEvent::ModelAnswered {
            turn: 1,
            model: "azure/gpt-5-mini".to_owned(),
            usage: Usage {
                input_tokens: 100,
                output_tokens: 20,
                cache_read_tokens: 60,
                ..Usage::default()
            },
            cost: Usd::from_dollars(0.25),
            latency: Latency {
                total: Duration::from_millis(900),
                first_token: Some(Duration::from_millis(300)),
            },
            error,
        };
        self.tell(observer, &answered);
        let mut message = Message::assistant("planted answer");
        message.parts.push(Part::ToolCall(call()));
        let message = Arc::new(message);
        self.tell(observer, &RunEvent::MessageCompleted { message });
    }

    fn tool(&self, observer: &dyn Observer, is_error: bool) {
        self.tell(observer, &RunEvent::ToolStarted { call: call() });
        let result = ToolResult {
            call_id: CallId::from("call-7"),
            name: "read_file".to_owned(),
            content: vec![Content::Text("planted result".to_owned())],
            is_error,
        };
        let duration = Duration::from_millis(40);
        let error = is_error.then_some(Category::Permission);
        self.tell(
            observer,
            &RunEvent::ToolCompleted {
                result,
                duration,
                error,
            },
        );
    }

    fn end(&self, observer: &dyn Observer, error: Option<Error>) {
        let report = Report {
            run_id: self.run_id.clone(),
            session_id: self.session_id.clone(),
            text: "planted answer".to_owned(),
            turns: 1,
            tool_calls: 1,
            usage: Usage::default(),
            cost: None,
            duration: Duration::from_secs(1),
        };
        let outcome = match error {
            Some(error) => Outcome::Failed { error, report },
            None => Outcome::Completed { report },
        };
        self.tell(observer, &RunEvent::RunEnded { outcome });
    }
}

fn call() -> ToolCall {
    ToolCall {
        id: CallId::from("call-7"),
        name: "read_file".to_owned(),
        arguments: r#"{"path":"planted argument"}"#.to_owned(),
    }
}

fn spans(requests: &[Request]) -> Vec<Span> {
    let traces = requests.iter().filter(|it| it.path == "/v1/traces");
    let decoded = traces.map(|it| ExportTraceServiceRequest::decode(&it.body[..]).unwrap());
    let resources = decoded.flat_map(|it| it.resource_spans);
    let scopes = resources.flat_map(|it| it.scope_spans);
    scopes.flat_map(|it| it.spans).collect()
}

fn named<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let found = spans.iter().find(|span| span.name == name);
    let names: Vec<_> = spans.iter().map(|span| &span.name).collect();
    found.unwrap_or_else(|| panic!("no span {name} in {names:?}"))
}

fn attribute(attributes: &[KeyValue], name: &str) -> Option<Value> {
    let found = attributes.iter().find(|it| it.key == name)?;
    match &found.value {
        Some(AnyValue { value }) => value.clone(),
        None => None,
    }
}

#[track_caller]
fn check(span: &Span, name: &str, expect: impl Into<Expect>) {
    let Expect(expect) = expect.into();
    assert_eq!(attribute(&span.attributes, name), Some(expect), "{name}");
}

struct Expect(Value);

impl From<&str> for Expect {
    fn from(text: &str) -> Self {
        Self(Value::StringValue(text.to_owned()))
    }
}

impl From<i64> for Expect {
    fn from(number: i64) -> Self {
        Self(Value::IntValue(number))
    }
}

impl From<f64> for Expect {
    fn from(number: f64) -> Self {
        Self(Value::DoubleValue(number))
    }
}

fn id(trace: Trace) -> Vec<u8> {
    trace.span_id.to_be_bytes().to_vec()
}

/// A whole run with a tool call and a sub-agent, as the collector got it.
async fn exported(content: bool) -> (Told, Vec<Request>) {
    let collector = Collector::start("200 OK");
    let otlp = started(&collector.config(content));
    let observer = otlp.observer();
    let run = Told::new();
    run.start(observer.as_ref());
    run.answer(observer.as_ref(), None);
    let child = run.sub_agent("call-7", "reader");
    child.start(observer.as_ref());
    child.answer(observer.as_ref(), None);
    child.end(observer.as_ref(), None);
    run.tool(observer.as_ref(), false);
    run.end(observer.as_ref(), None);
    otlp.shutdown().await;
    (run, collector.taken())
}

#[tokio::test]
async fn spans_have_the_names_and_attributes_of_the_conventions() {
    let (_, requests) = exported(false).await;
    let spans = spans(&requests);
    assert_eq!(spans.len(), 5);
    let chat = named(&spans, "chat gpt-5");
    assert_eq!(chat.kind, 3, "a client's");
    check(chat, "gen_ai.operation.name", "chat");
    check(chat, "gen_ai.provider.name", "azure");
    check(chat, "gen_ai.request.model", "gpt-5");
    check(chat, "gen_ai.response.model", "gpt-5-mini");
    check(chat, "gen_ai.usage.input_tokens", 100);
    check(chat, "gen_ai.usage.output_tokens", 20);
    check(chat, "gen_ai.usage.cache_read.input_tokens", 60);
    check(chat, "gen_ai.response.time_to_first_chunk", 0.3);
    check(chat, "loom.cost.usd", 0.25);
    let tool = named(&spans, "execute_tool read_file");
    check(tool, "gen_ai.operation.name", "execute_tool");
    check(tool, "gen_ai.tool.name", "read_file");
    check(tool, "gen_ai.tool.call.id", "call-7");
    check(tool, "gen_ai.conversation.id", "s-1");
    assert_eq!(
        tool.end_time_unix_nano - tool.start_time_unix_nano,
        40_000_000
    );
    let run = named(&spans, "invoke_agent");
    check(run, "gen_ai.operation.name", "invoke_agent");
    check(run, "gen_ai.provider.name", "openai");
    check(run, "loom.run.outcome", "completed");
    let child = named(&spans, "invoke_agent reader");
    check(child, "gen_ai.agent.name", "reader");
    check(child, "gen_ai.conversation.id", "s-2");
}

#[tokio::test]
async fn spans_are_one_trace_with_the_ids_of_the_outgoing_requests() {
    let (run, requests) = exported(false).await;
    let spans = spans(&requests);
    let trace_id = run.trace.correlation_id.trace_id().to_be_bytes().to_vec();
    assert!(spans.iter().all(|span| span.trace_id == trace_id));
    let root = named(&spans, "invoke_agent");
    assert_eq!(root.span_id, id(run.trace));
    assert!(root.parent_span_id.is_empty());
    let tool = named(&spans, "execute_tool read_file");
    assert_eq!(tool.span_id, id(run.trace.child("call-7")));
    assert_eq!(tool.parent_span_id, root.span_id);
    let child = named(&spans, "invoke_agent reader");
    assert_eq!(child.parent_span_id, tool.span_id);
    let chats = spans.iter().filter(|span| span.name == "chat gpt-5");
    let mut parents: Vec<_> = chats.clone().map(|chat| &chat.parent_span_id).collect();
    parents.sort();
    let mut expect = vec![&root.span_id, &child.span_id];
    expect.sort();
    assert_eq!(parents, expect);
    let turn = id(run.trace.child("turn 1"));
    assert!(chats.clone().any(|chat| chat.span_id == turn));
}

#[tokio::test]
async fn content_is_exported_to_those_who_allowed_it() {
    let planted = |requests: &[Request]| {
        let bytes = requests.iter().flat_map(|it| it.body.clone());
        let text = String::from_utf8_lossy(&bytes.collect::<Vec<_>>()).into_owned();
        text.matches("planted").count()
    };
    let (_, requests) = exported(false).await;
    assert_eq!(planted(&requests), 0);
    let (_, requests) = exported(true).await;
    let spans = spans(&requests);
    let chat = named(&spans, "chat gpt-5");
    let Some(Value::StringValue(answer)) = attribute(&chat.attributes, "gen_ai.output.messages")
    else {
        panic!("no answer in {:?}", chat.attributes)
    };
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer[0]["parts"][0]["content"], "planted answer");
    let arguments = &answer[0]["parts"][1]["arguments"];
    assert_eq!(arguments["path"], "planted argument");
    let tool = named(&spans, "execute_tool read_file");
    let arguments = r#"{"path":"planted argument"}"#;
    check(tool, "gen_ai.tool.call.arguments", arguments);
    check(tool, "gen_ai.tool.call.result", "planted result");
}

#[tokio::test]
async fn failures_are_marked_by_their_class_and_not_quoted() {
    let collector = Collector::start("200 OK");
    let otlp = started(&collector.config(true));
    let observer = otlp.observer();
    let run = Told::new();
    run.start(observer.as_ref());
    let error = || Error::unavailable("planted reason");
    let routing = Routing::Retried {
        member: "openai/gpt-5".to_owned(),
        attempt: 2,
        wait: Duration::ZERO,
        error: error(),
    };
    run.tell(observer.as_ref(), &RunEvent::ModelRouted { routing });
    run.answer(observer.as_ref(), Some(error()));
    run.tool(observer.as_ref(), true);
    run.end(observer.as_ref(), Some(error()));
    otlp.shutdown().await;
    let requests = collector.taken();
    let spans = spans(&requests);
    let chat = named(&spans, "chat gpt-5");
    check(chat, "error.type", "service");
    assert_eq!(chat.status.as_ref().unwrap().code, 2);
    assert_eq!(chat.events[0].name, "loom.pool.retry");
    check(
        named(&spans, "execute_tool read_file"),
        "error.type",
        "permission",
    );
    let root = named(&spans, "invoke_agent");
    check(root, "error.type", "service");
    check(root, "loom.run.outcome", "failed");
    let bytes: Vec<u8> = requests.into_iter().flat_map(|it| it.body).collect();
    assert!(!String::from_utf8_lossy(&bytes).contains("planted reason"));
}

#[tokio::test]
async fn what_was_done_to_the_context_is_exported_without_its_sources() {
    let collector = Collector::start("200 OK");
    let otlp = started(&collector.config(false));
    let observer = otlp.observer();
    let run = Told::new();
    run.start(observer.as_ref());
    let source = loom_types::Source {
        id: "planted id".to_owned(),
        source: "planted source".to_owned(),
        title: None,
        score: 1.0,
    };
    let retrieved = RunEvent::Retrieved {
        retriever: "kb".to_owned(),
        sources: vec![source],
        tokens: 70,
    };
    run.tell(observer.as_ref(), &retrieved);
    let compressed = loom_types::Compressed {
        reason: loom_types::CompressionReason::Overflow,
        method: loom_types::CompressionMethod::Trimmed,
        before_tokens: 900,
        after_tokens: 200,
        kept_messages: 1,
        summarized_messages: 0,
        shortened_results: 1,
        pinned: 0,
        generation: 1,
        host_time: Duration::from_millis(10),
        model_time: Duration::ZERO,
    };
    run.tell(observer.as_ref(), &RunEvent::Compressed(compressed));
    run.answer(observer.as_ref(), None);
    run.end(observer.as_ref(), None);
    otlp.shutdown().await;
    let requests = collector.taken();
    let spans = spans(&requests);
    let events = &named(&spans, "chat gpt-5").events;
    let names: Vec<_> = events.iter().map(|event| &event.name[..]).collect();
    assert_eq!(names, ["loom.context.retrieved", "loom.context.compressed"]);
    let attribute = |name| attribute(&events[1].attributes, name);
    let overflow = Value::StringValue("overflow".to_owned());
    assert_eq!(attribute("loom.compression.reason"), Some(overflow));
    assert_eq!(
        attribute("loom.compression.after_tokens"),
        Some(Value::IntValue(200))
    );
    assert!(named(&spans, "invoke_agent").events.is_empty());
    let bytes: Vec<u8> = requests.into_iter().flat_map(|it| it.body).collect();
    let text = String::from_utf8_lossy(&bytes);
    for name in [
        "loom.compression.saved",
        "loom.compression.duration",
        "loom.retrieval.passages",
    ] {
        assert!(text.contains(name), "{name}");
    }
    assert!(!text.contains("planted"), "{text}");
}

#[tokio::test]
async fn metrics_have_the_names_of_the_conventions() {
    let (_, requests) = exported(false).await;
    let metrics = requests.iter().filter(|it| it.path == "/v1/metrics");
    let decoded = metrics.map(|it| ExportMetricsServiceRequest::decode(&it.body[..]).unwrap());
    let resources: Vec<_> = decoded.flat_map(|it| it.resource_metrics).collect();
    let resource = resources[0].resource.as_ref().unwrap();
    let service = attribute(&resource.attributes, "service.name");
    assert_eq!(service, Some(Value::StringValue("loom".to_owned())));
    let scopes = resources.into_iter().flat_map(|it| it.scope_metrics);
    let metrics: Vec<_> = scopes.flat_map(|it| it.metrics).collect();
    let mut names: Vec<_> = metrics.iter().map(|metric| &metric.name[..]).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "gen_ai.client.operation.duration",
            "gen_ai.client.operation.time_to_first_chunk",
            "gen_ai.client.token.usage",
            "gen_ai.execute_tool.duration",
            "gen_ai.invoke_agent.duration",
            "loom.client.cost",
        ]
    );
    let find = |name: &str| metrics.iter().find(|metric| metric.name == name);
    let Some(Data::Histogram(tokens)) = &find("gen_ai.client.token.usage").unwrap().data else {
        panic!("no histogram")
    };
    let input = tokens.data_points.iter().find(|point| {
        let kind = attribute(&point.attributes, "gen_ai.token.type");
        kind == Some(Value::StringValue("input".to_owned()))
    });
    let input = input.unwrap();
    assert_eq!((input.count, input.sum), (2, Some(200.0)));
    let duration = find("gen_ai.client.operation.duration").unwrap();
    assert_eq!(duration.unit, "s");
    let Some(Data::Histogram(duration)) = &duration.data else {
        panic!("no histogram")
    };
    assert_eq!(duration.data_points[0].explicit_bounds[0], 0.01);
}

#[tokio::test]
async fn a_collector_that_fails_or_is_away_costs_nothing_but_a_moment() {
    let refusing = Collector::start("400 Bad Request").config(false);
    let away = TelemetryConfig {
        // The port of a listener that is gone.
        otlp_endpoint: Some(format!(
            "http://{}",
            TcpListener::bind("127.0.0.1:0")
                .unwrap()
                .local_addr()
                .unwrap()
        )),
        content: false,
    };
    for config in [refusing, away] {
        let otlp = started(&config);
        let run = Told::new();
        run.start(otlp.observer().as_ref());
        run.end(otlp.observer().as_ref(), None);
        let before = std::time::Instant::now();
        otlp.shutdown().await;
        assert!(before.elapsed() < FLUSH + Duration::from_millis(500));
        // Late events are dropped, not a panic.
        run.start(otlp.observer().as_ref());
        run.end(otlp.observer().as_ref(), None);
    }
}

#[tokio::test]
async fn nothing_is_started_without_an_endpoint_or_when_it_is_switched_off() {
    let config = TelemetryConfig::default();
    let none = |variables: &[(&str, &str)], config: &TelemetryConfig| {
        let variable = |name: &str| {
            let found = variables.iter().find(|(each, _)| *each == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Otlp::with_environment(config, &variable).unwrap().is_none()
    };
    assert!(none(&[], &config));
    assert!(none(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "")], &config));
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1");
    assert!(!none(&[endpoint], &config));
    assert!(none(&[endpoint, ("OTEL_SDK_DISABLED", "TRUE")], &config));
    let off = [
        ("OTEL_TRACES_EXPORTER", "none"),
        ("OTEL_METRICS_EXPORTER", "none"),
    ];
    assert!(none(&[endpoint, off[0], off[1]], &config));
    assert!(!none(&[endpoint, off[0]], &config));
}

#[test]
fn an_endpoint_of_one_signal_is_taken_as_it_is() {
    let variable = |name: &str| {
        let of_traces = name == "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
        of_traces.then(|| "http://traces:4318/in?key=1".to_owned())
    };
    let config = TelemetryConfig {
        otlp_endpoint: Some("https://all:4318/".to_owned()),
        content: false,
    };
    let at = |signal| endpoint(&config, &variable, signal).unwrap().unwrap();
    assert_eq!(at("traces"), "http://traces:4318/in?key=1");
    assert_eq!(at("metrics"), "https://all:4318/v1/metrics");
}

#[test]
fn what_is_no_address_is_refused_with_its_place() {
    for url in ["localhost:4318", "grpc://x", "http://", "http:///x"] {
        let config = TelemetryConfig {
            otlp_endpoint: Some(url.to_owned()),
            content: false,
        };
        let error = Otlp::with_environment(&config, &nothing).unwrap_err();
        let error = error.to_string();
        assert!(error.starts_with("telemetry.otlp_endpoint: "), "{error}");
    }
}

#[test]
fn a_warning_shows_where_to_and_no_key() {
    let origin = exporter::origin("https://user:pass@host:4318/v1/traces?key=1");
    assert_eq!(origin, "https://host:4318");
}

#[tokio::test]
async fn the_protocol_is_binary_protobuf() {
    let (_, requests) = exported(false).await;
    assert!(requests.len() >= 2);
    for request in requests {
        let binary = "content-type: application/x-protobuf";
        assert!(request.head.contains(binary), "{}", request.head);
    }
}
