//! From a request to a reply: how far the rule that answers has come, and what it does next. No
//! streams and no files here.

use std::collections::BTreeMap;

use loom_sdk::error::{Error, ErrorKind, Result};
use loom_sdk::llm::{Request, ToolCall};
use minijinja::Value;

use crate::conversation::{Outcome, Place};
use crate::plan::plan;
use crate::rule::{Ending, Failure, FailureKind, Rule, Step, Tokens};
use crate::session::{Match, Session, mistake};
use crate::template::Scope;
use crate::view;

/// What the model says next.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    pub(crate) reasoning: String,
    pub(crate) text: String,
    pub(crate) calls: Vec<ToolCall>,
    /// Another end than the text and the calls give.
    pub(crate) stop: Option<Ending>,
    pub(crate) usage: Option<Tokens>,
}

/// The reply to a request. `setting` are the user's own rules.
///
/// # Errors
///
/// `invalid-input` if the user's rules are wrong; whatever a rule wants to fail with.
pub(crate) fn respond(request: &Request, setting: Option<&str>) -> Result<Reply> {
    let session = Session::new(request, setting)?;
    let found = session.rule()?;
    if let Some(question) = &found.unclear {
        return Ok(Reply::says(question.clone()));
    }
    let steps = session.rulebook.steps(&found.rule)?;
    let done = done(&session, &steps);
    if let Some(report) = failures(&done, &steps) {
        return Ok(Reply::says(report));
    }
    let mut scope = session.scope(&found.variables);
    add_results(&mut scope, &done, &steps);
    let next = done
        .last()
        .map_or((0, 0), |(place, _)| (place.step, place.repeat + 1));
    match step(&session, &found, &steps, next, &scope)? {
        Some(reply) => Ok(reply),
        None => close(&session, &found.rule, &scope),
    }
}

/// The steps that were taken: their calls, in order, with what came of them.
fn done(session: &Session, steps: &[Step]) -> Vec<(Place, Outcome)> {
    let outcomes = session.conversation.turn(session.turn()).outcomes();
    let mut done: Vec<(Place, Outcome)> = outcomes
        .into_iter()
        .filter_map(|outcome| Some((Place::of(&outcome.id)?, outcome)))
        .filter(|(place, _)| steps.get(place.step).is_some_and(|s| place.call < s.len()))
        .collect();
    done.sort_by_key(|(place, _)| *place);
    done
}

/// The first step from a place on that has something to do.
fn step(
    session: &Session,
    found: &Match,
    steps: &[Step],
    (first, round): (usize, u32),
    scope: &Scope,
) -> Result<Option<Reply>> {
    let templates = &session.rulebook.templates;
    for (index, step) in steps.iter().enumerate().skip(first) {
        let round = if index == first { round } else { 0 };
        let field = |error: (String, String)| {
            mistake(
                &found.rule,
                &format!("steps[{index}].{}", error.0),
                &error.1,
            )
        };
        let planned = plan(templates, step, round, scope).map_err(field)?;
        if let Some(answer) = planned.answer {
            return Ok(Some(Reply::says(answer)));
        }
        if planned.calls.is_empty() {
            continue;
        }
        let wanted = planned.calls.iter().filter(|call| !call.unchecked);
        let missing = wanted
            .map(|call| &*call.tool)
            .find(|tool| !session.tools.contains(tool));
        if let Some(tool) = missing {
            return Ok(Some(Reply::says(not_offered(tool))));
        }
        let fingerprint = session.conversation.fingerprint();
        let calls = planned.calls.into_iter().map(|call| ToolCall {
            id: call.place(index, round).id(&fingerprint),
            name: call.tool,
            arguments: call.arguments,
        });
        return Ok(Some(Reply {
            text: planned.said,
            calls: calls.collect(),
            ..Reply::default()
        }));
    }
    Ok(None)
}

/// The answer after the last step.
fn close(session: &Session, rule: &Rule, scope: &Scope) -> Result<Reply> {
    let render = |field: &str, source: &str| {
        let text = session.rulebook.templates.render(source, scope);
        text.map_err(|why| mistake(rule, field, &why))
    };
    if let Some(failure) = &rule.error {
        let message = render("error.message", &failure.message)?;
        return Err(error_of(failure, message));
    }
    let source = rule
        .answer
        .as_deref()
        .unwrap_or("{{ results | join('\\n\\n') }}");
    Ok(Reply {
        reasoning: render("reasoning", rule.reasoning.as_deref().unwrap_or_default())?,
        text: render("answer", source)?,
        calls: Vec::new(),
        stop: rule.stop,
        usage: rule.usage,
    })
}

impl Reply {
    fn says(text: String) -> Self {
        Self {
            text,
            ..Self::default()
        }
    }
}

/// Puts results into a scope: all, the last, and those with a name.
fn add_results(scope: &mut Scope, done: &[(Place, Outcome)], steps: &[Step]) {
    let views: Vec<Value> = done.iter().map(|(_, o)| view::result(o.clone())).collect();
    let mut lists: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for ((place, _), view) in done.iter().zip(&views) {
        let call = &steps[place.step][place.call];
        match &call.name {
            Some(name) if call.for_each.is_some() => {
                lists.entry(name).or_default().push(view.clone());
            }
            Some(name) => drop(scope.insert(name.clone(), view.clone())),
            None => {}
        }
    }
    let lists = lists.into_iter();
    scope.extend(lists.map(|(name, list)| (name.to_owned(), Value::from(list))));
    scope.insert(
        "result".to_owned(),
        views.last().cloned().unwrap_or_default(),
    );
    scope.insert("results".to_owned(), Value::from(views));
}

/// What to tell about failed calls that their rule does not deal with itself.
fn failures(done: &[(Place, Outcome)], steps: &[Step]) -> Option<String> {
    let failed = done
        .iter()
        .filter(|(place, outcome)| outcome.failed && !steps[place.step][place.call].may_fail);
    let mut told: Vec<String> = failed
        .map(|(_, outcome)| format!("`{}` failed: {}", outcome.tool, outcome.text.trim()))
        .collect();
    told.dedup();
    match &*told {
        [] => None,
        [one] => Some(format!("That did not work: {one}")),
        several => Some(format!("That did not work:\n- {}", several.join("\n- "))),
    }
}

fn not_offered(tool: &str) -> String {
    format!(
        "I would use the tool `{tool}` for this, but it isn't offered to me in this run. \
         Allow it, for example with `--allowed-tools {tool}`, or install the plugin that has it; \
         `loom tool list` shows what there is."
    )
}

fn error_of(failure: &Failure, message: String) -> Error {
    let kind = match failure.kind {
        FailureKind::InvalidInput => ErrorKind::InvalidInput,
        FailureKind::NotFound => ErrorKind::NotFound,
        FailureKind::Denied => ErrorKind::Denied,
        FailureKind::Unauthenticated => ErrorKind::Unauthenticated,
        FailureKind::RateLimited => ErrorKind::RateLimited,
        FailureKind::Timeout => ErrorKind::Timeout,
        FailureKind::Cancelled => ErrorKind::Cancelled,
        FailureKind::Conflict => ErrorKind::Conflict,
        FailureKind::Unavailable => ErrorKind::Unavailable,
        FailureKind::Internal => ErrorKind::Internal,
    };
    let mut error = Error::new(kind, message);
    error.retry_after_ms = failure.retry_after_ms;
    error.http_status = failure.http_status;
    error
}
