//! The promise of the journal: whatever append a process dies at, the session goes on, nothing that was
//! acknowledged is lost and nothing that may not be done twice is.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::sync::{Arc, Mutex};

use futures::FutureExt;
use loom_types::{Content, Memory, Message, Outcome, Role, RunEvent, SessionId, Tool, ToolResult};

use crate::session::Record;
use crate::testing::{FakeTool, Fault, FaultyMemory, Model, Script, log, records};
use crate::{Agent, ProcessMemory, RunOptions};

const FAULTS: [Fault; 4] = [
    Fault::FailBefore,
    Fault::FailAfter,
    Fault::DieBefore,
    Fault::DieAfter,
];

/// What the model does in each round; `write` may not be done twice, `read` may.
const ROUNDS: [&[(&str, &str, &str)]; 4] = [
    &[
        ("a", "read", "{}"),
        ("b", "write", "{}"),
        ("c", "read", "{}"),
    ],
    &[("d", "write", "{}"), ("e", "write", "{}")],
    &[
        ("f", "read", "{}"),
        ("g", "read", "{}"),
        ("h", "read", "{}"),
    ],
    &[
        ("i", "write", "{}"),
        ("j", "unknown", "{}"),
        ("k", "read", "not JSON"),
    ],
];

/// What outlives a process: the store, and what was done to the world.
#[derive(Default)]
struct World {
    store: Arc<ProcessMemory>,
    written: Arc<Mutex<Vec<String>>>,
}

/// What is left of a process.
struct Life {
    events: Vec<RunEvent>,
    outcome: Option<Outcome>,
    struck: bool,
}

impl World {
    fn session() -> SessionId {
        SessionId::from("s")
    }

    fn copy(&self) -> Self {
        let copy = Self::default();
        let session = Self::session();
        let entries = self.entries();
        if !entries.is_empty() {
            let append = copy.store.append(&session, 0, entries);
            append.now_or_never().unwrap().unwrap();
        }
        copy.written
            .lock()
            .unwrap()
            .clone_from(&self.written.lock().unwrap());
        copy
    }

    /// Runs a process until its run ends or it dies; then nothing of it is left.
    fn live(&self, fault: Fault, at: u32) -> Life {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let life =
            runtime.block_on(self.run(FaultyMemory::new(Arc::clone(&self.store), fault, at)));
        // Dropping the runtime ends every task, as the end of a process would.
        drop(runtime);
        self.check_events(&life.events);
        life
    }

    async fn run(&self, memory: Arc<FaultyMemory>) -> Life {
        let is_new = self.entries().is_empty();
        let mut run = self
            .agent(Arc::clone(&memory) as Arc<dyn Memory>)
            .start(RunOptions {
                session: Some(Self::session()),
                resume: !is_new,
                input: is_new.then(|| "go".into()),
                ..RunOptions::default()
            });
        let mut events = Vec::new();
        loop {
            tokio::select! {
                biased;
                event = run.next() => match event {
                    Some(event) => events.push(event),
                    None => break,
                },
                () = memory.died() => break,
            }
        }
        let outcome = run.outcome().now_or_never();
        Life {
            events,
            outcome,
            struck: memory.struck(),
        }
    }

    fn agent(&self, memory: Arc<dyn Memory>) -> Agent {
        let written = Arc::clone(&self.written);
        let store = Arc::clone(&self.store);
        let write = FakeTool::new("write", move |_, context| {
            let written = Arc::clone(&written);
            let store = Arc::clone(&store);
            async move {
                let id = context.call_id.to_string();
                assert!(
                    is_journalled(&*store, &id).await,
                    "{id} ran before it was written down"
                );
                written.lock().unwrap().push(id);
                tokio::task::yield_now().await;
                Ok(vec![Content::from("written")])
            }
        });
        let read = FakeTool::echo("read").safe();
        let tools = [write, read].map(|tool| Arc::new(tool) as Arc<dyn Tool>);
        let model = Model::new(|request| next_round(&request.messages));
        Agent::builder(model, "model")
            .tools(tools)
            .memory(memory)
            .build()
            .unwrap()
    }

    fn entries(&self) -> Vec<loom_types::Entry> {
        log(&*self.store, &Self::session()).now_or_never().unwrap()
    }

    fn records(&self) -> Vec<Record> {
        records(&*self.store, &Self::session())
            .now_or_never()
            .unwrap()
    }

    /// What a run told of as done must be in the log.
    fn check_events(&self, events: &[RunEvent]) {
        let records = self.records();
        for event in events {
            let record = match event {
                RunEvent::MessageCompleted { message } => Record::Message((**message).clone()),
                RunEvent::ToolCompleted { result, .. } => Record::ToolResult(result.clone()),
                _ => continue,
            };
            assert!(records.contains(&record), "told but not kept: {record:?}");
        }
    }

