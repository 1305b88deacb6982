//! What is written to sessions and in which order, and how old sessions go on.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::sync::Arc;

use loom_types::{
    CallId, Content, Entry, ErrorKind, Memory, Message, Outcome, Part, Role, RunEvent, SessionId,
    Tool, ToolCall, ToolResult,
};
use serde_json::json;

use crate::session::{self, Record};
use crate::testing::{FakeTool, Fault, FaultyMemory, Model, Script, agent, drain, log, records};
use crate::{Agent, Input, ProcessMemory, RunOptions};

fn id() -> SessionId {
    SessionId::from("s")
}

/// A session with the call `1` of a tool unanswered.
async fn interrupted(tool: &str) -> Arc<ProcessMemory> {
    let call = ToolCall {
        id: CallId::from("1"),
        name: tool.to_owned(),
        arguments: "{}".to_owned(),
    };
    let calling = Message {
        role: Role::Assistant,
        parts: vec![Part::ToolCall(call)],
    };
    session_of(&[Message::user("go"), calling]).await
}

async fn session_of(messages: &[Message]) -> Arc<ProcessMemory> {
    let memory = ProcessMemory::default();
    let header = session::header_entry("fake/model".to_owned(), json!(null));
    let messages = messages.iter().map(session::message_entry);
    let entries = std::iter::once(header).chain(messages).collect();
    memory.append(&id(), 0, entries).await.unwrap();
    Arc::new(memory)
}

fn agent_on(memory: &Arc<ProcessMemory>, model: &Arc<Model>, tools: Vec<Arc<FakeTool>>) -> Agent {
    let memory = Arc::clone(memory) as Arc<dyn Memory>;
    let tools = tools.into_iter().map(|tool| tool as Arc<dyn Tool>);
    let builder = Agent::builder(Arc::clone(model) as _, "model");
    builder.memory(memory).tools(tools).build().unwrap()
}

fn resume(input: Option<&str>) -> RunOptions {
    RunOptions {
        session: Some(id()),
        resume: true,
        input: input.map(Input::from),
        ..RunOptions::default()
    }
}

fn results(message: &Message) -> Vec<&ToolResult> {
    message.tool_results().collect()
}

#[tokio::test]
async fn a_new_session_starts_with_a_header_and_the_input_in_one_write() {
    let store = Arc::new(ProcessMemory::default());
    let memory = FaultyMemory::new(Arc::clone(&store), Fault::FailBefore, 1);
    let model = Model::script([Script::text("hi")]);
    let builder = Agent::builder(model, "m/1").memory(memory);
    let agent = builder
        .metadata(json!({"directory": "/x"}))
        .build()
        .unwrap();
    let mut run = agent.run("hello");
    run.outcome().await;
    let records = records(&*store, run.session()).await;
    let [Record::Header(header), Record::Message(message)] = &records[..] else {
        panic!("{records:?}");
    };
    assert_eq!(header.model, "fake/m/1");
    assert_eq!(header.metadata, json!({"directory": "/x"}));
    assert_eq!(message.text(), "hello");
}

#[tokio::test]
async fn entries_have_kinds_and_searchable_text() {
    let model = Model::script([Script::calls(&[("1", "big", "{}")]), Script::text("fine")]);
    let big = FakeTool::new("big", |_, _| async {
        Ok(vec![Content::Text("ü".repeat(10_000))])
    });
    let agent = agent(&model, [Arc::new(big)]);
    let mut run = agent.run("hello");
    run.outcome().await;
    let entries = log(&**agent.memory(), run.session()).await;
    let kinds: Vec<_> = entries.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!(
        kinds,
        ["session", "message", "message", "tool_result", "message"]
    );
    assert_eq!(entries[1].text, "hello");
    assert_eq!(entries[3].text, "ü".repeat(2048));
    assert_eq!(entries[4].text, "fine");
}

