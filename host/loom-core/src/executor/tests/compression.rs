//! Runs whose conversation grows beyond the model's window.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::session::Record;
use crate::testing::{FakeTool, Model, Script, drain, records, say, stop};
use crate::{
    Agent, AgentBuilder, BudgetLimits, CompressionOptions, Input, ProcessMemory, RunOptions,
};
use loom_types::{
    Compressed, CompressionMethod, CompressionReason, Content, Error, Limit, Memory, Message,
    ModelEvent, ModelRequest, Outcome, Provider, Role, RunEvent, SessionId, StopReason, Usage,
};

/// Words that no summary needs.
fn filler(words: usize) -> String {
    (0..words).map(|n| format!("word{} ", n % 97)).collect()
}

fn too_long() -> Error {
    Error::invalid_input("too long").with_detail(Error::CONTEXT_OVERFLOW, true)
}

/// Whether the host asks for a summary.
fn is_summary(request: &ModelRequest) -> bool {
    request.tools.is_empty() && request.output_schema.is_some()
}

/// A model that answers each input with words, and cannot summarise.
fn talker() -> Arc<Model> {
    Model::new(|request| match is_summary(request) {
        true => Script::text("I would rather not."),
        false => Script::text(&filler(40)),
    })
}

fn builder(model: &Arc<Model>, memory: &Arc<ProcessMemory>) -> AgentBuilder {
    let provider = Arc::clone(model) as Arc<dyn Provider>;
    Agent::builder(provider, "model").memory(Arc::clone(memory) as Arc<dyn Memory>)
}

fn id() -> SessionId {
    SessionId::from("s")
}

fn input(text: &str) -> RunOptions {
    RunOptions {
        session: Some(id()),
        input: Some(Input::from(text)),
        ..RunOptions::default()
    }
}

fn compact() -> RunOptions {
    RunOptions {
        session: Some(id()),
        compact: true,
        ..RunOptions::default()
    }
}

fn compressions(events: &[RunEvent]) -> Vec<&Compressed> {
    let compressed = events.iter().filter_map(|event| match event {
        RunEvent::Compressed(compressed) => Some(compressed),
        _ => None,
    });
    compressed.collect()
}

fn completed(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Completed { report } => &report.text,
        _ => panic!("{outcome:?}"),
    }
}

/// A session of so many inputs and answers.
async fn talked(model: &Arc<Model>, inputs: usize) -> Arc<ProcessMemory> {
    let memory = Arc::new(ProcessMemory::default());
    let agent = builder(model, &memory).build().unwrap();
    for n in 0..inputs {
        let text = format!("input {n}: {}", filler(100));
        completed(&agent.start(input(&text)).outcome().await);
    }
    memory
}

async fn compact_with(agent: &Agent) -> (Vec<RunEvent>, Outcome) {
    drain(agent.start(compact())).await
}

#[tokio::test]
async fn a_compaction_that_is_asked_for_asks_no_question() {
    let model = talker();
    let memory = talked(&model, 20).await;
    let asked = model.requests().len();
    let agent = builder(&model, &memory).build().unwrap();
    let (events, outcome) = compact_with(&agent).await;
    assert_eq!(completed(&outcome), "");
    let [told] = compressions(&events)[..] else {
        panic!("{events:?}");
    };
    assert_eq!(told.reason, CompressionReason::Request);
    assert_eq!(told.method, CompressionMethod::Fallback);
    assert!(told.reduction() > 0.5, "{told:?}");
    assert!(model.requests()[asked..].iter().all(is_summary));
    assert!(
        !events
            .iter()
            .any(|event| matches!(event, RunEvent::TurnStarted { .. }))
    );
}

