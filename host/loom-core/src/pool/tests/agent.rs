//! An agent over a pool: it does not know that it is one.

use std::sync::Arc;

use loom_types::{CallId, ModelEvent, Outcome, RunEvent, StopReason, Tool};

use super::fake::{Act, Fake, limited, member, pool, reset, second};
use crate::Agent;
use crate::testing::{FakeTool, drain};

fn call(act: Act) -> Act {
    act.event(ModelEvent::ToolCallStart {
        index: 0,
        id: CallId::from("c1"),
        name: "echo".to_owned(),
    })
    .event(ModelEvent::ToolCallArguments {
        index: 0,
        fragment: "{}".to_owned(),
    })
}

#[tokio::test(start_paused = true)]
async fn a_tool_call_of_half_an_answer_does_not_run_and_that_of_the_whole_one_runs_once() {
    let broken = call(Act::default().text("void")).error(limited(None));
    let a = Fake::acts("a", [broken]);
    let whole = call(Act::default()).event(ModelEvent::Stop {
        reason: StopReason::ToolUse,
    });
    let b = Fake::acts("b", [whole, Act::refuse(reset()), Act::say("done")]);
    let pool = pool([member(&a), second(&b)]);
    let echo = Arc::new(FakeTool::echo("echo"));
    let model = pool.model().to_owned();
    let agent = Agent::builder(Arc::new(pool), model)
        .tools([Arc::clone(&echo) as Arc<dyn Tool>])
        .build()
        .unwrap();
    let (events, outcome) = drain(agent.run("go")).await;
    assert!(
        matches!(&outcome, Outcome::Completed { report } if report.text == "done"),
        "{outcome:?}"
    );
    assert_eq!(echo.calls(), 1);
    let answered = events.iter().filter_map(|event| match event {
        RunEvent::ModelAnswered { model, .. } => Some(model.as_str()),
        _ => None,
    });
    assert_eq!(answered.collect::<Vec<_>>(), ["b/m", "b/m"]);
}
