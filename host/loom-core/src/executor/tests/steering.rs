//! Runs that are paused, resumed and talked to while they run.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use futures::FutureExt;
use loom_types::{Content, ErrorKind, Provider, Role, RunEvent};
use tokio::sync::Notify;

use crate::testing::{FakeTool, Model, Script, agent, drain, log};
use crate::{Agent, ObservedRun, Observer, Priority, Run, Steering};

/// A tool that tells when it runs and ends when it is let.
struct Gated {
    running: Arc<Notify>,
    let_go: Arc<Notify>,
    agent: Agent,
    model: Arc<Model>,
}

fn gated(answers: impl IntoIterator<Item = Script>) -> Gated {
    let (running, let_go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let tool = FakeTool::new("wait", {
        let (running, let_go) = (Arc::clone(&running), Arc::clone(&let_go));
        move |_, _| {
            let (running, let_go) = (Arc::clone(&running), Arc::clone(&let_go));
            async move {
                running.notify_one();
                let_go.notified().await;
                Ok(vec![Content::from("waited")])
            }
        }
    });
    let model = Model::script(answers);
    Gated {
        running,
        let_go,
        agent: agent(&model, [Arc::new(tool)]),
        model,
    }
}

async fn read_until(run: &mut Run, wanted: impl Fn(&RunEvent) -> bool) {
    while let Some(event) = run.next().await {
        if wanted(&event) {
            return;
        }
    }
    panic!("the run ended");
}

#[tokio::test]
async fn a_message_reaches_the_model_with_its_next_question() {
    let call = Script::calls(&[("1", "wait", "{}")]);
    let gated = gated([call, Script::text("done")]);
    let run = gated.agent.run("go");
    let steering = run.steering();
    gated.running.notified().await;
    let sent =
        tokio::spawn(async move { steering.inject("and be quick", Priority::default()).await });
    tokio::task::yield_now().await;
    gated.let_go.notify_one();
    let (events, _) = drain(run).await;
    sent.await.unwrap().unwrap();
    let messages = gated.model.last_messages();
    let last = messages.last().unwrap();
    assert_eq!(
        (last.role, last.text().as_str()),
        (Role::User, "and be quick")
    );
    // The results of the calls come first, as providers want it.
    assert_eq!(messages[messages.len() - 2].role, Role::Tool);
    assert!(events.contains(&RunEvent::MessageInjected {
        priority: 5,
        text: "and be quick".to_owned()
    }));
}

#[tokio::test]
async fn an_acknowledged_message_is_in_the_log() {
    let gated = gated([
        Script::calls(&[("1", "wait", "{}")]),
        Script::text("done").then_hang(),
    ]);
    let mut run = gated.agent.run("go");
    let (steering, session) = (run.steering(), run.session().clone());
    gated.running.notified().await;
    gated.let_go.notify_one();
    let reading = tokio::spawn(async move { run.outcome().await });
    steering.inject("hello", Priority::default()).await.unwrap();
    let entries = log(&**gated.agent.memory(), &session).await;
    assert!(entries.iter().any(|entry| entry.text == "hello"));
    steering.cancel();
    reading.await.unwrap();
}

#[tokio::test]
async fn urgent_messages_come_before_others() {
    let gated = gated([Script::calls(&[("1", "wait", "{}")]), Script::text("done")]);
    let run = gated.agent.run("go");
    gated.running.notified().await;
    for (text, priority) in [("low", 0), ("high", 10), ("middle", 5)] {
        let steering = run.steering();
        let priority = Priority::new(priority).unwrap();
        tokio::spawn(async move { steering.inject(text, priority).await });
    }
    tokio::task::yield_now().await;
    gated.let_go.notify_one();
    drain(run).await;
    let messages = gated.model.last_messages();
    let last: Vec<_> = messages[messages.len() - 3..]
        .iter()
        .map(|it| it.text())
        .collect();
    assert_eq!(last, ["high", "middle", "low"]);
}

/// Puts a message into the run as soon as the model has answered.
struct AfterThought(Mutex<Option<Steering>>);

impl Observer for AfterThought {
    fn event(&self, _: &ObservedRun<'_>, event: &RunEvent) {
        if !matches!(event, RunEvent::MessageCompleted { .. }) {
            return;
        }
        if let Some(steering) = self.0.lock().unwrap().take() {
            let sent = steering.inject("one more", Priority::default());
            assert!(sent.now_or_never().is_none());
        }
    }
}

#[tokio::test]
async fn a_message_keeps_a_run_going_that_was_about_to_end() {
    let model = Model::script([Script::text("first"), Script::text("second")]);
    let thought = Arc::new(AfterThought(Mutex::default()));
    let provider = Arc::clone(&model) as Arc<dyn Provider>;
    let builder = Agent::builder(provider, "model").observer(Arc::clone(&thought) as _);
    let mut run = builder.build().unwrap().run("go");
    *thought.0.lock().unwrap() = Some(run.steering());
    let outcome = run.outcome().await;
    assert_eq!((outcome.text(), outcome.report().turns), ("second", 2));
    assert_eq!(model.last_messages().pop().unwrap().text(), "one more");
}

#[tokio::test]
async fn a_message_for_a_run_that_is_cancelled_is_given_back() {
    let gated = gated([Script::calls(&[("1", "wait", "{}")])]);
    let mut run = gated.agent.run("go");
    gated.running.notified().await;
    let steering = run.steering();
    let sent = tokio::spawn(async move { steering.inject("too late", Priority::default()).await });
    tokio::task::yield_now().await;
    run.cancel();
    run.outcome().await;
    assert_eq!(sent.await.unwrap().unwrap_err().kind, ErrorKind::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn a_paused_run_asks_no_model_until_it_is_resumed() {
    let model = Model::script([Script::text("done")]);
    let mut run = agent(&model, []).run("go");
    let steering = run.steering();
    steering.pause();
    read_until(&mut run, |event| *event == RunEvent::Paused).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert!(model.requests().is_empty());
    steering.resume();
    read_until(&mut run, |event| *event == RunEvent::Resumed).await;
    assert_eq!(run.outcome().await.text(), "done");
}

#[tokio::test(start_paused = true)]
async fn a_pause_lets_running_calls_end_and_starts_no_others() {
    let calls = Script::calls(&[("1", "first", "{}"), ("2", "second", "{}")]);
    let model = Model::script([calls, Script::text("done")]);
    let first = Arc::new(FakeTool::slow("first", Duration::from_secs(1)));
    let second = Arc::new(FakeTool::echo("second"));
    let mut run = agent(&model, [Arc::clone(&first), Arc::clone(&second)]).run("go");
    let steering = run.steering();
    read_until(&mut run, |event| {
        matches!(event, RunEvent::ToolStarted { .. })
    })
    .await;
    steering.pause();
    read_until(&mut run, |event| {
        matches!(event, RunEvent::ToolCompleted { .. })
    })
    .await;
    read_until(&mut run, |event| *event == RunEvent::Paused).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!((first.calls(), second.calls()), (1, 0));
    steering.resume();
    assert_eq!(run.outcome().await.text(), "done");
    assert_eq!(second.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_paused_run_can_be_cancelled() {
    let model = Model::script([]);
    let mut run = agent(&model, []).run("go");
    run.steering().pause();
    read_until(&mut run, |event| *event == RunEvent::Paused).await;
    run.cancel();
    assert!(matches!(
        run.outcome().await,
        loom_types::Outcome::Cancelled { .. }
    ));
}

struct PanicsAtResults;

impl Observer for PanicsAtResults {
    fn event(&self, _: &ObservedRun<'_>, event: &RunEvent) {
        if let RunEvent::ToolCompleted { .. } = event {
            panic!("a bug in an observer");
        }
    }
}

#[tokio::test]
async fn who_waits_with_a_message_learns_that_the_run_broke_off() {
    let go_on = Arc::new(Notify::new());
    let tool = FakeTool::new("wait", {
        let go_on = Arc::clone(&go_on);
        move |_, _| {
            let go_on = Arc::clone(&go_on);
            async move {
                go_on.notified().await;
                Ok(vec![Content::from("waited")])
            }
        }
    });
    let model = Model::script([Script::calls(&[("1", "wait", "{}")])]);
    let builder = Agent::builder(model, "model").tool(Arc::new(tool));
    let agent = builder.observer(Arc::new(PanicsAtResults)).build().unwrap();
    let mut run = agent.run("go");
    while !matches!(run.next().await, Some(RunEvent::ToolStarted { .. })) {}
    let steering = run.steering();
    let injected = steering.inject("hello", Priority::MAX);
    go_on.notify_one();
    let error = injected.await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Cancelled);
}

/// Pauses the run before its calls, and lets it go on as soon as it has noticed.
#[derive(Default)]
struct BriefPause(OnceLock<Steering>);

impl Observer for BriefPause {
    fn event(&self, _: &ObservedRun<'_>, event: &RunEvent) {
        let steering = self.0.get().unwrap();
        match event {
            RunEvent::MessageCompleted { .. } => steering.pause(),
            RunEvent::Paused => steering.resume(),
            _ => {}
        }
    }
}

#[tokio::test(start_paused = true)]
async fn calls_run_after_a_pause_that_was_over_at_once() {
    let calls = Script::calls(&[("1", "echo", "{}"), ("2", "echo", "{}")]);
    let model = Model::script([calls, Script::text("done")]);
    let (tool, pause) = (
        Arc::new(FakeTool::echo("echo")),
        Arc::new(BriefPause::default()),
    );
    let builder = Agent::builder(model, "model").tool(Arc::clone(&tool) as _);
    let agent = builder.observer(Arc::clone(&pause) as _).build().unwrap();
    let run = agent.run("go");
    pause.0.set(run.steering()).unwrap();
    let (_, outcome) = drain(run).await;
    assert_eq!((tool.calls(), outcome.text()), (2, "done"));
}

#[tokio::test(start_paused = true)]
async fn what_is_said_during_a_pause_goes_with_the_next_question() {
    let model = Model::script([Script::text("done")]);
    let mut run = agent(&model, []).run("go");
    let steering = run.steering();
    steering.pause();
    while !matches!(run.next().await, Some(RunEvent::Paused)) {}
    let said = steering.inject("the other way", Priority::default());
    steering.resume();
    run.outcome().await;
    said.await.unwrap();
    let requests = model.requests();
    let messages = requests[0].messages.iter().map(|message| message.text());
    assert_eq!(messages.collect::<Vec<_>>(), ["go", "the other way"]);
}