#[tokio::test]
async fn a_session_goes_on_from_its_compaction() {
    let model = talker();
    let memory = talked(&model, 20).await;
    let agent = builder(&model, &memory).build().unwrap();
    let (events, _) = compact_with(&agent).await;
    let told = compressions(&events)[0].clone();
    let before = records(&*memory, &id()).await.len();
    // Another process reads the log anew.
    let again = builder(&model, &memory).build().unwrap();
    completed(&again.start(input("and now?")).outcome().await);
    let messages = model.last_messages();
    assert!(
        messages.len() <= told.kept_messages + 2,
        "{}",
        messages.len()
    );
    assert_eq!(messages[0].role, Role::User);
    assert_eq!(messages.last().unwrap().text(), "and now?");
    assert_eq!(
        records(&*memory, &id()).await.len(),
        before + 2,
        "nothing of the log is gone"
    );
}

#[tokio::test]
async fn the_threshold_is_honoured_to_the_token() {
    let model = talker();
    let memory = talked(&model, 12).await;
    // What the next question has, as a compaction that comes to nothing of it tells.
    let probe = Arc::new(ProcessMemory::default());
    let entries = memory.read(&id(), 0, 1000).await.unwrap();
    probe.append(&id(), 0, entries.clone()).await.unwrap();
    let agent = builder(&model, &probe).build().unwrap();
    let tokens = {
        let options = RunOptions {
            input: Some(Input::from("next")),
            ..compact()
        };
        // The input comes after the compaction, so it is counted apart.
        let (events, _) = drain(agent.start(options)).await;
        compressions(&events)[0].before_tokens
    };
    let next = crate::Tokenizer::for_model("model");
    let question = tokens + next.message(&Message::user("next"));
    for (window_tokens, is_due) in [(question, true), (question + 1, false)] {
        let fresh = Arc::new(ProcessMemory::default());
        fresh.append(&id(), 0, entries.clone()).await.unwrap();
        let options = CompressionOptions {
            threshold: 1.0,
            ..CompressionOptions::default()
        };
        let agent = builder(&model, &fresh).compression(options);
        let agent = agent.context_window(window_tokens).build().unwrap();
        let (events, _) = drain(agent.start(input("next"))).await;
        assert_eq!(!compressions(&events).is_empty(), is_due, "{window_tokens}");
    }
}

#[tokio::test]
async fn the_threshold_follows_what_the_provider_counts() {
    // It counts three times as many tokens as the words have.
    let counted = |request: &ModelRequest| {
        let tokenizer = crate::Tokenizer::for_model("model");
        let tokens = request.messages.iter().map(|it| tokenizer.message(it));
        ModelEvent::Usage {
            usage: Usage {
                input_tokens: 3 * tokens.sum::<u64>(),
                ..Usage::default()
            },
        }
    };
    let tool = Arc::new(FakeTool::new("read", |_, _| async {
        Ok(vec![Content::Text(filler(400))])
    }));
    let calls = std::sync::atomic::AtomicU32::new(0);
    let reader = Model::new(move |request| {
        if is_summary(request) {
            return Script::text("no");
        }
        let n = calls.fetch_add(1, Ordering::SeqCst);
        if n == 12 {
            return Script::text("done");
        }
        let id = format!("call-{n}");
        let arguments = format!(r#"{{"n":{n}}}"#);
        Script::calls(&[(&id, "read", &arguments)]).preceded_by(counted(request))
    });
    let window = 12_000;
    let memory = Arc::new(ProcessMemory::default());
    let agent = builder(&reader, &memory).tool(tool).context_window(window);
    let (events, outcome) = drain(agent.build().unwrap().start(input("go"))).await;
    assert_eq!(completed(&outcome), "done");
    assert!(!compressions(&events).is_empty());
    for request in reader.requests().iter().filter(|it| !is_summary(it)) {
        let ModelEvent::Usage { usage } = counted(request) else {
            unreachable!()
        };
        assert!(usage.input_tokens < window, "{}", usage.input_tokens);
    }
}

#[tokio::test]
async fn a_question_that_is_refused_as_too_long_is_made_smaller_and_asked_again() {
    let first = AtomicBool::new(true);
    let talker = talker();
    let memory = talked(&talker, 20).await;
    let model = Model::new(move |request| match is_summary(request) {
        true => Script::text("no"),
        false if first.swap(false, Ordering::SeqCst) => Script::refused(too_long()),
        false => Script::text("made it"),
    });
    let agent = builder(&model, &memory).build().unwrap();
    let (events, outcome) = drain(agent.start(input("go"))).await;
    assert_eq!(completed(&outcome), "made it");
    let told = compressions(&events);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].reason, CompressionReason::Overflow);
    let asked: Vec<_> = model
        .requests()
        .into_iter()
        .filter(|it| !is_summary(it))
        .collect();
    assert!(asked[1].messages.len() < asked[0].messages.len());
    assert_eq!(asked[1].messages.last().unwrap().text(), "go");
}

