//! Calls that run, are refused, fail, panic and hang.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use loom_types::{CallId, ErrorKind};
use serde_json::json;

use super::*;
use crate::testing::FakeTool;

async fn call(tool: FakeTool, arguments: &str) -> Result<String> {
    call_named(tool, "tool", arguments).await
}

async fn call_named(tool: FakeTool, name: &str, arguments: &str) -> Result<String> {
    let catalogue = Catalogue::new(vec![Arc::new(tool)]).unwrap();
    let call = ToolCall {
        id: CallId::from("1"),
        name: name.to_owned(),
        arguments: arguments.to_owned(),
    };
    let timeout = Duration::from_secs(5);
    let context = ToolContext::standalone(timeout);
    let content = invoke(&check(&catalogue, call), &context, timeout).await?;
    Ok(content.iter().map(Content::to_text).collect())
}

/// A tool that returns its arguments.
fn mirror() -> FakeTool {
    FakeTool::new("tool", |arguments, _| async {
        Ok(vec![Content::Json(arguments)])
    })
}

async fn refused(arguments: &str, parts: &[&str]) {
    let schema =
        json!({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]});
    let error = call(mirror().with_schema(schema), arguments)
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidInput);
    for part in ["`tool`", "\"integer\""].iter().chain(parts) {
        assert!(error.message.contains(part), "no {part:?} in {error}");
    }
}

