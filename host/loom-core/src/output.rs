//! The shape that a final answer must have, when the caller asked for one.

use serde_json::Value;

use crate::BuildError;
use crate::schema::Schema;

/// A schema for final answers.
pub(crate) struct OutputSchema {
    schema: Schema,
}

impl OutputSchema {
    pub(crate) fn compile(source: &Value) -> Result<Self, BuildError> {
        let schema = Schema::compile(source).map_err(BuildError::OutputSchema)?;
        Ok(Self { schema })
    }

    /// The JSON text of an answer, without the code fence that models like to put around it. The error
    /// lists what is wrong.
    pub(crate) fn check<'a>(&self, answer: &'a str) -> Result<&'a str, String> {
        let json = without_fence(answer);
        let value: Value = serde_json::from_str(json)
            .map_err(|error| format!("the answer is not JSON: {error}"))?;
        let problems = self.schema.problems(&value);
        if problems.is_empty() {
            Ok(json)
        } else {
            Err(format!(
                "the answer does not fit the schema:\n- {}",
                problems.join("\n- ")
            ))
        }
    }

    /// What the model is told after an answer that does not fit.
    pub(crate) fn correction(&self, problem: &str) -> String {
        format!(
            "{problem}\n\nAnswer again with one JSON value that fits this schema, and nothing else, no \
             code fence and no explanation:\n{}",
            self.schema.outline()
        )
    }
}

/// The inside of a text that is one Markdown code fence; any other text without surrounding space.
fn without_fence(text: &str) -> &str {
    let text = text.trim();
    let fenced = || {
        let inside = text.strip_prefix("```")?.strip_suffix("```")?;
        let (language, body) = inside.split_once('\n')?;
        let language = language.trim();
        (language.is_empty() || language.eq_ignore_ascii_case("json")).then_some(body.trim())
    };
    fenced().unwrap_or(text)
}

#[cfg(test)]
mod tests;
