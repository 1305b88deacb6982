//! System reminders: rules that look at a run before each question to the model and may put a short
//! hint beside it. What a rule can see is a [`RunView`]; when hints go out is decided here, how they
//! get to the model is the executor's.

mod rules;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use loom_types::Limit;

use crate::todo::Todo;

/// A rule that gave a hint is silent for the next turns: a hint that comes with every question is noise.
const SILENT_TURNS: u32 = 4;

/// What a rule sees of a run.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RunView<'a> {
    /// The turn that is about to start, from 1.
    pub turn: u32,
    /// The tool calls of this run that have ended, in order.
    pub calls: &'a [CallRecord],
    /// Tokens of the last question and its answer, by the provider's count; none before the first.
    pub context_tokens: Option<u64>,
    /// Tokens that the model can see at once, if known.
    pub context_window: Option<u64>,
    /// The turns after which the conversation was made smaller, in order.
    pub compressions: &'a [u32],
    /// How much of the scarcest budget is used up, from 0.0 to 1.0 and above, and which; none without
    /// a budget.
    pub budget: Option<(f64, Limit)>,
    /// The to-do list as the tool `todo` last wrote it.
    pub todos: &'a [Todo],
    /// Turns since the list was last written; of the run if it was not.
    pub turns_since_todo: u32,
}

/// A tool call that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRecord {
    pub turn: u32,
    pub tool: String,
    /// As the model wrote them.
    pub arguments: String,
    pub failed: bool,
}

impl RunView<'_> {
    /// In how many turns, up to the last one with calls, the last call was made over and over: the
    /// same tool with the same arguments and no other call between. At least 1 if there was a call.
    #[must_use]
    pub fn repetitions(&self) -> u32 {
        repetitions(self.calls, |_| true)
    }
}

/// In how many turns in a row up to the last one the same call was made, as long as `counts` holds.
pub(crate) fn repetitions(calls: &[CallRecord], counts: impl Fn(&CallRecord) -> bool) -> u32 {
    let Some(last) = calls.last() else { return 0 };
    let same = |call: &&CallRecord| {
        call.tool == last.tool && call.arguments == last.arguments && counts(call)
    };
    let mut turns: Vec<u32> = calls
        .iter()
        .rev()
        .take_while(same)
        .map(|call| call.turn)
        .collect();
    turns.dedup();
    u32::try_from(turns.len()).unwrap_or(u32::MAX)
}

type Check = dyn Fn(&RunView<'_>) -> Option<String> + Send + Sync;

/// A rule: it looks at a run and may have a hint for the model.
#[derive(Clone)]
pub struct Reminder {
    name: Cow<'static, str>,
    check: Arc<Check>,
}

impl Reminder {
    /// A rule of your own. `check` is called before each question to the model; it must not block.
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        check: impl Fn(&RunView<'_>) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            check: Arc::new(check),
        }
    }

    /// The name by which it is configured.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl std::fmt::Debug for Reminder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Reminder").field(&self.name).finish()
    }
}

/// The rules that are in force. The default is all that Loom brings: `context`,
/// `compression`, `errors`, `repetition`, `stale-todos` and `budget`.
#[derive(Clone, Debug)]
pub struct Reminders(Vec<Reminder>);

impl Default for Reminders {
    fn default() -> Self {
        Self(rules::all())
    }
}

impl Reminders {
    /// No rules.
    #[must_use]
    pub fn none() -> Self {
        Self(Vec::new())
    }

    /// The same without the rule of this name, if there is one.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.0.retain(|rule| rule.name != name);
        self
    }

    /// The same with another rule. One of the same name is replaced.
    #[must_use]
    pub fn with(mut self, rule: Reminder) -> Self {
        self = self.without(&rule.name);
        self.0.push(rule);
        self
    }

    /// Names of the rules, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|rule| &*rule.name)
    }
}

/// Which rules gave hints when, in one run.
#[derive(Debug, Default)]
pub(crate) struct Given(HashMap<Cow<'static, str>, u32>);

/// A hint for the next question.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Hint {
    pub(crate) rule: String,
    pub(crate) text: String,
}

impl Given {
    /// The hints that are due now.
    pub(crate) fn due(&mut self, rules: &Reminders, view: &RunView<'_>) -> Vec<Hint> {
        let mut hints = Vec::new();
        for rule in &rules.0 {
            let last = self.0.get(&rule.name);
            if last.is_some_and(|last| view.turn <= last + SILENT_TURNS) {
                continue;
            }
            if let Some(text) = (rule.check)(view) {
                self.0.insert(rule.name.clone(), view.turn);
                let rule = rule.name.to_string();
                hints.push(Hint { rule, text });
            }
        }
        hints
    }
}

#[cfg(test)]
mod tests;