#[tokio::test]
async fn a_second_run_sees_the_first() {
    let model = Model::script([Script::text("one"), Script::text("two")]);
    let agent = agent(&model, []);
    let mut first = agent.run("a");
    first.outcome().await;
    let options = RunOptions {
        session: Some(first.session().clone()),
        resume: true,
        input: Some("b".into()),
        ..RunOptions::default()
    };
    let (events, outcome) = drain(agent.start(options)).await;
    assert_eq!(outcome.text(), "two");
    assert!(matches!(
        events[0],
        RunEvent::RunStarted { resumed: true, .. }
    ));
    let texts: Vec<_> = model.last_messages().iter().map(|m| m.text()).collect();
    assert_eq!(texts, ["a", "one", "b"]);
}

#[tokio::test]
async fn instructions_lead_every_request_and_are_not_in_the_session() {
    let model = Model::script([Script::text("one")]);
    let builder = Agent::builder(Arc::clone(&model) as _, "model");
    let agent = builder.instructions("be brief").build().unwrap();
    let mut run = agent.run("a");
    run.outcome().await;
    let messages = model.last_messages();
    assert_eq!(*messages[0], Message::system("be brief"));
    let log = log(&**agent.memory(), run.session()).await;
    assert!(!format!("{log:?}").contains("be brief"));
}

#[tokio::test]
async fn blank_instructions_are_none() {
    let model = Model::script([Script::text("one")]);
    let builder = Agent::builder(Arc::clone(&model) as _, "model");
    let agent = builder.instructions(" \n").build().unwrap();
    agent.run("a").outcome().await;
    assert_eq!(model.last_messages().len(), 1);
}

#[tokio::test]
async fn an_unknown_session_is_created_unless_it_is_to_be_resumed() {
    let model = Model::script([Script::text("one")]);
    let memory = Arc::new(ProcessMemory::default());
    let agent = agent_on(&memory, &model, vec![]);
    let outcome = agent.start(resume(Some("a"))).outcome().await;
    let Outcome::Failed { error, .. } = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert!(log(&*memory, &id()).await.is_empty());
    let options = RunOptions {
        resume: false,
        ..resume(Some("a"))
    };
    assert!(agent.start(options).outcome().await.is_completed());
    assert_eq!(log(&*memory, &id()).await.len(), 3);
}

#[tokio::test]
async fn nothing_to_do_is_a_mistake_of_the_caller() {
    let agent = agent(&Model::script([]), []);
    let no_session = RunOptions {
        resume: true,
        ..RunOptions::default()
    };
    for options in [RunOptions::default(), no_session] {
        let (events, outcome) = drain(agent.start(options)).await;
        assert!(matches!(
            events[0],
            RunEvent::RunStarted { resumed: false, .. }
        ));
        assert!(
            matches!(outcome, Outcome::Failed { error, .. } if error.kind == ErrorKind::InvalidInput)
        );
    }
}

#[tokio::test]
async fn an_empty_input_is_refused_before_anything_is_written() {
    let agent = agent(&Model::script([]), []);
    for input in ["", " \n\t"] {
        let mut run = agent.run(input);
        let outcome = run.outcome().await;
        assert!(
            matches!(outcome, Outcome::Failed { error, .. } if error.kind == ErrorKind::InvalidInput)
        );
        assert!(log(&**agent.memory(), run.session()).await.is_empty());
    }
}

#[tokio::test]
async fn an_idempotent_call_that_was_interrupted_runs_again() {
    let memory = interrupted("read").await;
    let model = Model::script([Script::text("done")]);
    let read = Arc::new(FakeTool::echo("read").safe());
    let outcome = agent_on(&memory, &model, vec![Arc::clone(&read)])
        .start(resume(None))
        .outcome()
        .await;
    assert_eq!((outcome.text(), outcome.report().tool_calls), ("done", 1));
    assert_eq!(read.calls(), 1);
    assert_eq!(results(&model.last_messages()[2])[0].text(), "read");
}

#[tokio::test]
async fn any_other_call_that_was_interrupted_is_reported_and_not_repeated() {
    let memory = interrupted("write").await;
    let model = Model::script([Script::text("done")]);
    let write = Arc::new(FakeTool::echo("write"));
    let run = agent_on(&memory, &model, vec![Arc::clone(&write)]).start(resume(None));
    let (events, outcome) = drain(run).await;
    assert!(outcome.is_completed());
    assert_eq!(write.calls(), 0);
    let messages = model.last_messages();
    let result = results(&messages[2])[0];
    assert!(
        result.is_error && result.text().contains("outcome is unknown"),
        "{result:?}"
    );
    assert!(events.iter().any(
        |event| matches!(event, RunEvent::Warning { message } if message.contains("`write`"))
    ));
}

