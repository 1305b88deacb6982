//! From a request to a reply: which rule answers the last question, how far it has come, and what it
//! does next. No streams and no files here.

use std::collections::BTreeMap;
use std::rc::Rc;

use loom_sdk::error::{Error, ErrorKind, Result};
use loom_sdk::llm::{Request, ToolCall, ToolChoice};
use minijinja::Value;

use crate::conversation::{Conversation, Outcome, Place};
use crate::filters::from_json;
use crate::pattern::Variables;
use crate::plan::plan;
use crate::question::Question;
use crate::reference;
use crate::rule::{Failure, FailureKind, Rule, Step, Stop, Tokens};
use crate::rulebook::Rulebook;
use crate::template::Scope;
use crate::view;

/// How many questions in a row may be variations of the one before.
const MAX_AGAIN: u32 = 16;

/// What the model says next.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    pub(crate) reasoning: String,
    pub(crate) text: String,
    pub(crate) calls: Vec<ToolCall>,
    /// Another end than the text and the calls give.
    pub(crate) stop: Option<Stop>,
    pub(crate) usage: Option<Tokens>,
}

/// A rule that answers a question.
struct Match {
    rule: Rc<Rule>,
    variables: Variables,
    /// What to ask the person, if the question is unclear.
    unclear: Option<String>,
}

struct Engine<'a> {
    rulebook: Rulebook,
    conversation: Conversation<'a>,
    tools: Vec<&'a str>,
}

/// The reply to a request. `setting` are the user's own rules.
///
/// # Errors
///
/// `invalid-input` if the user's rules are wrong; whatever a rule wants to fail with.
pub(crate) fn respond(request: &Request, setting: Option<&str>) -> Result<Reply> {
    let engine = Engine {
        rulebook: Rulebook::new(setting)?,
        conversation: Conversation::new(&request.messages),
        tools: offered(request),
    };
    let turn = engine.conversation.len().saturating_sub(1);
    match engine.find(turn, MAX_AGAIN)? {
        Some(found) => engine.run(&found, turn),
        None => Err(Error::internal("no rule answers this, not even the last")),
    }
}

/// The name of the rule that answers the last question.
#[cfg(test)]
pub(crate) fn rule_for(request: &Request, setting: Option<&str>) -> Result<String> {
    let engine = Engine {
        rulebook: Rulebook::new(setting)?,
        conversation: Conversation::new(&request.messages),
        tools: offered(request),
    };
    let found = engine.find(engine.conversation.len().saturating_sub(1), MAX_AGAIN)?;
    Ok(found.map_or_else(String::new, |found| found.rule.name.clone()))
}

fn offered(request: &Request) -> Vec<&str> {
    let names = request.tools.iter().map(|tool| &*tool.name);
    match &request.tool_choice {
        ToolChoice::None => Vec::new(),
        ToolChoice::Tool(only) => names.filter(|name| name == only).collect(),
        ToolChoice::Auto | ToolChoice::Required => names.collect(),
    }
}

