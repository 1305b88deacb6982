//! What compression leaves of real conversations: how much smaller they get, and whether what has to be
//! kept is kept. For a bench and a test; nothing here is a test.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, Result};
use loom_core::{Agent, CompressionOptions, Input, ProcessMemory, RunOptions, Tokenizer, session};
use loom_types::{
    Compressed, CompressionMethod, Entry, Memory, Message, Role, RunEvent, SessionId, ToolResult,
};
use serde_json::json;

use crate::datasets::Session;
use crate::native::{Model, Reply};

/// The request that stands at the end of each conversation.
const REQUEST: &str = "Now list the files that we changed, and what is left to do.";

/// Facts that are pinned in each conversation.
const PINS: usize = 5;

/// What became of one conversation.
#[derive(Clone, Debug)]
pub struct Retention {
    pub session: String,
    pub messages: usize,
    pub told: Compressed,
    /// Of the pinned facts, how many the next question shows word for word.
    pub pins_kept: usize,
    pub pins: usize,
    /// The request is the last message of the next question, word for word.
    pub request_kept: bool,
}

impl Retention {
    /// Compresses a conversation and looks at the next question. The summarising model writes down the
    /// first sentence of what the person said, which is a lower bound for what models do; without one
    /// the host's own rules do it.
    ///
    /// # Errors
    ///
    /// If the run fails or compresses nothing.
    pub async fn measure(conversation: &Session, with_model: bool) -> Result<Self> {
        let id = SessionId::from("measured");
        let memory = Arc::new(ProcessMemory::default());
        memory.append(&id, 0, log(&conversation.messages)).await?;
        let asked = Arc::new(Mutex::new(Vec::new()));
        let model = {
            let asked = Arc::clone(&asked);
            Model::new(move |question| match question.wants_json() {
                true if with_model => Reply::text(record(&question.texts())),
                true => Reply::text("no"),
                false => {
                    *asked.lock().expect("nobody panics with it") = question.texts();
                    Reply::text("done")
                }
            })
        };
        let pins = pins(&conversation.messages);
        let options = CompressionOptions {
            pinned: pins.clone(),
            ask_model: with_model,
            ..CompressionOptions::default()
        };
        let agent = Agent::builder(model, "gpt-4o").memory(memory);
        // A window that the conversation just fills.
        let agent = agent.context_window(tokens(&conversation.messages));
        let mut run = agent.compression(options).build()?.start(RunOptions {
            session: Some(id),
            input: Some(Input::from(REQUEST)),
            ..RunOptions::default()
        });
        let mut told = None;
        while let Some(event) = run.next().await {
            if let RunEvent::Compressed(compressed) = event {
                told = Some(compressed);
            }
        }
        let told = told.context("nothing was compressed")?;
        let asked = asked.lock().expect("nobody panics with it");
        let kept = |pin: &&String| asked.iter().any(|text| text.contains(pin.as_str()));
        Ok(Self {
            session: conversation.id.clone(),
            messages: conversation.messages.len(),
            told,
            pins_kept: pins.iter().filter(kept).count(),
            pins: pins.len(),
            request_kept: asked.last().is_some_and(|text| text == REQUEST),
        })
    }

    /// What the host took for it, the model's time apart.
    #[must_use]
    pub fn host_time(&self) -> Duration {
        self.told.host_time
    }

    /// Whether a model wrote the summary.
    #[must_use]
    pub fn is_summarized(&self) -> bool {
        self.told.method == CompressionMethod::Summarized
    }
}

/// The log that a run of these messages leaves.
#[must_use]
pub fn log(messages: &[Message]) -> Vec<Entry> {
    let entry = |kind: &str, payload| Entry {
        seq: 0,
        time_ms: 0,
        kind: kind.to_owned(),
        text: String::new(),
        vector: None,
        payload,
    };
    let header = json!({ "created_ms": 0, "model": "measured" });
    let mut entries = vec![entry(session::SESSION, header)];
    for message in messages {
        match message.role {
            Role::Tool => entries.extend(
                message
                    .tool_results()
                    .map(|result| entry(session::TOOL_RESULT, json!(result))),
            ),
            _ => entries.push(entry(session::MESSAGE, json!(message))),
        }
    }
    entries
}

/// Tokens of the texts alone, so that the whole conversation has more.
#[must_use]
pub fn tokens(messages: &[Message]) -> u64 {
    let tokenizer = Tokenizer::for_model("gpt-4o");
    let text = |message: &Message| match message.role {
        Role::Tool => message.tool_results().map(ToolResult::text).collect(),
        _ => message.text(),
    };
    messages.iter().map(|it| tokenizer.count(&text(it))).sum()
}

/// Lines of the older half that somebody might want to keep.
fn pins(messages: &[Message]) -> Vec<String> {
    let older = messages.iter().take(messages.len() / 2);
    let texts = older.map(Message::text).collect::<Vec<_>>();
    let lines = texts.iter().flat_map(|text| text.lines());
    let lines: Vec<_> = lines
        .filter(|line| (40..160).contains(&line.len()))
        .collect();
    let step = (lines.len() / PINS).max(1);
    let mut pins: Vec<String> = Vec::new();
    for line in lines.into_iter().step_by(step).take(PINS) {
        let line = line.trim().to_owned();
        if !pins.contains(&line) {
            pins.push(line);
        }
    }
    pins
}

/// The first sentence of each thing that the person said.
fn record(texts: &[String]) -> String {
    let conversation = texts.last().map_or("", String::as_str);
    let lines = conversation.lines();
    let said = lines.filter_map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).ok()?;
        let text = (line["role"] == "user").then(|| line["text"].as_str().map(str::to_owned));
        let text = text.flatten()?;
        let sentence = text.split(['.', '\n']).next()?.trim().to_owned();
        (!sentence.is_empty()).then_some(sentence)
    });
    let said: Vec<_> = said.collect();
    json!({
        "task_overview": said.first().into_iter().collect::<Vec<_>>(),
        "key_decisions": [], "progress": said, "blockers": [], "open_items": [],
        "context": ["They work in one repository."], "next_steps": [],
    })
    .to_string()
}
