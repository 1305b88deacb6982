//! What a rule is: the fields of the rules file, read and checked. Nothing here matches or runs one.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// A pattern, the tool calls that answer it, and the answer.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// For errors, for `again` and for people.
    pub(crate) name: String,
    #[serde(default)]
    pattern: Option<String>,
    #[serde(default)]
    patterns: Vec<String>,
    /// Questions that the rule answers: documentation, suggestions and tests.
    #[serde(default)]
    pub(crate) examples: Vec<String>,
    #[serde(default)]
    pub(crate) case_sensitive: bool,
    /// The end of the message is taken as typed, because it is text to be used as it is.
    #[serde(default)]
    pub(crate) keep_ending: bool,
    /// Tools that must be offered; the rule is skipped otherwise.
    #[serde(default)]
    pub(crate) when: Vec<String>,
    /// Expression; the rule is skipped where it is false.
    #[serde(default, rename = "if")]
    pub(crate) condition: Option<String>,
    /// The rule goes on from a question that one of these answered, and has its variables too. If it
    /// does nothing of its own, that rule runs again.
    #[serde(default)]
    pub(crate) again: Vec<String>,
    /// Further variables, each a template.
    #[serde(default)]
    pub(crate) set: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) steps: Vec<StepSource>,
    /// Template.
    #[serde(default)]
    pub(crate) answer: Option<String>,
    /// Template; said as reasoning before the answer.
    #[serde(default)]
    pub(crate) reasoning: Option<String>,
    /// Another end than the usual one, for tests of agents.
    #[serde(default)]
    pub(crate) stop: Option<Ending>,
    /// Another count than the real one, for tests of agents.
    #[serde(default)]
    pub(crate) usage: Option<Tokens>,
    /// A failure in place of the answer, for tests of agents.
    #[serde(default)]
    pub(crate) error: Option<Failure>,
}

/// A step as written: one call, several side by side, or the name of shared steps.
#[derive(Clone, Debug)]
pub(crate) enum StepSource {
    Calls(Vec<Call>),
    Shared(String),
}

/// What a step does: tool calls side by side. Or nothing but an early answer.
pub(crate) type Step = Vec<Call>;

/// One tool call, or an early answer.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Call {
    /// Template; absent in an early answer.
    #[serde(default)]
    pub(crate) tool: String,
    #[serde(default)]
    pub(crate) arguments: Arguments,
    /// Expression; the call is left out where it is false.
    #[serde(default, rename = "if")]
    pub(crate) condition: Option<String>,
    /// Expression with a list; one call for each, with the variable `item`.
    #[serde(default)]
    pub(crate) for_each: Option<String>,
    /// Turns, one after the other.
    #[serde(default = "once")]
    pub(crate) repeat: u32,
    /// The variable that holds the result; with `for_each` a list of them.
    #[serde(default, rename = "as")]
    pub(crate) name: Option<String>,
    /// The rule deals with a failure itself.
    #[serde(default)]
    pub(crate) may_fail: bool,
    /// Call it even if it is not offered.
    #[serde(default)]
    pub(crate) unchecked: bool,
    /// Template; said before the call.
    #[serde(default)]
    pub(crate) say: Option<String>,
    /// Template; ends the rule here.
    #[serde(default)]
    pub(crate) answer: Option<String>,
}

fn once() -> u32 {
    1
}

/// The arguments of a call.
#[derive(Clone, Debug)]
pub(crate) enum Arguments {
    /// Every string in it is a template.
    Table(Value),
    /// Template of the whole text, sent as it comes out: it need not be JSON.
    Raw(String),
}

impl Default for Arguments {
    fn default() -> Self {
        Self::Table(Value::Object(serde_json::Map::new()))
    }
}

/// How an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Ending {
    EndTurn,
    ToolUse,
    MaxOutputTokens,
    StopSequence,
    ContentFilter,
    /// No end at all: the stream breaks off.
    Missing,
}

