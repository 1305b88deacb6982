//! Calls that may not run, and people who are asked.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use loom_types::{
    DecidedBy, PermissionMode, PermissionRequest, Provider, RunEvent, Tool, ToolResult,
};
use serde_json::json;

use crate::testing::{FakeTool, Model, Script, drain};
use crate::{
    Agent, AgentBuilder, Approval, Approver, Effect, Policy, SubAgent, SubAgents, approve_with,
};

fn builder(model: &Arc<Model>, mode: PermissionMode) -> AgentBuilder {
    let provider = Arc::clone(model) as Arc<dyn Provider>;
    Agent::builder(provider, "model").policy(Policy::builder(mode, "/").build())
}

fn write() -> Arc<FakeTool> {
    Arc::new(FakeTool::echo("write"))
}

fn one_call() -> Arc<Model> {
    Model::script([
        Script::calls(&[("1", "write", r#"{"path":"a"}"#)]),
        Script::text("done"),
    ])
}

/// An approver that says the same to all, and what it was asked.
fn approver(answer: Approval) -> (Arc<dyn Approver>, Arc<Mutex<Vec<PermissionRequest>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let approver = approve_with(move |request| {
        seen.lock().unwrap().push(request);
        std::future::ready(answer.clone())
    });
    (Arc::new(approver), asked)
}

fn results(events: &[RunEvent]) -> Vec<String> {
    let results = events.iter().filter_map(|event| match event {
        RunEvent::ToolCompleted { result, .. } => Some(result),
        _ => None,
    });
    results.map(ToolResult::text).collect()
}

#[tokio::test]
async fn a_call_that_is_denied_does_not_run_and_the_model_learns_why() {
    let (model, write) = (one_call(), write());
    let agent = builder(&model, PermissionMode::ReadOnly).tool(Arc::clone(&write) as _);
    let (events, outcome) = drain(agent.build().unwrap().run("go")).await;
    assert!(outcome.is_completed());
    assert_eq!(write.calls(), 0);
    let result = &results(&events)[0];
    assert!(result.contains("read-only"), "{result}");
    let decided = events.iter().find_map(|event| match event {
        RunEvent::PermissionDecided { decision, .. } => Some(decision),
        _ => None,
    });
    let decision = decided.unwrap();
    let mode = PermissionMode::ReadOnly;
    assert_eq!(
        (decision.allowed, &decision.by),
        (false, &DecidedBy::Mode { mode })
    );
}

#[tokio::test]
async fn nobody_to_ask_is_a_no_that_says_how_to_allow() {
    let (model, write) = (one_call(), write());
    let agent = builder(&model, PermissionMode::Ask).tool(Arc::clone(&write) as _);
    let (events, _) = drain(agent.build().unwrap().run("go")).await;
    assert_eq!(write.calls(), 0);
    let result = &results(&events)[0];
    assert!(
        result.ends_with("`--permissions auto` would allow it"),
        "{result}"
    );
}

#[tokio::test]
async fn a_person_is_asked_before_the_call_runs() {
    let (model, write) = (one_call(), write());
    let (approver, asked) = approver(Approval::Once);
    let agent = builder(&model, PermissionMode::Ask).tool(Arc::clone(&write) as _);
    let (events, _) = drain(agent.approver(approver).build().unwrap().run("go")).await;
    assert_eq!(write.calls(), 1);
    assert_eq!(asked.lock().unwrap()[0].arguments, json!({"path": "a"}));
    let order = [
        "tool_started",
        "permission_asked",
        "permission_decided",
        "tool_completed",
    ];
    let names = events
        .iter()
        .map(|event| serde_json::to_value(event).unwrap()["type"].clone());
    let names: Vec<_> = names
        .filter(|name| order.contains(&name.as_str().unwrap()))
        .collect();
    assert_eq!(names, order);
}

#[tokio::test(start_paused = true)]
async fn a_slow_person_does_not_use_up_the_tools_time() {
    let (model, write) = (one_call(), write());
    let approver = approve_with(|_| async {
        tokio::time::sleep(Duration::from_secs(3600)).await;
        Approval::Once
    });
    let agent = builder(&model, PermissionMode::Ask).tool(Arc::clone(&write) as _);
    drain(
        agent
            .approver(Arc::new(approver))
            .build()
            .unwrap()
            .run("go"),
    )
    .await;
    assert_eq!(write.calls(), 1);
}

#[tokio::test]
async fn an_open_question_does_not_hold_up_cancellation() {
    let (model, write) = (one_call(), write());
    let approver = approve_with(|_| std::future::pending());
    let agent = builder(&model, PermissionMode::Ask).tool(Arc::clone(&write) as _);
    let mut run = agent
        .approver(Arc::new(approver))
        .build()
        .unwrap()
        .run("go");
    while !matches!(run.next().await.unwrap(), RunEvent::PermissionAsked { .. }) {}
    run.cancel();
    assert!(matches!(
        run.outcome().await,
        loom_types::Outcome::Cancelled { .. }
    ));
    assert_eq!(write.calls(), 0);
}

#[tokio::test]
async fn a_sub_agent_is_held_to_its_parents_rules_and_asks_in_its_own_name() {
    let task = json!({"description": "d", "prompt": "write", "agent": "writer"}).to_string();
    let model = Model::script([
        Script::calls(&[("t", "task", &task)]),
        Script::calls(&[("1", "write", "{}"), ("2", "erase", "{}")]),
        Script::text("inner done"),
        Script::text("done"),
    ]);
    let (write, erase) = (write(), Arc::new(FakeTool::echo("erase")));
    let (approver, asked) = approver(Approval::Once);
    let policy = Policy::builder(PermissionMode::Ask, "/")
        .rules(Effect::Deny, ["erase"])
        .build();
    let agent = builder(&model, PermissionMode::Ask)
        .policy(policy)
        .approver(approver)
        .tools([Arc::clone(&write) as Arc<dyn Tool>, Arc::clone(&erase) as _])
        .sub_agents(SubAgents::new(vec![SubAgent::new("writer", "writes")]));
    agent.build().unwrap().run("go").outcome().await;
    assert_eq!((write.calls(), erase.calls()), (1, 0));
    let asked = asked.lock().unwrap();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(asked[0].agents, ["writer"]);
}

#[tokio::test]
async fn an_answer_for_the_run_holds_for_its_sub_agents_too() {
    let task = json!({"description": "d", "prompt": "write", "agent": "writer"}).to_string();
    let model = Model::script([
        Script::calls(&[("0", "write", "{}")]),
        Script::calls(&[("t", "task", &task)]),
        Script::calls(&[("1", "write", "{}")]),
        Script::text("inner done"),
        Script::text("done"),
    ]);
    let write = write();
    let (approver, asked) = approver(Approval::ForRun);
    let agent = builder(&model, PermissionMode::Ask)
        .approver(approver)
        .tool(Arc::clone(&write) as _)
        .sub_agents(SubAgents::new(vec![SubAgent::new("writer", "writes")]));
    agent.build().unwrap().run("go").outcome().await;
    assert_eq!((write.calls(), asked.lock().unwrap().len()), (2, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_is_told_before_its_calls_result() {
    let ids: Vec<_> = (0..10).map(|id| id.to_string()).collect();
    let calls: Vec<_> = ids.iter().map(|id| (id.as_str(), "look", "{}")).collect();
    for _ in 0..200 {
        let model = Model::script([Script::calls(&calls), Script::text("done")]);
        let look = Arc::new(FakeTool::echo("look").safe());
        let agent = builder(&model, PermissionMode::ReadOnly).tool(look);
        let (events, _) = drain(agent.build().unwrap().run("go")).await;
        let mut decided = Vec::new();
        for event in &events {
            match event {
                RunEvent::PermissionDecided { call_id, .. } => decided.push(call_id),
                RunEvent::ToolCompleted { result, .. } => {
                    assert!(decided.contains(&&result.call_id), "{events:?}");
                }
                _ => {}
            }
        }
        assert_eq!(decided.len(), calls.len());
    }
}