    /// The session is whole, and the world is as the session says.
    fn check_end(&self, life: &Life) {
        let outcome = life.outcome.as_ref().unwrap();
        assert!(
            outcome.is_completed() && outcome.text() == "done",
            "{outcome:?}"
        );
        let records = self.records();
        check_log(&records);
        let written = self.written.lock().unwrap();
        for id in ["b", "d", "e", "i"] {
            let times = written.iter().filter(|done| *done == id).count();
            let result = result_of(&records, id);
            if result.is_error {
                assert!(times <= 1, "{id} was done {times} times");
                assert!(result.text().contains("unknown"), "{}", result.text());
            } else {
                assert_eq!(times, 1, "{id} was done {times} times");
            }
        }
        for id in ["a", "c", "f", "g", "h"] {
            assert_eq!(result_of(&records, id).text(), "read");
        }
    }
}

/// The model's next move, which follows from the conversation alone. Refuses conversations that providers
/// would refuse.
fn next_round(messages: &[Arc<Message>]) -> Script {
    for pair in messages.windows(2) {
        let calls: Vec<_> = pair[0].tool_calls().map(|call| &call.id).collect();
        let results: Vec<_> = pair[1]
            .tool_results()
            .map(|result| &result.call_id)
            .collect();
        assert_eq!(calls, results, "calls and results do not fit");
    }
    let rounds = messages
        .iter()
        .filter(|m| m.role == Role::Assistant)
        .count();
    ROUNDS
        .get(rounds)
        .map_or_else(|| Script::text("done"), |calls| Script::calls(calls))
}

async fn is_journalled(store: &dyn Memory, id: &str) -> bool {
    let records = records(store, &World::session()).await;
    records.iter().any(|record| match record {
        Record::Message(message) => message.tool_calls().any(|call| call.id.as_str() == id),
        _ => false,
    })
}

fn result_of<'a>(records: &'a [Record], id: &str) -> &'a ToolResult {
    let mut results = records.iter().filter_map(|record| match record {
        Record::ToolResult(result) if result.call_id.as_str() == id => Some(result),
        _ => None,
    });
    let result = results
        .next()
        .unwrap_or_else(|| panic!("{id} has no result"));
    assert!(results.next().is_none(), "{id} has two results");
    result
}

/// Header and input once and first, every round once and in order, the answer last.
fn check_log(records: &[Record]) {
    let short = |record: &Record| match record {
        Record::Header(_) => Some("header".to_owned()),
        Record::Message(message) if message.role == Role::Assistant => {
            let calls: Vec<_> = message.tool_calls().map(|call| call.id.as_str()).collect();
            Some(format!("{}{}", message.text(), calls.concat()))
        }
        Record::Message(message) => Some(message.text()),
        _ => None,
    };
    let shorts: Vec<_> = records.iter().filter_map(short).collect();
    assert_eq!(shorts, ["header", "go", "abc", "de", "fgh", "ijk", "done"]);
}

#[test]
fn without_a_fault_everything_is_done_once_and_nothing_is_an_error_but_what_is_wrong() {
    let world = World::default();
    world.check_end(&world.live(Fault::DieBefore, u32::MAX));
    assert_eq!(*world.written.lock().unwrap(), ["b", "d", "e", "i"]);
    let records = world.records();
    for id in ["b", "d", "e", "i"] {
        assert!(!result_of(&records, id).is_error);
    }
    assert!(
        result_of(&records, "j")
            .text()
            .contains("no tool `unknown`")
    );
    assert!(result_of(&records, "k").text().contains("not JSON"));
}

#[test]
fn a_run_that_dies_at_any_append_is_finished_by_the_next() {
    let mut crashes = 0;
    for fault in FAULTS {
        for at in 0.. {
            let world = World::default();
            let first = world.live(fault, at);
            if !first.struck {
                break;
            }
            crashes += 1;
            assert!(!first.outcome.is_some_and(|outcome| outcome.is_completed()));
            let kept = world.entries();
            let second = world.live(fault, u32::MAX);
            world.check_end(&second);
            assert_eq!(world.entries()[..kept.len()], kept, "the past was changed");
        }
    }
    // Input, five answers, eight writes of results; each with four faults.
    assert_eq!(crashes, 4 * 14);
}

#[test]
fn a_run_that_dies_twice_at_any_two_appends_is_finished_by_the_third() {
    let mut crashes = 0;
    let deaths = [Fault::DieBefore, Fault::DieAfter];
    for (first, second) in deaths.iter().flat_map(|a| deaths.map(|b| (*a, b))) {
        for at in 0.. {
            let after_first = World::default();
            if !after_first.live(first, at).struck {
                break;
            }
            for again in 0.. {
                let world = after_first.copy();
                if !world.live(second, again).struck {
                    break;
                }
                crashes += 1;
                world.check_end(&world.live(second, u32::MAX));
            }
        }
    }
    assert_eq!(crashes, 4 * 96);
}
