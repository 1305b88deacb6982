//! Runs that give tasks to others.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::sync::Mutex;

use loom_types::{ModelEvent, ModelRequest, Price, Role, Routing, StopReason, Usage, Usd};

use super::*;
use crate::session::{Header, Record};
use crate::testing::{FakeTool, Model, Script, drain, records};
use crate::{Agent, AgentBuilder, ObservedRun, Observer};

/// The text of the person's last message that a model is asked with.
fn asked(request: &ModelRequest) -> String {
    let mut said = said(request).rev();
    let user = said.find(|message| message.role == Role::User);
    user.map(|message| message.text()).unwrap_or_default()
}

/// The conversation without the host's hints.
fn said(request: &ModelRequest) -> impl DoubleEndedIterator<Item = &Arc<Message>> {
    let messages = request.messages.iter();
    messages.filter(|message| !message.text().starts_with("<system-reminder>"))
}

fn task(id: &str, prompt: &str) -> (String, String) {
    task_of("general", id, prompt)
}

fn task_of(agent: &str, id: &str, prompt: &str) -> (String, String) {
    let arguments = json!({"description": "a task", "prompt": prompt, "agent": agent});
    (id.to_owned(), arguments.to_string())
}

fn tasks(tasks: &[(String, String)]) -> Script {
    let calls: Vec<_> = tasks
        .iter()
        .map(|(id, it)| (id.as_str(), NAME, it.as_str()))
        .collect();
    Script::calls(&calls)
}

/// Whether the last message is the result of tools.
fn has_results(request: &ModelRequest) -> bool {
    said(request)
        .next_back()
        .is_some_and(|message| message.role == Role::Tool)
}

fn results(request: &ModelRequest) -> Vec<String> {
    let last = said(request).next_back().unwrap();
    last.tool_results()
        .map(loom_types::ToolResult::text)
        .collect()
}

fn builder(model: &Arc<Model>, agents: SubAgents) -> AgentBuilder {
    Agent::builder(Arc::clone(model) as Arc<dyn Provider>, "model")
        .sub_agents(agents)
        .instructions("be good")
}

fn general() -> SubAgents {
    SubAgents::new(vec![SubAgent::new("general", "anything")])
}

/// A model that gives one task at the prompt `go`, does what `work` says with other prompts, and ends
/// with the results.
fn delegating(work: impl Fn(&str) -> Script + Send + Sync + 'static) -> Arc<Model> {
    Model::new(move |request| match asked(request).as_str() {
        _ if has_results(request) => Script::text(&results(request).join("|")),
        "go" => tasks(&[task("1", "look")]),
        prompt => work(prompt),
    })
}

#[tokio::test]
async fn the_answer_of_a_sub_agent_is_the_result_of_the_call() {
    let model = delegating(|prompt| Script::text(&format!("{prompt}ed")));
    let agent = builder(&model, general()).build().unwrap();
    let (events, outcome) = drain(agent.run("go")).await;
    assert_eq!(outcome.text(), "looked");
    let inner = events.iter().filter_map(|event| match event {
        RunEvent::SubAgent { agent, event, .. } => Some((agent.as_str(), &**event)),
        _ => None,
    });
    let inner: Vec<_> = inner.collect();
    assert!(inner.iter().all(|(agent, _)| *agent == "general"));
    let RunEvent::RunStarted {
        correlation_id,
        parent_run_id,
        run_id,
        ..
    } = inner[0].1
    else {
        panic!("{inner:?}");
    };
    assert_eq!(parent_run_id.as_ref(), Some(&outcome.report().run_id));
    assert_ne!(*run_id, outcome.report().run_id);
    let outer = events.iter().find_map(|event| match event {
        RunEvent::RunStarted { correlation_id, .. } => Some(correlation_id),
        _ => None,
    });
    assert_eq!(outer, Some(correlation_id));
    assert!(matches!(inner.last().unwrap().1, RunEvent::RunEnded { .. }));
}

