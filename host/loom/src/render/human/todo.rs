//! The model's list of what it has to do, as people read it.

use anstyle::Style;
use loom_core::{Todo, TodoStatus};
use loom_types::ToolCall;
use serde::Deserialize;

use super::super::text;
use crate::output::{CYAN, DIM, GREEN};

/// How the tool is called that writes the list.
pub(super) const TOOL: &str = "todo";
/// More of the list says no more to a person.
const SHOWN: usize = 30;

#[derive(Deserialize)]
pub(super) struct List {
    todos: Vec<Todo>,
}

/// The list that a call writes; none if it is no such call.
pub(super) fn of(call: &ToolCall) -> Option<List> {
    (call.name == TOOL).then(|| serde_json::from_str(&call.arguments).ok())?
}

impl List {
    /// `todo, 1 of 3 done`.
    pub(super) fn title(&self) -> String {
        let done = |todo: &&Todo| todo.status == TodoStatus::Completed;
        let done = self.todos.iter().filter(done).count();
        format!("{TOOL}, {done} of {} done", self.todos.len())
    }

    /// A line for each thing to do, with its mark.
    pub(super) fn lines(&self) -> impl Iterator<Item = (Style, &'static str, String)> {
        let shown = self.todos.iter().take(SHOWN).map(|todo| {
            let (style, mark) = match todo.status {
                TodoStatus::Pending => (DIM, "  ☐"),
                TodoStatus::InProgress => (CYAN, "  ◐"),
                TodoStatus::Completed => (GREEN, "  ☑"),
            };
            (style, mark, text::one_line(&todo.content, 100))
        });
        let more = self.todos.len().saturating_sub(SHOWN);
        let more = (more > 0).then(|| (DIM, "  …", format!("and {more} more")));
        shown.chain(more)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop here")]

    use super::*;
    use crate::render::events::call;

    #[test]
    fn a_list_is_told_with_its_marks() {
        let arguments = r#"{"todos":[
            {"content":"boil\nthe water","status":"completed"},
            {"content":"steep","status":"in_progress"},
            {"content":"pour","status":"pending"}]}"#;
        let list = of(&call("c1", TOOL, arguments)).unwrap();
        assert_eq!(list.title(), "todo, 1 of 3 done");
        let lines = list.lines().map(|(_, mark, text)| format!("{mark} {text}"));
        let lines: Vec<_> = lines.collect();
        assert_eq!(lines, ["  ☑ boil the water", "  ◐ steep", "  ☐ pour"]);
    }

    #[test]
    fn a_long_list_is_cut() {
        let todo = r#"{"content":"steep","status":"pending"}"#;
        let todos = vec![todo; SHOWN + 2].join(",");
        let list = of(&call("c1", TOOL, &format!("{{\"todos\":[{todos}]}}"))).unwrap();
        assert_eq!(list.lines().count(), SHOWN + 1);
        assert_eq!(list.lines().last().unwrap().2, "and 2 more");
    }

    #[test]
    fn what_is_no_list_is_shown_as_any_call() {
        assert!(of(&call("c1", TOOL, "not json")).is_none());
        assert!(of(&call("c1", TOOL, r#"{"todos":"x"}"#)).is_none());
        assert!(of(&call("c1", "todos", r#"{"todos":[]}"#)).is_none());
    }
}
