//! Answers in JSON, whatever their engine. Fields that are missing or of another type than documented
//! cost that field or that result, not the search.

use loom_sdk::Error;
use loom_sdk::error::Result;
use serde_json::Value;

/// Parses an engine's answer.
///
/// # Errors
///
/// `unavailable` if it is no JSON.
pub(crate) fn parse(text: &str, name: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|error| {
        Error::unavailable(format!(
            "the answer of {name} is not JSON ({error}); check its URL in the settings of the plugin web-search, or try again later"
        ))
    })
}

/// The list at a pointer; empty if there is none.
pub(crate) fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    let list = value.pointer(pointer).and_then(Value::as_array);
    list.map(Vec::as_slice).unwrap_or_default()
}

/// The text of a field; empty if there is none.
pub(crate) fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}
