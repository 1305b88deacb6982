//! Runs that a limit ends.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::sync::Arc;
use std::time::Duration;

use loom_types::{Limit, Outcome, Role, RunEvent, Tool};
use tokio::time::Instant;

use crate::session::Record;
use crate::testing::{FakeTool, Model, Script, drain, records, say};
use crate::{Agent, Limits, RunOptions};

const MINUTE: Duration = Duration::from_secs(60);

fn agent(model: &Arc<Model>, limits: Limits, tools: impl IntoIterator<Item = FakeTool>) -> Agent {
    let tools = tools
        .into_iter()
        .map(|tool| Arc::new(tool) as Arc<dyn Tool>);
    let builder = Agent::builder(Arc::clone(model) as _, "model");
    builder.tools(tools).limits(limits).build().unwrap()
}

fn limit(outcome: &Outcome) -> Limit {
    match outcome {
        Outcome::LimitReached { limit, .. } => *limit,
        _ => panic!("{outcome:?}"),
    }
}

fn calls_for_ever() -> Arc<Model> {
    Model::new(|_| Script::calls(&[("", "echo", "{}")]).with_output_tokens(10))
}

#[tokio::test]
async fn a_model_that_never_answers_is_stopped_after_fifty_turns() {
    let model = calls_for_ever();
    let outcome = agent(&model, Limits::default(), [FakeTool::echo("echo")])
        .run("go")
        .outcome()
        .await;
    assert_eq!(limit(&outcome), Limit::Turns(50));
    let report = outcome.report();
    assert_eq!((report.turns, report.tool_calls), (50, 50));
    assert_eq!(model.requests().len(), 50);
}

#[tokio::test]
async fn an_answer_in_the_last_turn_is_an_answer() {
    let model = Model::script([Script::text("done")]);
    let limits = Limits {
        turns: 1,
        ..Limits::default()
    };
    assert!(
        agent(&model, limits, [])
            .run("go")
            .outcome()
            .await
            .is_completed()
    );
}

#[tokio::test]
async fn no_turns_mean_no_model() {
    let model = Model::script([]);
    let limits = Limits {
        turns: 0,
        ..Limits::default()
    };
    let outcome = agent(&model, limits, []).run("go").outcome().await;
    assert_eq!(limit(&outcome), Limit::Turns(0));
    assert!(model.requests().is_empty());
}

#[tokio::test]
async fn output_tokens_are_summed_and_the_calls_of_the_last_answer_still_run() {
    let limits = Limits {
        output_tokens: Some(25),
        ..Limits::default()
    };
    let outcome = agent(&calls_for_ever(), limits, [FakeTool::echo("echo")])
        .run("go")
        .outcome()
        .await;
    assert_eq!(limit(&outcome), Limit::OutputTokens(25));
    let report = outcome.report();
    assert_eq!((report.usage.output_tokens, report.tool_calls), (30, 3));
}

#[tokio::test]
async fn a_session_that_reached_a_limit_goes_on_in_another_run() {
    let model = Model::new(|request| match request.messages.len() {
        1 | 3 => Script::calls(&[("", "echo", "{}")]),
        _ => Script::text("done"),
    });
    let limits = Limits {
        turns: 2,
        ..Limits::default()
    };
    let agent = agent(&model, limits, [FakeTool::echo("echo")]);
    let mut first = agent.run("go");
    assert_eq!(limit(&first.outcome().await), Limit::Turns(2));
    let options = RunOptions {
        session: Some(first.session().clone()),
        resume: true,
        input: None,
        ..RunOptions::default()
    };
    assert_eq!(agent.start(options).outcome().await.text(), "done");
}

