//! How the tool `task` describes itself to the model.

use std::fmt::Write as _;

use loom_types::{Safety, ToolDefinition};
use serde_json::json;

use super::{NAME, SubAgents};

/// The definition, with the agents there are.
pub(super) fn of(agents: &SubAgents) -> ToolDefinition {
    let names: Vec<_> = agents.agents.iter().map(|agent| &agent.name).collect();
    let mut schema = json!({
        "type": "object",
        "properties": {
            "description": {
                "type": "string", "minLength": 1, "maxLength": 200,
                "description": "The task in a few words, for people who watch"
            },
            "prompt": {
                "type": "string", "minLength": 1,
                "description": "All that the agent has to know: it sees nothing of this conversation. Say \
                                what it is to find out or do, and what to report"
            },
            "agent": {"enum": names, "description": "Which agent does it"},
        },
        "required": ["description", "prompt", "agent"],
        "additionalProperties": false
    });
    if !agents.models.is_empty() {
        schema["properties"]["model"] = json!({
            "enum": agents.models,
            "description": "Only if the task needs another model than the agent's own"
        });
    }
    let mut description = String::from(
        "Give a task to an agent that works on its own, with its own context, and reports back. Use it for \
         work that reads much and has a short result, and for parts that can be done side by side (call it \
         several times in one answer). Agents:",
    );
    for agent in &agents.agents {
        let _ = write!(description, "\n- {}: {}", agent.name, agent.description);
    }
    let definition = ToolDefinition::new(NAME, description, schema);
    ToolDefinition {
        title: Some("Sub-agent".to_owned()),
        // It does nothing by itself, and each call of the agent that it starts is judged on its own.
        safety: Safety::Safe,
        ..definition
    }
}
