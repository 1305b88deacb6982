//! From the events of a stream, or a whole message, to the contract's events. Bytes are read in
//! `stream`.

use std::collections::BTreeMap;

use loom_sdk::Error;
use loom_sdk::llm::{Event, StopReason, ToolCallArguments, ToolCallStart, Usage, wire_error};
use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::error;
use crate::wire::{Block, Delta, Message, StreamEvent, TokenUsage};

/// An answer so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Answer {
    /// By the server's index. Blocks come one after another, but some servers end them late.
    open: BTreeMap<u64, Open>,
    calls: u32,
    usage: Option<Usage>,
    stop_reason: String,
    is_over: bool,
}

/// A block that has not ended.
#[derive(Clone, Debug, PartialEq)]
enum Open {
    Text,
    ToolUse {
        call: u32,
        has_arguments: bool,
        /// What the start brought.
        input: Value,
    },
    Thinking {
        text: String,
        signature: String,
    },
    Redacted(String),
    Other,
}

impl Answer {
    /// Whether the server said why it stopped.
    pub(crate) fn has_stopped(&self) -> bool {
        !self.stop_reason.is_empty()
    }

    /// Whether the server said that nothing more comes.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Takes one event of a stream.
    ///
    /// # Errors
    ///
    /// What the server reports in it, or `unavailable` if it is something else.
    pub(crate) fn push(&mut self, value: &Value, events: &mut Vec<Event>) -> Result<(), Error> {
        if let Some(error) = wire_error::from_value(value) {
            return Err(error);
        }
        let event = StreamEvent::deserialize(value).map_err(|why| error::not_understood(&why))?;
        match event {
            StreamEvent::MessageStart { message } => self.usage(message.usage, events),
            StreamEvent::ContentBlockStart {
                index,
                content_block,
            } => self.start(index, content_block, value, events),
            StreamEvent::ContentBlockDelta { index, delta } => {
                self.delta(index, delta, value, events);
            }
            StreamEvent::ContentBlockStop { index } => self.stop(index, events),
            StreamEvent::MessageDelta { delta, usage } => {
                if !delta.stop_reason.is_empty() {
                    self.stop_reason = delta.stop_reason;
                }
                self.usage(usage, events);
            }
            StreamEvent::MessageStop => self.is_over = true,
            StreamEvent::Ping => {}
            StreamEvent::Other => events.push(Event::Other(value.to_string())),
        }
        Ok(())
    }

    /// Takes a whole message.
    ///
    /// # Errors
    ///
    /// As for [`push`](Self::push).
    pub(crate) fn push_whole(
        &mut self,
        value: &Value,
        events: &mut Vec<Event>,
    ) -> Result<(), Error> {
        if let Some(error) = wire_error::from_value(value) {
            return Err(error);
        }
        if value.get("content").is_none() {
            return Err(error::not_understood(&"there is no content in it"));
        }
        let message = Message::deserialize(value).map_err(|why| error::not_understood(&why))?;
        for (index, block) in (0..).zip(message.content) {
            let start = Block::deserialize(&block).map_err(|why| error::not_understood(&why))?;
            self.start(index, start, &block, events);
            self.stop(index, events);
        }
        self.stop_reason = message.stop_reason;
        self.usage(message.usage, events);
        Ok(())
    }

    /// The answer is complete.
    pub(crate) fn finish(&mut self, events: &mut Vec<Event>) {
        while let Some((&index, _)) = self.open.first_key_value() {
            self.stop(index, events);
        }
        events.push(Event::Stop(self.reason()));
    }

    fn start(&mut self, index: u64, block: Block, raw: &Value, events: &mut Vec<Event>) {
        self.stop(index, events);
        let open = match block {
            Block::Text { text } => {
                push_text(text, Event::Text, events);
                Open::Text
            }
            Block::ToolUse { id, name, input } => {
                let call = self.calls;
                self.calls += 1;
                events.push(Event::ToolCallStart(ToolCallStart {
                    index: call,
                    id,
                    name,
                }));
                Open::ToolUse {
                    call,
                    has_arguments: false,
                    input,
                }
            }
            Block::Thinking {
                thinking,
                signature,
            } => {
                push_text(thinking.clone(), Event::Reasoning, events);
                Open::Thinking {
                    text: thinking,
                    signature,
                }
            }
            Block::RedactedThinking { data } => Open::Redacted(data),
            Block::Other => {
                events.push(Event::Other(raw.to_string()));
                Open::Other
            }
        };
        self.open.insert(index, open);
    }

