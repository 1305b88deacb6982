//! The part of Qdrant's REST API that `memory-qdrant` uses, in memory: for tests, in place of a
//! server. Requests and answers are values; sockets, delays and faults are the tests' own.
//!
//! Written after the OpenAPI description and the sources of Qdrant 1.19, and stricter where a real
//! server may be: filters need an index, as in strict mode. Searches are exact. What it does not have:
//! shards, replicas, quotas, and every field that the plugin does not send.

mod filter;
mod points;
mod query;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use points::Point;

/// A server. Several callers may use it at once; each request is carried out whole.
pub struct Qdrant {
    api_key: Option<String>,
    version: String,
    collections: Mutex<BTreeMap<String, Collection>>,
}

/// A request, as far as the server looks at it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub method: &'a str,
    /// Path and query.
    pub target: &'a str,
    pub api_key: Option<&'a str>,
    pub body: &'a str,
}

/// What a request is answered with: a status, and JSON or a line of text.
pub type Answer = (u16, String);

/// What an operation gives: a result, or a status and what is wrong.
type Outcome = Result<Value, (u16, String)>;

#[derive(Default)]
struct Collection {
    vectors: BTreeMap<String, usize>,
    sparse_vectors: Value,
    indexes: BTreeMap<String, String>,
    points: BTreeMap<String, Point>,
    operations: u64,
}

impl Default for Qdrant {
    fn default() -> Self {
        Self::new(None)
    }
}

impl Qdrant {
    /// A server without collections that asks for this key.
    #[must_use]
    pub fn new(api_key: Option<&str>) -> Self {
        Self {
            api_key: api_key.map(ToOwned::to_owned),
            version: "1.19.0".to_owned(),
            collections: Mutex::default(),
        }
    }