#[tokio::test]
async fn a_sub_agent_has_a_session_of_its_own_that_names_its_parent() {
    let model = delegating(|_| Script::text("done"));
    let agent = builder(&model, general()).build().unwrap();
    let (events, outcome) = drain(agent.run("go")).await;
    let session = events.iter().find_map(|event| match event {
        RunEvent::SubAgent { event, .. } => match &**event {
            RunEvent::RunStarted { session_id, .. } => Some(session_id.clone()),
            _ => None,
        },
        _ => None,
    });
    let records = records(&**agent.memory(), &session.unwrap()).await;
    let Record::Header(Header { metadata, .. }) = &records[0] else {
        panic!("{records:?}");
    };
    assert_eq!(metadata["agent"], "general");
    assert_eq!(
        metadata["parent_session_id"],
        outcome.report().session_id.as_str()
    );
    assert!(matches!(&records[1], Record::Message(message) if message.text() == "look"));
}

#[tokio::test]
async fn a_sub_agent_sees_only_its_prompt_instructions_and_tools() {
    let model = delegating(|_| Script::text("done"));
    let reader = SubAgent {
        instructions: Some("you read".to_owned()),
        tools: Some(vec!["read_*".to_owned()]),
        ..SubAgent::new("general", "reads")
    };
    let tools =
        ["read_file", "write_file"].map(|name| Arc::new(FakeTool::echo(name)) as Arc<dyn Tool>);
    let agent = builder(&model, SubAgents::new(vec![reader]))
        .tools(tools)
        .build()
        .unwrap();
    agent.run("go").outcome().await;
    let request = &model.requests()[1];
    let names: Vec<_> = request
        .tools
        .iter()
        .map(|tool| tool.name.as_str())
        .collect();
    assert_eq!(names, ["read_file"]);
    let texts: Vec<_> = request
        .messages
        .iter()
        .map(|message| message.text())
        .collect();
    assert_eq!(texts, ["you read", "look"]);
}