#[tokio::test]
async fn a_model_that_refuses_every_question_as_too_long_ends_the_run_with_its_error() {
    let memory = talked(&talker(), 20).await;
    let model = Model::new(|_| Script::refused(too_long()));
    let agent = builder(&model, &memory).build().unwrap();
    let outcome = agent.start(input("go")).outcome().await;
    let Outcome::Failed { error, .. } = outcome else {
        panic!("{outcome:?}");
    };
    assert!(error.is_context_overflow(), "{error}");
    assert!(model.requests().len() < 20, "{}", model.requests().len());
}

#[tokio::test]
async fn what_was_taken_out_of_sight_can_be_read_again() {
    let long = format!("{}the needle is 4711 {}", filler(2000), filler(2000));
    let tool = {
        let long = long.clone();
        Arc::new(FakeTool::new("read", move |_, _| {
            let long = long.clone();
            async move { Ok(vec![Content::Text(long)]) }
        }))
    };
    let calls = std::sync::atomic::AtomicU32::new(0);
    let model = Model::new(move |request| {
        if is_summary(request) {
            return Script::text("no");
        }
        match calls.fetch_add(1, Ordering::SeqCst) {
            0 => Script::calls(&[("call-long", "read", "{}")]),
            n @ 1..=5 => {
                let arguments = format!(r#"{{"n":{n}}}"#);
                Script::calls(&[(&format!("call-{n}"), "read", &arguments)])
            }
            6 => {
                assert!(request.tools.iter().any(|tool| tool.name == "read_result"));
                let arguments = r#"{"call_id":"call-long","offset":11000,"limit":5000}"#;
                Script::calls(&[("again", "read_result", arguments)])
            }
            _ => Script::text("done"),
        }
    });
    let memory = Arc::new(ProcessMemory::default());
    let agent = builder(&model, &memory).tool(tool).context_window(20_000);
    let agent = agent.build().unwrap();
    assert!(agent.tools().iter().all(|tool| tool.name != "read_result"));
    let (events, outcome) = drain(agent.start(input("go"))).await;
    assert_eq!(completed(&outcome), "done");
    assert!(!compressions(&events).is_empty());
    let again = events.iter().find_map(|event| match event {
        RunEvent::ToolCompleted { result, .. } if result.call_id.as_str() == "again" => {
            Some(result)
        }
        _ => None,
    });
    let again = again.unwrap();
    assert!(!again.is_error, "{}", again.text());
    assert!(again.text().contains("the needle is 4711"));
}

#[tokio::test]
async fn pins_survive_and_are_written_once() {
    let model = talker();
    let memory = talked(&model, 20).await;
    let agent = builder(&model, &memory).build().unwrap();
    let pin = "the port is 8443, never 443";
    for _ in 0..2 {
        let options = RunOptions {
            pins: vec![pin.to_owned()],
            ..compact()
        };
        drain(agent.start(options)).await;
    }
    let pins = records(&*memory, &id()).await;
    let pins = pins
        .iter()
        .filter(|record| matches!(record, Record::Pin(_)));
    assert_eq!(pins.count(), 1);
    completed(&agent.start(input("go")).outcome().await);
    let seen: Vec<_> = model.last_messages().iter().map(|it| it.text()).collect();
    assert!(seen.iter().any(|text| text.contains(pin)), "{seen:?}");
}

#[tokio::test]
async fn a_summary_is_paid_for() {
    let usage = |input_tokens| ModelEvent::Usage {
        usage: Usage {
            input_tokens,
            output_tokens: 7,
            ..Usage::default()
        },
    };
    let talker = talker();
    let memory = talked(&talker, 20).await;
    let model = Model::new(move |request| {
        let text = if is_summary(request) { "no" } else { "yes" };
        Script::events([usage(1000), say(text), stop(StopReason::EndTurn)])
    });
    let agent = builder(&model, &memory).build().unwrap();
    let (_, outcome) = compact_with(&agent).await;
    let summaries = model.requests().len() as u64;
    assert!(summaries > 0);
    assert_eq!(outcome.report().usage.input_tokens, 1000 * summaries);
    let budget = BudgetLimits {
        tokens: Some(500),
        ..BudgetLimits::default()
    };
    let options = RunOptions {
        input: Some(Input::from("go")),
        ..compact()
    };
    let agent = builder(&model, &memory).budget(budget).build().unwrap();
    let outcome = agent.start(options).outcome().await;
    assert!(
        matches!(
            outcome,
            Outcome::LimitReached {
                limit: Limit::Tokens(500),
                ..
            }
        ),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_run_can_be_cancelled_while_its_summary_is_written() {
    let memory = talked(&talker(), 20).await;
    let model = Model::new(|_| Script::text("{").then_hang());
    let agent = builder(&model, &memory).build().unwrap();
    let before = records(&*memory, &id()).await;
    let mut run = agent.start(compact());
    let steering = run.steering();
    let outcome = tokio::spawn(async move { run.outcome().await });
    while model.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    steering.cancel();
    let outcome = tokio::time::timeout(Duration::from_secs(5), outcome).await;
    let outcome = outcome.unwrap().unwrap();
    assert!(matches!(outcome, Outcome::Cancelled { .. }), "{outcome:?}");
    assert_eq!(records(&*memory, &id()).await, before);
}

#[tokio::test]
async fn another_model_may_summarise() {
    let (talker, summarizer) = (talker(), talker());
    let memory = talked(&talker, 20).await;
    let asked = talker.requests().len();
    let options = CompressionOptions {
        summarizer: Some((
            Arc::clone(&summarizer) as Arc<dyn Provider>,
            "small".to_owned(),
        )),
        ..CompressionOptions::default()
    };
    let agent = builder(&talker, &memory)
        .compression(options)
        .build()
        .unwrap();
    compact_with(&agent).await;
    assert_eq!(talker.requests().len(), asked);
    assert!(summarizer.requests().iter().all(|it| it.model == "small"));
    assert!(!summarizer.requests().is_empty());
}

#[tokio::test]
async fn without_compression_nothing_is_made_smaller() {
    let model = talker();
    let memory = talked(&model, 20).await;
    let agent = builder(&model, &memory)
        .compression(None)
        .context_window(100);
    let agent = agent.build().unwrap();
    let (events, outcome) = drain(agent.start(input("go"))).await;
    completed(&outcome);
    assert!(compressions(&events).is_empty());
    let (events, _) = compact_with(&agent).await;
    let warned = events.iter().any(|event| {
        matches!(event, RunEvent::Warning { message } if message.contains("compression is off"))
    });
    assert!(warned, "{events:?}");
}

#[tokio::test]
async fn a_small_session_has_nothing_to_make_smaller() {
    let model = Model::new(|_| Script::text("hello"));
    let memory = Arc::new(ProcessMemory::default());
    let agent = builder(&model, &memory).build().unwrap();
    completed(&agent.start(input("hi")).outcome().await);
    let (events, outcome) = compact_with(&agent).await;
    completed(&outcome);
    assert!(compressions(&events).is_empty());
    let warned = events.iter().any(|event| {
        matches!(event, RunEvent::Warning { message } if message.contains("nothing in the session"))
    });
    assert!(warned, "{events:?}");
}
