//! What runs make of the answers of models: whole, empty, cut off, refused, failed.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::sync::Arc;

use loom_types::{
    CallId, Error, ErrorKind, ModelEvent, Outcome, Part, Reasoning, Role, RunEvent, StopReason,
    Usage,
};
use serde_json::json;

use crate::testing::{FakeTool, Model, Script, agent, drain, log, say, stop};
use crate::{Agent, Input};

async fn run(answers: impl IntoIterator<Item = Script>) -> (Arc<Model>, Vec<RunEvent>, Outcome) {
    let model = Model::script(answers);
    let agent = agent(&model, [Arc::new(FakeTool::echo("echo"))]);
    let (events, outcome) = drain(agent.run("go")).await;
    (model, events, outcome)
}

fn error(outcome: &Outcome) -> &Error {
    match outcome {
        Outcome::Failed { error, .. } => error,
        _ => panic!("{outcome:?}"),
    }
}

/// Events in short.
fn names(events: &[RunEvent]) -> Vec<String> {
    let name = |event: &RunEvent| {
        serde_json::to_value(event).unwrap()["type"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    events.iter().map(name).collect()
}

#[tokio::test]
async fn events_tell_the_run_in_order() {
    let (_, events, outcome) =
        run([Script::calls(&[("1", "echo", "{}")]), Script::text("done")]).await;
    assert_eq!(
        names(&events),
        [
            "run_started",
            "turn_started",
            "model_answered",
            "message_completed",
            "tool_started",
            "tool_completed",
            "turn_completed",
            "turn_started",
            "text_delta",
            "model_answered",
            "message_completed",
            "turn_completed",
            "run_ended"
        ]
    );
    let RunEvent::RunStarted { model, resumed, .. } = &events[0] else {
        panic!("{events:?}");
    };
    assert_eq!((model.as_str(), *resumed), ("fake/model", false));
    let report = outcome.report();
    assert_eq!(
        (report.text.as_str(), report.turns, report.tool_calls),
        ("done", 2, 1)
    );
}

#[tokio::test]
async fn images_reach_the_model() {
    let model = Model::script([Script::text("a cat")]);
    let image = loom_types::Blob {
        mime: "image/png".to_owned(),
        data: vec![1, 2],
    };
    agent(&model, [])
        .run(Input::new("what is it?").with_image(image.clone()))
        .outcome()
        .await;
    assert_eq!(model.last_messages()[0].parts[1], Part::Image { image });
}

#[tokio::test]
async fn reasoning_goes_back_to_the_model_with_its_state() {
    let think = Script::events([
        ModelEvent::Reasoning {
            text: "hm".to_owned(),
        },
        ModelEvent::ReasoningEnd {
            provider_state: Some(json!("sig")),
        },
        ModelEvent::ToolCallStart {
            index: 0,
            id: CallId::from("1"),
            name: "echo".to_owned(),
        },
        stop(StopReason::ToolUse),
    ]);
    let (model, events, _) = run([think, Script::text("done")]).await;
    let reasoning = Reasoning {
        text: "hm".to_owned(),
        provider_state: Some(json!("sig")),
    };
    assert_eq!(
        model.last_messages()[1].parts[0],
        Part::Reasoning(reasoning)
    );
    assert!(names(&events).contains(&"reasoning_delta".to_owned()));
}

#[tokio::test]
async fn usage_is_summed_over_turns_and_told_for_each() {
    let first = Script::calls(&[("1", "echo", "{}")]).with_output_tokens(5);
    let (_, events, outcome) = run([first, Script::text("done").with_output_tokens(7)]).await;
    assert_eq!(outcome.report().usage.output_tokens, 12);
    let told = events.iter().filter_map(|event| match event {
        RunEvent::TurnCompleted {
            usage: Usage { output_tokens, .. },
            ..
        } => Some(*output_tokens),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), [5, 7]);
}

#[tokio::test]
async fn an_empty_answer_is_asked_for_once_more() {
    let empty = || Script::events([stop(StopReason::EndTurn)]);
    let (model, events, outcome) = run([empty(), Script::text("sorry")]).await;
    assert_eq!(outcome.text(), "sorry");
    assert_eq!(model.requests()[0].messages, model.requests()[1].messages);
    assert!(names(&events).contains(&"warning".to_owned()));

    let (model, _, outcome) = run([empty(), empty(), Script::text("too late")]).await;
    assert!(error(&outcome).message.contains("empty answer twice"));
    assert_eq!(model.requests().len(), 2);
}

#[tokio::test]
async fn empty_answers_are_counted_in_a_row() {
    let empty = || Script::events([stop(StopReason::EndTurn)]);
    let call = || Script::calls(&[("1", "echo", "{}")]);
    let (_, _, outcome) = run([empty(), call(), empty(), Script::text("done")]).await;
    assert_eq!(outcome.text(), "done");
}

#[tokio::test]
async fn an_output_limit_before_the_first_word_is_told_as_such() {
    let think = ModelEvent::Reasoning {
        text: "hm".to_owned(),
    };
    let (_, _, outcome) = run([Script::events([think, stop(StopReason::MaxOutputTokens)])]).await;
    assert_eq!(error(&outcome).kind, ErrorKind::ResourceExhausted);
    assert_eq!(error(&outcome).origin.as_deref(), Some("fake"));
}

#[tokio::test]
async fn a_long_answer_that_was_cut_is_an_answer_with_a_warning() {
    let cut = Script::events([say("once upon a"), stop(StopReason::MaxOutputTokens)]);
    let (_, events, outcome) = run([cut]).await;
    assert!(outcome.is_completed());
    assert_eq!(outcome.text(), "once upon a");
    assert!(names(&events).contains(&"warning".to_owned()));
}

/// A whole call, then one that the output limit cut.
fn cut_call(whole: bool) -> Script {
    let start = |index, id: &str| ModelEvent::ToolCallStart {
        index,
        id: CallId::from(id),
        name: "echo".to_owned(),
    };
    let arguments = |index, fragment: &str| ModelEvent::ToolCallArguments {
        index,
        fragment: fragment.to_owned(),
    };
    let first = [start(0, "1"), arguments(0, "{}")]
        .into_iter()
        .filter(|_| whole);
    let cut = [
        start(1, "2"),
        arguments(1, r#"{"text": "very lo"#),
        stop(StopReason::MaxOutputTokens),
    ];
    Script::events(first.chain(cut))
}

#[tokio::test]
async fn a_call_that_was_cut_does_not_run_and_the_model_is_told() {
    let (model, _, outcome) = run([cut_call(true), Script::text("done")]).await;
    assert!(outcome.is_completed());
    assert_eq!(outcome.report().tool_calls, 1);
    let messages = model.last_messages();
    let roles: Vec<_> = messages.iter().map(|message| message.role).collect();
    assert_eq!(roles, [Role::User, Role::Assistant, Role::Tool, Role::User]);
    assert_eq!(messages[1].tool_calls().count(), 1);
    assert!(
        messages[3]
            .text()
            .contains("in the middle of a call of `echo`")
    );
}

#[tokio::test]
async fn an_answer_that_was_only_a_cut_call_is_never_an_empty_message() {
    let (model, _, outcome) = run([cut_call(false), Script::text("done")]).await;
    assert!(outcome.is_completed());
    let messages = model.last_messages();
    assert!(messages[1].text().contains("cut off"), "{messages:?}");
    assert_eq!(messages[2].role, Role::User);
}

#[tokio::test]
async fn a_filtered_answer_is_denied_and_keeps_its_text() {
    let (_, _, outcome) = run([Script::events([
        say("I will"),
        stop(StopReason::ContentFilter),
    ])])
    .await;
    assert_eq!(error(&outcome).kind, ErrorKind::Denied);
    assert_eq!(outcome.text(), "I will");
}

#[tokio::test]
async fn a_cut_stream_fails_keeps_its_text_and_writes_no_message() {
    let model = Model::script([Script::events([say("I wi")])]);
    let agent = agent(&model, []);
    let mut run = agent.run("go");
    let outcome = run.outcome().await;
    assert_eq!(error(&outcome).kind, ErrorKind::Unavailable);
    assert!(error(&outcome).message.contains("cut off"));
    assert_eq!(outcome.text(), "I wi");
    assert_eq!(log(&**agent.memory(), run.session()).await.len(), 2);
}

#[tokio::test]
async fn an_error_of_the_provider_ends_the_run_unchanged_but_for_its_origin() {
    let failed = || Error::new(ErrorKind::RateLimited, "slow down");
    for answer in [
        Script::refused(failed()),
        Script::events([say("x")]).then_error(failed()),
    ] {
        let (model, _, outcome) = run([answer]).await;
        assert_eq!(*error(&outcome), failed().from_origin("fake"));
        assert_eq!(model.requests().len(), 1);
    }
    let named = failed().from_origin("openai 0.1.0");
    let (_, _, outcome) = run([Script::refused(named.clone())]).await;
    assert_eq!(*error(&outcome), named);
}

#[tokio::test]
async fn an_error_after_the_end_of_the_answer_costs_nothing() {
    let (_, _, outcome) = run([Script::text("done").then_error(Error::unavailable("reset"))]).await;
    assert!(outcome.is_completed());
    assert_eq!(outcome.text(), "done");
}

#[tokio::test]
async fn the_last_words_stay_when_later_turns_say_nothing() {
    let look = Script::events([
        say("Let me look."),
        ModelEvent::ToolCallStart {
            index: 0,
            id: CallId::from("1"),
            name: "echo".to_owned(),
        },
        stop(StopReason::ToolUse),
    ]);
    let more = Script::calls(&[("2", "echo", "{}")]);
    let down = Script::refused(Error::unavailable("down"));
    let (_, _, outcome) = run([look, more, down]).await;
    assert_eq!(
        (outcome.text(), outcome.report().turns),
        ("Let me look.", 3)
    );
}

#[tokio::test]
async fn requests_carry_what_the_agent_was_built_with() {
    let model = Model::script([Script::text("{}")]);
    let agent = Agent::builder(Arc::clone(&model) as _, "some/model")
        .tool(Arc::new(FakeTool::echo("echo")))
        .temperature(0.5)
        .max_output_tokens(Some(100))
        .extra(json!({"seed": 1}))
        .output_schema(json!({"type": "object"}))
        .build()
        .unwrap();
    agent.run("go").outcome().await;
    let request = &model.requests()[0];
    assert_eq!(request.model, "some/model");
    assert_eq!(request.tools[0].name, "echo");
    assert_eq!(
        (request.temperature, request.max_output_tokens),
        (Some(0.5), Some(100))
    );
    assert_eq!(request.extra, Some(json!({"seed": 1})));
    assert_eq!(request.output_schema, Some(json!({"type": "object"})));
}

#[tokio::test]
async fn everybody_is_told_the_ids_of_the_run() {
    let model = Model::script([Script::calls(&[("1", "tell", "{}")]), Script::text("done")]);
    let tell = FakeTool::new("tell", |_, context| async move {
        let ids = format!("{} {}", context.run_id, context.session_id);
        Ok(vec![ids.into()])
    });
    let mut run = agent(&model, [Arc::new(tell)]).run("go");
    let report = run.outcome().await.report().clone();
    let ids = format!("{} {}", run.id(), run.session());
    assert_eq!(format!("{} {}", report.run_id, report.session_id), ids);
    let context = model.last_context();
    assert_eq!(format!("{} {}", context.run_id, context.session_id), ids);
    let messages = model.last_messages();
    assert_eq!(messages[2].tool_results().next().unwrap().text(), ids);
}