#[tokio::test]
async fn a_tool_outside_the_list_cannot_be_called_either() {
    let model = delegating(|_| Script::calls(&[("x", "write_file", "{}")]));
    let reader = SubAgent {
        tools: Some(vec!["read_*".to_owned()]),
        turns: Some(1),
        ..SubAgent::new("general", "reads")
    };
    let write = Arc::new(FakeTool::echo("write_file"));
    let agent = builder(&model, SubAgents::new(vec![reader]))
        .tool(Arc::clone(&write) as Arc<dyn Tool>)
        .build()
        .unwrap();
    agent.run("go").outcome().await;
    assert_eq!(write.calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn several_sub_agents_run_side_by_side() {
    let slow = FakeTool::slow("slow", Duration::from_secs(10)).safe();
    let model = Model::new(|request| match asked(request).as_str() {
        "go" if !has_results(request) => tasks(&[task("1", "a"), task("2", "b"), task("3", "c")]),
        "go" => Script::text(&results(request).join("|")),
        prompt if has_results(request) => Script::text(prompt),
        _ => Script::calls(&[("s", "slow", "{}")]),
    });
    let agent = builder(&model, general())
        .tool(Arc::new(slow))
        .build()
        .unwrap();
    let started = tokio::time::Instant::now();
    let outcome = agent.run("go").outcome().await;
    assert_eq!(outcome.text(), "a|b|c");
    assert_eq!(started.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn whatever_becomes_of_a_sub_agent_is_a_result() {
    let model = Model::new(|request| match asked(request).as_str() {
        "go" if !has_results(request) => tasks(&[
            task("1", "fail"),
            task("2", "loop"),
            task("3", "hang"),
            task("4", "panic"),
            task_of("nobody", "5", "x"),
            task("6", "succeed"),
        ]),
        "go" => Script::text(&results(request).join("|")),
        "fail" => Script::refused(Error::unavailable("the model is gone")),
        "loop" => Script::calls(&[("l", "missing", "{}")]),
        "hang" => Script::calls(&[("h", "stuck", "{}")]),
        "panic" => panic!("the provider is broken"),
        _ => Script::text("fine"),
    });
    let agents = SubAgents {
        turns: 3,
        timeout: Duration::from_secs(30),
        ..general()
    };
    let stuck = Arc::new(FakeTool::stuck("stuck"));
    let agent = builder(&model, agents).tool(stuck).build().unwrap();
    let outcome = agent.run("go").outcome().await;
    let text = outcome.text().to_owned();
    let results: Vec<_> = text.split('|').collect();
    let expected = [
        "the model is gone",
        "the limit of 3 turns",
        "the time limit of 30s",
        "panicked",
        "do not fit its schema",
        "fine",
    ];
    for (result, expected) in results.iter().zip(expected) {
        assert!(result.contains(expected), "{expected}: {result}");
    }
    assert_eq!(results.len(), expected.len(), "{results:?}");
}

#[tokio::test]
async fn sub_agents_end_at_their_depth() {
    let model = Model::new(|request| {
        if has_results(request) || request.tools.iter().all(|tool| tool.name != NAME) {
            Script::text(&format!("{} tools", request.tools.len()))
        } else {
            tasks(&[task("1", "deeper")])
        }
    });
    let agent = builder(&model, general()).build().unwrap();
    let (events, _) = drain(agent.run("go")).await;
    fn depth(event: &RunEvent) -> u32 {
        match event {
            RunEvent::SubAgent { event, .. } => 1 + depth(event),
            _ => 0,
        }
    }
    assert_eq!(events.iter().map(depth).max(), Some(3));
}

#[tokio::test]
async fn what_sub_agents_spend_is_the_parents() {
    let spend = |_: &str| Script::text("done").with_output_tokens(8500);
    let model = delegating(spend);
    let budget = BudgetLimits {
        tokens: Some(10_000),
        ..BudgetLimits::default()
    };
    let agent = builder(&model, general()).budget(budget).build().unwrap();
    let (events, _) = drain(agent.run("go")).await;
    assert!(
        events
            .iter()
            .any(|event| matches!(event, RunEvent::Reminded { rule, .. } if rule == "budget")),
        "{events:?}"
    );
}

#[tokio::test]
async fn what_sub_agents_cost_is_in_the_report() {
    let price = Price {
        output: 1.0,
        ..Price::default()
    };
    let model = delegating(move |_| {
        Script::events([
            ModelEvent::Routing(Routing::Chosen {
                member: "a/b".to_owned(),
                price: Some(price),
            }),
            ModelEvent::Usage {
                usage: Usage {
                    output_tokens: 2_000_000,
                    ..Usage::default()
                },
            },
            crate::testing::say("done"),
            crate::testing::stop(StopReason::EndTurn),
        ])
    });
    let outcome = builder(&model, general())
        .build()
        .unwrap()
        .run("go")
        .outcome()
        .await;
    assert_eq!(outcome.report().cost, Usd::from_dollars(2.0));
}

#[tokio::test]
async fn a_sub_agent_cannot_spend_more_than_its_share() {
    let model = delegating(|_| Script::calls(&[("x", "echo", "{}")]).with_output_tokens(60));
    let agents = SubAgents::new(vec![SubAgent {
        budget: BudgetLimits {
            tokens: Some(100),
            ..BudgetLimits::default()
        },
        ..SubAgent::new("general", "anything")
    }]);
    let echo = Arc::new(FakeTool::echo("echo"));
    let agent = builder(&model, agents).tool(echo).build().unwrap();
    let outcome = agent.run("go").outcome().await;
    assert!(
        outcome.text().contains("the budget of 100 tokens"),
        "{}",
        outcome.text()
    );
}

#[tokio::test(start_paused = true)]
async fn cancelling_reaches_a_sub_agent_three_deep_and_every_session_goes_on() {
    let model = Model::new(|request| {
        if request.tools.iter().any(|tool| tool.name == NAME) {
            tasks(&[task("1", "deeper")])
        } else {
            Script::calls(&[("s", "stuck", "{}")])
        }
    });
    let stuck = Arc::new(FakeTool::stuck("stuck"));
    let agent = builder(&model, general())
        .tool(Arc::clone(&stuck) as _)
        .build()
        .unwrap();
    let mut run = agent.run("go");
    while stuck.calls() == 0 {
        run.next().await.unwrap();
    }
    let started = tokio::time::Instant::now();
    run.cancel();
    let (events, outcome) = drain(run).await;
    assert!(matches!(outcome, Outcome::Cancelled { .. }));
    assert!(
        started.elapsed() < Duration::from_millis(50),
        "{:?}",
        started.elapsed()
    );
    // The innermost run ended by itself and told so.
    fn innermost(event: &RunEvent) -> &RunEvent {
        match event {
            RunEvent::SubAgent { event, .. } => innermost(event),
            other => other,
        }
    }
    let ends = events
        .iter()
        .map(innermost)
        .filter(|event| matches!(event, RunEvent::RunEnded { .. }));
    assert_eq!(ends.count(), 4, "{events:?}");
    let page = agent.memory().sessions(10, None).await.unwrap();
    assert_eq!(page.sessions.len(), 4);
    for session in page.sessions {
        let records = records(&**agent.memory(), &session.id).await;
        assert!(
            matches!(records.last(), Some(Record::ToolResult(result)) if result.is_error),
            "{records:?}"
        );
    }
}

#[derive(Default)]
struct Names(Mutex<Vec<Option<String>>>);

impl Observer for Names {
    fn event(&self, run: &ObservedRun<'_>, event: &RunEvent) {
        if let RunEvent::RunEnded { .. } = event {
            assert_eq!(run.parent.is_some(), run.agent.is_some());
            self.0.lock().unwrap().push(run.agent.map(str::to_owned));
        }
    }
}

#[tokio::test]
async fn observers_see_the_runs_of_sub_agents_once() {
    let model = delegating(|_| Script::text("done"));
    let names = Arc::new(Names::default());
    let agent = builder(&model, general())
        .observer(Arc::clone(&names) as _)
        .build()
        .unwrap();
    agent.run("go").outcome().await;
    assert_eq!(*names.0.lock().unwrap(), [Some("general".to_owned()), None]);
}

#[tokio::test]
async fn a_chosen_model_is_one_of_the_provider_above() {
    let own = Model::new(|_| Script::text("of its own"));
    let model = Model::new(|request| match asked(request).as_str() {
        _ if has_results(request) => Script::text(&results(request).join("|")),
        "go" => {
            let mut chosen: Value = serde_json::from_str(&task("2", "chosen").1).unwrap();
            chosen["model"] = "other".into();
            tasks(&[task("1", "own"), ("2".to_owned(), chosen.to_string())])
        }
        _ => Script::text("of the one above"),
    });
    let agents = SubAgents {
        models: vec!["other".to_owned()],
        ..SubAgents::new(vec![SubAgent {
            model: Some(SubAgentModel {
                provider: Some(Arc::clone(&own) as _),
                model: "own".to_owned(),
                context_window: None,
            }),
            ..SubAgent::new("general", "anything")
        }])
    };
    let extra = json!({"field": "of the provider above"});
    let agent = builder(&model, agents).extra(extra.clone()).build();
    let outcome = agent.unwrap().run("go").outcome().await;
    assert_eq!(outcome.text(), "of its own|of the one above");
    let request = &own.requests()[0];
    assert_eq!((request.model.as_str(), &request.extra), ("own", &None));
    let requests = model.requests();
    let chosen = requests.iter().find(|it| it.model == "other").unwrap();
    assert_eq!(chosen.extra, Some(extra));
}
