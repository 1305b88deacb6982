//! Points: writing, removing and fetching them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::filter::{check, passes};
use crate::{Collection, Outcome};

/// A point.
pub(crate) struct Point {
    pub(crate) payload: Value,
    /// Dense vectors, in length 1: all are compared by cosine.
    pub(crate) dense: BTreeMap<String, Vec<f32>>,
    pub(crate) sparse: BTreeMap<String, BTreeMap<u64, f32>>,
}

impl Collection {
    pub(crate) fn upsert(&mut self, body: &Value) -> Outcome {
        let points = body["points"].as_array().into_iter().flatten();
        let points: Vec<(String, Point)> = points
            .map(|point| Ok((id(&point["id"])?, self.point(point)?)))
            .collect::<Result<_, (u16, String)>>()?;
        let mode = body["update_mode"].as_str().unwrap_or("upsert");
        for (id, point) in points {
            let exists = self.points.contains_key(&id);
            let applies = match mode {
                "upsert" => true,
                "insert_only" => !exists,
                "update_only" => exists,
                other => return Err((400, format!("unknown variant `{other}`"))),
            };
            if applies {
                self.points.insert(id, point);
            }
        }
        Ok(self.done())
    }

    fn point(&self, point: &Value) -> Result<Point, (u16, String)> {
        let (mut dense, mut sparse) = (BTreeMap::new(), BTreeMap::new());
        for (name, vector) in point["vector"].as_object().into_iter().flatten() {
            if vector.is_array() {
                dense.insert(name.clone(), self.dense(name, vector)?);
            } else if self.sparse_vectors.get(name).is_some() {
                sparse.insert(name.clone(), sparse_vector(vector)?);
            } else {
                return Err(no_vector(name));
            }
        }
        let payload = point["payload"].clone();
        Ok(Point {
            payload,
            dense,
            sparse,
        })
    }

    /// A dense vector of the collection's, in length 1.
    pub(crate) fn dense(&self, name: &str, vector: &Value) -> Result<Vec<f32>, (u16, String)> {
        let size = self.vectors.get(name).ok_or_else(|| no_vector(name))?;
        let numbers = vector.as_array().into_iter().flatten();
        let numbers: Vec<f32> = numbers.map(|x| x.as_f64().unwrap_or(0.0) as f32).collect();
        if numbers.len() != *size {
            let reason = format!(
                "Wrong input: Vector dimension error: expected dim: {size}, got {}",
                numbers.len()
            );
            return Err((400, reason));
        }
        let length = numbers.iter().map(|x| x * x).sum::<f32>().sqrt();
        // As Qdrant does: what has no direction stays as it is.
        let scale = if length < f32::EPSILON { 1.0 } else { length };
        Ok(numbers.iter().map(|x| x / scale).collect())
    }

    pub(crate) fn delete(&mut self, body: &Value) -> Outcome {
        let gone = self.selected(body)?;
        for id in gone {
            self.points.remove(&id);
        }
        Ok(self.done())
    }

    pub(crate) fn set_payload(&mut self, body: &Value) -> Outcome {
        let fields = body["payload"].as_object().cloned().unwrap_or_default();
        for id in self.selected(body)? {
            if let Some(Value::Object(payload)) = self.points.get_mut(&id).map(|p| &mut p.payload) {
                payload.extend(fields.clone());
            }
        }
        Ok(self.done())
    }

    /// Ids by `points` or by `filter`.
    fn selected(&self, body: &Value) -> Result<Vec<String>, (u16, String)> {
        if let Some(ids) = body["points"].as_array() {
            return ids.iter().map(id).collect();
        }
        let filter = &body["filter"];
        if filter.is_null() {
            return Err((400, "Format error in JSON body: missing field".into()));
        }
        check(filter, &self.indexes)?;
        let points = self.points.iter();
        let selected = points.filter(|(_, point)| passes(filter, &point.payload));
        Ok(selected.map(|(id, _)| id.clone()).collect())
    }

    pub(crate) fn retrieve(&self, body: &Value) -> Outcome {
        let ids = body["ids"].as_array().into_iter().flatten();
        let mut found = Vec::new();
        for wanted in ids {
            let id = id(wanted)?;
            if let Some(point) = self.points.get(&id) {
                let payload = shown(&body["with_payload"], true, &point.payload);
                found.push(json!({ "id": id, "payload": payload }));
            }
        }
        // The order of an answer is not promised.
        found.reverse();
        Ok(json!(found))
    }

    pub(crate) fn scroll(&self, body: &Value) -> Outcome {
        let filter = &body["filter"];
        check(filter, &self.indexes)?;
        let limit = body["limit"].as_u64().unwrap_or(10) as usize;
        let from = body["offset"].as_str().unwrap_or_default();
        let points = self.points.range(from.to_owned()..);
        let mut found = points.filter(|(_, point)| passes(filter, &point.payload));
        let page: Vec<Value> = found
            .by_ref()
            .take(limit)
            .map(|(id, point)| {
                let payload = shown(&body["with_payload"], true, &point.payload);
                json!({ "id": id, "payload": payload })
            })
            .collect();
        let next = found.next().map(|(id, _)| id);
        Ok(json!({ "points": page, "next_page_offset": next }))
    }
}

/// The part of a payload that was asked for.
pub(crate) fn shown(with_payload: &Value, default: bool, payload: &Value) -> Value {
    match with_payload {
        Value::Array(names) => {
            let names = names.iter().filter_map(Value::as_str);
            let fields =
                names.filter_map(|name| Some((name.to_owned(), payload.get(name)?.clone())));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        Value::Bool(true) => payload.clone(),
        Value::Null if default => payload.clone(),
        _ => Value::Null,
    }
}

/// Ids are UUIDs here; Qdrant takes numbers too.
fn id(value: &Value) -> Result<String, (u16, String)> {
    let id = value
        .as_str()
        .and_then(|text| text.parse::<uuid::Uuid>().ok());
    id.map(|id| id.to_string()).ok_or_else(|| {
        let reason = format!(
            "Format error in JSON body: value {value} is not a valid point ID, valid values are \
             either an unsigned integer or a UUID"
        );
        (400, reason)
    })
}

pub(crate) fn sparse_vector(vector: &Value) -> Result<BTreeMap<u64, f32>, (u16, String)> {
    let list = |name: &str| vector[name].as_array().cloned().unwrap_or_default();
    let (indices, values) = (list("indices"), list("values"));
    let indices: Vec<u64> = indices.iter().filter_map(Value::as_u64).collect();
    let weights: BTreeMap<u64, f32> = indices
        .iter()
        .copied()
        .zip(values.iter().map(|x| x.as_f64().unwrap_or(0.0) as f32))
        .collect();
    if weights.len() != values.len() || weights.len() != indices.len() {
        let reason =
            "Validation error in JSON body: [indices: must be unique, and as many as values]";
        return Err((422, reason.to_owned()));
    }
    Ok(weights)
}

pub(crate) fn no_vector(name: &str) -> (u16, String) {
    let reason = format!("Wrong input: Not existing vector name error: {name}");
    (400, reason)
}
