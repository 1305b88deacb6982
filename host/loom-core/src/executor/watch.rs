//! What the executor remembers of a run for the reminders, and to see that it goes in circles.

use std::sync::Arc;

use loom_types::{ToolCall, ToolResult, Usage};

use crate::reminder::{CallRecord, Given, Hint, repetitions};
use crate::todo::{self, Todo, TodoTool};
use crate::{Reminders, RunView};

/// More calls than any rule looks at; a run of thousands keeps no more of them in memory.
const KEPT_CALLS: usize = 100;

/// The memory of one run.
#[derive(Default)]
pub(super) struct Watch {
    calls: Vec<CallRecord>,
    given: Given,
    todo: Option<Arc<TodoTool>>,
    /// The turn in which the list was last written.
    todo_turn: u32,
    context_tokens: Option<u64>,
    /// The turns after which the conversation was made smaller.
    compressions: Vec<u32>,
}

/// What it cannot know by itself.
pub(super) struct Surroundings {
    pub(super) turn: u32,
    pub(super) context_window: Option<u64>,
    pub(super) budget: Option<(f64, loom_types::Limit)>,
}

impl Watch {
    pub(super) fn with_todo(todo: Option<Arc<TodoTool>>) -> Self {
        Self {
            todo,
            ..Self::default()
        }
    }

    pub(super) fn saw_answer(&mut self, usage: Usage) {
        let tokens = usage.total_tokens();
        if tokens > 0 {
            self.context_tokens = Some(tokens);
        }
    }

    pub(super) fn saw_compression(&mut self, turn: u32) {
        self.compressions.push(turn);
    }

    pub(super) fn saw_call(&mut self, turn: u32, call: ToolCall, result: &ToolResult) {
        if call.name == todo::NAME && !result.is_error {
            self.todo_turn = turn;
        }
        if self.calls.len() == 2 * KEPT_CALLS {
            self.calls.drain(..KEPT_CALLS);
        }
        self.calls.push(CallRecord {
            turn,
            tool: call.name,
            arguments: call.arguments,
            failed: result.is_error,
        });
    }

    /// In how many turns in a row the last call was made and failed.
    pub(super) fn repeated_failures(&self) -> u32 {
        repetitions(&self.calls, |call| call.failed)
    }

    /// The hints that are due before the next question.
    pub(super) fn hints(&mut self, rules: &Reminders, around: Surroundings) -> Vec<Hint> {
        let todos: Vec<Todo> = self
            .todo
            .as_ref()
            .map(|todo| todo.list())
            .unwrap_or_default();
        let view = RunView {
            turn: around.turn,
            calls: &self.calls,
            context_tokens: self.context_tokens,
            context_window: around.context_window,
            compressions: &self.compressions,
            budget: around.budget,
            todos: &todos,
            turns_since_todo: around.turn.saturating_sub(self.todo_turn),
        };
        self.given.due(rules, &view)
    }
}
