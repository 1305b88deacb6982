//! What one round of a step comes to: the calls with their arguments worked out. Results are not
//! looked at here but through the scope.

use minijinja::Value;

use crate::conversation::Place;
use crate::rule::{Arguments, Call, Step};
use crate::template::{Scope, Templates};

/// More calls in one turn than any host runs at once are a mistake in a `for_each`.
const MAX_CALLS: usize = 500;

/// The next thing to do.
#[derive(Default)]
pub(crate) struct Plan {
    pub(crate) said: String,
    pub(crate) calls: Vec<PlannedCall>,
    /// Ends the rule.
    pub(crate) answer: Option<String>,
}

/// A call, ready to be made.
pub(crate) struct PlannedCall {
    pub(crate) tool: String,
    /// JSON, unless the rule wants it otherwise.
    pub(crate) arguments: String,
    pub(crate) unchecked: bool,
    call: usize,
    item: usize,
}

impl PlannedCall {
    pub(crate) fn place(&self, step: usize, repeat: u32) -> Place {
        Place {
            step,
            repeat,
            call: self.call,
            item: self.item,
        }
    }
}

/// A field and what is wrong with it.
type Mistake = (String, String);

/// What a step does in a round, counted from 0; nothing if it has no more rounds or its conditions
/// do not hold.
///
/// # Errors
///
/// The field of the step that is wrong, and why.
pub(crate) fn plan(
    templates: &Templates,
    step: &Step,
    round: u32,
    scope: &Scope,
) -> Result<Plan, Mistake> {
    let mut plan = Plan::default();
    for (index, call) in step.iter().enumerate() {
        if round >= call.repeat {
            continue;
        }
        let mut scope = scope.clone();
        scope.insert("round".to_owned(), Value::from(round + 1));
        if let Some(condition) = &call.condition {
            let value = templates
                .evaluate(condition, &scope)
                .map_err(in_field("if"))?;
            if !value.is_true() {
                continue;
            }
        }
        if let Some(answer) = &call.answer {
            let answer = templates
                .render(answer, &scope)
                .map_err(in_field("answer"))?;
            plan.answer = Some(answer);
            return Ok(plan);
        }
        if let Some(say) = &call.say {
            let said = templates.render(say, &scope).map_err(in_field("say"))?;
            plan.said = [plan.said, said].join("\n").trim().to_owned();
        }
        plan_calls(templates, call, index, scope, &mut plan)?;
    }
    Ok(plan)
}

fn plan_calls(
    templates: &Templates,
    call: &Call,
    index: usize,
    mut scope: Scope,
    plan: &mut Plan,
) -> Result<(), Mistake> {
    let items = match &call.for_each {
        Some(list) => {
            let list = templates
                .evaluate(list, &scope)
                .map_err(in_field("for_each"))?;
            let items = list.try_iter();
            let items = items
                .map_err(|_| "is no list".to_owned())
                .map_err(in_field("for_each"))?;
            items.map(Some).collect()
        }
        None => vec![None],
    };
    for (item, value) in items.into_iter().enumerate() {
        if plan.calls.len() >= MAX_CALLS {
            let why = format!("comes to more than {MAX_CALLS} calls; use the filter `take`");
            return Err(in_field("for_each")(why));
        }
        if let Some(value) = value {
            scope.insert("item".to_owned(), value);
        }
        plan.calls.push(PlannedCall {
            tool: templates
                .render(&call.tool, &scope)
                .map_err(in_field("tool"))?,
            arguments: arguments(templates, &call.arguments, &scope)
                .map_err(in_field("arguments"))?,
            unchecked: call.unchecked,
            call: index,
            item,
        });
    }
    Ok(())
}

fn in_field(field: &str) -> impl Fn(String) -> Mistake {
    move |why| (field.to_owned(), why)
}

fn arguments(
    templates: &Templates,
    arguments: &Arguments,
    scope: &Scope,
) -> Result<String, String> {
    match arguments {
        Arguments::Raw(raw) => {
            let value = templates.value(raw, scope)?;
            Ok(value.map_or_else(String::new, |value| value.to_string()))
        }
        Arguments::Table(table) => {
            let filled = fill(templates, table, scope)?;
            Ok(filled.unwrap_or_default().to_string())
        }
    }
}

/// Works out the templates in a value. What comes to nothing is left out.
fn fill(
    templates: &Templates,
    value: &serde_json::Value,
    scope: &Scope,
) -> Result<Option<serde_json::Value>, String> {
    use serde_json::Value as Json;
    match value {
        Json::String(source) => {
            let value = templates.value(source, scope)?;
            let value = value.map(serde_json::to_value).transpose();
            value.map_err(|why| why.to_string())
        }
        Json::Array(list) => {
            let list = list.iter().map(|value| fill(templates, value, scope));
            let list: Result<Vec<_>, _> = list.collect();
            Ok(Some(Json::Array(list?.into_iter().flatten().collect())))
        }
        Json::Object(table) => {
            let mut filled = serde_json::Map::new();
            for (key, value) in table {
                if let Some(value) = fill(templates, value, scope)? {
                    filled.insert(key.clone(), value);
                }
            }
            Ok(Some(Json::Object(filled)))
        }
        other => Ok(Some(other.clone())),
    }
}

#[cfg(test)]
mod tests;
