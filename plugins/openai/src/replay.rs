//! The recordings of the chat completions and embeddings of real servers, replayed byte for byte.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

#[path = "../../../tests/fixtures/llm/replay.rs"]
mod recordings;

use loom_sdk::Error;
use loom_sdk::llm::{Event, wire_error};
use recordings::{Outcome, Recording, check_every_cut, check_table, load, summary};

use crate::answer::Answer;
use crate::stream::Decoder;
use crate::text_call::Watch;
use crate::{embeddings, models};

fn decoder(recording: &Recording) -> Decoder {
    let tools = recording.tools();
    let may_call = !tools.is_empty() && recording.request["tool_choice"] != "none";
    let watch = may_call.then(|| Watch::new(tools));
    Decoder::new(Answer::new(watch, "made-up-".to_owned()))
}

impl recordings::Decoder for Decoder {
    fn push(&mut self, bytes: &[u8]) -> Result<Vec<Event>, Error> {
        Self::push(self, bytes)
    }

    fn finish(&mut self) -> Result<Vec<Event>, Error> {
        Self::finish(self)
    }
}

fn outcome(recording: &Recording) -> Outcome {
    if recording.status == 200 {
        return check_every_cut(&recording.name, &recording.body, &decoder(recording));
    }
    let Recording { status, body, .. } = recording;
    Outcome {
        error: Some(wire_error::from_response(
            *status,
            body,
            recording.retry_after(),
        )),
        ..Outcome::default()
    }
}

#[test]
fn chat_completions_yield_what_is_in_the_table() {
    let is_chat = |number: &str| matches!(number.as_bytes()[0], b'1'..=b'4') || number == "ed";
    let recordings = load(is_chat);
    let found: Vec<_> = recordings
        .iter()
        .map(|recording| (recording.name.clone(), summary(&outcome(recording))))
        .collect();
    check_table(include_str!("replay/chat.txt"), &found);
}

#[test]
fn lists_of_models_yield_what_is_in_the_table() {
    let found: Vec<_> = load(|number| matches!(number, "01" | "e0"))
        .iter()
        .map(|recording| {
            let summary = match recording.status {
                200 => {
                    let answer = serde_json::from_slice(&recording.body).unwrap();
                    let models = models::listed(&answer).unwrap();
                    models.iter().map(|model| format!("{model:?}\n")).collect()
                }
                _ => summary(&outcome(recording)),
            };
            (recording.name.clone(), summary)
        })
        .collect();
    check_table(include_str!("replay/models.txt"), &found);
}

#[test]
fn embeddings_yield_what_is_in_the_table() {
    let found: Vec<_> = load(|number| number == "50" || number.starts_with('e'))
        .iter()
        .filter(|recording| !matches!(recording.number(), "e0" | "ed"))
        .map(|recording| {
            let count = if recording.number() == "e2" { 3 } else { 1 };
            let summary = match recording.status {
                200 => {
                    let vectors = embeddings::read(&recording.body, count).unwrap();
                    let line = |v: &Vec<f32>| {
                        format!("{} numbers: {} … {}\n", v.len(), v[0], v[v.len() - 1])
                    };
                    vectors.iter().map(line).collect()
                }
                _ => summary(&outcome(recording)),
            };
            (recording.name.clone(), summary)
        })
        .collect();
    check_table(include_str!("replay/embeddings.txt"), &found);
}
