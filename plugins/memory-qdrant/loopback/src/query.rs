//! The universal query: by an order, by a sparse or a dense vector, and over a prefetch.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::filter::{check, passes};
use crate::points::{Point, no_vector, shown, sparse_vector};
use crate::{Collection, Outcome};

/// How a query ranks: the highest first.
type Score<'a> = Box<dyn Fn(&Point) -> Option<f64> + 'a>;

impl Collection {
    pub(crate) fn query(&self, body: &Value) -> Outcome {
        let only = match body.get("prefetch") {
            Some(prefetch) => Some(self.ids(prefetch)?),
            None => None,
        };
        let found = self.ranked(body, only.as_ref())?;
        let points: Vec<Value> = found
            .into_iter()
            .map(|(id, score)| {
                let payload = shown(&body["with_payload"], false, &self.points[id].payload);
                json!({ "id": id, "version": 1, "score": score as f32, "payload": payload })
            })
            .collect();
        Ok(json!({ "points": points }))
    }

    fn ids(&self, body: &Value) -> Result<BTreeSet<&str>, (u16, String)> {
        let found = self.ranked(body, None)?;
        Ok(found.into_iter().map(|(id, _)| id).collect())
    }

    fn ranked(
        &self,
        body: &Value,
        only: Option<&BTreeSet<&str>>,
    ) -> Result<Vec<(&str, f64)>, (u16, String)> {
        let filter = &body["filter"];
        check(filter, &self.indexes)?;
        let score = self.score(body)?;
        let number = |name: &str, default| body[name].as_u64().unwrap_or(default) as usize;
        let limit = number("limit", 10);
        if limit == 0 {
            let reason =
                "Validation error in JSON body: [limit: value 0 invalid, must be 1 or larger]";
            return Err((422, reason.to_owned()));
        }
        let mut found: Vec<(&str, f64)> = self
            .points
            .iter()
            .filter(|(id, point)| {
                only.is_none_or(|only| only.contains(id.as_str())) && passes(filter, &point.payload)
            })
            .filter_map(|(id, point)| Some((id.as_str(), score(point)?)))
            .collect();
        found.sort_by(|a, b| b.1.total_cmp(&a.1));
        Ok(found
            .into_iter()
            .skip(number("offset", 0))
            .take(limit)
            .collect())
    }

    fn score<'a>(&'a self, body: &'a Value) -> Result<Score<'a>, (u16, String)> {
        let query = &body["query"];
        let using = body["using"].as_str().unwrap_or_default();
        if let Some(order) = query.get("order_by") {
            return self.order(order);
        }
        if query.is_array() {
            let wanted = self.dense(using, query)?;
            return Ok(Box::new(move |point| {
                let vector = point.dense.get(using)?;
                let products = wanted.iter().zip(vector).map(|(a, b)| a * b);
                Some(f64::from(products.sum::<f32>()))
            }));
        }
        if self.sparse_vectors.get(using).is_none() {
            return Err(no_vector(using));
        }
        self.by_words(using, query)
    }

    fn order(&self, order: &Value) -> Result<Score<'_>, (u16, String)> {
        let key = order["key"].as_str().unwrap_or_default().to_owned();
        if self
            .indexes
            .get(&key)
            .is_none_or(|index| index != "integer")
        {
            let reason = format!(
                "Bad request: No range index for `order_by` key: `{key}`. Please create one to use \
                 `order_by`."
            );
            return Err((400, reason));
        }
        let sign = if order["direction"] == "desc" {
            1.0
        } else {
            -1.0
        };
        Ok(Box::new(move |point| {
            Some(point.payload.get(&key)?.as_f64()? * sign)
        }))
    }

    /// A product in which the server weighs each dimension by its rarity, for `modifier: idf`. Points
    /// that share no dimension with the query are no result.
    fn by_words<'a>(&'a self, using: &'a str, query: &Value) -> Result<Score<'a>, (u16, String)> {
        let mut wanted = sparse_vector(query)?;
        let vectors = || {
            self.points
                .values()
                .filter_map(|point| point.sparse.get(using))
        };
        if self.sparse_vectors[using]["modifier"] == "idf" {
            let all = vectors().count() as f32;
            for (dimension, weight) in &mut wanted {
                let with = vectors().filter(|v| v.contains_key(dimension)).count() as f32;
                *weight *= ((all - with + 0.5) / (with + 0.5) + 1.0).ln();
            }
        }
        Ok(Box::new(move |point| {
            let vector = point.sparse.get(using)?;
            let shared = wanted
                .iter()
                .filter_map(|(dimension, weight)| Some(weight * vector.get(dimension)?));
            let products: Vec<f32> = shared.collect();
            (!products.is_empty()).then(|| f64::from(products.iter().sum::<f32>()))
        }))
    }
}