impl Engine<'_> {
    /// The rule for the question of a turn. `depth` is how many questions before it may matter.
    fn find(&self, turn: usize, depth: u32) -> Result<Option<Match>> {
        let question = Question::new(&self.conversation.turn(turn).question());
        for candidate in self.rulebook.candidates(&question) {
            let (rule, mut variables) = (candidate.rule, candidate.variables);
            if !rule.when.iter().all(|tool| self.tools.contains(&&**tool)) {
                continue;
            }
            let mut unclear = None;
            if let Err(error) = reference::resolve(&mut variables, &self.conversation, turn) {
                unclear = Some(error.message);
            }
            let mut found = Match {
                rule,
                variables,
                unclear,
            };
            self.set(&mut found, turn)?;
            if !self.holds(&found, turn)? {
                continue;
            }
            if found.rule.again.is_empty() {
                return Ok(Some(found));
            }
            if let Some(again) = self.again(found, turn, depth)? {
                return Ok(Some(again));
            }
        }
        Ok(None)
    }

    /// The rule with the variables of the question before, if that was answered by one of those it
    /// goes on from. A rule that does nothing of its own lets that one run again.
    fn again(&self, found: Match, turn: usize, depth: u32) -> Result<Option<Match>> {
        if turn == 0 || depth == 0 {
            return Ok(None);
        }
        let Some(mut before) = self.find(turn - 1, depth - 1)? else {
            return Ok(None);
        };
        if !found.rule.again.contains(&before.rule.name) {
            return Ok(None);
        }
        before.variables.extend(found.variables);
        before.unclear = found.unclear;
        if found.rule.does_something() {
            before.rule = found.rule;
        }
        self.set(&mut before, turn)?;
        Ok(Some(before))
    }

    /// Works out the rule's own variables.
    fn set(&self, found: &mut Match, turn: usize) -> Result<()> {
        if found.rule.set.is_empty() {
            return Ok(());
        }
        let scope = self.scope(&found.variables, turn);
        let rule = Rc::clone(&found.rule);
        for (name, source) in &rule.set {
            let value = self.rulebook.templates.value(source, &scope);
            let value = value.map_err(|why| mistake(&rule, &format!("set.{name}"), &why))?;
            // Null where the template comes to nothing: then there is no such variable.
            let value = serde_json::to_value(value)
                .map_err(|why| mistake(&rule, &format!("set.{name}"), &why.to_string()))?;
            found.variables.insert(name.clone(), value);
        }
        Ok(())
    }

    fn holds(&self, found: &Match, turn: usize) -> Result<bool> {
        let Some(condition) = &found.rule.condition else {
            return Ok(true);
        };
        let scope = self.scope(&found.variables, turn);
        let value = self.rulebook.templates.evaluate(condition, &scope);
        let value = value.map_err(|why| mistake(&found.rule, "if", &why))?;
        Ok(value.is_true())
    }

    /// What templates of a turn see before any call was made.
    fn scope(&self, variables: &Variables, turn: usize) -> Scope {
        let message = self.conversation.turn(turn).question();
        let mut scope = Scope::from([
            ("question".to_owned(), Value::from(Question::new(&message).plain)),
            ("input".to_owned(), Value::from(message)),
            ("turn".to_owned(), Value::from(turn + 1)),
            ("tools".to_owned(), self.tools.iter().map(|&t| Value::from(t)).collect()),
        ]);
        if turn > 0 {
            let before = self.conversation.turn(turn - 1);
            let results = before.outcomes().into_iter().map(view::result);
            let last = BTreeMap::from([
                ("input", Value::from(before.question())),
                ("answer", Value::from(before.answer())),
                ("results", results.collect()),
            ]);
            scope.insert("last".to_owned(), Value::from(last));
        }
        let variables = variables.iter().filter(|(_, value)| !value.is_null());
        scope.extend(variables.map(|(name, value)| (name.clone(), from_json(value))));
        scope
    }

    /// The next thing that a rule does.
    fn run(&self, found: &Match, turn: usize) -> Result<Reply> {
        if let Some(question) = &found.unclear {
            return Ok(Reply::says(question.clone()));
        }
        let steps = self.rulebook.steps(&found.rule)?;
        let mut done: Vec<(Place, Outcome)> = self
            .conversation
            .turn(turn)
            .outcomes()
            .into_iter()
            .filter_map(|outcome| Some((Place::of(&outcome.id)?, outcome)))
            .filter(|(place, _)| steps.get(place.step).is_some_and(|s| place.call < s.len()))
            .collect();
        done.sort_by_key(|(place, _)| *place);
        if let Some(report) = failures(&done, &steps) {
            return Ok(Reply::says(report));
        }
        let mut scope = self.scope(&found.variables, turn);
        add_results(&mut scope, &done, &steps);
        let next = done.last().map_or((0, 0), |(place, _)| (place.step, place.repeat + 1));
        match self.step(found, &steps, next, &scope)? {
            Some(reply) => Ok(reply),
            None => self.close(&found.rule, &scope),
        }
    }

    /// The first step from a place on that has something to do.
    fn step(
        &self,
        found: &Match,
        steps: &[Step],
        (first, round): (usize, u32),
        scope: &Scope,
    ) -> Result<Option<Reply>> {
        let templates = &self.rulebook.templates;
        for (index, step) in steps.iter().enumerate().skip(first) {
            let round = if index == first { round } else { 0 };
            let field = |error: (String, String)| {
                mistake(&found.rule, &format!("steps[{index}].{}", error.0), &error.1)
            };
            let planned = plan(templates, step, round, scope).map_err(field)?;
            if let Some(answer) = planned.answer {
                return Ok(Some(Reply::says(answer)));
            }
            if planned.calls.is_empty() {
                continue;
            }
            let wanted = planned.calls.iter().filter(|call| !call.unchecked);
            let missing = wanted.map(|call| &*call.tool).find(|tool| !self.tools.contains(tool));
            if let Some(tool) = missing {
                return Ok(Some(Reply::says(not_offered(tool))));
            }
            let fingerprint = self.conversation.fingerprint();
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
    fn close(&self, rule: &Rule, scope: &Scope) -> Result<Reply> {
        let render = |field: &str, source: &str| {
            let text = self.rulebook.templates.render(source, scope);
            text.map_err(|why| mistake(rule, field, &why))
        };
        if let Some(failure) = &rule.error {
            let message = render("error.message", &failure.message)?;
            return Err(error_of(failure, message));
        }
        let source = rule.answer.as_deref().unwrap_or("{{ results | join('\\n\\n') }}");
        Ok(Reply {
            reasoning: render("reasoning", rule.reasoning.as_deref().unwrap_or_default())?,
            text: render("answer", source)?,
            calls: Vec::new(),
            stop: rule.stop,
            usage: rule.usage,
        })
    }
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
    scope.insert("result".to_owned(), views.last().cloned().unwrap_or_default());
    scope.insert("results".to_owned(), Value::from(views));
}

/// What to tell about failed calls that their rule does not deal with itself.
fn failures(done: &[(Place, Outcome)], steps: &[Step]) -> Option<String> {
    let failed = done.iter().filter(|(place, outcome)| {
        outcome.failed && !steps[place.step][place.call].may_fail
    });
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

fn mistake(rule: &Rule, field: &str, why: &str) -> Error {
    Error::invalid_input(format!("rule \"{}\", field {field}: {why}", rule.name))
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

#[cfg(test)]
mod tests;