    /// The same, as another version of Qdrant.
    #[must_use]
    pub fn with_version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.version);
        self
    }

    /// Carries out a request.
    pub fn answer(&self, request: Request<'_>) -> Answer {
        match (&self.api_key, request.api_key) {
            (Some(_), None) => {
                let missing = "Must provide an API key or an Authorization bearer token";
                return (401, missing.to_owned());
            }
            (Some(key), Some(given)) if key != given => {
                return (401, "Invalid API key or JWT".to_owned());
            }
            _ => {}
        }
        let (path, _) = request
            .target
            .split_once('?')
            .unwrap_or((request.target, ""));
        if (request.method, path) == ("GET", "/") {
            let about =
                json!({ "title": "qdrant - vector search engine", "version": self.version });
            return (200, about.to_string());
        }
        match self.collection_request(request.method, path, request.body) {
            Ok(result) => {
                let answer = json!({ "result": result, "status": "ok", "time": 0.0001 });
                (200, answer.to_string())
            }
            Err((404, reason)) if reason.is_empty() => (404, String::new()),
            Err((status, reason)) => {
                let answer = json!({ "status": { "error": reason }, "time": 0.0 });
                (status, answer.to_string())
            }
        }
    }

    /// All points of a collection, by id, with their payloads.
    pub fn payloads(&self, collection: &str) -> Vec<(String, Value)> {
        let collections = self.lock();
        let points = collections.get(collection).map(|found| &found.points);
        let points = points.into_iter().flatten();
        points
            .map(|(id, point)| (id.clone(), point.payload.clone()))
            .collect()
    }

    /// Removes a point, as a damaged disk does.
    pub fn lose(&self, collection: &str, id: &str) {
        if let Some(found) = self.lock().get_mut(collection) {
            found.points.remove(id);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Collection>> {
        self.collections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn collection_request(&self, method: &str, path: &str, body: &str) -> Outcome {
        let nothing_here = || (404, String::new());
        let rest = path
            .strip_prefix("/collections/")
            .ok_or_else(nothing_here)?;
        let (name, operation) = rest.split_once('/').unwrap_or((rest, ""));
        let body: Value = match body {
            "" => Value::Null,
            body => serde_json::from_str(body)
                .map_err(|why| (400, format!("Format error in JSON body: {why}")))?,
        };
        let mut collections = self.lock();
        if (method, operation) == ("PUT", "") {
            if collections.contains_key(name) {
                let reason = format!("Wrong input: Collection `{name}` already exists!");
                return Err((409, reason));
            }
            collections.insert(name.to_owned(), Collection::new(&body));
            return Ok(json!(true));
        }
        if (method, operation) == ("DELETE", "") {
            return Ok(json!(collections.remove(name).is_some()));
        }
        let missing = || {
            let reason = format!("Not found: Collection `{name}` doesn't exist!");
            (404, reason)
        };
        let collection = collections.get_mut(name).ok_or_else(missing)?;
        collection.operation(method, operation, &body)
    }
}

impl Collection {
    fn new(body: &Value) -> Self {
        let mut collection = Self {
            sparse_vectors: body["sparse_vectors"].clone(),
            ..Self::default()
        };
        for (name, vector) in body["vectors"].as_object().into_iter().flatten() {
            collection.add_vector(name, vector);
        }
        collection
    }

    fn operation(&mut self, method: &str, operation: &str, body: &Value) -> Outcome {
        match (method, operation) {
            ("GET", "") => Ok(self.describe()),
            ("PUT", "index") => self.add_index(body),
            ("PUT", "points") => self.upsert(body),
            ("POST", "points") => self.retrieve(body),
            ("POST", "points/delete") => self.delete(body),
            ("POST", "points/payload") => self.set_payload(body),
            ("POST", "points/scroll") => self.scroll(body),
            ("POST", "points/query") => self.query(body),
            ("POST", "points/query/batch") => {
                let searches = body["searches"].as_array().into_iter().flatten();
                searches.map(|search| self.query(search)).collect()
            }
            ("PUT", other) => match other.strip_prefix("vectors/") {
                Some(name) => self.put_vector(name, &body["dense"]),
                None => Err((404, String::new())),
            },
            _ => Err((404, String::new())),
        }
    }

    fn describe(&self) -> Value {
        let vectors = self.vectors.iter();
        let vectors: BTreeMap<&String, Value> = vectors
            .map(|(name, size)| (name, json!({ "size": size, "distance": "Cosine" })))
            .collect();
        let indexes = self.indexes.iter();
        let indexes: BTreeMap<&String, Value> = indexes
            .map(|(name, schema)| (name, json!({ "data_type": schema, "points": 0 })))
            .collect();
        json!({
            "status": "green",
            "points_count": self.points.len(),
            "config": { "params": { "vectors": vectors, "sparse_vectors": self.sparse_vectors } },
            "payload_schema": indexes,
        })
    }

    fn add_vector(&mut self, name: &str, vector: &Value) {
        let size = vector["size"].as_u64().unwrap_or(0);
        self.vectors.insert(name.to_owned(), size as usize);
    }

    fn put_vector(&mut self, name: &str, vector: &Value) -> Outcome {
        let size = vector["size"].as_u64().unwrap_or(0);
        if !(1..=65_536).contains(&size) {
            return Err((
                422,
                "Validation error in JSON body: [size: value out of range]".into(),
            ));
        }
        match self.vectors.get(name) {
            Some(known) if *known as u64 != size => {
                let reason = format!(
                    "Wrong input: Vector `{name}` already exists with a different configuration"
                );
                return Err((400, reason));
            }
            _ => self.add_vector(name, vector),
        }
        Ok(self.done())
    }

    fn add_index(&mut self, body: &Value) -> Outcome {
        let name = body["field_name"].as_str().unwrap_or_default();
        let schema = &body["field_schema"];
        let schema = schema.as_str().or_else(|| schema["type"].as_str());
        let Some(schema) = schema else {
            return Err((400, "Wrong input: field_schema is not known".into()));
        };
        self.indexes.insert(name.to_owned(), schema.to_owned());
        Ok(self.done())
    }

    /// What every write is answered with.
    fn done(&mut self) -> Value {
        self.operations += 1;
        json!({ "operation_id": self.operations, "status": "completed" })
    }
}
