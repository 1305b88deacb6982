//! All rules together, the user's own before the shipped ones: which of them a question matches. What
//! a rule then does, the engine knows.

use std::collections::BTreeMap;
use std::rc::Rc;

use loom_sdk::Error;
use minijinja::Value;

use crate::filters::from_json;
use crate::own::{Own, OwnRule};
use crate::pattern::{Variables, capture, compile};
use crate::question::Question;
use crate::rule::{Rule, Step, StepSource};
use crate::shipped::{RULES, STEPS, Shipped, TABLES};
use crate::suggest;
use crate::template::Templates;

/// How deep shared steps may name shared steps.
const MAX_DEPTH: u32 = 4;

/// The rules that are in force.
pub(crate) struct Rulebook {
    own: Own,
    pub(crate) templates: Templates,
}

/// A rule whose pattern matches.
pub(crate) struct Candidate {
    pub(crate) rule: Rc<Rule>,
    pub(crate) variables: Variables,
}

impl Rulebook {
    /// The shipped rules behind those of the setting `rules`.
    ///
    /// # Errors
    ///
    /// `invalid-input` that says what is wrong with the setting, and where.
    pub(crate) fn new(setting: Option<&str>) -> Result<Self, Error> {
        let own = setting.map(Own::read).transpose()?.unwrap_or_default();
        let examples = own.rules.iter().flat_map(|own| own.rule.examples.clone());
        let templates = Templates::new(tables(&own), suggest::nearest_of(examples.collect()));
        let rulebook = Self { own, templates };
        let shared = |name: &str| rulebook.shared_steps(name).is_some();
        rulebook.own.check(&rulebook.templates, shared)?;
        Ok(rulebook)
    }

    /// The rules whose pattern matches, first choice first.
    pub(crate) fn candidates(&self, question: &Question) -> impl Iterator<Item = Candidate> {
        let own = self.own.rules.iter();
        let own = own.filter_map(|own| own_candidate(own, question));
        let shipped = RULES.iter();
        own.chain(shipped.filter_map(|shipped| shipped_candidate(shipped, question)))
    }

    /// A rule's steps, with the shared ones put in.
    ///
    /// # Errors
    ///
    /// `invalid-input` if shared steps name each other in a circle.
    pub(crate) fn steps(&self, rule: &Rule) -> Result<Vec<Step>, Error> {
        self.expand(&rule.steps, MAX_DEPTH).ok_or_else(|| {
            Error::invalid_input(format!(
                "rule \"{}\", field steps: the shared steps name themselves",
                rule.name
            ))
        })
    }

    fn expand(&self, sources: &[StepSource], depth: u32) -> Option<Vec<Step>> {
        let steps = sources.iter().map(|source| match source {
            StepSource::Calls(calls) => Some(vec![calls.clone()]),
            StepSource::Shared(_) if depth == 0 => None,
            StepSource::Shared(name) => self.expand(&self.shared_steps(name)?, depth - 1),
        });
        let steps: Option<Vec<Vec<Step>>> = steps.collect();
        steps.map(|steps| steps.concat())
    }

    fn shared_steps(&self, name: &str) -> Option<Vec<StepSource>> {
        if let Some(own) = self.own.steps.get(name) {
            return Some(own.clone());
        }
        let mut shipped: BTreeMap<String, Vec<StepSource>> =
            serde_json::from_str(STEPS).expect("a test reads the shipped steps");
        shipped.remove(name)
    }
}

fn own_candidate(own: &OwnRule, question: &Question) -> Option<Candidate> {
    let forms = [&question.typed, bare_form(&own.rule, question)];
    let mut tries = own
        .patterns
        .iter()
        .flat_map(|p| forms.map(|form| (p, form)));
    tries.find_map(|(pattern, form)| {
        Some(Candidate {
            variables: capture(pattern, form)?,
            rule: Rc::clone(&own.rule),
        })
    })
}

fn shipped_candidate(shipped: &Shipped, question: &Question) -> Option<Candidate> {
    let patterns = shipped.patterns.iter();
    let mut promising = patterns
        .filter(|pattern| pattern.may_match(&question.lower))
        .peekable();
    promising.peek()?;
    let rule = shipped.rule();
    let form = bare_form(&rule, question);
    let variables = promising.find_map(|pattern| {
        let regex = compile(pattern.expression, rule.case_sensitive);
        capture(&regex.expect("a test compiles every shipped pattern"), form)
    })?;
    Some(Candidate {
        rule: Rc::new(rule),
        variables,
    })
}

fn bare_form<'a>(rule: &Rule, question: &'a Question) -> &'a String {
    if rule.keep_ending {
        &question.open_ended
    } else {
        &question.plain
    }
}

/// The shipped tables with the entries of the user's own.
fn tables(own: &Own) -> Value {
    let mut tables: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(TABLES).expect("a test reads the shipped tables");
    for (name, table) in &own.tables {
        match (tables.get_mut(name), table) {
            (Some(serde_json::Value::Object(known)), serde_json::Value::Object(more)) => {
                known.extend(more.clone());
            }
            _ => drop(tables.insert(name.clone(), table.clone())),
        }
    }
    from_json(&serde_json::Value::Object(tables))
}
