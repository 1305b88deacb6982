//! Failures of chat completions. What any model server may report is read by
//! [`loom_sdk::llm::wire_error`]; here is what only these servers do.

use loom_sdk::llm::wire_error;
use loom_sdk::{Error, ErrorKind};
use serde_json::Value;

/// A report in an answer that began well.
pub(crate) fn in_stream(report: Value) -> Error {
    let report = wire_error::from_value(&report);
    report.unwrap_or_else(failed)
}

/// The server said that it failed, and nothing else.
pub(crate) fn failed() -> Error {
    Error::unavailable("the model server ended the answer with an error; try again")
}

/// The answer ended without a reason why it should.
pub(crate) fn cut_off() -> Error {
    Error::unavailable("the answer was cut off: the model server sent no finish_reason; try again")
}

/// JSON that is no completion, or no JSON.
pub(crate) fn not_understood(why: &dyn std::fmt::Display) -> Error {
    Error::unavailable(format!(
        "the model server sent something that is not a chat completion: {why}; check base_url and \
         the server"
    ))
}

/// A 2xx answer without anything in it.
pub(crate) fn no_answer() -> Error {
    Error::unavailable(
        "the model server sent an answer without a choice in it; try again, or check the server",
    )
}

/// A web page where an answer should be.
pub(crate) fn page() -> Error {
    Error::not_found(
        "the server sent a web page instead of an answer; check base_url, most servers want it to \
         end in /v1",
    )
}

/// A list of embeddings that does not fit the texts.
pub(crate) fn bad_embeddings(what: &str) -> Error {
    Error::internal(format!(
        "the model server sent embeddings that do not fit: {what}; check that the model is one for \
         embeddings"
    ))
}

/// No list of models: many servers have none.
pub(crate) fn no_models(error: Error) -> Error {
    // Neither a status nor a word on the network: what came was not understood.
    let is_no_list = error.kind == ErrorKind::Unavailable
        && error.http_status.is_none()
        && error.details.is_none();
    if !is_no_list && error.kind != ErrorKind::NotFound {
        return error;
    }
    let hint = "if the server has no list of models, name them in the setting models";
    Error {
        message: format!("{}; {hint}", error.message),
        ..error
    }
}

#[cfg(test)]
mod tests;
