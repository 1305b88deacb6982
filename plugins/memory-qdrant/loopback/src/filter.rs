//! Filters: which points satisfy the conditions of a request.

use std::collections::BTreeMap;

use serde_json::Value;

/// The points' indexes, by field.
pub(crate) type Indexes = BTreeMap<String, String>;

/// Refuses conditions on fields without a fitting index, as a server in strict mode does.
pub(crate) fn check(filter: &Value, indexes: &Indexes) -> Result<(), (u16, String)> {
    for condition in conditions(filter) {
        let key = condition["key"].as_str().unwrap_or_default();
        let wanted = match condition.get("range") {
            Some(_) => &["integer", "float"][..],
            None => &["keyword", "integer"],
        };
        let index = indexes.get(key).map(String::as_str);
        if !index.is_some_and(|index| wanted.contains(&index)) {
            let reason = format!(
                "Bad request: Index required but not found for \"{key}\" of one of the following \
                 types: [{}]. Help: Create an index for this key or use a different filter.",
                wanted.join(", ")
            );
            return Err((400, reason));
        }
    }
    Ok(())
}

fn conditions(filter: &Value) -> impl Iterator<Item = &Value> {
    ["must", "must_not", "should"]
        .into_iter()
        .flat_map(move |clause| filter[clause].as_array().into_iter().flatten())
}

/// Whether a payload satisfies a filter. No filter lets everything through.
pub(crate) fn passes(filter: &Value, payload: &Value) -> bool {
    let clause = |name: &str| filter[name].as_array().into_iter().flatten();
    let has_should = clause("should").next().is_some();
    clause("must").all(|condition| holds(condition, payload))
        && !clause("must_not").any(|condition| holds(condition, payload))
        && (!has_should || clause("should").any(|condition| holds(condition, payload)))
}

fn holds(condition: &Value, payload: &Value) -> bool {
    let key = condition["key"].as_str().unwrap_or_default();
    let Some(value) = payload.get(key) else {
        return false;
    };
    let wanted = &condition["match"];
    if let Some(wanted) = wanted.get("value") {
        return value == wanted;
    }
    if let Some(any) = wanted["any"].as_array() {
        return any.contains(value);
    }
    in_range(&condition["range"], value)
}

/// Qdrant compares numbers as `f64`.
fn in_range(range: &Value, value: &Value) -> bool {
    let (Some(range), Some(value)) = (range.as_object(), value.as_f64()) else {
        return false;
    };
    range.iter().all(|(name, bound)| {
        let bound = bound.as_f64();
        bound.is_some_and(|bound| match name.as_str() {
            "gt" => value > bound,
            "gte" => value >= bound,
            "lt" => value < bound,
            "lte" => value <= bound,
            _ => false,
        })
    })
}