#[tokio::test]
async fn a_call_of_a_tool_that_is_gone_is_reported() {
    let memory = interrupted("gone").await;
    let model = Model::script([Script::text("done")]);
    let outcome = agent_on(&memory, &model, vec![])
        .start(resume(None))
        .outcome()
        .await;
    assert!(outcome.is_completed());
    assert!(
        results(&model.last_messages()[2])[0]
            .text()
            .contains("interrupted")
    );
}

#[tokio::test]
async fn open_calls_are_settled_before_a_new_input() {
    let memory = interrupted("read").await;
    let model = Model::script([Script::text("done")]);
    let tools = vec![Arc::new(FakeTool::echo("read").safe())];
    agent_on(&memory, &model, tools)
        .start(resume(Some("more")))
        .outcome()
        .await;
    let roles: Vec<_> = model
        .last_messages()
        .iter()
        .map(|message| message.role)
        .collect();
    assert_eq!(roles, [Role::User, Role::Assistant, Role::Tool, Role::User]);
    let kinds: Vec<_> = log(&*memory, &id())
        .await
        .into_iter()
        .map(|entry| entry.kind)
        .collect();
    assert_eq!(kinds[3..], ["tool_result", "message", "message"]);
}

#[tokio::test]
async fn an_unanswered_input_is_answered() {
    let memory = session_of(&[Message::user("why?")]).await;
    let model = Model::script([Script::text("because")]);
    let outcome = agent_on(&memory, &model, vec![])
        .start(resume(None))
        .outcome()
        .await;
    assert_eq!(outcome.text(), "because");
}

#[tokio::test]
async fn a_session_with_nothing_open_gives_its_last_answer_without_a_model() {
    let memory = session_of(&[Message::user("why?"), Message::assistant("because")]).await;
    let model = Model::script([]);
    let (events, outcome) = drain(agent_on(&memory, &model, vec![]).start(resume(None))).await;
    assert!(outcome.is_completed());
    assert_eq!((outcome.text(), outcome.report().turns), ("because", 0));
    assert_eq!(events.len(), 2);
    assert!(model.requests().is_empty());
}

#[tokio::test]
async fn a_damaged_session_is_named_with_the_entry() {
    let memory = session_of(&[Message::user("a")]).await;
    let broken = Entry {
        payload: json!(5),
        ..session::message_entry(&Message::user("b"))
    };
    memory.append(&id(), 2, vec![broken]).await.unwrap();
    let outcome = agent_on(&memory, &Model::script([]), vec![])
        .start(resume(None))
        .outcome()
        .await;
    let Outcome::Failed { error, .. } = outcome else {
        panic!("{outcome:?}");
    };
    assert!(error.message.contains("entry 2 of session s"), "{error}");
}

#[tokio::test]
async fn a_second_writer_ends_the_run_with_a_conflict_and_keeps_its_own_entries() {
    let memory = session_of(&[Message::user("a")]).await;
    let intruder = Arc::clone(&memory);
    let meddle = FakeTool::new("meddle", move |_, _| {
        let memory = Arc::clone(&intruder);
        async move {
            let entry = session::message_entry(&Message::user("mine"));
            memory.append(&id(), 3, vec![entry]).await.unwrap();
            Ok(Vec::new())
        }
    });
    let model = Model::script([Script::calls(&[("1", "meddle", "{}")])]);
    let outcome = agent_on(&memory, &model, vec![Arc::new(meddle)])
        .start(resume(None))
        .outcome()
        .await;
    let Outcome::Failed { error, .. } = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(
        error
            .message
            .contains("another process is writing to session s"),
        "{error}"
    );
    let log = log(&*memory, &id()).await;
    assert_eq!((log.len(), log[3].text.as_str()), (4, "mine"));
}
