//! What the request's messages say about where things stand: questions, answers, and which calls have
//! results. An instance lives for one completion, so this is all the memory there is.

use std::collections::HashMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use loom_sdk::llm::{Message, Part, Role, ToolCall, ToolResult};
use loom_sdk::tool::Content;

/// A conversation as a list of turns. A turn starts with something that the person said.
pub(crate) struct Conversation<'a> {
    messages: &'a [Message],
    starts: Vec<usize>,
}

/// What a person said, and what followed.
#[derive(Clone, Copy)]
pub(crate) struct Turn<'a> {
    question: Option<&'a Message>,
    after: &'a [Message],
}

/// A call and what came of it.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) id: String,
    pub(crate) tool: String,
    /// What was sent, as text.
    pub(crate) arguments: String,
    pub(crate) text: String,
    pub(crate) failed: bool,
}

/// Where a call stands in its rule. It is written into the call's id, so that a conversation tells
/// it even after the host has cut messages out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) step: usize,
    pub(crate) repeat: u32,
    /// Which of the step's calls.
    pub(crate) call: usize,
    /// Which item of its `for_each`.
    pub(crate) item: usize,
}

impl<'a> Conversation<'a> {
    pub(crate) fn new(messages: &'a [Message]) -> Self {
        let said = |message: &Message| message.role == Role::User && has_text(message);
        let starts = (0..messages.len()).filter(|&at| said(&messages[at]));
        Self {
            starts: starts.collect(),
            messages,
        }
    }

    /// How many turns there are.
    pub(crate) fn len(&self) -> usize {
        self.starts.len()
    }

    /// The turn at an index; an empty one if there is none.
    pub(crate) fn turn(&self, index: usize) -> Turn<'a> {
        let Some(&start) = self.starts.get(index) else {
            return Turn {
                question: None,
                after: &[],
            };
        };
        let end = self.starts.get(index + 1);
        let end = end.copied().unwrap_or(self.messages.len());
        Turn {
            question: Some(&self.messages[start]),
            after: &self.messages[start + 1..end],
        }
    }

    /// A text that differs from one request of a session to the next, and not between two tries of
    /// the same one.
    pub(crate) fn fingerprint(&self) -> String {
        let mut hasher = DefaultHasher::new();
        for part in self.messages.iter().flat_map(|message| &message.parts) {
            match part {
                Part::Text(text) => text.hash(&mut hasher),
                Part::ToolCall(call) => (&call.id, &call.name).hash(&mut hasher),
                Part::ToolResult(result) => result.call_id.hash(&mut hasher),
                Part::Image(_) | Part::Reasoning(_) => {}
            }
        }
        self.messages.len().hash(&mut hasher);
        format!("{:010x}", hasher.finish() & 0xff_ffff_ffff)
    }
}

impl Turn<'_> {
    /// What the person said.
    pub(crate) fn question(&self) -> String {
        self.question.map(text_of).unwrap_or_default()
    }

    /// The answer: what the model said last without calling a tool.
    pub(crate) fn answer(&self) -> String {
        let mut spoken = self.after.iter().rev();
        let answer = spoken.find(|m| m.role == Role::Assistant && calls(m).next().is_none());
        answer.map(text_of).unwrap_or_default()
    }

    /// All calls in order with what came of them.
    pub(crate) fn outcomes(&self) -> Vec<Outcome> {
        let results: HashMap<&str, &ToolResult> = self
            .after
            .iter()
            .flat_map(results)
            .map(|result| (&*result.call_id, result))
            .collect();
        let calls = self.after.iter().flat_map(calls);
        calls
            .map(|call| outcome(call, results.get(&*call.id).copied()))
            .collect()
    }
}

impl Place {
    const PREFIX: &str = "rules-";

    /// A call's id: unique in the session as long as the fingerprint is.
    pub(crate) fn id(self, fingerprint: &str) -> String {
        format!("{}{fingerprint}-{self}", Self::PREFIX)
    }

    /// The place in an id; none if another model made the call.
    pub(crate) fn of(id: &str) -> Option<Self> {
        let mut parts = id.strip_prefix(Self::PREFIX)?.split('-').skip(1);
        let place = Self {
            step: parts.next()?.parse().ok()?,
            repeat: parts.next()?.parse().ok()?,
            call: parts.next()?.parse().ok()?,
            item: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(place)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            step,
            repeat,
            call,
            item,
        } = self;
        write!(f, "{step}-{repeat}-{call}-{item}")
    }
}

fn outcome(call: &ToolCall, result: Option<&ToolResult>) -> Outcome {
    let (text, failed) = match result {
        Some(result) => (text_of_content(&result.content), result.is_error),
        None => ("the call has no result".to_owned(), true),
    };
    Outcome {
        id: call.id.clone(),
        tool: call.name.clone(),
        arguments: call.arguments.clone(),
        text,
        failed,
    }
}

fn has_text(message: &Message) -> bool {
    let mut parts = message.parts.iter();
    parts.any(|part| matches!(part, Part::Text(text) if !text.trim().is_empty()))
}

fn text_of(message: &Message) -> String {
    let texts = message.parts.iter().filter_map(|part| match part {
        Part::Text(text) => Some(&**text),
        _ => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}

fn calls(message: &Message) -> impl Iterator<Item = &ToolCall> {
    message.parts.iter().filter_map(|part| match part {
        Part::ToolCall(call) => Some(call),
        _ => None,
    })
}

fn results(message: &Message) -> impl Iterator<Item = &ToolResult> {
    message.parts.iter().filter_map(|part| match part {
        Part::ToolResult(result) => Some(result),
        _ => None,
    })
}

fn text_of_content(content: &[Content]) -> String {
    let pieces = content.iter().map(|piece| match piece {
        Content::Text(text) | Content::Json(text) => text.clone(),
        Content::Blob(blob) => format!("[{}, {} bytes]", blob.mime, blob.data.len()),
    });
    pieces.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
