//! A model that knows nothing but what it is shown, in a window of `window` tokens (a setting; a token
//! has four bytes here). It refuses longer questions, answers "what is NAME?" with the sentence "NAME is
//! …" if it can see one, keeps such sentences when it is asked for a record of a conversation, and
//! chatters otherwise, `words` words long.

use loom_sdk::error::{Error, ErrorKind, Result};
use loom_sdk::llm::{Event, Message, Model, Part, Provider, Request, Role, StopReason, Usage};
use serde_json::json;

pub struct Reader;

impl Provider for Reader {
    type Completion = std::vec::IntoIter<Result<Vec<Event>>>;

    fn models() -> Result<Vec<Model>> {
        Ok(vec![Model {
            id: "reader".into(),
            context_window: Some(setting("window", 2000)),
            max_output_tokens: None,
            tools: true,
            images: false,
            reasoning: false,
        }])
    }

    fn complete(request: Request) -> Result<Self::Completion> {
        let texts: Vec<String> = request.messages.iter().map(text_of).collect();
        let tools = request.tools.iter();
        let tools =
            tools.map(|tool| tool.name.len() + tool.description.len() + tool.input_schema.len());
        let bytes = texts.iter().map(String::len).sum::<usize>() + tools.sum::<usize>();
        let tokens = (bytes / 4) as u64;
        let window = setting("window", 2000);
        if tokens > window {
            return Err(Error {
                details: Some(json!({"context_overflow": true}).to_string()),
                ..Error::new(
                    ErrorKind::InvalidInput,
                    format!("{tokens} tokens do not fit into {window}"),
                )
            });
        }
        let answer = match request.output_schema {
            Some(_) => record(&texts),
            None => reply(&request.messages, &texts),
        };
        let usage = Usage {
            input_tokens: tokens,
            output_tokens: (answer.len() / 4) as u64,
            cache_read_tokens: 0,
            cache_write_tokens: 0,
            reasoning_tokens: 0,
        };
        let events = vec![
            Event::Text(answer),
            Event::Usage(usage),
            Event::Stop(StopReason::EndTurn),
        ];
        Ok(vec![Ok(events)].into_iter())
    }
}

/// The answer to what the person asked last.
fn reply(messages: &[Message], texts: &[String]) -> String {
    let mut asked = messages.iter().zip(texts);
    let asked = asked.rfind(|(message, _)| message.role == Role::User);
    let asked = asked.map_or("", |(_, text)| text);
    let name = asked
        .strip_prefix("what is ")
        .and_then(|rest| rest.strip_suffix('?'));
    if let Some(name) = name {
        let known = texts.iter().flat_map(|text| facts(text));
        let mut about = known.filter(|fact| fact.starts_with(&format!("{name} is ")));
        return about
            .next()
            .unwrap_or_else(|| format!("I do not know what {name} is."));
    }
    let words = setting("words", 60);
    (0..words).map(|n| format!("chatter{n} ")).collect()
}

/// A record of a conversation, as the host wants it.
fn record(texts: &[String]) -> String {
    let mut known: Vec<String> = texts.iter().skip(1).flat_map(|text| facts(text)).collect();
    known.sort();
    known.dedup();
    json!({
        "task_overview": ["The person and the assistant talk."],
        "key_decisions": [], "progress": ["They talked."], "blockers": [], "open_items": [],
        "context": known, "next_steps": [],
    })
    .to_string()
}

/// Sentences such as "the code is 4711.", as far as the name has two words.
fn facts(text: &str) -> Vec<String> {
    let sentences = text.split(['.', '\n', '"', '\\']);
    let sentences = sentences.map(|sentence| sentence.trim().trim_start_matches("- "));
    let facts = sentences.filter(|sentence| {
        let words: Vec<_> = sentence.split(' ').collect();
        words.len() < 12 && words.get(2) == Some(&"is") && words[0] == "the"
    });
    facts.map(|fact| format!("{fact}.")).collect()
}

fn text_of(message: &Message) -> String {
    let parts = message.parts.iter().map(|part| match part {
        Part::Text(text) => text.clone(),
        Part::ToolCall(call) => call.arguments.clone(),
        Part::ToolResult(result) => format!("{:?}", result.content),
        _ => String::new(),
    });
    parts.collect()
}

fn setting(name: &str, default: u64) -> u64 {
    let set = loom_sdk::host::config(name);
    set.and_then(|text| text.parse().ok()).unwrap_or(default)
}

loom_sdk::export_provider!(Reader);
loom_sdk::manifest!("reader.toml");
