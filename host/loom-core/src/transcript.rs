//! The conversation as the model sees it, rebuilt from a session's records or grown by a run. Holds no
//! I/O; the journal writes first, then this follows.

use std::collections::HashSet;
use std::sync::Arc;

use loom_types::{CallId, Message, Part, Role, ToolCall, ToolResult};

use crate::compress::{self, Compaction};
use crate::context::{Item, Origin};
use crate::reply;
use crate::session::Record;
use crate::todo::{self, Todo};

/// Messages in order, and the tool calls that wait for results.
#[derive(Debug, Default)]
pub(crate) struct Transcript {
    items: Vec<Item>,
    open: Option<OpenCalls>,
    /// Messages of the person that were written down while calls were open. A result must follow its
    /// call directly, so they come after all results.
    deferred: Vec<Item>,
    /// Every call that was ever made, also those that a compaction took out of sight.
    calls: HashSet<CallId>,
    /// The list as the model wrote it last.
    todos: Option<Vec<Todo>>,
    pins: Vec<String>,
    compaction: Option<Compaction>,
}

/// The calls of the last assistant message, not all of them answered.
#[derive(Debug)]
struct OpenCalls {
    /// The entry of the last result so far.
    seq: u64,
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
    /// Adds what the entry `seq` says. Records that do not fit, which only a foreign writer can make,
    /// are bent so that the conversation stays one that providers accept.
    pub(crate) fn push(&mut self, seq: u64, record: Record) {
        match record {
            Record::Header(_) | Record::Unknown => {}
            Record::Message(message) => self.push_message(seq, Arc::new(message)),
            Record::ToolResult(result) => self.push_result(seq, result),
            Record::Retrieved(retrieved) => self.push_user(Item {
                seq,
                origin: Origin::Retrieved,
                message: Arc::new(Message::user(retrieved.text)),
            }),
            Record::Pin(pin) => self.pin(pin.fact),
            Record::Compaction(compaction) => self.compact(seq, *compaction),
        }
    }

    /// Adds a message.
    pub(crate) fn push_message(&mut self, seq: u64, message: Arc<Message>) {
        match message.role {
            Role::Tool => {
                for result in message.tool_results() {
                    self.push_result(seq, result.clone());
                }
            }
            Role::User | Role::System => self.push_user(said(seq, message)),
            Role::Assistant => self.push_assistant(seq, message),
        }
    }

    fn push_user(&mut self, item: Item) {
        match self.open {
            Some(_) => self.deferred.push(item),
            None => self.items.push(item),
        }
    }

    fn push_assistant(&mut self, seq: u64, message: Arc<Message>) {
        self.close_open_calls();
        let calls: Vec<_> = message.tool_calls().cloned().collect();
        for call in &calls {
            self.calls.insert(call.id.clone());
            if call.name == todo::NAME
                && let Some(todos) = todo::parse(&call.arguments)
            {
                self.todos = Some(todos);
            }
        }
        self.items.push(said(seq, message));
        if !calls.is_empty() {
            let results = vec![None; calls.len()];
            self.open = Some(OpenCalls {
                seq,
                calls,
                results,
            });
        }
    }

    /// Adds the result of an open call; with the last one the tool message is complete. A result
    /// without an open call is dropped.
    pub(crate) fn push_result(&mut self, seq: u64, result: ToolResult) {
        let Some(open) = &mut self.open else {
            tracing::warn!(call_id = %result.call_id, "a tool result without a call was skipped");
            return;
        };
        match open.waiting(&result.call_id) {
            Some(index) => {
                open.results[index] = Some(result);
                open.seq = seq;
            }
            None => tracing::warn!(call_id = %result.call_id, "a second tool result was skipped"),
        }
        if open.results.iter().all(Option::is_some) {
            self.close_open_calls();
        }
    }

    /// Adds a fact that every compaction keeps word for word.
    pub(crate) fn pin(&mut self, fact: String) {
        if !self.pins.contains(&fact) {
            self.pins.push(fact);
        }
    }

    /// Makes the conversation smaller, as the entry `seq` says.
    pub(crate) fn compact(&mut self, seq: u64, compaction: Compaction) {
        self.items = compress::apply(&compaction, seq, std::mem::take(&mut self.items));
        self.compaction = Some(compaction);
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
        let mut messages = self.items.iter().map(|item| &item.message);
        match messages.rfind(|message| message.role != Role::System) {
            None => Next::Input,
            Some(message) if message.role == Role::Assistant => Next::Answer(Arc::clone(message)),
            Some(_) => Next::Model,
        }
    }

    /// The messages for a request. Only whole exchanges: call it when no calls are open.
    pub(crate) fn messages(&self) -> impl DoubleEndedIterator<Item = &Arc<Message>> {
        self.items.iter().map(|item| &item.message)
    }

    /// The messages with what is known of them.
    pub(crate) fn items(&self) -> &[Item] {
        &self.items
    }

    /// Whether a call of this id was ever made.
    pub(crate) fn knows_call(&self, id: &CallId) -> bool {
        self.calls.contains(id)
    }

    /// The list as the model wrote it last.
    pub(crate) fn todos(&self) -> Option<&[Todo]> {
        self.todos.as_deref()
    }

    /// Facts that were pinned in the session.
    pub(crate) fn pins(&self) -> &[String] {
        &self.pins
    }

    /// The last compaction.
    pub(crate) fn compaction(&self) -> Option<&Compaction> {
        self.compaction.as_ref()
    }

    /// Puts the results into one tool message, in call order, and what was deferred after it.
    fn close_open_calls(&mut self) {
        let Some(OpenCalls {
            seq,
            calls,
            results,
        }) = self.open.take()
        else {
            return;
        };
        let results = calls.into_iter().zip(results).map(|(call, result)| {
            Part::ToolResult(result.unwrap_or_else(|| reply::interrupted(&call)))
        });
        let message = Message {
            role: Role::Tool,
            parts: results.collect(),
        };
        self.items.push(said(seq, Arc::new(message)));
        self.items.append(&mut self.deferred);
    }
}

fn said(seq: u64, message: Arc<Message>) -> Item {
    Item {
        seq,
        origin: Origin::Said,
        message,
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
