//! The keys of what keeps a run in bounds and tells of it: `[budget]`, `[permissions]`, `[agents]`,
//! `[reminders]` and `[telemetry]`.

use std::time::Duration;

use loom_types::{PermissionMode, Usd};

use super::{any, texts};
use crate::config::problem::nearest;
use crate::config::section::{Located, Section};
use crate::config::{BudgetConfig, address};

#[derive(Clone, Debug, Default)]
pub(in crate::config) struct RawPermissions {
    pub(in crate::config) mode: Option<PermissionMode>,
    pub(in crate::config) allow: Option<Vec<String>>,
    pub(in crate::config) ask: Option<Vec<String>>,
    pub(in crate::config) deny: Option<Vec<String>>,
}

#[derive(Clone, Debug, Default)]
pub(in crate::config) struct RawAgents {
    pub(in crate::config) enabled: Option<bool>,
    pub(in crate::config) depth: Option<u32>,
    pub(in crate::config) timeout: Option<Duration>,
    pub(in crate::config) turns: Option<u32>,
    pub(in crate::config) directories: Vec<Located<String>>,
}

#[derive(Clone, Debug, Default)]
pub(in crate::config) struct RawReminders {
    pub(in crate::config) enabled: Option<bool>,
    pub(in crate::config) disabled: Option<Vec<String>>,
}

#[derive(Clone, Debug, Default)]
pub(in crate::config) struct RawTelemetry {
    pub(in crate::config) otlp_endpoint: Option<String>,
    pub(in crate::config) content: Option<bool>,
}

pub(super) fn read_budget(mut section: Section<'_>) -> BudgetConfig {
    let usd = section.parsed_amount("usd", |dollars| match Usd::from_dollars(dollars) {
        Some(usd) if usd > Usd::ZERO => Ok(usd),
        _ => Err("it must be more than zero".to_owned()),
    });
    let budget = BudgetConfig {
        tokens: section.count("tokens"),
        usd,
        turns: section.count("turns"),
        tool_calls: section.count("tool_calls"),
    };
    section.finish();
    budget
}

pub(super) fn read_permissions(mut section: Section<'_>) -> RawPermissions {
    let permissions = RawPermissions {
        mode: section.parsed("mode", "a mode such as \"ask\"", parse_mode),
        allow: texts(section.strings("allow", check_rule)),
        ask: texts(section.strings("ask", check_rule)),
        deny: texts(section.strings("deny", check_rule)),
    };
    section.finish();
    permissions
}

pub(super) fn read_agents(mut section: Section<'_>) -> RawAgents {
    let agents = RawAgents {
        enabled: section.boolean("enabled"),
        depth: section.count("depth"),
        timeout: section.duration("timeout"),
        turns: section.count("turns"),
        directories: section.strings("directories", any).unwrap_or_default(),
    };
    section.finish();
    agents
}

pub(super) fn read_reminders(mut section: Section<'_>) -> RawReminders {
    let reminders = RawReminders {
        enabled: section.boolean("enabled"),
        disabled: texts(section.strings("disabled", check_reminder)),
    };
    section.finish();
    reminders
}

pub(super) fn read_telemetry(mut section: Section<'_>) -> RawTelemetry {
    let endpoint = |text: &str| address::origin(text).map(|_| text.to_owned());
    let telemetry = RawTelemetry {
        otlp_endpoint: section.parsed("otlp_endpoint", "a URL", endpoint),
        content: section.boolean("content"),
    };
    section.finish();
    telemetry
}

/// The mode of a name.
pub(crate) fn parse_mode(text: &str) -> Result<PermissionMode, String> {
    let modes = [
        PermissionMode::Ask,
        PermissionMode::Auto,
        PermissionMode::ReadOnly,
        PermissionMode::Deny,
    ];
    let known = modes.into_iter().find(|mode| mode.as_str() == text);
    known.ok_or_else(|| {
        let names = modes.map(PermissionMode::as_str);
        match nearest(text, names) {
            Some(near) => format!("`{text}` is no mode; did you mean \"{near}\"?"),
            None => format!("`{text}` is no mode; there are {}", names.join(", ")),
        }
    })
}

fn check_rule(rule: &str) -> Result<(), String> {
    match rule.parse::<loom_core::Rule>() {
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

fn check_reminder(name: &str) -> Result<(), String> {
    let rules = loom_core::Reminders::default();
    let names: Vec<_> = rules.names().collect();
    if names.contains(&name) {
        return Ok(());
    }
    Err(match nearest(name, names.iter().copied()) {
        Some(near) => format!("there is no rule `{name}`; did you mean \"{near}\"?"),
        None => format!("there is no rule `{name}`; there are {}", names.join(", ")),
    })
}
