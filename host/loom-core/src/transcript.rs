//! The conversation as the model sees it, rebuilt from a session's records or grown by a run. Holds no
//! I/O; the journal writes first, then this follows.

use std::sync::Arc;

use loom_types::{CallId, Message, Part, Role, ToolCall, ToolResult};

use crate::reply;
use crate::session::Record;

/// Messages in order, and the tool calls that wait for results.
#[derive(Debug, Default)]
pub(crate) struct Transcript {
    messages: Vec<Arc<Message>>,
    open: Option<OpenCalls>,
    /// Messages of the person that were written down while calls were open. A result must follow its
    /// call directly, so they come after all results.
    deferred: Vec<Arc<Message>>,
}

/// The calls of the last assistant message, not all of them answered.
#[derive(Debug)]
struct OpenCalls {
    calls: Vec<ToolCall>,
    results: Vec<Option<ToolResult>>,
}

/// What the conversation needs next.
#[derive(Debug)]
pub(crate) enum Next {
    /// Somebody has to say something first.
    Input,
    /// The model answers.
    Model,
    /// Nothing: this is the answer.
    Answer(Arc<Message>),
}

impl Transcript {
    /// Adds what a record says. Records that do not fit, which only a foreign writer can make, are
    /// bent so that the conversation stays one that providers accept.
    pub(crate) fn push(&mut self, record: Record) {
        match record {
            Record::Header(_) | Record::Unknown => {}
            Record::Message(message) => self.push_message(Arc::new(message)),
            Record::ToolResult(result) => self.push_result(result),
        }
    }

    /// Adds a message.
    pub(crate) fn push_message(&mut self, message: Arc<Message>) {
        match message.role {
            Role::User | Role::System if self.open.is_some() => self.deferred.push(message),
            Role::Tool => {
                for result in message.tool_results() {
                    self.push_result(result.clone());
                }
            }
            Role::User | Role::System => self.messages.push(message),
            Role::Assistant => self.push_assistant(message),
        }
    }

    fn push_assistant(&mut self, message: Arc<Message>) {
        self.close_open_calls();
        let calls: Vec<_> = message.tool_calls().cloned().collect();
        self.messages.push(message);
        if !calls.is_empty() {
            let results = vec![None; calls.len()];
            self.open = Some(OpenCalls { calls, results });
        }
    }

    /// Adds the result of an open call; with the last one the tool message is complete. A result
    /// without an open call is dropped.
    pub(crate) fn push_result(&mut self, result: ToolResult) {
        let Some(open) = &mut self.open else {
            tracing::warn!(call_id = %result.call_id, "a tool result without a call was skipped");
            return;
        };
        match open.waiting(&result.call_id) {
            Some(index) => open.results[index] = Some(result),
            None => tracing::warn!(call_id = %result.call_id, "a second tool result was skipped"),
        }
        if open.results.iter().all(Option::is_some) {
            self.close_open_calls();
        }
    }

    /// The calls without a result, in call order.
    pub(crate) fn open_calls(&self) -> Vec<ToolCall> {
        let Some(open) = &self.open else {
            return Vec::new();
        };
        let calls = open.calls.iter().zip(&open.results);
        let unanswered = calls.filter(|(_, result)| result.is_none());
        unanswered.map(|(call, _)| call.clone()).collect()
    }

    /// What the conversation needs next, when no calls are open.
    pub(crate) fn next(&self) -> Next {
        match self.messages.iter().rfind(|m| m.role != Role::System) {
            None => Next::Input,
            Some(message) if message.role == Role::Assistant => Next::Answer(Arc::clone(message)),
            Some(_) => Next::Model,
        }
    }

    /// The messages for a request. Only whole exchanges: call it when no calls are open.
    pub(crate) fn messages(&self) -> &[Arc<Message>] {
        &self.messages
    }

    /// Whether a call of this id was ever made.
    pub(crate) fn knows_call(&self, id: &CallId) -> bool {
        let calls = self
            .messages
            .iter()
            .flat_map(|message| message.tool_calls());
        calls.into_iter().any(|call| call.id == *id)
    }

    /// Puts the results into one tool message, in call order, and what was deferred after it.
    fn close_open_calls(&mut self) {
        let Some(OpenCalls { calls, results }) = self.open.take() else {
            return;
        };
        let results = calls.into_iter().zip(results).map(|(call, result)| {
            Part::ToolResult(result.unwrap_or_else(|| reply::interrupted(&call)))
        });
        let message = Message {
            role: Role::Tool,
            parts: results.collect(),
        };
        self.messages.push(Arc::new(message));
        self.messages.append(&mut self.deferred);
    }
}

impl OpenCalls {
    fn waiting(&self, id: &CallId) -> Option<usize> {
        let mut calls = self.calls.iter().zip(&self.results);
        calls.position(|(call, result)| call.id == *id && result.is_none())
    }
}

#[cfg(test)]
mod tests;
