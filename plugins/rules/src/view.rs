//! A tool's result as templates see it. Made when it is looked at, because results can be large and
//! many.

use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::Object;

use crate::conversation::Outcome;
use crate::filters::from_json;

/// A result with the fields `ok`, `error`, `text`, `body`, `lines`, `note`, `total`, `json`, `tool` and
/// `arguments`.
pub(crate) struct ResultView(Outcome);

/// A result for a scope.
pub(crate) fn result(outcome: Outcome) -> Value {
    Value::from_object(ResultView(outcome))
}

impl ResultView {
    /// Tools close a text with what is to be known about it, a sentence in brackets without a line's
    /// end. A text of its own may end in brackets too, but hardly like that.
    fn is_note(line: &str) -> bool {
        line.starts_with('[') && line.ends_with(']') && line.contains(' ')
    }

    fn content(&self) -> &str {
        if self.0.failed { "" } else { &self.0.text }
    }

    /// The text without a note in its last line, and the note.
    fn split(&self) -> (&str, &str) {
        let text = self.content();
        let start = text.rfind('\n').map_or(0, |newline| newline + 1);
        let (before, last) = text.split_at(start);
        if Self::is_note(last) {
            (before, &last[1..last.len() - 1])
        } else {
            (text, "")
        }
    }

    /// How many lines there are, those included that a note says were left out: `lines 1-9 of 20`,
    /// `9 of 20 files shown`.
    fn total(&self) -> usize {
        let (body, note) = self.split();
        let counts = note.starts_with("lines ") || note.contains(" shown");
        let told = note.split(" of ").nth(1).filter(|_| counts).map(|after| {
            let after = after.strip_prefix("more than ").unwrap_or(after);
            let end = after.find(|c: char| !c.is_ascii_digit());
            &after[..end.unwrap_or(after.len())]
        });
        let told = told.and_then(|digits| digits.parse().ok());
        told.unwrap_or_else(|| body.lines().count())
    }
}

impl Object for ResultView {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let value = match key.as_str()? {
            "ok" => Value::from(!self.0.failed),
            "error" if self.0.failed => Value::from(&*self.0.text),
            "text" => Value::from(self.content()),
            "body" => Value::from(self.split().0),
            "lines" => self.split().0.lines().map(Value::from).collect(),
            "total" => Value::from(self.total()),
            "note" => Value::from(self.split().1),
            "json" => parsed(self.content()),
            "tool" => Value::from(&*self.0.tool),
            "arguments" => parsed(&self.0.arguments),
            _ => return None,
        };
        Some(value)
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }

    fn is_true(self: &Arc<Self>) -> bool {
        !self.0.failed
    }
}

impl fmt::Debug for ResultView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ResultView").field(&self.0).finish()
    }
}

fn parsed(text: &str) -> Value {
    let json = serde_json::from_str::<serde_json::Value>(text);
    json.map_or(Value::UNDEFINED, |json| from_json(&json))
}

#[cfg(test)]
mod tests;
