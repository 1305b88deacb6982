//! Tool calls side by side and in order, and siblings of calls that go wrong.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use loom_types::{Content, Error, RunEvent, Tool, ToolResult};
use tokio::sync::{Barrier, Notify};
use tokio::time::Instant;

use crate::testing::{FakeTool, Model, Script, agent, drain};
use crate::{Agent, Limits};

const SECOND: Duration = Duration::from_secs(1);

fn model(calls: &[(&str, &str, &str)]) -> Arc<Model> {
    Model::script([Script::calls(calls), Script::text("done")])
}

fn results(model: &Model) -> Vec<ToolResult> {
    model.last_messages()[2].tool_results().cloned().collect()
}

fn texts(model: &Model) -> Vec<String> {
    results(model).iter().map(ToolResult::text).collect()
}

#[tokio::test]
async fn ten_safe_calls_run_at_the_same_time() {
    let ids: Vec<_> = (0..10).map(|n| n.to_string()).collect();
    let calls: Vec<_> = ids.iter().map(|id| (id.as_str(), "meet", "{}")).collect();
    let model = model(&calls);
    let barrier = Arc::new(Barrier::new(10));
    // Returns only once all ten are there.
    let meet = FakeTool::new("meet", move |_, context| {
        let barrier = Arc::clone(&barrier);
        async move {
            barrier.wait().await;
            Ok(vec![Content::Text(context.call_id.to_string())])
        }
    });
    let outcome = agent(&model, [Arc::new(meet.safe())])
        .run("go")
        .outcome()
        .await;
    assert!(outcome.is_completed());
    assert_eq!(texts(&model), ids);
}

#[tokio::test(start_paused = true)]
async fn no_more_calls_run_at_once_than_may() {
    let calls: Vec<_> = (0..7).map(|_| ("", "count", "{}")).collect();
    let model = model(&calls);
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let peak = Arc::clone(&most);
    let count = FakeTool::new("count", move |_, _| {
        let (now, most) = (Arc::clone(&now), Arc::clone(&most));
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(SECOND).await;
            now.fetch_sub(1, Ordering::SeqCst);
            Ok(Vec::new())
        }
    });
    let limits = Limits {
        tools_at_once: 3,
        ..Limits::default()
    };
    let builder = Agent::builder(Arc::clone(&model) as _, "model").limits(limits);
    let agent = builder
        .tool(Arc::new(count.safe()) as Arc<dyn Tool>)
        .build()
        .unwrap();
    assert!(agent.run("go").outcome().await.is_completed());
    assert_eq!(peak.load(Ordering::SeqCst), 3);
}

#[tokio::test(start_paused = true)]
async fn results_are_told_as_they_come_and_sent_in_call_order() {
    let model = model(&[
        ("1", "slow", "{}"),
        ("2", "mid", "{}"),
        ("3", "quick", "{}"),
    ]);
    let tools = [("slow", 3), ("mid", 2), ("quick", 1)];
    let tools =
        tools.map(|(name, seconds)| Arc::new(FakeTool::slow(name, SECOND * seconds).safe()));
    let start = Instant::now();
    let (events, _) = drain(agent(&model, tools).run("go")).await;
    assert!(start.elapsed() < SECOND * 4);
    assert_eq!(texts(&model), ["slow", "mid", "quick"]);
    let told: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            RunEvent::ToolCompleted {
                result, duration, ..
            } => Some((result.name.as_str(), duration.as_secs())),
            _ => None,
        })
        .collect();
    assert_eq!(told, [("quick", 1), ("mid", 2), ("slow", 3)]);
}

