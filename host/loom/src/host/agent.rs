//! From the configuration to what an agent is made of: limits, budget, reminders, sub-agents.

use std::sync::Arc;

use loom_core::{
    BudgetLimits, CompressionOptions, Limits, Pool, Reminders, SubAgent, SubAgentModel, SubAgents,
};
use loom_types::Provider;

use super::{Loom, models};
use crate::agents::{self, AgentDefinition};
use crate::config::Config;

pub(super) fn limits(config: &Config) -> Limits {
    Limits {
        turns: config.limits.turns,
        wall_time: config.limits.wall_time,
        output_tokens: config.limits.output_tokens,
        tool_timeout: config.limits.tool_timeout,
        tools_at_once: usize::try_from(config.limits.tools_at_once).unwrap_or(usize::MAX),
        repeated_failures: config.limits.repeated_failures,
        ..Limits::default()
    }
}

pub(super) fn budget(config: &Config) -> BudgetLimits {
    BudgetLimits {
        tokens: config.budget.tokens,
        cost: config.budget.usd,
        tool_calls: config.budget.tool_calls,
        turns: config.budget.turns,
    }
}

pub(super) fn reminders(config: &Config) -> Reminders {
    if !config.reminders.enabled {
        return Reminders::none();
    }
    let disabled = config.reminders.disabled.iter();
    disabled.fold(Reminders::default(), |rules, name| rules.without(name))
}

/// When and how conversations are made smaller; none if they are not. A model that cannot be had for it
/// costs a warning: the run's own is asked then.
pub(super) async fn compression(loom: &Loom) -> Option<CompressionOptions> {
    let config = &loom.config.compression;
    if !config.enabled {
        return None;
    }
    let mut summarizer = None;
    if let Some(model) = &config.model {
        match models::alone(loom, model).await {
            Ok(pool) => {
                let model = pool.model().to_owned();
                summarizer = Some((pool as Arc<dyn Provider>, model));
            }
            Err(problem) => tracing::warn!(
                target: "loom::notice",
                "the run's own model summarises, as {model} cannot be had: {problem:#}"
            ),
        }
    }
    Some(CompressionOptions {
        threshold: config.threshold,
        target: config.target,
        recent: config.recent,
        pinned: config.pinned.clone(),
        summarizer,
        ..CompressionOptions::default()
    })
}

/// The sub-agents that may be started; none if there are to be none.
pub(super) async fn sub_agents(loom: &Loom) -> Option<SubAgents> {
    let config = &loom.config.agents;
    if !config.enabled {
        return None;
    }
    let mut found = Vec::new();
    for definition in agents::discover(config).agents {
        if definition.trusted {
            found.push(sub_agent(loom, definition).await);
        }
    }
    let pool = loom.pool().await.ok();
    let members = pool.iter().flat_map(Pool::members).map(str::to_owned);
    // One alone is no choice.
    let models = Some(members.collect::<Vec<_>>()).filter(|members| members.len() > 1);
    Some(SubAgents {
        depth: config.depth,
        timeout: config.timeout,
        turns: config.turns,
        models: models.unwrap_or_default(),
        ..SubAgents::new(found)
    })
}

async fn sub_agent(loom: &Loom, definition: AgentDefinition) -> SubAgent {
    let model = match &definition.model {
        Some(text) => model(loom, &definition.name, text).await,
        None => None,
    };
    SubAgent {
        name: definition.name,
        description: definition.description,
        instructions: definition.instructions,
        tools: definition.tools,
        model,
        turns: definition.turns,
        timeout: definition.timeout,
        budget: BudgetLimits {
            tokens: definition.tokens,
            cost: definition.usd,
            ..BudgetLimits::default()
        },
    }
}

/// A model that cannot be had costs the sub-agent its choice, not the run.
async fn model(loom: &Loom, agent: &str, text: &str) -> Option<SubAgentModel> {
    match models::alone(loom, text).await {
        Ok(pool) => Some(SubAgentModel {
            model: pool.model().to_owned(),
            context_window: pool.context_window(),
            provider: Some(pool),
        }),
        Err(problem) => {
            tracing::warn!(
                target: "loom::notice",
                "the agent {agent} uses the model of the agent above it, as its own ({text}) cannot be had: {problem:#}"
            );
            None
        }
    }
}
