//! A provider of one model, `loud`, which repeats what it is told in capitals. A real one would ask a
//! server in `complete` and read its stream in `Completion::next`.
//!
//! The setting `volume` is the number of exclamation marks, 1 unless it is set.

use std::vec;

use loom_sdk::error::{Error, Result};
use loom_sdk::host;
use loom_sdk::llm::{Event, Model, Part, Provider, Request, Role, StopReason};

/// The provider.
pub struct Shout;

impl Provider for Shout {
    type Completion = vec::IntoIter<Result<Vec<Event>>>;

    fn models() -> Result<Vec<Model>> {
        Ok(vec![Model {
            id: "loud".into(),
            context_window: None,
            max_output_tokens: None,
            tools: false,
            images: false,
            reasoning: false,
        }])
    }

    fn complete(request: Request) -> Result<Self::Completion> {
        if request.model != "loud" {
            let message = format!("there is no model {}; the only one is loud", request.model);
            return Err(Error::not_found(message));
        }
        let volume = volume(host::config("volume").as_deref())?;
        let answer = last_text(&request).to_uppercase() + &"!".repeat(volume);
        Ok(events(&answer).into_iter())
    }
}

fn volume(setting: Option<&str>) -> Result<usize> {
    let volume = setting.unwrap_or("1").parse().ok();
    volume.filter(|volume| *volume <= 10).ok_or_else(|| {
        Error::invalid_input("the setting `volume` must be a whole number from 0 to 10")
    })
}

/// What the person said last.
fn last_text(request: &Request) -> String {
    let mut messages = request.messages.iter().rev();
    let message = messages.find(|message| message.role == Role::User);
    let parts = message.into_iter().flat_map(|message| &message.parts);
    let texts = parts.filter_map(|part| match part {
        Part::Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

/// Word by word, as a model writes; the host shows each batch as it comes.
fn events(answer: &str) -> Vec<Result<Vec<Event>>> {
    let words = answer.split_inclusive(' ');
    let words = words.map(|word| Ok(vec![Event::Text(word.into())]));
    words
        .chain([Ok(vec![Event::Stop(StopReason::EndTurn)])])
        .collect()
}

loom_sdk::manifest!("../plugin.toml");
loom_sdk::export_provider!(Shout);

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop here")]

    use loom_sdk::llm::{Message, ToolChoice};

    use super::*;

    fn request(model: &str, text: &str) -> Request {
        Request {
            model: model.into(),
            messages: vec![Message {
                role: Role::User,
                parts: vec![Part::Text(text.into())],
            }],
            tools: Vec::new(),
            tool_choice: ToolChoice::Auto,
            max_output_tokens: None,
            temperature: None,
            stop_sequences: Vec::new(),
            output_schema: None,
            extra: None,
        }
    }

    #[test]
    fn it_answers_in_capitals_word_by_word() {
        let batches: Vec<_> = Shout::complete(request("loud", "good day"))
            .unwrap()
            .collect();
        let mut texts = Vec::new();
        for event in batches.into_iter().flat_map(Result::unwrap) {
            match event {
                Event::Text(text) => texts.push(text),
                event => assert!(matches!(event, Event::Stop(StopReason::EndTurn))),
            }
        }
        assert_eq!(texts, ["GOOD ", "DAY!"]);
    }

    #[test]
    fn another_model_and_a_wrong_volume_are_errors() {
        assert!(Shout::complete(request("quiet", "good day")).is_err());
        assert_eq!(volume(Some("3")).unwrap(), 3);
        for wrong in ["", "-1", "11", "loud"] {
            assert!(volume(Some(wrong)).is_err(), "{wrong} was taken");
        }
    }
}
