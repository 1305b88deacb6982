//! The recordings of the messages APIs of real servers, replayed byte for byte.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

#[path = "../../../tests/fixtures/llm/replay.rs"]
mod recordings;

use loom_sdk::Error;
use loom_sdk::llm::{Event, wire_error};
use recordings::{Outcome, Recording, check_every_cut, check_table, load, summary};

use crate::models;
use crate::stream::Decoder;

impl recordings::Decoder for Decoder {
    fn push(&mut self, bytes: &[u8]) -> Result<Vec<Event>, Error> {
        Self::push(self, bytes)
    }

    fn finish(&mut self) -> Result<Vec<Event>, Error> {
        Self::finish(self)
    }
}

fn outcome(recording: &Recording) -> Outcome {
    let Recording { status, body, .. } = recording;
    if *status == 200 {
        return check_every_cut(&recording.name, body, &Decoder::new());
    }
    let error = wire_error::from_response(*status, body, recording.retry_after());
    Outcome {
        error: Some(error),
        ..Outcome::default()
    }
}

#[test]
fn messages_yield_what_is_in_the_table() {
    let found: Vec<_> = load(|number| number.starts_with('6'))
        .iter()
        .map(|recording| (recording.name.clone(), summary(&outcome(recording))))
        .collect();
    check_table(include_str!("replay/messages.txt"), &found);
}

#[test]
fn only_tools_that_were_offered_are_called() {
    let mut calls = 0;
    for recording in load(|number| number.starts_with('6')) {
        let outcome = recordings::replay(&Decoder::new(), &[&recording.body]);
        for event in outcome.events {
            if let Event::ToolCallStart(start) = event {
                assert!(
                    recording.tools().contains(&start.name),
                    "{}",
                    recording.name
                );
                calls += 1;
            }
        }
    }
    assert!(calls > 10);
}

#[test]
fn a_list_of_models_in_openais_shape_is_read() {
    let recordings = load(|number| number == "01");
    let llama_cpp = recordings
        .iter()
        .find(|recording| recording.name.contains("fenced"));
    let answer = serde_json::from_slice(&llama_cpp.unwrap().body).unwrap();
    let models = models::listed(&answer).unwrap();
    assert_eq!(models[0].id, "qwen2.5-coder-1.5b");
    assert_eq!(models[0].context_window, Some(8192));
}
