//! Output schemas as the API takes them. It refuses objects that are open, and words that its
//! grammar cannot hold (Anthropic's page on structured outputs); the official clients rewrite
//! schemas in the same way.

use serde_json::{Map, Value};

/// Words that are refused. What they say goes into the description, for the model to follow.
const REFUSED: [&str; 15] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "maxItems",
    "uniqueItems",
    "minContains",
    "maxContains",
    "minProperties",
    "maxProperties",
    "patternProperties",
    "propertyNames",
];

/// The nearest schema that the API takes. It allows no more than the given one, except for what
/// the refused words would have forbidden.
pub(crate) fn closed(schema: Value) -> Value {
    let Value::Object(schema) = schema else {
        return schema;
    };
    let mut wishes = Vec::new();
    let mut made = Map::new();
    for (word, value) in schema {
        match word.as_str() {
            "$schema" | "additionalProperties" => {}
            "oneOf" => drop(made.insert("anyOf".to_owned(), each(value))),
            "anyOf" | "allOf" => drop(made.insert(word, each(value))),
            "properties" | "$defs" | "definitions" => drop(made.insert(word, each(value))),
            "items" => drop(made.insert(word, closed(value))),
            "minItems" if value.as_u64().is_some_and(|count| count > 1) => {
                wishes.push(format!("{word}: {value}"));
            }
            _ if REFUSED.contains(&word.as_str()) => wishes.push(format!("{word}: {value}")),
            _ => drop(made.insert(word, value)),
        }
    }
    if made.get("type").is_some_and(|name| name == "object") || made.contains_key("properties") {
        made.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    describe(&mut made, &wishes);
    Value::Object(made)
}

fn each(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(closed).collect(),
        Value::Object(fields) => {
            let closed = fields
                .into_iter()
                .map(|(name, value)| (name, closed(value)));
            Value::Object(closed.collect())
        }
        other => other,
    }
}

fn describe(schema: &mut Map<String, Value>, wishes: &[String]) {
    if wishes.is_empty() {
        return;
    }
    let wishes = format!("{{{}}}", wishes.join(", "));
    let text = match schema.get("description").and_then(Value::as_str) {
        Some(text) => format!("{text}\n\n{wishes}"),
        None => wishes,
    };
    schema.insert("description".to_owned(), text.into());
}

#[cfg(test)]
mod tests;
