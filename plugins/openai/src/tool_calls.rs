//! Puts the pieces of tool calls together. The index tells the calls of an answer apart, except
//! where servers leave it out, give it twice, repeat names and ids, or send calls in one piece.

use loom_sdk::llm::{Event, ToolCallArguments, ToolCallStart};
use serde_json::Value;

use crate::text_call;
use crate::wire;

/// The calls of one answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ToolCalls {
    /// Begins the ids that are made up here.
    id_prefix: String,
    calls: Vec<Call>,
}

#[derive(Clone, Debug, PartialEq)]
struct Call {
    wire_index: Option<u64>,
    wire_id: String,
    id: String,
    /// Empty until the server has told it; nothing is passed on before.
    name: String,
    arguments: String,
}

impl ToolCalls {
    pub(crate) fn new(id_prefix: String) -> Self {
        Self {
            id_prefix,
            calls: Vec::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Takes the pieces of one chunk, which belong to different calls.
    pub(crate) fn push(&mut self, pieces: Vec<wire::ToolCall>, events: &mut Vec<Event>) {
        let mut touched = Vec::new();
        for piece in pieces {
            let at = match self.find(&piece, &touched) {
                Some(at) => at,
                None => self.begin(&piece),
            };
            touched.push(at);
            self.extend(at, piece.function, events);
        }
    }

    /// Takes a call that was written as text.
    pub(crate) fn push_text(&mut self, call: text_call::Call, events: &mut Vec<Event>) {
        let at = self.begin(&wire::ToolCall::default());
        let function = wire::Function {
            name: call.name,
            arguments: call.arguments,
        };
        self.extend(at, function, events);
    }

    /// The answer ended: a call without arguments gets an empty object.
    pub(crate) fn finish(&mut self, events: &mut Vec<Event>) {
        for at in 0..self.calls.len() {
            if self.calls[at].name.is_empty() {
                events.push(self.start(at));
            }
            if self.calls[at].arguments.trim().is_empty() {
                events.push(arguments(at, "{}".to_owned()));
            } else if self.calls[at].name.is_empty() {
                events.push(arguments(at, self.calls[at].arguments.clone()));
            }
        }
    }

    /// The call that a piece continues.
    fn find(&self, piece: &wire::ToolCall, touched: &[usize]) -> Option<usize> {
        let same_index = |call: &Call| {
            piece.index.is_none() || call.wire_index.is_none() || call.wire_index == piece.index
        };
        let has_name = !piece.function.name.is_empty();
        if !piece.id.is_empty() {
            let repeated =
                self.last(|call| call.wire_id == piece.id && (same_index(call) || !has_name));
            if repeated.is_some() || has_name {
                return repeated;
            }
        }
        let at = match piece.index {
            Some(_) => self.last(same_index),
            None => self.calls.len().checked_sub(1),
        }?;
        if !has_name {
            return Some(at);
        }
        let call = &self.calls[at];
        let is_repeated = call.name.is_empty()
            || (call.name == piece.function.name
                && !is_complete(&call.arguments)
                && !touched.contains(&at));
        is_repeated.then_some(at)
    }

    fn last(&self, is_it: impl Fn(&Call) -> bool) -> Option<usize> {
        self.calls.iter().rposition(is_it)
    }

    fn begin(&mut self, piece: &wire::ToolCall) -> usize {
        let at = self.calls.len();
        let is_new = !piece.id.is_empty() && self.calls.iter().all(|call| call.id != piece.id);
        let id = if is_new {
            piece.id.clone()
        } else {
            format!("{}{at}", self.id_prefix)
        };
        self.calls.push(Call {
            wire_index: piece.index,
            wire_id: piece.id.clone(),
            id,
            name: String::new(),
            arguments: String::new(),
        });
        at
    }

    fn extend(&mut self, at: usize, function: wire::Function, events: &mut Vec<Event>) {
        // More than a whole object can only be the same call once more.
        let is_repeat = is_complete(&self.calls[at].arguments);
        let fragment = if is_repeat {
            String::new()
        } else {
            function.arguments
        };
        let call = &mut self.calls[at];
        call.arguments.push_str(&fragment);
        if !call.name.is_empty() {
            if !fragment.is_empty() {
                events.push(arguments(at, fragment));
            }
        } else if !function.name.is_empty() {
            call.name = function.name;
            let so_far = call.arguments.clone();
            events.push(self.start(at));
            if !so_far.is_empty() {
                events.push(arguments(at, so_far));
            }
        }
    }

    fn start(&self, at: usize) -> Event {
        let Call { id, name, .. } = &self.calls[at];
        Event::ToolCallStart(ToolCallStart {
            index: index(at),
            id: id.clone(),
            name: name.clone(),
        })
    }
}

fn arguments(at: usize, fragment: String) -> Event {
    Event::ToolCallArguments(ToolCallArguments {
        index: index(at),
        fragment,
    })
}

fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Whether a text is a JSON object. The look at its last character spares parsing at every piece.
fn is_complete(arguments: &str) -> bool {
    let arguments = arguments.trim();
    arguments.ends_with('}') && matches!(serde_json::from_str(arguments), Ok(Value::Object(_)))
}

#[cfg(test)]
mod tests;