#[tokio::test(start_paused = true)]
async fn effects_wait_for_each_other_in_call_order() {
    let model = model(&[
        ("1", "write", r#"{"n":1}"#),
        ("2", "write", r#"{"n":2}"#),
        ("3", "write", r#"{"n":3}"#),
    ]);
    let running = Arc::new(AtomicUsize::new(0));
    let write = FakeTool::new("write", move |arguments, _| {
        let running = Arc::clone(&running);
        async move {
            assert_eq!(running.fetch_add(1, Ordering::SeqCst), 0, "two at once");
            tokio::time::sleep(SECOND).await;
            running.fetch_sub(1, Ordering::SeqCst);
            Ok(vec![Content::Json(arguments["n"].clone())])
        }
    });
    let (events, _) = drain(agent(&model, [Arc::new(write)]).run("go")).await;
    assert_eq!(texts(&model), ["1", "2", "3"]);
    let order = events.iter().filter_map(|event| match event {
        RunEvent::ToolStarted { call } => Some(format!("+{}", call.id)),
        RunEvent::ToolCompleted { result, .. } => Some(format!("-{}", result.call_id)),
        _ => None,
    });
    assert_eq!(order.collect::<Vec<_>>().concat(), "+1-1+2-2+3-3");
}

#[tokio::test(start_paused = true)]
async fn calls_that_go_wrong_leave_their_siblings_alone() {
    let calls = [
        ("1", "ok", "{}"),
        ("2", "panics", "{}"),
        ("3", "fails", "{}"),
        ("4", "stuck", "{}"),
        ("5", "nope", "{}"),
        ("6", "ok", "[]"),
        ("7", "ok", "{}"),
    ];
    let model = model(&calls);
    let tools = [
        FakeTool::slow("ok", SECOND),
        FakeTool::new("panics", |_, _| async { panic!("boom") }),
        FakeTool::new("fails", |_, _| async { Err(Error::denied("no")) }),
        FakeTool::stuck("stuck"),
    ];
    let outcome = agent(&model, tools.map(|tool| Arc::new(tool.safe())))
        .run("go")
        .outcome()
        .await;
    assert_eq!((outcome.text(), outcome.report().tool_calls), ("done", 7));
    let kinds: Vec<_> = texts(&model)
        .iter()
        .map(|text| text.split(':').next().unwrap().to_owned())
        .collect();
    let expect = [
        "ok",
        "error (internal)",
        "error (permission)",
        "error (timeout)",
        "error (not_found)",
        "error (validation)",
        "ok",
    ];
    assert_eq!(kinds, expect);
    let wrong: Vec<_> = results(&model)
        .iter()
        .map(|result| result.is_error)
        .collect();
    assert_eq!(wrong, [false, true, true, true, true, true, false]);
}

#[tokio::test]
async fn progress_is_told_until_the_call_ends_and_not_after() {
    let model = model(&[("1", "work", "{}"), ("2", "wait", "{}")]);
    let kept = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&kept);
    let work = FakeTool::new("work", move |_, context| {
        context.progress.report("half".to_owned(), Some(0.5));
        *keep.lock().unwrap() = Some(context);
        async { Ok(Vec::new()) }
    });
    let go_on = Arc::new(Notify::new());
    let signal = Arc::clone(&go_on);
    let wait = FakeTool::new("wait", move |_, context| {
        let signal = Arc::clone(&signal);
        async move {
            signal.notified().await;
            context.progress.report("nearly".to_owned(), None);
            Ok(Vec::new())
        }
    });
    let tools = [work, wait].map(|tool| Arc::new(tool.safe()));
    let mut run = agent(&model, tools).run("go");
    let mut names = Vec::new();
    while let Some(event) = run.next().await {
        match event {
            RunEvent::ToolProgress { message, .. } => names.push(message),
            RunEvent::ToolCompleted { result, .. } if result.name == "work" => {
                let context = kept.lock().unwrap().take().unwrap();
                assert!(context.cancel.is_cancelled(), "the call is over");
                context.progress.report("late".to_owned(), None);
                names.push("end".to_owned());
                go_on.notify_one();
            }
            _ => {}
        }
    }
    assert_eq!(names, ["half", "end", "nearly"]);
}

#[tokio::test]
async fn a_huge_result_is_cut_for_the_model_and_the_session() {
    let model = model(&[("1", "flood", "{}")]);
    let flood = FakeTool::new("flood", |_, _| async {
        Ok(vec![Content::Text("🦀".repeat(1_000_000))])
    });
    agent(&model, [Arc::new(flood)]).run("go").outcome().await;
    let text = &texts(&model)[0];
    assert!(text.len() < 257 * 1024, "{} bytes", text.len());
    assert!(text.contains("left out"));
}

#[tokio::test]
async fn calls_without_ids_get_some_and_their_results_find_them() {
    let model = model(&[
        ("", "echo", "{}"),
        ("", "echo", "{}"),
        ("x", "echo", "{}"),
        ("x", "echo", "{}"),
    ]);
    agent(&model, [Arc::new(FakeTool::echo("echo"))])
        .run("go")
        .outcome()
        .await;
    let messages = model.last_messages();
    let calls: Vec<_> = messages[1]
        .tool_calls()
        .map(|call| call.id.to_string())
        .collect();
    let results: Vec<_> = results(&model)
        .iter()
        .map(|result| result.call_id.to_string())
        .collect();
    assert_eq!(calls, ["call-1", "call-2", "x", "x-1"]);
    assert_eq!(results, calls);
}

#[tokio::test]
async fn a_tool_of_somebody_elses_may_be_called_todo() {
    let tool = Arc::new(FakeTool::echo("todo"));
    let model = model(&[("1", "todo", "{}")]);
    agent(&model, [Arc::clone(&tool)]).run("go").outcome().await;
    assert_eq!(texts(&model), ["todo"]);
    assert_eq!(tool.calls(), 1);
}
