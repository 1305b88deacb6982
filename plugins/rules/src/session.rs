//! Everything a reply depends on, and which rule answers a question. What that rule then does, the
//! engine knows.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use loom_sdk::error::{Error, Result};
use loom_sdk::llm::{Request, ToolChoice};
use minijinja::Value;

use crate::conversation::Conversation;
use crate::filters::from_json;
use crate::pattern::Variables;
use crate::question::Question;
use crate::reference;
use crate::rule::Rule;
use crate::rulebook::Rulebook;
use crate::template::Scope;
use crate::view;

/// How many questions in a row may be variations of the one before.
const MAX_AGAIN: u32 = 16;

/// The rules, the conversation and the tools of a request.
pub(crate) struct Session<'a> {
    pub(crate) rulebook: Rulebook,
    pub(crate) conversation: Conversation<'a>,
    /// The names of those that are offered.
    pub(crate) tools: Vec<&'a str>,
    /// By turn; several rules may ask for the one before.
    found: RefCell<HashMap<usize, Option<Rc<Match>>>>,
}

/// A rule that answers a question.
pub(crate) struct Match {
    pub(crate) rule: Rc<Rule>,
    pub(crate) variables: Variables,
    /// What to ask the person, if the question is unclear.
    pub(crate) unclear: Option<String>,
    /// The rule that it goes on from.
    before: Option<Rc<Rule>>,
}

impl<'a> Session<'a> {
    /// # Errors
    ///
    /// `invalid-input` if the user's rules are wrong.
    pub(crate) fn new(request: &'a Request, setting: Option<&str>) -> Result<Self> {
        Ok(Self {
            rulebook: Rulebook::new(setting)?,
            conversation: Conversation::new(&request.messages),
            tools: offered(request),
            found: RefCell::default(),
        })
    }

    /// The turn that waits for a reply.
    pub(crate) fn turn(&self) -> usize {
        self.conversation.len().saturating_sub(1)
    }

    /// The rule for the question of that turn.
    ///
    /// # Errors
    ///
    /// `invalid-input` if a template of a rule cannot be worked out.
    pub(crate) fn rule(&self) -> Result<Rc<Match>> {
        let found = self.find(self.turn(), MAX_AGAIN)?;
        found.ok_or_else(|| Error::internal("no rule answers this, not even the last"))
    }

    /// What templates of that turn see before any call was made.
    pub(crate) fn scope(&self, variables: &Variables) -> Scope {
        self.scope_of(variables, self.turn())
    }

    /// The rule for the question of a turn. `depth` is how many questions before it may matter.
    fn find(&self, turn: usize, depth: u32) -> Result<Option<Rc<Match>>> {
        if let Some(found) = self.found.borrow().get(&turn) {
            return Ok(found.clone());
        }
        let found = self.choose(turn, depth)?.map(Rc::new);
        self.found.borrow_mut().insert(turn, found.clone());
        Ok(found)
    }

    fn choose(&self, turn: usize, depth: u32) -> Result<Option<Match>> {
        let question = Question::new(&self.conversation.turn(turn).question());
        for candidate in self.rulebook.candidates(&question) {
            let (rule, mut variables) = (candidate.rule, candidate.variables);
            if !rule.when.iter().all(|tool| self.tools.contains(&&**tool)) {
                continue;
            }
            let unclear = reference::resolve(&mut variables, &self.conversation, turn).err();
            let mut found = Match {
                rule,
                variables,
                unclear: unclear.map(|question| question.message),
                before: None,
            };
            if !found.rule.again.is_empty() && !self.go_on(&mut found, turn, depth)? {
                continue;
            }
            self.set(&mut found, turn)?;
            if self.holds(&found, turn)? {
                return Ok(Some(self.run_again(found, turn)?));
            }
        }
        Ok(None)
    }

    /// Adds the variables of the question before to a rule that goes on from it; false if the rule
    /// does not go on from that one.
    fn go_on(&self, found: &mut Match, turn: usize, depth: u32) -> Result<bool> {
        if turn == 0 || depth == 0 {
            return Ok(false);
        }
        let Some(before) = self.find(turn - 1, depth - 1)? else {
            return Ok(false);
        };
        if !found.rule.again.contains(&before.rule.name) {
            return Ok(false);
        }
        let mut variables = before.variables.clone();
        variables.append(&mut found.variables);
        found.variables = variables;
        found.before = Some(Rc::clone(&before.rule));
        Ok(true)
    }

    /// Lets the rule before run again, if the one found has nothing of its own to do.
    fn run_again(&self, mut found: Match, turn: usize) -> Result<Match> {
        if let Some(before) = found.before.take().filter(|_| !found.rule.does_something()) {
            found.rule = before;
            self.set(&mut found, turn)?;
        }
        Ok(found)
    }

    /// Works out the rule's own variables.
    fn set(&self, found: &mut Match, turn: usize) -> Result<()> {
        if found.rule.set.is_empty() {
            return Ok(());
        }
        let scope = self.scope_of(&found.variables, turn);
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
        let scope = self.scope_of(&found.variables, turn);
        let value = self.rulebook.templates.evaluate(condition, &scope);
        let value = value.map_err(|why| mistake(&found.rule, "if", &why))?;
        Ok(value.is_true())
    }

    fn scope_of(&self, variables: &Variables, turn: usize) -> Scope {
        let message = self.conversation.turn(turn).question();
        let mut scope = Scope::from([
            (
                "question".to_owned(),
                Value::from(Question::new(&message).plain),
            ),
            ("input".to_owned(), Value::from(message)),
            ("turn".to_owned(), Value::from(turn + 1)),
            (
                "tools".to_owned(),
                self.tools.iter().map(|&t| Value::from(t)).collect(),
            ),
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
}

fn offered(request: &Request) -> Vec<&str> {
    let names = request.tools.iter().map(|tool| &*tool.name);
    match &request.tool_choice {
        ToolChoice::None => Vec::new(),
        ToolChoice::Tool(only) => names.filter(|name| name == only).collect(),
        ToolChoice::Auto | ToolChoice::Required => names.collect(),
    }
}

/// The error for a template of a rule that cannot be worked out.
pub(crate) fn mistake(rule: &Rule, field: &str, why: &str) -> Error {
    Error::invalid_input(format!("rule \"{}\", field {field}: {why}", rule.name))
}
