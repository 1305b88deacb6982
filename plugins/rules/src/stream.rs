//! A reply as the events of a completion: cut to what the request allows, in pieces of a word, with
//! tokens counted. What is said is decided elsewhere.

use std::vec;

use loom_sdk::error::Result;
use loom_sdk::llm::{
    Event, Message, Part, Request, StopReason, ToolCall, ToolCallArguments, ToolCallStart, Usage,
};
use loom_sdk::tool::Content;

use crate::engine::Reply;
use crate::rule::{Ending, Tokens};

/// No tokenizer here: four bytes of text count as a token, the usual rule of thumb for English
/// (<https://help.openai.com/en/articles/4936856>).
const BYTES_PER_TOKEN: usize = 4;
/// Events handed over at once: enough to make the hand-over cheap, few enough to look alive.
const BATCH: usize = 64;
/// From here on whole lines are sent; nobody watches the words of a long file arrive.
const MAX_TEXT_IN_WORDS: usize = 4 * 1024;

/// The events of an answer, in batches.
pub(crate) type Answer = vec::IntoIter<Result<Vec<Event>>>;

/// The events of a reply to a request.
pub(crate) fn answer(reply: Reply, request: &Request) -> Answer {
    let (text, cut) = cut(&reply.text, request);
    let calls = if cut.is_some() {
        Vec::new()
    } else {
        reply.calls
    };
    let usage = usage(request, &[&reply.reasoning, text], &calls, reply.usage);
    let called = !calls.is_empty();

    let mut events: Vec<Event> = pieces(&reply.reasoning).map(Event::Reasoning).collect();
    if !events.is_empty() {
        events.push(Event::ReasoningEnd(None));
    }
    events.extend(pieces(text).map(Event::Text));
    events.extend(calls.into_iter().zip(0..).flat_map(call_events));
    events.push(Event::Usage(usage));
    let usual = if called {
        StopReason::ToolUse
    } else {
        StopReason::EndTurn
    };
    events.extend(
        match (cut, reply.stop) {
            (Some(cut), _) => Some(cut),
            (None, None) => Some(usual),
            (None, Some(stop)) => stop_reason(stop),
        }
        .map(Event::Stop),
    );
    let batches: Vec<_> = events
        .chunks(BATCH)
        .map(|batch| Ok(batch.to_vec()))
        .collect();
    batches.into_iter()
}

/// The part of a text that the request has room for, and why it ends there.
fn cut<'a>(text: &'a str, request: &Request) -> (&'a str, Option<StopReason>) {
    let sequences = request.stop_sequences.iter().filter(|s| !s.is_empty());
    let stop = sequences
        .filter_map(|sequence| text.find(&**sequence))
        .min();
    let limit = request
        .max_output_tokens
        .map(|tokens| tokens as usize * BYTES_PER_TOKEN);
    let limit = limit.filter(|limit| *limit < text.len());
    match (stop, limit) {
        (Some(stop), limit) if limit.is_none_or(|limit| stop <= limit) => {
            (&text[..stop], Some(StopReason::StopSequence))
        }
        (_, Some(limit)) => {
            let end = (0..=limit).rev().find(|&at| text.is_char_boundary(at));
            (&text[..end.unwrap_or(0)], Some(StopReason::MaxOutputTokens))
        }
        _ => (text, None),
    }
}

/// Words with the space behind them; lines if the text is long.
fn pieces(text: &str) -> impl Iterator<Item = String> {
    let end: fn(char) -> bool = if text.len() > MAX_TEXT_IN_WORDS {
        |c| c == '\n'
    } else {
        char::is_whitespace
    };
    text.split_inclusive(end).map(str::to_owned)
}

fn call_events((call, index): (ToolCall, u32)) -> [Event; 2] {
    let start = ToolCallStart {
        index,
        id: call.id,
        name: call.name,
    };
    let fragment = call.arguments;
    [
        Event::ToolCallStart(start),
        Event::ToolCallArguments(ToolCallArguments { index, fragment }),
    ]
}

fn stop_reason(stop: Ending) -> Option<StopReason> {
    match stop {
        Ending::EndTurn => Some(StopReason::EndTurn),
        Ending::ToolUse => Some(StopReason::ToolUse),
        Ending::MaxOutputTokens => Some(StopReason::MaxOutputTokens),
        Ending::StopSequence => Some(StopReason::StopSequence),
        Ending::ContentFilter => Some(StopReason::ContentFilter),
        Ending::Missing => None,
    }
}

fn usage(request: &Request, said: &[&str], calls: &[ToolCall], told: Option<Tokens>) -> Usage {
    let tools = request.tools.iter();
    let tools = tools.map(|t| t.name.len() + t.description.len() + t.input_schema.len());
    let input: usize = request
        .messages
        .iter()
        .map(message_bytes)
        .chain(tools)
        .sum();
    let calls = calls
        .iter()
        .map(|call| call.name.len() + call.arguments.len());
    let output: usize = said.iter().map(|text| text.len()).chain(calls).sum();
    let counted = Tokens {
        input: tokens(input),
        output: tokens(output),
    };
    let Tokens { input, output } = told.unwrap_or(counted);
    Usage {
        input_tokens: input,
        output_tokens: output,
        cache_read_tokens: 0,
        cache_write_tokens: 0,
        reasoning_tokens: tokens(said.first().map_or(0, |reasoning| reasoning.len())).min(output),
    }
}

fn tokens(bytes: usize) -> u64 {
    bytes.div_ceil(BYTES_PER_TOKEN) as u64
}

fn message_bytes(message: &Message) -> usize {
    let parts = message.parts.iter().map(|part| match part {
        Part::Text(text) => text.len(),
        Part::ToolCall(call) => call.name.len() + call.arguments.len(),
        Part::ToolResult(result) => result.content.iter().map(content_bytes).sum(),
        Part::Reasoning(reasoning) => reasoning.text.len(),
        // Not looked at.
        Part::Image(_) => 0,
    });
    parts.sum()
}

fn content_bytes(content: &Content) -> usize {
    match content {
        Content::Text(text) | Content::Json(text) => text.len(),
        Content::Blob(_) => 0,
    }
}

#[cfg(test)]
mod tests;