    fn delta(&mut self, index: u64, delta: Delta, raw: &Value, events: &mut Vec<Event>) {
        match (delta, self.open.get_mut(&index)) {
            (Delta::Text { text }, _) => push_text(text, Event::Text, events),
            (
                Delta::InputJson { partial_json },
                Some(Open::ToolUse {
                    call,
                    has_arguments,
                    ..
                }),
            ) if !partial_json.is_empty() => {
                *has_arguments = true;
                events.push(arguments(*call, partial_json));
            }
            (Delta::InputJson { .. }, Some(Open::ToolUse { .. })) => {}
            (Delta::Thinking { thinking }, Some(Open::Thinking { text, .. })) => {
                text.push_str(&thinking);
                push_text(thinking, Event::Reasoning, events);
            }
            (Delta::Signature { signature: piece }, Some(Open::Thinking { signature, .. })) => {
                signature.push_str(&piece);
            }
            _ => events.push(Event::Other(raw.to_string())),
        }
    }

    fn stop(&mut self, index: u64, events: &mut Vec<Event>) {
        let state = match self.open.remove(&index) {
            Some(Open::ToolUse {
                call,
                has_arguments: false,
                input,
            }) => {
                let input = if input.is_object() { input } else { json!({}) };
                events.push(arguments(call, input.to_string()));
                return;
            }
            Some(Open::Thinking { text, signature }) => {
                let block = json!({"type": "thinking", "thinking": text, "signature": signature});
                // Without a signature it is nobody's to check, and is not sent back.
                (!signature.is_empty()).then(|| block.to_string())
            }
            Some(Open::Redacted(data)) => {
                Some(json!({"type": "redacted_thinking", "data": data}).to_string())
            }
            Some(Open::Text | Open::ToolUse { .. } | Open::Other) | None => return,
        };
        events.push(Event::ReasoningEnd(state));
    }

    /// Counts only grow; one that is left out comes as zero.
    fn usage(&mut self, usage: Option<TokenUsage>, events: &mut Vec<Event>) {
        let Some(new) = usage.map(Usage::from) else {
            return;
        };
        let old = self.usage.unwrap_or_else(|| TokenUsage::default().into());
        let usage = Usage {
            input_tokens: old.input_tokens.max(new.input_tokens),
            output_tokens: old.output_tokens.max(new.output_tokens),
            cache_read_tokens: old.cache_read_tokens.max(new.cache_read_tokens),
            cache_write_tokens: old.cache_write_tokens.max(new.cache_write_tokens),
            reasoning_tokens: old.reasoning_tokens.max(new.reasoning_tokens),
        };
        if usage != old {
            self.usage = Some(usage);
            events.push(Event::Usage(usage));
        }
    }

    fn reason(&self) -> StopReason {
        match self.stop_reason.as_str() {
            "end_turn" => StopReason::EndTurn,
            "tool_use" => StopReason::ToolUse,
            // The window is a limit on the answer too.
            "max_tokens" | "model_context_window_exceeded" => StopReason::MaxOutputTokens,
            "stop_sequence" => StopReason::StopSequence,
            "refusal" => StopReason::ContentFilter,
            "" if self.calls > 0 => StopReason::ToolUse,
            "" => StopReason::EndTurn,
            other => StopReason::Other(other.to_owned()),
        }
    }
}

fn push_text(text: String, event: impl Fn(String) -> Event, events: &mut Vec<Event>) {
    if !text.is_empty() {
        events.push(event(text));
    }
}

fn arguments(index: u32, fragment: String) -> Event {
    Event::ToolCallArguments(ToolCallArguments { index, fragment })
}

#[cfg(test)]
mod tests;
