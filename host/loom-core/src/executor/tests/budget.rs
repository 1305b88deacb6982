//! Runs that use up what they were given, get hints, or go in circles.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::sync::{Arc, Mutex};

use loom_types::{
    Limit, ModelEvent, Outcome, Price, Provider, Role, Routing, RunEvent, StopReason, Tool, Usage,
    Usd,
};

use crate::testing::{FakeTool, Model, Script, agent, drain, say, stop};
use crate::{
    Agent, AgentBuilder, BudgetLimits, Limits, ObservedRun, Observer, Reminder, Reminders,
};

fn builder(model: &Arc<Model>, tools: impl IntoIterator<Item = Arc<FakeTool>>) -> AgentBuilder {
    let tools = tools.into_iter().map(|tool| tool as Arc<dyn Tool>);
    Agent::builder(Arc::clone(model) as Arc<dyn Provider>, "model").tools(tools)
}

fn limit(outcome: &Outcome) -> Limit {
    match outcome {
        Outcome::LimitReached { limit, .. } => *limit,
        _ => panic!("{outcome:?}"),
    }
}

fn tokens(tokens: u64) -> BudgetLimits {
    BudgetLimits {
        tokens: Some(tokens),
        ..BudgetLimits::default()
    }
}

fn usage(input_tokens: u64, output_tokens: u64) -> ModelEvent {
    ModelEvent::Usage {
        usage: Usage {
            input_tokens,
            output_tokens,
            ..Usage::default()
        },
    }
}

fn chosen(member: &str, price: Option<Price>) -> ModelEvent {
    ModelEvent::Routing(Routing::Chosen {
        member: member.to_owned(),
        price,
    })
}

/// A call of `echo` that cost so many tokens.
fn costly_call(id: &str, tokens: u64) -> Script {
    let mut script = Script::calls(&[(id, "echo", "{}")]);
    script = script.with_output_tokens(tokens);
    script
}

fn echo() -> Arc<FakeTool> {
    Arc::new(FakeTool::echo("echo"))
}

#[tokio::test]
async fn a_run_ends_when_its_tokens_are_used_up() {
    let model = Model::script([
        costly_call("1", 600),
        costly_call("2", 600),
        Script::text("never"),
    ]);
    let agent = builder(&model, [echo()])
        .budget(tokens(1000))
        .build()
        .unwrap();
    let outcome = agent.run("go").outcome().await;
    assert_eq!(limit(&outcome), Limit::Tokens(1000));
    assert_eq!(
        (outcome.report().turns, outcome.report().tool_calls),
        (2, 2)
    );
}

#[tokio::test]
async fn an_answer_may_not_be_longer_than_what_is_left() {
    let model = Model::script([costly_call("1", 600), Script::text("done")]);
    let agent = builder(&model, [echo()])
        .budget(tokens(1000))
        .build()
        .unwrap();
    agent.run("go").outcome().await;
    let requests = model.requests();
    let most: Vec<_> = requests
        .iter()
        .map(|it| it.max_output_tokens.unwrap())
        .collect();
    assert!((900..1000).contains(&most[0]), "{most:?}");
    assert!((300..400).contains(&most[1]), "{most:?}");
}

#[tokio::test]
async fn a_large_budget_asks_for_no_answer_longer_than_models_give() {
    let asked_for = async |own: Option<u32>| {
        let model = Model::script([Script::text("done")]);
        let builder = builder(&model, []).max_output_tokens(own);
        let agent = builder.budget(tokens(200_000)).build().unwrap();
        agent.run("go").outcome().await;
        model.requests()[0].max_output_tokens
    };
    assert_eq!(asked_for(None).await, None);
    assert_eq!(asked_for(Some(64_000)).await, Some(64_000));
    let most = asked_for(Some(300_000)).await.unwrap();
    assert!((199_000..200_000).contains(&most), "{most}");
}

#[tokio::test]
async fn an_answer_that_the_budget_cut_off_is_not_the_answer() {
    let cut = |events: Vec<ModelEvent>| {
        let stop = stop(StopReason::MaxOutputTokens);
        Model::script([Script::events(events.into_iter().chain([stop]))])
    };
    for (model, text) in [
        (cut(vec![say("The answer is")]), "The answer is"),
        (cut(vec![]), ""),
    ] {
        let agent = builder(&model, []).budget(tokens(500)).build().unwrap();
        let outcome = agent.run("go").outcome().await;
        assert_eq!(limit(&outcome), Limit::Tokens(500));
        assert_eq!(outcome.text(), text);
    }
}

#[tokio::test]
async fn too_few_tokens_for_an_answer_end_the_run() {
    let model = Model::script([costly_call("1", 970), Script::text("d")]);
    let agent = builder(&model, [echo()]).budget(tokens(1000));
    let outcome = agent.build().unwrap().run("go").outcome().await;
    assert_eq!(limit(&outcome), Limit::Tokens(1000));
    assert_eq!(model.requests().len(), 1);
    assert_eq!(outcome.report().turns, 1, "what was not asked is no turn");
}

