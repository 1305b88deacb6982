//! The collection: made when it is missing, with the indexes and vectors that the store relies on.

use std::collections::BTreeSet;

use loom_sdk::error::Result;
use loom_sdk::{Error, ErrorKind};
use serde_json::{Value, json};

use crate::client::Client;
use crate::point::field;

/// The sparse vector of an entry's words.
pub(crate) const WORDS: &str = "words";

/// Fields that filters and orders use. Servers in strict mode refuse those without an index.
const INDEXES: [(&str, &str); 6] = [
    (field::ROLE, "keyword"),
    (field::SESSION, "keyword"),
    (field::GENERATION, "keyword"),
    (field::KIND, "keyword"),
    (field::SEQ, "integer"),
    (field::TIME, "integer"),
];

/// The first version that makes named vectors in a collection that exists; `insert_only` came with
/// 1.17, and older ones overwrite instead without a word.
const OLDEST: (u32, u32) = (1, 18);

/// What is known of the collection.
#[derive(Debug, Default)]
pub(crate) struct Collection {
    is_ready: bool,
    /// Names of its dense vectors.
    vectors: BTreeSet<String>,
}

/// The name of the vectors of a length: each embedding model has room, also after a change.
pub(crate) fn vector_name(length: usize) -> String {
    format!("vector-{length}")
}

impl Collection {
    /// Makes the collection, or what it lacks, unless that was done already.
    ///
    /// # Errors
    ///
    /// `invalid-input` if the server is too old or the collection is somebody else's.
    pub(crate) fn ensure(&mut self, client: &Client) -> Result<()> {
        if self.is_ready {
            return Ok(());
        }
        check_version(client)?;
        let description = match client.describe()? {
            Some(description) => description,
            None => create(client)?,
        };
        check_owner(client, &description)?;
        for (name, schema) in INDEXES {
            if description["payload_schema"].get(name).is_none() {
                let index = json!({ "field_name": name, "field_schema": schema });
                client.write("PUT", "/index", &index)?;
            }
        }
        self.remember(&description);
        self.is_ready = true;
        Ok(())
    }

    /// Forgets everything: the collection is not what it was.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Makes room for vectors of a length.
    pub(crate) fn ensure_vectors(&mut self, client: &Client, length: usize) -> Result<()> {
        let name = vector_name(length);
        if self.vectors.contains(&name) {
            return Ok(());
        }
        let vectors = json!({ "dense": { "size": length, "distance": "Cosine" } });
        client.write("PUT", &format!("/vectors/{name}"), &vectors)?;
        self.vectors.insert(name);
        Ok(())
    }

    /// Whether there may be vectors of a length. Another host may have added them.
    pub(crate) fn has_vectors(&mut self, client: &Client, length: usize) -> Result<bool> {
        let name = vector_name(length);
        if !self.vectors.contains(&name)
            && let Some(description) = client.describe()?
        {
            self.remember(&description);
        }
        Ok(self.vectors.contains(&name))
    }

    fn remember(&mut self, description: &Value) {
        let vectors = description.pointer("/config/params/vectors");
        let names = vectors.and_then(Value::as_object).into_iter().flatten();
        self.vectors = names.map(|(name, _)| name.clone()).collect();
    }
}

fn create(client: &Client) -> Result<Value> {
    let words = json!({ WORDS: { "modifier": "idf" } });
    let collection = json!({ "vectors": {}, "sparse_vectors": words });
    match client.write("PUT", "", &collection) {
        Ok(_) => {}
        // Another host was first.
        Err(error) if error.http_status == Some(409) => {}
        Err(error) => return Err(error),
    }
    let missing = || client.not_understood(&"the collection that was made is not there");
    client.describe()?.ok_or_else(missing)
}

/// A collection without these words holds something else, and must not be written into.
fn check_owner(client: &Client, description: &Value) -> Result<()> {
    let words = description.pointer("/config/params/sparse_vectors/words/modifier");
    if words.and_then(Value::as_str) == Some("idf") {
        return Ok(());
    }
    Err(Error::invalid_input(format!(
        "the collection {} was not made by Loom; choose another name with the setting collection of \
         the plugin memory-qdrant",
        client.collection()
    )))
}

fn check_version(client: &Client) -> Result<()> {
    let about = client.about().map_err(|error| match error.kind {
        ErrorKind::NotFound => client.not_understood(&"its address / is not found"),
        _ => error,
    })?;
    let version = about.get("version").and_then(Value::as_str);
    let Some(number) = version.and_then(parse) else {
        return Err(client.not_understood(&"it does not tell its version"));
    };
    if number < OLDEST {
        let (major, minor) = OLDEST;
        return Err(Error::invalid_input(format!(
            "Qdrant {} is too old to keep sessions in, it cannot write a point only if it is new; \
             upgrade to {major}.{minor} or newer",
            version.unwrap_or_default()
        )));
    }
    Ok(())
}

fn parse(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.trim_start_matches('v').split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}