#[tokio::test]
async fn arguments_reach_the_tool() {
    assert_eq!(
        call(mirror(), r#"{"a": "ü"}"#).await.unwrap(),
        r#"{"a":"ü"}"#
    );
}

#[tokio::test]
async fn no_arguments_are_an_empty_object() {
    assert_eq!(call(mirror(), "").await.unwrap(), "{}");
    assert_eq!(call(mirror(), " \n").await.unwrap(), "{}");
}

#[tokio::test]
async fn arguments_that_are_not_json_are_refused_with_place_and_schema() {
    refused(r#"{"n": 1"#, &["not JSON", "column"]).await;
    refused(r#"{"n": 1} and more"#, &["not JSON"]).await;
    refused(&"[".repeat(100_000), &["not JSON"]).await;
}

#[tokio::test]
async fn arguments_that_are_no_object_are_refused_by_type() {
    refused("[1]", &["are an array"]).await;
    refused("null", &["are null"]).await;
    refused(r#""{\"n\": 1}""#, &["are a string"]).await;
}

#[tokio::test]
async fn arguments_that_do_not_fit_are_refused_and_the_tool_does_not_run() {
    refused("{}", &["at the top level", "\"n\"", "did not run"]).await;
    refused(r#"{"n": "1"}"#, &["at /n"]).await;
}

#[tokio::test]
async fn an_unknown_tool_is_not_found_and_the_nearest_is_named() {
    let error = call_named(mirror(), "tools", "{}").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert!(
        error.message.contains("`tools`") && error.message.contains("`tool`"),
        "{error}"
    );
}

#[tokio::test]
async fn a_name_that_is_garbage_is_not_found() {
    for name in ["", "💥", &"x".repeat(10_000)] {
        let error = call_named(mirror(), name, "{}").await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotFound);
    }
}

#[tokio::test]
async fn a_tools_own_error_comes_back_unchanged() {
    let error = Error::denied("no").from_origin("fs 0.1.0");
    let copy = error.clone();
    let tool = FakeTool::new("tool", move |_, _| {
        let error = error.clone();
        async { Err(error) }
    });
    assert_eq!(call(tool, "").await.unwrap_err(), copy);
}

#[tokio::test]
async fn a_panic_is_an_internal_error_with_its_text() {
    let tool = FakeTool::new("tool", |_, _| async { panic!("row {}", 7) });
    let error = call(tool, "").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Internal);
    assert!(error.message.contains("row 7"), "{error}");
}

#[tokio::test]
async fn a_panic_before_the_first_await_is_caught_too() {
    let tool = FakeTool::new("tool", |_, _| -> std::future::Ready<_> { panic!("early") });
    let error = call(tool, "").await.unwrap_err();
    assert!(error.message.contains("early"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_takes_too_long_is_a_timeout() {
    let error = call(FakeTool::stuck("tool"), "").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Timeout);
    assert!(error.message.contains("5s"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_panic_while_a_late_tool_is_dropped_is_caught_too() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("in drop");
        }
    }
    let tool = FakeTool::new("tool", |_, _| async {
        let _bomb = Bomb;
        std::future::pending().await
    });
    let error = call(tool, "").await.unwrap_err();
    assert!(error.message.contains("in drop"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_call_outside_a_run_is_checked_and_held_to_its_time() {
    let context = ToolContext::standalone(Duration::from_secs(5));
    let tool = |tool: FakeTool| Arc::new(tool) as Arc<dyn Tool>;
    let content = call_tool(&tool(mirror()), r#"{"a":1}"#, &context)
        .await
        .unwrap();
    assert_eq!(content, [Content::Json(json!({"a": 1}))]);
    let error = call_tool(&tool(mirror()), "[]", &context)
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidInput);
    let error = call_tool(&tool(FakeTool::stuck("tool")), "", &context)
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Timeout);
    let liar = tool(mirror().with_schema(json!({"type": "thing"})));
    let error = call_tool(&liar, "{}", &context).await.unwrap_err();
    assert!(error.message.contains("input schema"), "{error}");
}

/// A tool whose answer to what a call touches takes its time, or never comes.
struct Footprints {
    definition: Arc<loom_types::ToolDefinition>,
    tell: fn() -> futures::future::BoxFuture<'static, Footprint>,
}

impl Footprints {
    fn planned(tell: fn() -> futures::future::BoxFuture<'static, Footprint>) -> Catalogue {
        let definition = Arc::clone(mirror().definition());
        Catalogue::new(vec![Arc::new(Self { definition, tell })]).unwrap()
    }
}

#[async_trait::async_trait]
impl Tool for Footprints {
    fn definition(&self) -> &Arc<loom_types::ToolDefinition> {
        &self.definition
    }

    async fn footprint(&self, _: &Value) -> Footprint {
        (self.tell)().await
    }

    async fn call(&self, _: &Value, _: &ToolContext) -> Result<Vec<Content>> {
        Ok(Vec::new())
    }
}

fn nothing() -> Footprint {
    Footprint::Resources(Vec::new())
}

fn calls(count: usize) -> Vec<ToolCall> {
    let call = |index: usize| ToolCall {
        id: CallId::from(index.to_string()),
        name: "tool".to_owned(),
        arguments: String::new(),
    };
    (0..count).map(call).collect()
}

/// What each of the calls touches, with the time it took to find out.
async fn footprints(
    catalogue: &Catalogue,
    calls: Vec<ToolCall>,
    stop: impl Future,
) -> (Vec<Option<Footprint>>, Duration) {
    let started = tokio::time::Instant::now();
    let planned = plan(catalogue, calls, stop).await;
    let told = planned.iter().map(|call| call.footprint().cloned());
    (told.collect(), started.elapsed())
}

#[tokio::test(start_paused = true)]
async fn all_calls_are_asked_side_by_side_what_they_touch() {
    let catalogue = Footprints::planned(|| {
        Box::pin(async {
            tokio::time::sleep(Duration::from_millis(900)).await;
            nothing()
        })
    });
    let (told, took) = footprints(&catalogue, calls(50), std::future::pending::<()>()).await;
    assert_eq!(told, vec![Some(nothing()); 50]);
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_tool_does_not_tell_in_time_touches_everything() {
    let catalogue = Footprints::planned(|| Box::pin(std::future::pending()));
    let (told, took) = footprints(&catalogue, calls(2), std::future::pending::<()>()).await;
    assert_eq!(told, vec![Some(Footprint::Everything); 2]);
    assert!(took <= FOOTPRINT_TIMEOUT * 2, "{took:?}");
}

#[tokio::test]
async fn a_call_whose_tool_panics_when_asked_touches_everything() {
    let catalogue = Footprints::planned(|| Box::pin(async { panic!("asked") }));
    let (told, _) = footprints(&catalogue, calls(1), std::future::pending::<()>()).await;
    assert_eq!(told, [Some(Footprint::Everything)]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_stops_does_not_wait_for_footprints() {
    let catalogue = Footprints::planned(|| Box::pin(std::future::pending()));
    let stop = tokio::time::sleep(Duration::from_millis(5));
    let (told, took) = footprints(&catalogue, calls(1), stop).await;
    assert_eq!(told, [Some(Footprint::Everything)]);
    assert!(took < Duration::from_millis(50), "{took:?}");
}

#[tokio::test]
async fn a_refused_call_has_no_footprint() {
    let catalogue = Footprints::planned(|| Box::pin(async { Footprint::Everything }));
    let mut refused = calls(2);
    refused[0].name = "unknown".to_owned();
    refused[1].arguments = "not JSON".to_owned();
    let (told, _) = footprints(&catalogue, refused, std::future::pending::<()>()).await;
    assert_eq!(told, [None, None]);
}