#[tokio::test]
async fn a_question_that_the_budget_has_no_room_for_is_not_asked() {
    let model = Model::script([]);
    let agent = builder(&model, []).budget(tokens(50)).build().unwrap();
    let (events, outcome) = drain(agent.run("x".repeat(1000))).await;
    assert_eq!(limit(&outcome), Limit::Tokens(50));
    assert!(model.requests().is_empty());
    let told = events.iter().any(|event| {
        matches!(event, RunEvent::Warning { message } if message.contains("about 129 tokens"))
    });
    assert!(told, "{events:?}");
}

#[tokio::test]
async fn tokens_that_nobody_counts_are_estimated() {
    let long = "word ".repeat(400);
    let call = |id| {
        let call = [say(&long)];
        let mut events: Vec<_> = call.into();
        events.push(ModelEvent::ToolCallStart {
            index: 0,
            id: loom_types::CallId::from(id),
            name: "echo".to_owned(),
        });
        events.push(stop(StopReason::ToolUse));
        Script::events(events)
    };
    let model = Model::script([call("1"), call("2"), call("3")]);
    let agent = builder(&model, [echo()])
        .budget(tokens(1000))
        .build()
        .unwrap();
    let outcome = agent.run("go").outcome().await;
    assert_eq!(limit(&outcome), Limit::Tokens(1000));
    assert_eq!(outcome.report().usage, Usage::default());
}

#[tokio::test]
async fn a_run_ends_when_its_money_is_used_up() {
    let price = Price {
        input: 1.0,
        output: 100.0,
        ..Price::default()
    };
    let call = |id: &str| {
        Script::events([
            chosen("a/b", Some(price)),
            ModelEvent::ToolCallStart {
                index: 0,
                id: id.into(),
                name: "echo".to_owned(),
            },
            usage(1000, 6_000),
            stop(StopReason::ToolUse),
        ])
    };
    let model = Model::script([call("1"), call("2"), Script::text("never")]);
    let budget = BudgetLimits {
        cost: Usd::from_dollars(1.0),
        ..BudgetLimits::default()
    };
    let agent = builder(&model, [echo()]).budget(budget).build().unwrap();
    let outcome = agent.run("go").outcome().await;
    assert_eq!(
        limit(&outcome),
        Limit::Cost(Usd::from_dollars(1.0).unwrap())
    );
    assert_eq!(outcome.report().cost, Usd::from_dollars(1.202));
    // The second answer was held down to what the rest of the money pays for.
    let most = model.requests()[1].max_output_tokens.unwrap();
    assert!((3_900..4_000).contains(&most), "{most}");
}

#[tokio::test]
async fn a_price_that_nobody_knows_is_told_once() {
    let model = Model::script([
        costly_call("1", 10),
        costly_call("2", 10),
        Script::text("done"),
    ]);
    let budget = BudgetLimits {
        cost: Usd::from_dollars(1.0),
        ..BudgetLimits::default()
    };
    let agent = builder(&model, [echo()]).budget(budget).build().unwrap();
    let (events, outcome) = drain(agent.run("go")).await;
    assert!(outcome.is_completed());
    assert_eq!(outcome.report().cost, None);
    let told = events.iter().filter(
        |event| matches!(event, RunEvent::Warning { message } if message.contains("price of fake/model")),
    );
    assert_eq!(told.count(), 1);
}

#[tokio::test]
async fn attempts_that_were_given_up_are_paid_for() {
    let price = Price {
        input: 1.0,
        output: 1.0,
        ..Price::default()
    };
    let failed_over = ModelEvent::Routing(Routing::FailedOver {
        from: "a/b".to_owned(),
        to: "c/d".to_owned(),
        error: loom_types::Error::unavailable("gone"),
    });
    let model = Model::script([Script::events([
        chosen("a/b", Some(price)),
        usage(1000, 0),
        say("half"),
        failed_over,
        chosen("c/d", None),
        say("whole"),
        usage(500, 0),
        stop(StopReason::EndTurn),
    ])]);
    let (events, outcome) = drain(agent(&model, []).run("go")).await;
    let report = outcome.report();
    assert_eq!(report.text, "whole");
    assert_eq!(
        (report.usage.input_tokens, report.cost),
        (1500, Usd::from_dollars(0.001))
    );
    let answered = events.iter().find_map(|event| match event {
        RunEvent::ModelAnswered { model, .. } => Some(model.as_str()),
        _ => None,
    });
    assert_eq!(answered, Some("c/d"));
}

