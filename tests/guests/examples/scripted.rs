//! A provider whose answers are a script in its settings: `script` is a JSON list of steps, and the
//! step is chosen by the number of assistant messages in the request, so that a run that was killed
//! goes on where it was. `text` ends a turn, `calls` asks for tools. `panic`, `error` and `cut` fail.

use loom_sdk::error::Result;
use loom_sdk::llm::{
    Event, Model, Provider, Request, Role, StopReason, ToolCallArguments, ToolCallStart, Usage,
};
use loom_sdk::{Error, ErrorKind};
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Step {
    text: Option<String>,
    calls: Vec<Call>,
    panic: Option<String>,
    error: Option<String>,
    /// The answer ends without a reason to stop.
    cut: bool,
}

#[derive(Deserialize)]
struct Call {
    name: String,
    arguments: serde_json::Value,
}

pub struct Scripted;

impl Provider for Scripted {
    type Completion = std::vec::IntoIter<Result<Vec<Event>>>;

    fn models() -> Result<Vec<Model>> {
        let model = |id: &str| Model {
            id: id.into(),
            context_window: Some(8192),
            max_output_tokens: None,
            tools: true,
            images: false,
            reasoning: false,
        };
        Ok(vec![model("scripted")])
    }

    fn complete(request: Request) -> Result<Self::Completion> {
        let script =
            loom_sdk::host::config("script").unwrap_or_else(|| r#"[{"text": "done"}]"#.into());
        let steps: Vec<Step> = serde_json::from_str(&script)?;
        let turn = request
            .messages
            .iter()
            .filter(|message| message.role == Role::Assistant)
            .count();
        let step = steps.into_iter().nth(turn).unwrap_or_else(|| Step {
            text: Some("done".into()),
            ..Step::default()
        });
        if let Some(message) = step.panic {
            panic!("{message}");
        }
        if let Some(message) = step.error {
            return Err(Error::new(ErrorKind::Unavailable, message));
        }
        Ok(batches(step, turn).into_iter())
    }
}

fn batches(step: Step, turn: usize) -> Vec<Result<Vec<Event>>> {
    let mut batches = Vec::new();
    if let Some(text) = &step.text {
        batches.extend(
            text.split_inclusive(' ')
                .map(|word| Ok(vec![Event::Text(word.into())])),
        );
    }
    let mut rest = Vec::new();
    for (index, call) in (0_u32..).zip(&step.calls) {
        rest.push(Event::ToolCallStart(ToolCallStart {
            index,
            id: format!("call-{turn}-{index}"),
            name: call.name.clone(),
        }));
        rest.push(Event::ToolCallArguments(ToolCallArguments {
            index,
            fragment: call.arguments.to_string(),
        }));
    }
    let usage = Usage {
        input_tokens: 10,
        output_tokens: 5,
        cache_read_tokens: 0,
        cache_write_tokens: 0,
        reasoning_tokens: 0,
    };
    rest.push(Event::Usage(usage));
    if !step.cut {
        rest.push(Event::Stop(if step.calls.is_empty() {
            StopReason::EndTurn
        } else {
            StopReason::ToolUse
        }));
    }
    batches.push(Ok(rest));
    batches
}

loom_sdk::export_provider!(Scripted);
loom_sdk::manifest!("scripted.toml");
