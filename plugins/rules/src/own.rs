//! The user's own rules: reading the setting `rules` and saying what is wrong with it. What the rules
//! mean is elsewhere.

use std::collections::BTreeMap;
use std::rc::Rc;

use loom_sdk::Error;
use regex_lite::Regex;
use serde_json::{Map, Value};

use crate::pattern::compile;
use crate::rule::{Arguments, Call, Rule, StepSource, check_step};
use crate::shipped::WORDS;
use crate::template::Templates;
use crate::words::expand;

/// All of them are compiled for each completion: this many take a tenth of a second.
const MAX_RULES: usize = 1000;
/// A setting larger than this is a mistake.
const MAX_BYTES: usize = 1024 * 1024;

/// What the setting holds.
#[derive(Default)]
pub(crate) struct Own {
    pub(crate) rules: Vec<OwnRule>,
    /// By the name of the table.
    pub(crate) tables: Map<String, Value>,
    pub(crate) steps: BTreeMap<String, Vec<StepSource>>,
}

/// A rule, ready to match.
pub(crate) struct OwnRule {
    pub(crate) rule: Rc<Rule>,
    pub(crate) patterns: Vec<Regex>,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    rule: Vec<Value>,
    words: BTreeMap<String, String>,
    tables: Map<String, Value>,
    steps: BTreeMap<String, Vec<StepSource>>,
}

impl Own {
    /// Reads the setting: JSON with a list of rules, or TOML as in `rules.toml`.
    ///
    /// # Errors
    ///
    /// `invalid-input` that names the rule, the field and, in TOML, the line.
    pub(crate) fn read(setting: &str) -> Result<Self, Error> {
        if setting.len() > MAX_BYTES {
            return Err(invalid(&format!("they are larger than {MAX_BYTES} bytes")));
        }
        let file = file(setting)?;
        if file.rule.len() > MAX_RULES {
            return Err(invalid(&format!("there are more than {MAX_RULES} of them")));
        }
        let rules = file.rule.iter().enumerate().map(|(index, value)| {
            let lines = || line_of_rule(setting, index);
            rule(value, &file.words).map_err(|m| invalid(&m.place(index, value, lines())))
        });
        Ok(Self {
            rules: rules.collect::<Result<_, _>>()?,
            tables: file.tables,
            steps: file.steps,
        })
    }

    /// Checks every template, and that the shared steps that are named exist.
    ///
    /// # Errors
    ///
    /// `invalid-input` that names the rule and the field.
    pub(crate) fn check(
        &self,
        templates: &Templates,
        shared: impl Fn(&str) -> bool,
    ) -> Result<(), Error> {
        for (index, own) in self.rules.iter().enumerate() {
            check_templates(&own.rule, templates, &shared).map_err(|mistake| {
                let name = Value::from(own.rule.name.clone());
                invalid(&mistake.place(index, &serde_json::json!({ "name": name }), None))
            })?;
        }
        for (name, steps) in &self.steps {
            for (index, step) in steps.iter().enumerate() {
                check_shared(step, index, templates, &shared)
                    .map_err(|m| invalid(&format!("[steps] {name}{}: {}", m.field, m.why)))?;
            }
        }
        Ok(())
    }
}

fn invalid(message: &str) -> Error {
    Error::invalid_input(format!(
        "the setting `rules` of the plugin rules does not hold: {message}"
    ))
}

/// What is wrong with a field.
struct Mistake {
    field: String,
    why: String,
}

impl Mistake {
    fn new(field: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            why: why.into(),
        }
    }

    /// The whole story: which rule, where it stands, which field, why.
    fn place(&self, index: usize, rule: &Value, line: Option<usize>) -> String {
        let name = rule.get("name").and_then(Value::as_str);
        let name = name.map_or_else(String::new, |name| format!(" \"{name}\""));
        let line = line.map_or_else(String::new, |line| format!(" (line {line})"));
        let field = if self.field.is_empty() || self.field == "." {
            String::new()
        } else {
            format!(", field {}", self.field)
        };
        format!("rule {}{name}{line}{field}: {}", index + 1, self.why)
    }
}

fn file(setting: &str) -> Result<File, Error> {
    let json = |e: serde_json::Error| invalid(&format!("they are no valid JSON: {e}"));
    let mut inside = setting.trim_start().chars();
    let first = inside.next();
    let second = inside.find(|c| !c.is_whitespace());
    match (first, second) {
        (None, _) => Ok(File::default()),
        // A list in JSON holds rules; a TOML file can only start with a table's name.
        (Some('['), Some('{' | ']')) => {
            let rule = serde_json::from_str(setting).map_err(json)?;
            let empty = File::default();
            Ok(File { rule, ..empty })
        }
        (Some('{'), _) => serde_json::from_str(setting).map_err(json),
        _ => toml::from_str(setting).map_err(|error| {
            let place = error.span().map_or_else(String::new, |span| {
                let (line, column) = line_and_column(setting, span.start);
                format!(" at line {line}, column {column}")
            });
            let why = error.message().replace('\n', ", ");
            invalid(&format!("they are no valid TOML{place}: {why}"))
        }),
    }
}

fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before[line_start..].chars().count() + 1;
    (before.matches('\n').count() + 1, column)
}

/// Where a rule of a TOML file starts.
fn line_of_rule(setting: &str, index: usize) -> Option<usize> {
    let mut lines = setting.lines().enumerate();
    let mut starts = lines
        .by_ref()
        .filter(|(_, l)| l.trim_start().starts_with("[[rule]]"));
    starts.nth(index).map(|(line, _)| line + 1)
}

fn rule(value: &Value, words: &BTreeMap<String, String>) -> Result<OwnRule, Mistake> {
    let rule: Rule = serde_path_to_error::deserialize(value)
        .map_err(|error| Mistake::new(error.path().to_string(), error.inner().to_string()))?;
    rule.check()
        .map_err(|(field, why)| Mistake::new(field, why))?;
    let meaning = |word: &str| {
        let shipped = WORDS.iter().find(|(name, _)| *name == word);
        let own = words.get(word).map(String::as_str);
        own.or(shipped.map(|(_, meaning)| *meaning))
    };
    let patterns = rule.patterns().map(|(field, pattern)| {
        let regex = expand(pattern, &meaning).and_then(|full| compile(&full, rule.case_sensitive));
        regex.map_err(|why| Mistake::new(field, why))
    });
    let patterns = patterns.collect::<Result<_, _>>()?;
    Ok(OwnRule {
        rule: Rc::new(rule),
        patterns,
    })
}

fn check_templates(
    rule: &Rule,
    templates: &Templates,
    shared: &impl Fn(&str) -> bool,
) -> Result<(), Mistake> {
    let template = |field: &str, source: &Option<String>| match source {
        Some(source) => templates
            .check(source)
            .map_err(|why| Mistake::new(field, why)),
        None => Ok(()),
    };
    if let Some(condition) = &rule.condition {
        templates
            .check_expression(condition)
            .map_err(|why| Mistake::new("if", why))?;
    }
    template("answer", &rule.answer)?;
    template("reasoning", &rule.reasoning)?;
    let message = rule.error.as_ref().map(|error| error.message.clone());
    template("error.message", &message)?;
    for (name, source) in &rule.set {
        template(&format!("set.{name}"), &Some(source.clone()))?;
    }
    for (index, step) in rule.steps.iter().enumerate() {
        check_shared(step, index, templates, shared)
            .map_err(|m| Mistake::new(format!("steps{}", m.field), m.why))?;
    }
    Ok(())
}

fn check_shared(
    step: &StepSource,
    index: usize,
    templates: &Templates,
    shared: &impl Fn(&str) -> bool,
) -> Result<(), Mistake> {
    match step {
        StepSource::Shared(name) if shared(name) => Ok(()),
        StepSource::Shared(name) => Err(Mistake::new(
            format!("[{index}]"),
            format!("nobody has defined the shared steps \"{name}\"; `[steps]` does"),
        )),
        StepSource::Calls(calls) => {
            check_step(calls).map_err(|why| Mistake::new(format!("[{index}]"), why))?;
            calls.iter().try_for_each(|call| {
                check_call(call, templates)
                    .map_err(|m| Mistake::new(format!("[{index}].{}", m.field), m.why))
            })
        }
    }
}

fn check_call(call: &Call, templates: &Templates) -> Result<(), Mistake> {
    let expressions = [("if", &call.condition), ("for_each", &call.for_each)];
    for (field, source) in expressions {
        if let Some(source) = source {
            templates
                .check_expression(source)
                .map_err(|why| Mistake::new(field, why))?;
        }
    }
    let tool = Some(call.tool.clone());
    for (field, source) in [
        ("tool", &tool),
        ("say", &call.say),
        ("answer", &call.answer),
    ] {
        if let Some(source) = source {
            templates
                .check(source)
                .map_err(|why| Mistake::new(field, why))?;
        }
    }
    let checked = match &call.arguments {
        Arguments::Raw(raw) => templates.check(raw),
        Arguments::Table(table) => check_values(table, templates),
    };
    checked.map_err(|why| Mistake::new("arguments", why))
}

fn check_values(value: &Value, templates: &Templates) -> Result<(), String> {
    match value {
        Value::String(source) => templates.check(source),
        Value::Array(list) => list.iter().try_for_each(|v| check_values(v, templates)),
        Value::Object(table) => table.values().try_for_each(|v| check_values(v, templates)),
        _ => Ok(()),
    }
}
