//! JSON Schemas, compiled once, and what is wrong with a value in words that a model can act on.

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, ValidationError, Validator};
use serde_json::Value;

/// How many problems are told at once; a model corrects a few at a time.
const MAX_PROBLEMS: usize = 10;
/// How much of a schema is quoted in one problem, and how much of a value, in bytes.
const MAX_QUOTED_SCHEMA: usize = 400;
const MAX_QUOTED_VALUE: usize = 200;

/// A compiled schema.
pub(crate) struct Schema {
    validator: Validator,
    source: Value,
}

impl Schema {
    /// Compiles a schema as draft 2020-12. References to other documents are refused: the agent
    /// reaches no network and no files. The error says what is wrong with the schema.
    pub(crate) fn compile(source: &Value) -> Result<Self, String> {
        if !source.is_object() {
            return Err(format!(
                "it must be a JSON object, but is {}",
                clip(&source.to_string(), MAX_QUOTED_VALUE)
            ));
        }
        let options = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .offline();
        let validator = options
            .build(source)
            .map_err(|error| at(error.instance_path().as_str(), &message(&error)))?;
        Ok(Self {
            validator,
            source: source.clone(),
        })
    }

    /// What is wrong with a value, one line each; empty if nothing.
    pub(crate) fn problems(&self, value: &Value) -> Vec<String> {
        if self.validator.is_valid(value) {
            return Vec::new();
        }
        let mut errors = self.validator.iter_errors(value);
        let mut lines: Vec<_> = errors
            .by_ref()
            .take(MAX_PROBLEMS)
            .map(|error| self.problem(&error))
            .collect();
        let more = errors.count();
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        lines
    }

    fn problem(&self, error: &ValidationError<'_>) -> String {
        let line = at(error.instance_path().as_str(), &message(error));
        match self.expected(error) {
            Some(expected) => format!(
                "{line}; expected {}",
                clip(&expected.to_string(), MAX_QUOTED_SCHEMA)
            ),
            None => line,
        }
    }

    /// The part of the schema that the value should satisfy: the one that holds the violated keyword,
    /// and for a missing property the property's own.
    fn expected(&self, error: &ValidationError<'_>) -> Option<&Value> {
        let (parent, _keyword) = error.schema_path().as_str().rsplit_once('/')?;
        let part = self.source.pointer(parent)?;
        match error.kind() {
            ValidationErrorKind::Required {
                property: Value::String(name),
            } => part.get("properties")?.get(name),
            _ => Some(part),
        }
    }

    /// The schema as text, for a model that got nothing right. Cut if it is long.
    pub(crate) fn outline(&self) -> String {
        clip(&self.source.to_string(), 4 * MAX_QUOTED_SCHEMA)
    }
}

fn message(error: &ValidationError<'_>) -> String {
    let text = error.to_string();
    if text.len() <= MAX_QUOTED_VALUE {
        text
    } else {
        clip(&error.masked().to_string(), MAX_QUOTED_VALUE)
    }
}

fn at(pointer: &str, message: &str) -> String {
    let place = if pointer.is_empty() {
        "the top level"
    } else {
        pointer
    };
    format!("at {place}: {message}")
}

fn clip(text: &str, max_bytes: usize) -> String {
    if text.len() <= max_bytes {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(max_bytes)])
}

#[cfg(test)]
mod tests;
