//! From a model's wish to a tool's result: looks the tool up, checks the arguments, asks what the call
//! touches, runs it within its time. What may run side by side is the schedule's; what is written down
//! is the executor's.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::join_all;
use loom_types::{
    Content, Error, Footprint, PermissionRequest, Result, RunId, Tool, ToolCall, ToolContext,
};
use serde_json::{Map, Value};

use crate::catalogue::{Catalogue, Listed};

/// How long a tool may take to tell what a call touches: far more than a look at a few files takes. After
/// that the call counts as touching everything.
const FOOTPRINT_TIMEOUT: Duration = Duration::from_secs(1);

/// A call that was looked at: it runs, or it is refused.
pub(crate) struct Planned {
    pub(crate) call: ToolCall,
    action: Action,
}

enum Action {
    Run {
        tool: Arc<dyn Tool>,
        arguments: Value,
        footprint: Footprint,
    },
    Refuse(Error),
}

impl Planned {
    /// What the call touches; none for a refused one, which does not run.
    pub(crate) fn footprint(&self) -> Option<&Footprint> {
        match &self.action {
            Action::Run { footprint, .. } => Some(footprint),
            Action::Refuse(_) => None,
        }
    }

    /// What has to be permitted; none for a refused call.
    pub(crate) fn request(&self, run_id: &RunId, agents: &[String]) -> Option<PermissionRequest> {
        let Action::Run {
            tool,
            arguments,
            footprint,
        } = &self.action
        else {
            return None;
        };
        Some(PermissionRequest {
            run_id: run_id.clone(),
            call_id: self.call.id.clone(),
            tool: self.call.name.clone(),
            arguments: arguments.clone(),
            safety: tool.definition().safety,
            footprint: footprint.without_sessions(),
            agents: agents.to_vec(),
        })
    }

    /// Asks the tool what the call touches. Until it has told, and if it does not, that is everything.
    async fn ask_footprint(&mut self) {
        let Action::Run {
            tool,
            arguments,
            footprint,
        } = &mut self.action
        else {
            return;
        };
        let asking =
            async { tokio::time::timeout(FOOTPRINT_TIMEOUT, tool.footprint(arguments)).await };
        match AssertUnwindSafe(asking).catch_unwind().await {
            Ok(Ok(told)) => *footprint = told,
            Ok(Err(_elapsed)) => {
                tracing::warn!(
                    tool = self.call.name,
                    "took too long to tell what a call touches"
                );
            }
            Err(_panic) => {
                tracing::warn!(
                    tool = self.call.name,
                    "panicked when asked what a call touches"
                );
            }
        }
    }
}

/// Looks the tools of calls up, checks the arguments and asks, of all side by side, what the calls
/// touch. Once `stop` ends nobody is waited for any more: a call whose tool has not told by then
/// counts as touching everything.
pub(crate) async fn plan(
    catalogue: &Catalogue,
    calls: Vec<ToolCall>,
    stop: impl Future,
) -> Vec<Planned> {
    let checked = calls.into_iter().map(|call| check(catalogue, call));
    let mut planned: Vec<_> = checked.collect();
    let asking = join_all(planned.iter_mut().map(Planned::ask_footprint));
    tokio::select! {
        biased;
        _ = asking => {}
        _ = stop => {}
    }
    planned
}

/// Looks a call's tool up and checks its arguments.
fn check(catalogue: &Catalogue, call: ToolCall) -> Planned {
    let action = match catalogue.get(&call.name) {
        None => Action::Refuse(unknown_tool(catalogue, &call.name)),
        Some(listed) => match arguments(listed, &call) {
            Ok(arguments) => Action::Run {
                tool: Arc::clone(&listed.tool),
                arguments,
                footprint: Footprint::Everything,
            },
            Err(error) => Action::Refuse(error),
        },
    };
    Planned { call, action }
}

/// Runs a planned call for at most `timeout`. A call that fails, panics or takes too long is an error,
/// never more.
pub(crate) async fn invoke(
    planned: &Planned,
    context: &ToolContext,
    timeout: Duration,
) -> Result<Vec<Content>> {
    let (tool, arguments) = match &planned.action {
        Action::Run {
            tool, arguments, ..
        } => (tool, arguments),
        Action::Refuse(error) => return Err(error.clone()),
    };
    // Around the timeout, so that a tool that panics while it is dropped is caught as well.
    let call = async { tokio::time::timeout(timeout, tool.call(arguments, context)).await };
    match AssertUnwindSafe(call).catch_unwind().await {
        Ok(Ok(result)) => result,
        Ok(Err(_elapsed)) => Err(Error::timeout(format!(
            "`{}` took longer than its {timeout:?} and was stopped; what it had done may remain",
            planned.call.name
        ))),
        Err(panic) => Err(panicked(&planned.call.name, panic.as_ref())),
    }
}

/// Calls one tool outside a run, as a run would: the arguments are checked first, and the call ends at
/// the context's time-out.
///
/// # Errors
/// [`InvalidInput`](loom_types::ErrorKind::InvalidInput) if the arguments, JSON text, or the tool's
/// own schema do not fit; else what the tool reports.
pub async fn call_tool(
    tool: &Arc<dyn Tool>,
    arguments: &str,
    context: &ToolContext,
) -> Result<Vec<Content>> {
    let catalogue = Catalogue::new(vec![Arc::clone(tool)])
        .map_err(|error| Error::invalid_input(error.to_string()))?;
    let call = ToolCall {
        id: context.call_id.clone(),
        name: tool.definition().name.clone(),
        arguments: arguments.to_owned(),
    };
    invoke(&check(&catalogue, call), context, context.timeout).await
}

fn unknown_tool(catalogue: &Catalogue, name: &str) -> Error {
    Error::not_found(format!(
        "there is no tool `{name}`; {}",
        catalogue.suggestion(name)
    ))
}

/// The arguments of a call, checked. No text counts as no arguments: some models write nothing for a
/// tool that needs nothing.
fn arguments(listed: &Listed, call: &ToolCall) -> Result<Value> {
    let name = &call.name;
    let fault = |what: String| {
        Error::invalid_input(format!(
            "the arguments of `{name}` {what}; they must be one JSON object that fits {}",
            listed.schema.outline()
        ))
    };
    let value = if call.arguments.trim().is_empty() {
        Value::Object(Map::new())
    } else {
        serde_json::from_str(&call.arguments)
            .map_err(|error| fault(format!("are not JSON: {error}")))?
    };
    if !value.is_object() {
        return Err(fault(format!("are {}", type_of(&value))));
    }
    let problems = listed.schema.problems(&value);
    if problems.is_empty() {
        return Ok(value);
    }
    Err(Error::invalid_input(format!(
        "the arguments of `{name}` do not fit its schema, the call did not run:\n- {}",
        problems.join("\n- ")
    )))
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn panicked(name: &str, panic: &(dyn Any + Send)) -> Error {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Error::internal(format!(
        "`{name}` panicked: {}; what it had done may remain",
        text.unwrap_or("no message")
    ))
}

#[cfg(test)]
mod tests;
