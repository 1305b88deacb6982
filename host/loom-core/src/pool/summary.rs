//! The error of a request that nobody answered: what each member did.

use loom_types::Error;
use serde_json::{Map, Value, json};

use super::decide::Fault;

/// A failed attempt.
#[derive(Clone, Debug)]
pub(super) struct Failed {
    /// `provider/model`.
    pub(super) member: String,
    pub(super) error: Error,
}

/// The error that goes out. A single one as it is; of several the one that tells most, in the words of
/// all, with the list `attempts` in its details.
pub(super) fn summarise(failed: &[Failed]) -> Error {
    let last = failed.last();
    let passing = |failed: &&Failed| Fault::of(&failed.error).passes();
    // Who can be asked again later tells more than who never answers.
    let Some(telling) = failed.iter().rfind(passing).or(last) else {
        return Error::internal("the pool asked nobody; report it with the log");
    };
    if failed.len() == 1 {
        return telling.error.clone();
    }
    let (origin, message) = words(failed);
    let mut details = match telling.error.details.as_deref() {
        Some(Value::Object(details)) => details.clone(),
        _ => Map::new(),
    };
    details.insert("attempts".to_owned(), failed.iter().map(attempt).collect());
    Error {
        kind: telling.error.kind,
        message,
        origin,
        retry_after: telling.error.retry_after,
        http_status: telling.error.http_status,
        details: Some(Box::new(Value::Object(details))),
    }
}

fn attempt(failed: &Failed) -> Value {
    let Failed { member, error } = failed;
    json!({
        "member": member,
        "kind": error.kind,
        "http_status": error.http_status,
        "message": error.message,
    })
}

/// Whose error it is, and what it says: `no answer in 3 attempts: …` of a member that was the only one
/// asked, else `no model answered in 3 attempts: a/x (2 times): …; b/y: …`.
fn words(failed: &[Failed]) -> (Option<String>, String) {
    let mut members: Vec<(&Failed, usize)> = Vec::new();
    for attempt in failed {
        match members.iter_mut().find(|(m, _)| m.member == attempt.member) {
            Some((last, times)) => (*last, *times) = (attempt, *times + 1),
            None => members.push((attempt, 1)),
        }
    }
    if let [(Failed { member, error }, times)] = members.as_slice() {
        let message = format!("no answer in {times} attempts: {}", error.message);
        return (Some(member.clone()), message);
    }
    let members = members.iter().map(|(last, times)| {
        let times = match times {
            1 => String::new(),
            times => format!(" ({times} times)"),
        };
        format!("{}{times}: {}", last.member, last.error.message)
    });
    let members: Vec<_> = members.collect();
    let message = format!(
        "no model answered in {} attempts: {}",
        failed.len(),
        members.join("; ")
    );
    (None, message)
}

#[cfg(test)]
mod tests;
