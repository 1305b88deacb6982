//! The tool `todo`: a list that the model keeps of what it has to do, and that people and reminders
//! can watch. A run has one; it is in the session as the calls that wrote it.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use async_trait::async_trait;
use loom_types::{
    AccessMode, Content, Error, Footprint, Resource, Result, Safety, Tool, ToolContext,
    ToolDefinition, Touch,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The tool's name.
pub(crate) const NAME: &str = "todo";
const MAX_ITEMS: usize = 100;

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Todo {
    pub content: String,
    pub status: TodoStatus,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TodoStatus {
    Pending,
    InProgress,
    Completed,
}

#[derive(Deserialize)]
struct Arguments {
    todos: Vec<Todo>,
}

static DEFINITION: LazyLock<Arc<ToolDefinition>> = LazyLock::new(|| {
    let schema = json!({
        "type": "object",
        "properties": {
            "todos": {
                "type": "array",
                "maxItems": MAX_ITEMS,
                "description": "The whole list; it replaces the one before",
                "items": {
                    "type": "object",
                    "properties": {
                        "content": {"type": "string", "minLength": 1, "maxLength": 500},
                        "status": {"enum": ["pending", "in_progress", "completed"]}
                    },
                    "required": ["content", "status"],
                    "additionalProperties": false
                }
            }
        },
        "required": ["todos"],
        "additionalProperties": false
    });
    let description = "Write your list of things to do. Use it for work of three steps or more: write the \
                       steps, mark the one you work on as in_progress and each as completed as soon as it is \
                       done. The list replaces the one before.";
    let mut definition = ToolDefinition::new(NAME, description, schema);
    definition.title = Some("To-do list".to_owned());
    definition.idempotent = true;
    Arc::new(ToolDefinition {
        // What it writes is the run's own: nobody has to be asked about it.
        safety: Safety::Safe,
        ..definition
    })
});

/// The list of one run.
#[derive(Debug, Default)]
pub(crate) struct TodoTool {
    list: Mutex<Vec<Todo>>,
}

impl TodoTool {
    /// With a list that is there already.
    pub(crate) fn with(list: &[Todo]) -> Self {
        Self {
            list: Mutex::new(list.to_vec()),
        }
    }

    pub(crate) fn list(&self) -> Vec<Todo> {
        self.list
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// The list that a call writes, if its arguments are one.
pub(crate) fn parse(arguments: &str) -> Option<Vec<Todo>> {
    let arguments: Arguments = serde_json::from_str(arguments).ok()?;
    Some(arguments.todos)
}

#[async_trait]
impl Tool for TodoTool {
    fn definition(&self) -> &Arc<ToolDefinition> {
        &DEFINITION
    }

    /// Only calls that write the list are in each other's way.
    async fn footprint(&self, _: &Value) -> Footprint {
        Footprint::Resources(vec![Touch {
            mode: AccessMode::Write,
            resource: Resource::Named {
                scheme: "loom".to_owned(),
                name: NAME.to_owned(),
            },
        }])
    }

    async fn call(&self, arguments: &Value, _: &ToolContext) -> Result<Vec<Content>> {
        let Arguments { todos } = Arguments::deserialize(arguments)
            .map_err(|error| Error::invalid_input(format!("the list is not valid: {error}")))?;
        let open = todos
            .iter()
            .filter(|todo| todo.status != TodoStatus::Completed)
            .count();
        let answer = format!("{} items, {open} open", todos.len());
        *self.list.lock().unwrap_or_else(PoisonError::into_inner) = todos;
        Ok(vec![answer.into()])
    }
}

#[cfg(test)]
mod tests;
