//! `loom permission explain`: what the policy says of one call.

use loom_core::{Judgement, Policy, Rule};
use loom_types::{
    AccessMode, CallId, DecidedBy, Footprint, PermissionRequest, Resource, RunId, Touch,
};
use serde_json::{Value, json};

use crate::Loom;
use crate::config::{Config, nearest};
use crate::fault::{Exit, Fault};
use crate::output;
use crate::permission;

pub(super) async fn run(
    config: &Config,
    loom: &Loom,
    tool: &str,
    arguments: &str,
    json: bool,
) -> anyhow::Result<Exit> {
    let request = request(loom, tool, arguments).await?;
    let policy = permission::policy(config)?;
    if json {
        output::print_json(&to_json(&request, &policy))?;
    } else {
        output::print(&to_text(&request, &policy))?;
    }
    Ok(Exit::Done)
}

/// A judgement in words: what happens, who decides, and why not.
fn parts(judgement: &Judgement) -> (&'static str, &DecidedBy, Option<&str>) {
    match judgement {
        Judgement::Allow(by) => ("allowed", by, None),
        Judgement::Ask { by } => ("asked", by, None),
        Judgement::Deny { by, reason } => ("denied", by, Some(reason)),
    }
}

fn to_json(request: &PermissionRequest, policy: &Policy) -> Value {
    let judgement = policy.judge(request);
    let (word, by, reason) = parts(&judgement);
    json!({
        "tool": request.tool,
        "judgement": word,
        "decided_by": by,
        "reason": reason,
        "footprint": request.footprint,
        "exact_rule": Rule::exactly(request, policy.base()).as_str(),
        "suggested_rule": Rule::suggested(request, policy.base()).as_str(),
    })
}

pub(super) fn to_text(request: &PermissionRequest, policy: &Policy) -> String {
    let judgement = policy.judge(request);
    let (word, by, reason) = parts(&judgement);
    let mut text = format!("{word}, {}\n", because(by));
    if let Some(reason) = reason {
        text.push_str(&format!("the model is told: {reason}\n"));
    }
    text.push_str(&format!("touches: {}\n", touched(&request.footprint)));
    let exact = Rule::exactly(request, policy.base());
    let suggested = Rule::suggested(request, policy.base());
    text.push_str(&format!("exactly this call: {exact}\n"));
    if suggested != exact {
        text.push_str(&format!("calls like it: {suggested}\n"));
    }
    text
}

/// The call as a run would put it, with what the tool says that it touches.
async fn request(loom: &Loom, name: &str, arguments: &str) -> anyhow::Result<PermissionRequest> {
    let arguments: Value = match serde_json::from_str(arguments) {
        Ok(value @ Value::Object(_)) => value,
        Ok(_) => return Err(Fault::usage("the arguments are not a JSON object").into()),
        Err(error) => {
            return Err(Fault::usage(format!("the arguments are not JSON: {error}")).into());
        }
    };
    let tools = loom.tools().await?;
    let Some(tool) = tools.iter().find(|it| it.definition().name == name) else {
        let names = tools.iter().map(|it| it.definition().name.as_str());
        let hint = match nearest(name, names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`loom tool list` shows the tools that are there and allowed".to_owned(),
        };
        let fault = Fault::usage(format!("there is no tool `{name}`"));
        return Err(fault.hint(hint).into());
    };
    Ok(PermissionRequest {
        run_id: RunId::generate(),
        call_id: CallId::from("call-1"),
        tool: name.to_owned(),
        safety: tool.definition().safety,
        footprint: tool.footprint(&arguments).await.without_sessions(),
        arguments,
        agents: Vec::new(),
    })
}

fn because(by: &DecidedBy) -> String {
    match by {
        DecidedBy::Rule { rule } => format!("because of the rule {rule}"),
        DecidedBy::Mode { mode } => format!("because the mode is {}", mode.as_str()),
        DecidedBy::Person => "because a person said so".to_owned(),
        DecidedBy::Nobody => "because there is nobody to ask".to_owned(),
    }
}

fn touched(footprint: &Footprint) -> String {
    let one = |touch: &Touch| {
        let mode = match touch.mode {
            AccessMode::Read => "read",
            AccessMode::Write => "write",
        };
        match &touch.resource {
            Resource::File { path, .. } => format!("{mode} {}", path.display()),
            Resource::Url(url) => format!("{mode} {url}"),
            Resource::Named { scheme, name } => format!("{mode} {scheme}:{name}"),
            Resource::Session { plugin, name } => format!("{mode} session {name} of {plugin}"),
        }
    };
    match footprint {
        Footprint::Everything => "anything that its plugin was granted".to_owned(),
        Footprint::Resources(touches) if touches.is_empty() => "nothing".to_owned(),
        Footprint::Resources(touches) => {
            let touches: Vec<_> = touches.iter().map(one).collect();
            touches.join(", ")
        }
    }
}