#[tokio::test]
async fn calls_beyond_the_budget_do_not_run_and_end_the_run() {
    let calls = Script::calls(&[
        ("1", "echo", "{}"),
        ("2", "echo", "{}"),
        ("3", "echo", "{}"),
    ]);
    let model = Model::script([calls]);
    let echo = echo();
    let budget = BudgetLimits {
        tool_calls: Some(2),
        ..BudgetLimits::default()
    };
    let agent = builder(&model, [Arc::clone(&echo)])
        .budget(budget)
        .build()
        .unwrap();
    let (events, outcome) = drain(agent.run("go")).await;
    assert_eq!(limit(&outcome), Limit::ToolCalls(2));
    assert_eq!((echo.calls(), outcome.report().tool_calls), (2, 2));
    let results = events
        .iter()
        .filter(|event| matches!(event, RunEvent::ToolCompleted { .. }));
    assert_eq!(results.count(), 3);
}

#[tokio::test]
async fn a_budget_at_four_fifths_is_told_to_the_model_but_not_kept() {
    let model = Model::script([costly_call("1", 850), Script::text("done")]);
    let agent = builder(&model, [echo()])
        .budget(tokens(1000))
        .build()
        .unwrap();
    let (events, outcome) = drain(agent.run("go")).await;
    assert!(outcome.is_completed());
    let last = model.last_messages().pop().unwrap();
    assert_eq!(last.role, Role::User);
    assert!(
        last.text().contains("85 % of the budget"),
        "{}",
        last.text()
    );
    assert!(
        events
            .iter()
            .any(|event| matches!(event, RunEvent::Reminded { rule, .. } if rule == "budget"))
    );
    let entries = crate::testing::log(&**agent.memory(), &outcome.report().session_id).await;
    assert!(
        !entries
            .iter()
            .any(|entry| entry.text.contains("system-reminder"))
    );
}

#[tokio::test]
async fn own_rules_see_the_run() {
    let rule = Reminder::new("third", |run| {
        (run.turn == 2).then(|| format!("{} calls", run.calls.len()))
    });
    let model = Model::script([costly_call("1", 1), Script::text("done")]);
    let reminders = Reminders::none().with(rule);
    let agent = builder(&model, [echo()])
        .reminders(reminders)
        .build()
        .unwrap();
    agent.run("go").outcome().await;
    assert!(
        model
            .last_messages()
            .pop()
            .unwrap()
            .text()
            .contains("1 calls")
    );
}

#[tokio::test]
async fn identical_failing_calls_end_the_run_before_its_turns_do() {
    let model = Model::new({
        let id = std::sync::atomic::AtomicU32::new(0);
        move |_| {
            let id = id.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Script::calls(&[(&id.to_string(), "missing", r#"{"path":"x"}"#)])
        }
    });
    let limits = Limits {
        repeated_failures: 4,
        ..Limits::default()
    };
    let agent = builder(&model, [echo()]).limits(limits).build().unwrap();
    let (events, outcome) = drain(agent.run("go")).await;
    assert_eq!(limit(&outcome), Limit::RepeatedFailures(4));
    assert!(
        events
            .iter()
            .any(|event| matches!(event, RunEvent::Reminded { rule, .. } if rule == "repetition"))
    );
}

/// Remembers whose events came.
#[derive(Default)]
struct Diary(Mutex<Vec<String>>);

impl Observer for Diary {
    fn event(&self, run: &ObservedRun<'_>, event: &RunEvent) {
        let name = serde_json::to_value(event).unwrap()["type"]
            .as_str()
            .unwrap()
            .to_owned();
        let agent = run.agent.unwrap_or("main");
        self.0.lock().unwrap().push(format!("{agent} {name}"));
    }
}

#[tokio::test]
async fn observers_see_what_the_reader_sees() {
    let model = Model::script([costly_call("1", 1), Script::text("done")]);
    let diary = Arc::new(Diary::default());
    let agent = builder(&model, [echo()])
        .observer(Arc::clone(&diary) as _)
        .build()
        .unwrap();
    let (events, _) = drain(agent.run("go")).await;
    let seen = diary.0.lock().unwrap();
    assert_eq!(seen.len(), events.len());
    assert_eq!(seen.first().unwrap(), "main run_started");
    assert_eq!(seen.last().unwrap(), "main run_ended");
}

#[tokio::test]
async fn an_answer_that_was_given_up_does_not_fill_the_context() {
    let failed_over = ModelEvent::Routing(Routing::FailedOver {
        from: "a/b".to_owned(),
        to: "c/d".to_owned(),
        error: loom_types::Error::unavailable("gone"),
    });
    let call = ModelEvent::ToolCallStart {
        index: 0,
        id: "1".into(),
        name: "echo".to_owned(),
    };
    let first = Script::events([
        usage(800, 0),
        failed_over,
        usage(800, 0),
        call,
        stop(StopReason::ToolUse),
    ]);
    let model = Model::script([first, Script::text("done")]);
    let agent = builder(&model, [echo()]).context_window(1000);
    let (events, outcome) = drain(agent.build().unwrap().run("go")).await;
    let reminded = events
        .iter()
        .any(|event| matches!(event, RunEvent::Reminded { .. }));
    assert!(!reminded, "{events:?}");
    assert_eq!(outcome.report().usage.input_tokens, 1600);
}