/// Tokens to report.
#[derive(Clone, Copy, Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Tokens {
    pub(crate) input: u64,
    pub(crate) output: u64,
}

/// A failure to report.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    /// Template.
    pub(crate) message: String,
    #[serde(default)]
    pub(crate) retry_after_ms: Option<u64>,
    #[serde(default)]
    pub(crate) http_status: Option<u16>,
}

/// The contract's kinds of errors.
#[derive(Clone, Copy, Debug, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FailureKind {
    InvalidInput,
    NotFound,
    Denied,
    Unauthenticated,
    RateLimited,
    Timeout,
    Cancelled,
    Conflict,
    Unavailable,
    Internal,
}

impl Rule {
    /// Both fields, with the names that an error should use.
    pub(crate) fn patterns(&self) -> impl Iterator<Item = (String, &str)> {
        let one = self.pattern.iter().map(|p| ("pattern".to_owned(), &**p));
        let many = self.patterns.iter().enumerate();
        one.chain(many.map(|(index, p)| (format!("patterns[{index}]"), &**p)))
    }

    /// Whether it has anything to do or to say.
    pub(crate) fn does_something(&self) -> bool {
        let speaks = self.answer.is_some() || self.error.is_some() || self.stop.is_some();
        speaks || !self.steps.is_empty()
    }

    /// What is wrong with it as a whole: the field and why.
    pub(crate) fn check(&self) -> Result<(), (String, String)> {
        let wrong = |field: &str, why: &str| Err((field.to_owned(), why.to_owned()));
        if self.name.trim().is_empty() {
            return wrong("name", "is empty: give the rule a name");
        }
        if self.patterns().next().is_none() {
            return wrong(
                "pattern",
                "is missing: say which questions the rule answers; the pattern \"\" answers all",
            );
        }
        if !self.does_something() && self.again.is_empty() {
            return wrong("answer", "is missing, and there are no steps either");
        }
        for (index, step) in self.steps.iter().enumerate() {
            let StepSource::Calls(calls) = step else {
                continue;
            };
            check_step(calls).map_err(|why| (format!("steps[{index}]"), why.to_owned()))?;
        }
        Ok(())
    }
}

/// Why a step makes no sense, if it does not.
pub(crate) fn check_step(calls: &[Call]) -> Result<(), &'static str> {
    if calls.is_empty() {
        return Err("is an empty list: name a tool to call");
    }
    for call in calls {
        match (call.tool.is_empty(), call.answer.is_some()) {
            (true, false) => return Err("needs a `tool` to call, or an `answer`"),
            (false, true) => return Err("has both a `tool` and an `answer`: make it two steps"),
            (true, true) if calls.len() > 1 => {
                return Err("answers beside tool calls: make it a step of its own");
            }
            _ if call.repeat == 0 => return Err("has `repeat = 0`: it would never run"),
            _ => {}
        }
    }
    Ok(())
}

impl<'de> Deserialize<'de> for StepSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StepVisitor)
    }
}

/// By hand, because serde's untagged enums lose the place and the reason of a mistake.
struct StepVisitor;

impl<'de> Visitor<'de> for StepVisitor {
    type Value = StepSource;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a call such as { tool = \"glob\" }, a list of calls, or the name of shared steps",
        )
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<StepSource, E> {
        Ok(StepSource::Shared(name.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<StepSource, A::Error> {
        let call = Call::deserialize(MapAccessDeserializer::new(map))?;
        Ok(StepSource::Calls(vec![call]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<StepSource, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(StepSource::Calls)
    }
}

impl<'de> Deserialize<'de> for Arguments {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(raw) => Ok(Self::Raw(raw)),
            table @ Value::Object(_) => Ok(Self::Table(table)),
            _ => Err(de::Error::custom(
                "expected a table, or a string to send as it is",
            )),
        }
    }
}