#[tokio::test(start_paused = true)]
async fn time_ends_a_silent_model_and_keeps_its_words() {
    let model = Model::script([Script::events([say("wait")]).then_hang()]);
    let limits = Limits {
        wall_time: Some(MINUTE),
        ..Limits::default()
    };
    let start = Instant::now();
    let outcome = agent(&model, limits, []).run("go").outcome().await;
    assert_eq!(limit(&outcome), Limit::WallTime(MINUTE));
    assert_eq!(outcome.text(), "wait");
    assert!(start.elapsed() < MINUTE + Duration::from_secs(1));
    assert!(model.last_context().cancel.is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn time_ends_tools_and_every_call_gets_a_result() {
    let calls = [
        ("1", "quick", "{}"),
        ("2", "stuck", "{}"),
        ("3", "quick", "{}"),
    ];
    let model = Model::script([Script::calls(&calls)]);
    let limits = Limits {
        wall_time: Some(MINUTE),
        ..Limits::default()
    };
    let agent = agent(
        &model,
        limits,
        [FakeTool::echo("quick"), FakeTool::stuck("stuck")],
    );
    let run = agent.run("go");
    let session = run.session().clone();
    let (events, outcome) = drain(run).await;
    assert_eq!(limit(&outcome), Limit::WallTime(MINUTE));
    let results: Vec<_> = records(&**agent.memory(), &session)
        .await
        .into_iter()
        .filter_map(|record| match record {
            Record::ToolResult(result) => Some(result.text()),
            _ => None,
        })
        .collect();
    assert_eq!(results[0], "quick");
    assert!(
        results[1].contains("time limit of 60s") && results[1].contains("unknown"),
        "{results:?}"
    );
    assert!(
        results[2].contains("time limit of 60s") && results[2].contains("did not run"),
        "{results:?}"
    );
    let started = events
        .iter()
        .filter(|event| matches!(event, RunEvent::ToolStarted { .. }));
    let ended = events
        .iter()
        .filter(|event| matches!(event, RunEvent::ToolCompleted { .. }));
    assert_eq!((started.count(), ended.count()), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn tools_are_told_to_stop_when_time_is_over_and_may_finish() {
    let model = Model::script([Script::calls(&[("1", "polite", "{}")])]);
    let polite = FakeTool::new("polite", |_, context| async move {
        context.cancel.cancelled().await;
        Ok(vec!["half of it".into()])
    });
    let limits = Limits {
        wall_time: Some(MINUTE),
        ..Limits::default()
    };
    let (events, _) = drain(agent(&model, limits, [polite]).run("go")).await;
    let result = events.iter().find_map(|event| match event {
        RunEvent::ToolCompleted { result, .. } => Some(result.text()),
        _ => None,
    });
    assert_eq!(result.unwrap(), "half of it");
}

#[tokio::test(start_paused = true)]
async fn tools_are_told_how_much_time_is_left() {
    let model = Model::script([
        Script::calls(&[("1", "slow", "{}"), ("2", "tell", "{}")]),
        Script::text("done"),
    ]);
    let limits = Limits {
        wall_time: Some(MINUTE),
        tool_timeout: Duration::from_secs(50),
        ..Limits::default()
    };
    let tell = FakeTool::new("tell", |_, context| async move {
        Ok(vec![format!("{:?}", context.timeout).into()])
    });
    let slow = FakeTool::slow("slow", Duration::from_secs(40));
    let outcome = agent(&model, limits, [slow, tell])
        .run("go")
        .outcome()
        .await;
    assert!(outcome.is_completed());
    let messages = model.last_messages();
    let told = messages[2].tool_results().nth(1).unwrap().text();
    assert!(
        told.starts_with("20s") || told.starts_with("19.9"),
        "{told}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_takes_too_long_is_an_error_for_the_model_and_the_run_goes_on() {
    let model = Model::script([Script::calls(&[("1", "stuck", "{}")]), Script::text("done")]);
    let outcome = agent(&model, Limits::default(), [FakeTool::stuck("stuck")])
        .run("go")
        .outcome()
        .await;
    assert_eq!(outcome.text(), "done");
    let messages = model.last_messages();
    assert_eq!(messages[2].role, Role::Tool);
    let result = messages[2].tool_results().next().unwrap();
    assert!(
        result.is_error && result.text().starts_with("error (timeout)"),
        "{result:?}"
    );
}

#[tokio::test]
async fn a_time_limit_of_centuries_is_none() {
    let model = Model::script([Script::text("done")]);
    let limits = Limits {
        wall_time: Some(Duration::MAX),
        ..Limits::default()
    };
    assert!(
        agent(&model, limits, [])
            .run("go")
            .outcome()
            .await
            .is_completed()
    );
}
