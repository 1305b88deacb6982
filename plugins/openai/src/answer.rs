//! From the chunks of an answer to the contract's events. Bytes are read in `stream`.

use loom_sdk::Error;
use loom_sdk::llm::{Event, StopReason, Usage, wire_error};
use serde_json::Value;

use crate::error;
use crate::request::reasoning_state;
use crate::text_call::{Outcome, Watch};
use crate::tool_calls::ToolCalls;
use crate::wire::{Chunk, Content, ContentPart, Delta, TokenUsage};

/// An answer so far.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    /// Present while the text could still be a tool call.
    watch: Option<Watch>,
    calls: ToolCalls,
    /// The field in which reasoning comes in, while it does.
    reasoning: Option<&'static str>,
    usage: Option<Usage>,
    finish_reason: String,
    was_refused: bool,
}

impl Answer {
    pub(crate) fn new(watch: Option<Watch>, id_prefix: String) -> Self {
        Self {
            watch,
            calls: ToolCalls::new(id_prefix),
            reasoning: None,
            usage: None,
            finish_reason: String::new(),
            was_refused: false,
        }
    }

    /// Whether the server said why it stopped.
    pub(crate) fn has_stopped(&self) -> bool {
        !self.finish_reason.is_empty()
    }

    /// Takes one chunk of a stream, or a whole answer.
    ///
    /// # Errors
    ///
    /// What the server reports in it, or `unavailable` if it is something else.
    pub(crate) fn push(&mut self, value: Value, events: &mut Vec<Event>) -> Result<(), Error> {
        if let Some(error) = wire_error::from_value(&value) {
            return Err(error);
        }
        if value.get("choices").is_none() && value.get("usage").is_none() {
            events.push(Event::Other(value.to_string()));
            return Ok(());
        }
        let chunk: Chunk =
            serde_json::from_value(value).map_err(|why| error::not_understood(&why))?;
        // Only one answer was asked for.
        let choices = chunk.choices.into_iter();
        for choice in choices.filter(|choice| choice.index.unwrap_or(0) == 0) {
            if let Some(delta) = choice.delta.or(choice.message) {
                self.delta(delta, events);
            }
            if choice.finish_reason == "error" {
                return Err(error::failed());
            }
            if !choice.finish_reason.is_empty() {
                self.finish_reason = choice.finish_reason;
            }
        }
        if let Some(usage) = chunk.usage {
            self.usage(usage, events);
        }
        Ok(())
    }

    /// The answer is complete.
    pub(crate) fn finish(&mut self, events: &mut Vec<Event>) {
        self.end_reasoning(events);
        if let Some(watch) = self.watch.take() {
            self.end_watch(watch, events);
        }
        self.calls.finish(events);
        events.push(Event::Stop(self.stop_reason()));
    }

    fn delta(&mut self, delta: Delta, events: &mut Vec<Event>) {
        self.reasoning(
            "reasoning",
            delta.reasoning,
            &delta.reasoning_content,
            events,
        );
        self.reasoning("reasoning_content", delta.reasoning_content, "", events);
        match delta.content {
            Some(Content::Text(text)) => self.text(text, events),
            Some(Content::Parts(parts)) => self.parts(parts, events),
            None => {}
        }
        if !delta.refusal.is_empty() {
            self.was_refused = true;
            self.release(events);
            self.text(delta.refusal, events);
        }
        if !delta.tool_calls.is_empty() {
            self.end_reasoning(events);
            self.release(events);
            self.calls.push(delta.tool_calls, events);
        }
    }

    /// Some servers send the same reasoning in two fields; `elsewhere` is the other one.
    fn reasoning(
        &mut self,
        field: &'static str,
        text: String,
        elsewhere: &str,
        events: &mut Vec<Event>,
    ) {
        if !text.is_empty() && elsewhere.is_empty() {
            self.reasoning = Some(field);
            events.push(Event::Reasoning(text));
        }
    }

    fn end_reasoning(&mut self, events: &mut Vec<Event>) {
        if let Some(field) = self.reasoning.take() {
            events.push(Event::ReasoningEnd(Some(reasoning_state(field))));
        }
    }

    fn parts(&mut self, parts: Vec<ContentPart>, events: &mut Vec<Event>) {
        for part in parts {
            match part {
                ContentPart::Text { text } => self.text(text, events),
                ContentPart::Thinking { thinking } => {
                    let texts = thinking.into_iter().filter_map(|part| match part {
                        ContentPart::Text { text } => Some(text),
                        _ => None,
                    });
                    self.reasoning("content", texts.collect(), "", events);
                }
                ContentPart::Other => {}
            }
        }
    }

    fn text(&mut self, text: String, events: &mut Vec<Event>) {
        if text.is_empty() {
            return;
        }
        self.end_reasoning(events);
        let Some(watch) = &mut self.watch else {
            events.push(Event::Text(text));
            return;
        };
        if let Some(text) = watch.push(&text) {
            self.watch = None;
            events.push(Event::Text(text));
        }
    }

    /// Passes on the text that was held back: this answer has other parts.
    fn release(&mut self, events: &mut Vec<Event>) {
        if let Some(watch) = self.watch.take() {
            events.extend(watch.into_text().map(Event::Text));
        }
    }

    fn end_watch(&mut self, watch: Watch, events: &mut Vec<Event>) {
        match watch.finish() {
            Outcome::Calls(calls) => {
                for call in calls {
                    self.calls.push_text(call, events);
                }
            }
            Outcome::Text(text) if text.is_empty() => {}
            Outcome::Text(text) => events.push(Event::Text(text)),
        }
    }

    fn usage(&mut self, usage: TokenUsage, events: &mut Vec<Event>) {
        let usage = Usage::from(usage);
        if self.usage != Some(usage) {
            self.usage = Some(usage);
            events.push(Event::Usage(usage));
        }
    }

    /// Servers say `stop` after tool calls and `tool_calls` without any, so the calls decide.
    fn stop_reason(&self) -> StopReason {
        match self.finish_reason.as_str() {
            "length" | "max_tokens" | "model_length" => StopReason::MaxOutputTokens,
            "content_filter" => StopReason::ContentFilter,
            _ if !self.calls.is_empty() => StopReason::ToolUse,
            _ if self.was_refused => StopReason::ContentFilter,
            // Nothing at all is possible only in an answer that came in one piece.
            "" | "stop" | "tool_calls" | "function_call" | "end_turn" | "eos" => {
                StopReason::EndTurn
            }
            other => StopReason::Other(other.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests;
