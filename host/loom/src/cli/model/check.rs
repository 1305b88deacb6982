//! Asks models for a word and for a tool call.

use std::sync::Arc;
use std::time::Duration;

use crate::{Config, Loom};
use futures::StreamExt as _;
use futures::future::join_all;
use loom_types::{
    CompletionContext, Error, Message, ModelEvent, ModelRequest, Provider, StopReason,
    ToolDefinition, Usage,
};
use serde::Serialize;
use serde_json::json;
use tokio::time::{Instant, timeout};

use crate::config::PoolMember;
use crate::fault::{Exit, Fault};
use crate::output;
use crate::render::text::{duration, one_line};

/// A model that was not loaded yet may take this long.
const PATIENCE: Duration = Duration::from_secs(120);

/// What one question gave.
#[derive(Debug, Default, Serialize)]
struct Answer {
    text: String,
    tool_calls: u32,
    usage: Usage,
    stop: Option<StopReason>,
    first_event_ms: u64,
    total_ms: u64,
}

/// What came of a model. Without a word nobody asked for a tool call.
struct Checked {
    name: String,
    word: Result<Answer, Error>,
    tool: Option<Result<Answer, Error>>,
}

/// Checks the models that may answer, all at the same time.
pub(super) async fn run(config: &Config, loom: &Loom, as_json: bool) -> anyhow::Result<Exit> {
    if let [only] = config.pool.as_slice() {
        return one(check(loom, only).await?, as_json);
    }
    let checks = config.pool.iter().map(|member| async {
        let unusable = |problem: anyhow::Error| Checked {
            name: member.name(),
            word: Err(of_host(&problem)),
            tool: None,
        };
        check(loom, member).await.unwrap_or_else(unusable)
    });
    several(&join_all(checks).await, as_json)
}

fn one(checked: Checked, as_json: bool) -> anyhow::Result<Exit> {
    if as_json {
        output::print_json(&checked.to_json())?;
    } else {
        output::print(&checked.report())?;
    }
    match checked.word {
        Ok(_) => Ok(Exit::Done),
        Err(_) if as_json => Ok(Exit::Failed),
        Err(error) => Err(error.into()),
    }
}

fn several(all: &[Checked], as_json: bool) -> anyhow::Result<Exit> {
    if as_json {
        let all: Vec<_> = all.iter().map(Checked::to_json).collect();
        output::print_json(&all)?;
    } else {
        let reports: Vec<_> = all.iter().map(Checked::report).collect();
        output::print(&reports.join("\n"))?;
    }
    let mut failed = 0;
    for Checked { name, word, .. } in all {
        if let Err(error) = word {
            failed += 1;
            output::warning(&format!("{name}: {error}; {}", error.advice()));
        }
    }
    if failed == 0 {
        return Ok(Exit::Done);
    }
    let fault = Fault::failed(format!("{failed} of {} models do not answer", all.len()));
    Err(fault.into())
}

/// What the host has against a model, as an error of the model.
fn of_host(problem: &anyhow::Error) -> Error {
    match problem.downcast_ref::<Error>() {
        Some(error) => error.clone(),
        None => Error::not_found(format!("{problem:#}")),
    }
}

async fn check(loom: &Loom, member: &PoolMember) -> anyhow::Result<Checked> {
    let provider = loom.provider(&member.provider).await?;
    let model = match &member.model {
        Some(model) => model.clone(),
        None => first_model(provider.as_ref()).await?,
    };
    let word = ask(provider.as_ref(), word(&model)).await;
    let tool = match &word {
        Ok(_) => Some(ask(provider.as_ref(), tool(&model)).await),
        Err(_) => None,
    };
    let name = format!("{}/{model}", member.provider);
    Ok(Checked { name, word, tool })
}

async fn first_model(provider: &dyn Provider) -> anyhow::Result<String> {
    let models = provider.models().await?;
    let first = models.into_iter().next();
    let missing = || Error::not_found(format!("{} lists no models", provider.name()));
    Ok(first.ok_or_else(missing)?.id)
}

fn word(model: &str) -> ModelRequest {
    request(model, "Answer with the one word: ok")
}

fn tool(model: &str) -> ModelRequest {
    let schema = json!({
        "type": "object",
        "properties": { "text": { "type": "string" } },
        "required": ["text"],
    });
    let echo = ToolDefinition::new("echo", "Repeats a text.", schema);
    ModelRequest {
        tools: vec![Arc::new(echo)],
        ..request(model, "Call the tool echo with the text: ok")
    }
}

fn request(model: &str, text: &str) -> ModelRequest {
    ModelRequest {
        model: model.to_owned(),
        messages: vec![Arc::new(Message::user(text))],
        ..ModelRequest::default()
    }
}

async fn ask(provider: &dyn Provider, request: ModelRequest) -> Result<Answer, Error> {
    let context = CompletionContext::standalone();
    let answer = timeout(PATIENCE, follow(provider, request, &context)).await;
    answer.unwrap_or_else(|_| {
        let message = format!("no whole answer within {} s", PATIENCE.as_secs());
        Err(Error::timeout(message))
    })
}

async fn follow(
    provider: &dyn Provider,
    request: ModelRequest,
    context: &CompletionContext,
) -> Result<Answer, Error> {
    let start = Instant::now();
    let elapsed = || u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    let mut answer = Answer::default();
    let mut events = provider.complete(request, context).await?;
    let mut first = None;
    while let Some(event) = events.next().await {
        first.get_or_insert_with(elapsed);
        match event? {
            ModelEvent::Text { text } => answer.text.push_str(&text),
            ModelEvent::ToolCallStart { .. } => answer.tool_calls += 1,
            ModelEvent::Usage { usage } => answer.usage = usage,
            ModelEvent::Stop { reason } => answer.stop = Some(reason),
            _ => {}
        }
    }
    answer.first_event_ms = first.unwrap_or_default();
    answer.total_ms = elapsed();
    if answer.stop.is_none() {
        return Err(Error::unavailable("the answer was cut off"));
    }
    Ok(answer)
}

impl Checked {
    fn report(&self) -> String {
        let mut text = format!("{}\n", self.name);
        let mut line = |mark: &str, what: &str| text.push_str(&format!("{mark} {what}\n"));
        match &self.word {
            Ok(answer) => {
                let time = |ms| duration(Duration::from_millis(ms));
                let first = time(answer.first_event_ms);
                let total = time(answer.total_ms);
                line("✓", &format!("answers: {}", one_line(&answer.text, 60)));
                line(
                    "✓",
                    &format!("first event after {first}, all after {total}"),
                );
                let usage = answer.usage;
                let counts = format!(
                    "{} tokens in, {} out",
                    usage.input_tokens, usage.output_tokens
                );
                line("✓", &counts);
            }
            Err(_) => line("✗", "does not answer"),
        }
        match &self.tool {
            Some(Ok(answer)) if answer.tool_calls > 0 => line("✓", "calls tools"),
            Some(Ok(_)) => line("✗", "did not call the tool it was asked to call"),
            Some(Err(error)) => line("✗", &format!("fails when it is given tools: {error}")),
            None => {}
        }
        text
    }

    fn to_json(&self) -> serde_json::Value {
        let tool = self.tool.as_ref().map(to_json);
        json!({ "model": self.name, "text": to_json(&self.word), "tools": tool })
    }
}

fn to_json(answer: &Result<Answer, Error>) -> serde_json::Value {
    match answer {
        Ok(answer) => json!(answer),
        Err(error) => json!({ "error": error }),
    }
}
